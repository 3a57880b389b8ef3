#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns a terminal's screen with its SGR escapes (tmux capture-pane -p -e) on stdin into an SVG picture."""

import html
import re
import sys

PALETTE = ["#2e3436", "#f0776c", "#8ac26a", "#e5c07b", "#6cb0f0", "#c792d9", "#5fc9cf", "#d8dee4",
           "#6b7580", "#ff938a", "#a5d68a", "#f0d08f", "#8cc4ff", "#dcb0ec", "#86dfe4", "#ffffff"]
LEVELS = [0, 95, 135, 175, 215, 255]
FOREGROUND, BACKGROUND = "#d8dee4", "#15191e"
WIDTH, HEIGHT, MARGIN = 8.4, 18, 12
SGR = re.compile(r"\x1b\[([0-9;]*)m|\x1b\([0-9A-B]|\x0f|\x0e")
FLAGS = {1: ("bold", True), 2: ("dim", True), 4: ("line", True), 7: ("reverse", True), 22: ("bold dim", False),
         24: ("line", False), 27: ("reverse", False)}


def colour(number):
    """One of xterm's 256 colours."""
    if number < 16:
        return PALETTE[number]
    if number >= 232:
        return "#" + f"{8 + (number - 232) * 10:02x}" * 3
    number -= 16
    return "#" + "".join(f"{LEVELS[n]:02x}" for n in (number // 36, number // 6 % 6, number % 6))


def apply(codes, state):
    while codes:
        code = codes.pop(0)
        if code == 0:
            state.clear()
        elif code in FLAGS:
            for name in FLAGS[code][0].split():
                state[name] = FLAGS[code][1]
        elif code in (38, 48) and len(codes) >= 2 and codes[0] == 5:
            state["fore" if code == 38 else "back"] = colour(codes[1])
            del codes[:2]
        elif 30 <= code <= 37 or 90 <= code <= 97:
            state["fore"] = PALETTE[code - 30 if code < 90 else code - 82]
        elif 40 <= code <= 47:
            state["back"] = PALETTE[code - 40]
        elif code in (39, 49):
            state.pop("fore" if code == 39 else "back", None)


def runs(line, state):
    """Yields (text, state) runs."""
    at = 0
    for match in SGR.finditer(line):
        if match.start() > at:
            yield line[at:match.start()], dict(state)
        at = match.end()
        if match.group(1) is not None:
            apply([int(c or 0) for c in match.group(1).split(";")], state)
    if at < len(line):
        yield line[at:], dict(state)


def draw(row, column, text, style):
    fore, back = style.get("fore", FOREGROUND), style.get("back")
    if style.get("reverse"):
        fore, back = back or BACKGROUND, fore
    x, y, width = MARGIN + column * WIDTH, MARGIN + row * HEIGHT, len(text) * WIDTH
    if back:
        print(f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{HEIGHT}" fill="{back}"/>')
    attributes = ' font-weight="bold"' if style.get("bold") else ""
    attributes += ' opacity=".55"' if style.get("dim") else ""
    attributes += ' text-decoration="underline"' if style.get("line") else ""
    if fore != FOREGROUND:
        attributes += f' fill="{fore}"'
    # Viewers disagree about blanks: words that stand apart are texts of their own.
    for word in re.finditer(r"\S+(?: \S+)*", text):
        left = x + word.start() * WIDTH
        print(f'<text x="{left:.1f}" y="{y + 14}" textLength="{len(word.group()) * WIDTH:.1f}"{attributes}>'
              f'{html.escape(word.group(), quote=False)}</text>')


def main():
    lines = sys.stdin.read().rstrip("\n").split("\n")
    columns = int(sys.argv[1]) if len(sys.argv) > 1 else max(len(SGR.sub("", line)) for line in lines)
    width, height = columns * WIDTH + 2 * MARGIN, len(lines) * HEIGHT + 2 * MARGIN
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" '
          f'font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="14" fill="{FOREGROUND}">')
    print(f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>')
    state = {}
    for row, line in enumerate(lines):
        column = 0
        for text, style in runs(line, state):
            draw(row, column, text, style)
            column += len(text)
    print("</svg>")


main()
