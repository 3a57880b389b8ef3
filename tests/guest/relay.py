# SPDX-License-Identifier: Apache-2.0
"""usage: relay.py PORT: standard input and output to a loopback port and back (QEMU's guestfwd)."""

import os
import select
import socket
import sys

peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
sources = [0, peer]
while sources:
    for source in select.select(sources, [], [])[0]:
        data = os.read(0, 65536) if source == 0 else peer.recv(65536)
        if not data:
            sys.exit(0)
        if source == 0:
            peer.sendall(data)
        else:
            while data:
                data = data[os.write(1, data):]
