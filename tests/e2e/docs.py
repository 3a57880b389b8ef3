#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Types what the documents tell people to type: every block of commands, in order, in a folder as its text has it.

usage: docs.py verbs|habits|pages [WORD]     (WORD: those alone whose page or verb it is)

"verbs" are the examples in the help of every verb, "habits" the rows of doc/coming-from.md, "pages" all the rest. Needs what
tests/e2e/docs.sh gives: a libvirtd and a loopback of its own, docker-registry, skopeo. Names of registries lead to a
registry here (mirrors), and AWS is the fake. Others that a document names, and that no test can have, are programs of
this file that do as much as the line needs: helm, docker, strace-static, psql.
"""
import os
import re
import shutil
import subprocess
import sys
import time

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path[:0] = [TOP + "/tests/docs", TOP + "/tests/fake_aws", TOP + "/tests/e2e"]
import pages  # noqa: E402
import places  # noqa: E402
from terminal import Line  # noqa: E402

ALL_DOWN = 'for project in $(i2kit ls -o name); do i2kit -p "$project" down || exit; done'
SECONDS = int(os.environ.get("DOCS_LINE_SECONDS", "240"))


class Report:
    """TAP."""

    def __init__(self):
        self.number = self.failed = 0

    def line(self, where, line, is_good, seconds):
        self.number += 1
        shown = line.text.split("\n")[0]
        print(f"{'ok' if is_good else 'not ok'} {self.number} - {where}: {shown} # {seconds:.1f} s", flush=True)
        if not is_good:
            self.failed += 1
            for text in (f"ended with {line.status}:\n" + line.output[-3000:]).splitlines():
                print("# " + text)


def type_block(report, place, block, each_alone):
    """Runs the lines of a block; what goes on (up, port-forward) stays open until its end, as in another window."""
    open_lines = []
    for index, (number, text) in enumerate(block.lines):
        start = time.monotonic()
        line = Line(text, place.folder, place.env, each_alone or index == len(block.lines) - 1)
        is_good = line.run(SECONDS)
        if line.status is None:
            open_lines.append((number, line, start))
        else:
            place.moved(line)
        report.line(f"{block.page}:{number}", line, is_good, time.monotonic() - start)
    for number, line, start in open_lines:
        line.interrupt(60)
        if not line.is_good():
            report.line(f"{block.page}:{number}", line, False, time.monotonic() - start)


def prepare(report, place, commands):
    """What somebody would have done before; no command of a document, but it must work."""
    for command in commands:
        start = time.monotonic()
        line = Line(command, place.folder, place.env, True)
        if not line.run(SECONDS):
            report.line("before it", line, False, time.monotonic() - start)
        place.moved(line)


def main():
    part, word = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    report = Report()
    work = os.environ["DOCS_WORK"]
    with places.Stand(work) as stand:
        last = None
        for step in places.steps(part):
            if word and word not in step.name:
                continue
            if last is not None and (step.place != last.place or step.name != last.name and step.place == "examples"):
                prepare(report, stand.place(last.place), [ALL_DOWN])
            last = step
            place = stand.place(step.place)
            if step.is_first:
                place.folder = place.home
            prepare(report, place, step.before)
            if step.block:
                type_block(report, place, step.block, step.each_alone)
    print(f"1..{report.number}")
    print(f"{report.number - report.failed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
