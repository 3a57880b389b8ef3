#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: record_cast.py CAST COLUMNS ROWS STEPS COMMAND...

Runs COMMAND on a terminal of its own and writes what it prints as an asciinema recording, version 2
(https://docs.asciinema.org/manual/asciicast/v2/). STEPS is a file: each line SECONDS, a tab, KEYS as a Python string;
the keys are pressed so long after the ones before. Pauses are recorded as at most two seconds."""
import ast
import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

LONGEST_PAUSE = 2.0
MOST_BYTES = 190_000


def read_steps(path):
    steps = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                seconds, keys = line.rstrip("\n").split("\t")
                steps.append((float(seconds), ast.literal_eval(keys).encode()))
    return steps


def start(command, columns, rows):
    pid, master = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", LINES=str(rows), COLUMNS=str(columns))
        os.execvp(command[0], command)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    return pid, master


def record(master, steps):
    """Yields (seconds since the piece before, bytes)."""
    last = time.monotonic()
    due = last + steps[0][0] if steps else None
    while True:
        now = time.monotonic()
        if due is not None and now >= due:
            os.write(master, steps.pop(0)[1])
            due = now + steps[0][0] if steps else None
        wait = 60 if due is None else max(due - now, 0)
        if not select.select([master], [], [], wait)[0]:
            if due is None:
                return
            continue
        try:
            data = os.read(master, 65536)
        except OSError:  # the program has ended
            return
        if not data:
            return
        now = time.monotonic()
        yield now - last, data
        last = now


def main():
    cast, columns, rows, path, *command = sys.argv[1:]
    pid, master = start(command, int(columns), int(rows))
    at, size, rest = 0.0, 0, b""
    with open(cast, "w", encoding="utf-8") as file:
        header = {"version": 2, "width": int(columns), "height": int(rows), "env": {"TERM": "xterm-256color"},
                  "title": "i2kit tui"}
        file.write(json.dumps(header) + "\n")
        for pause, data in record(master, read_steps(path)):
            at += min(pause, LONGEST_PAUSE)
            data = rest + data
            end = len(data)  # a character that is cut waits for its other half
            while end > 0 and end > len(data) - 4:
                try:
                    data[:end].decode()
                    break
                except UnicodeDecodeError:
                    end -= 1
            rest = data[end:]
            line = json.dumps([round(at, 3), "o", data[:end].decode("utf-8", "replace")], ensure_ascii=False)
            size += len(line.encode()) + 1
            if size > MOST_BYTES:
                sys.exit(f"the recording is longer than {MOST_BYTES} bytes")
            file.write(line + "\n")
    _, status = os.waitpid(pid, 0)
    sys.exit(os.waitstatus_to_exitcode(status))


main()
