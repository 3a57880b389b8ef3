#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns a terminal's screen with its SGR escapes (tmux capture-pane -p -e) on stdin into an SVG picture."""

import html
import re
import sys

COLOURS = {30: "#2e3436", 31: "#ef2929", 32: "#8ae234", 33: "#fce94f", 34: "#729fcf", 35: "#ad7fa8",
           36: "#34e2e2", 37: "#eeeeec"}
FOREGROUND, BACKGROUND = "#eeeeec", "#1b1d1e"
WIDTH, HEIGHT = 8.4, 18
SGR = re.compile(r"\x1b\[([0-9;]*)m|\x1b\([0-9A-B]|\x0f|\x0e")


def styles(line, state):
    """Yields (text, state) runs."""
    at = 0
    for match in SGR.finditer(line):
        if match.start() > at:
            yield line[at:match.start()], dict(state)
        at = match.end()
        if match.group(1) is None:
            continue
        for code in [int(c or 0) for c in match.group(1).split(";")]:
            if code == 0:
                state.clear()
            elif code in COLOURS:
                state["colour"] = COLOURS[code]
            elif code == 39:
                state.pop("colour", None)
            elif code == 1:
                state["bold"] = True
            elif code == 2:
                state["dim"] = True
            elif code == 7:
                state["reverse"] = True
            elif code == 27:
                state.pop("reverse", None)
    if at < len(line):
        yield line[at:], dict(state)


def main():
    lines = sys.stdin.read().rstrip("\n").split("\n")
    columns = max(len(SGR.sub("", line)) for line in lines)
    width, height = columns * WIDTH + 20, len(lines) * HEIGHT + 20
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
          f'font-family="monospace" font-size="14">')
    print(f'<rect width="100%" height="100%" rx="6" fill="{BACKGROUND}"/>')
    state = {}
    for row, line in enumerate(lines):
        column = 0
        for text, style in styles(line, state):
            colour, back = style.get("colour", FOREGROUND), None
            if style.get("reverse"):
                colour, back = BACKGROUND, colour
            x, y = 10 + column * WIDTH, 24 + row * HEIGHT
            if back:
                print(f'<rect x="{x:.1f}" y="{y - 14:.0f}" width="{len(text) * WIDTH:.1f}" '
                      f'height="{HEIGHT}" fill="{back}"/>')
            if text.strip():
                weight = ' font-weight="bold"' if style.get("bold") else ""
                opacity = ' opacity="0.6"' if style.get("dim") else ""
                print(f'<text x="{x:.1f}" y="{y:.0f}" fill="{colour}"{weight}{opacity} xml:space="preserve" '
                      f'textLength="{len(text) * WIDTH:.1f}">{html.escape(text)}</text>')
            column += len(text)
    print("</svg>")


main()
