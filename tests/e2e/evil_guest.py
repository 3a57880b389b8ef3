#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: evil_guest.py SOCKET

Stands where QEMU listens for the agent channel and is a guest that somebody took over: each connection
is answered with another attack. Ends when all were tried, with one line for each."""

import json
import os
import socket
import struct
import sys

HELLO, LOG, EVENT, STATS = 1, 4, 6, 7
OUT, EXIT, WINDOW, OPEN, DATA, CLOSE = 11, 15, 16, 20, 21, 22
MORE = 1


def frame(kind, payload=b"", stream=0, flags=0):
    return struct.pack("<IBBH", len(payload), kind, flags, stream) + payload


def log(sequence, name, text, when=0, source=0):
    body = struct.pack("<QqBBB", sequence, when, source, 0, len(name) & 0xff) + name + text
    return struct.pack("<I", len(body)) + body


def event(**fields):
    return frame(EVENT, json.dumps(fields).encode())


def garbage():
    yield os.urandom(4 << 20)


def endless_frame():
    yield struct.pack("<IBBH", 0xffffffff, LOG, 0, 0) + b"x" * 70000


def endless_message():
    for _ in range(64):
        yield frame(EVENT, b"[" * 60000, flags=MORE)


def many_messages():
    for stream in range(4000):
        yield frame(OUT, b"x" * 1000, stream=stream, flags=MORE)


def logs_elsewhere():
    yield frame(LOG, log(1, b"../../../../../../tmp/evil", b"x"))


def logs_of_nobody():
    yield frame(LOG, struct.pack("<I", 0xffffffff) + b"y" * 100)


def log_ends():
    for sequence in (1, 2 ** 63, 2 ** 64 - 1, 1):
        yield frame(LOG, log(sequence, b"nginx", b"\x1b]0;owned\x07\x1b[2J" * 20, when=-2 ** 63))


def log_flood():
    line = b"z" * 1000
    sequence = 10
    for _ in range(1200):
        lines = b""
        while len(lines) < 60000:
            lines += log(sequence, b"nginx", line, when=1)
            sequence += 1
        yield frame(LOG, lines)


def deep_event():
    yield frame(EVENT, b'{"type":' + b"[" * 60000)


def strange_events():
    yield event(type="container", container="nginx", state="running", reason="\x1b[31mred\x9b2J", restarts=-1)
    yield event(type="container", container="n" * 200, state="waiting", message="m" * 9000, restarts=2 ** 62)
    for number in range(500):
        yield event(type="container", container=f"c{number}", state="waiting", timeNs=1e300)
        yield event(type="probe", container=f"c{number}", probe="liveness", ok=False, message="p" * 3000)
        yield event(type="boot", stage=f"s{number}", uptimeMs=-5)
        yield event(type="ready", ready=number % 2 == 0)


def strange_stats():
    containers = {f"c{number}": {"cpuUsec": -1, "memoryBytes": 1e400} for number in range(300)}
    yield frame(STATS, json.dumps({"memory": [], "containers": containers}).encode())


def wrong_streams():
    yield frame(EXIT, b'{"code":0}', stream=7) + frame(DATA, b"x", stream=9) + frame(CLOSE, b"", stream=0xffff)


def huge_window():
    yield frame(WINDOW, struct.pack("<I", 0xffffffff), stream=3) * 3


def tunnels():
    for number in range(4000):
        yield frame(OPEN, b'{"service":"web","port":8080}', stream=0x8000 | number)


def tunnels_elsewhere():
    for service in ("../etc", "", "x" * 300, "web"):
        yield frame(OPEN, json.dumps({"service": service, "port": 22}).encode(), stream=0x8001)


ATTACKS = [garbage, endless_frame, endless_message, many_messages, logs_elsewhere, logs_of_nobody, log_ends, log_flood,
           deep_event, strange_events, strange_stats, wrong_streams, huge_window, tunnels, tunnels_elsewhere]


def read_exactly(connection, size):
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise OSError("closed")
        data += piece
    return data


def greet(connection):
    while True:
        size, kind, _flags, _stream = struct.unpack("<IBBH", read_exactly(connection, 8))
        payload = read_exactly(connection, size)
        if kind == HELLO:
            connection.sendall(frame(HELLO, payload[:24] + b'{"version":1,"state":"running","boot":"e"}'))
            return


def attack(connection, one):
    connection.settimeout(10)
    try:
        if one is not garbage:
            greet(connection)
        for piece in one():
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
        return "read to its end"
    except OSError as error:
        return str(error)


def main():
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen(4)
    listener.settimeout(90)
    for one in ATTACKS:
        connection, _ = listener.accept()
        with connection:
            print(f"{one.__name__}: {attack(connection, one)}", flush=True)


main()
