#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: embed.py FILE HEADER NAME

Writes HEADER with the bytes of FILE as an array NAME."""

import sys

source, header, name = sys.argv[1:]
with open(source, "rb") as file:
    data = file.read()
rows = [", ".join(str(byte) for byte in data[at:at + 20]) for at in range(0, len(data), 20)]
with open(header, "w", encoding="ascii") as file:
    file.write("/* Made by scripts/lib/embed.py. */\nstatic const unsigned char %s[] = {\n\t%s};\n"
               % (name, ",\n\t".join(rows)))
