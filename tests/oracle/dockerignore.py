#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: dockerignore.py OURS THEIRS [SEED [ROUNDS]]

.dockerignore files made at random, and what two programs make of them: i2kit's (build/tests/image/ignore-filter) and
Docker's own library (tests/oracle/dockerignore). They agree about every path, or i2kit refuses a file whose meaning it
will not guess (a \\ before a letter, a class in brackets that is not whole). Left out are {, } and |, which the library means
to take as they are and hands to its regular expressions by mistake (v0.6.0), and ^ outside of brackets, likewise."""

import json
import random
import subprocess
import sys

PIECES = ["a", "b", "ab", "é", ".", "..", "*", "**", "?", "a*", "*b", "a**", "**b", "[ab]", "[^a]", "[a-c]x", "\\*", "\\[", "a.b", "a+b", "(x)",
          "$", "x]", " ", "a b", "", "[", "[]", "a\\", "!", "#", "-"]
PARTS = ["a", "b", "ab", "é", "*", "ax", "bx", "a.b", "axb", "a+b", "(x)", "$", "x]", "a b", "#", "!", "-", ".x"]


def pattern(dice):
    text = "/".join("".join(dice.choices(PIECES, k=dice.choice([1, 1, 1, 2]))) for _ in range(dice.choice([1, 1, 2, 2, 3])))
    return dice.choice(["", "", "", "!", "/", "! ", " "]) + text + dice.choice(["", "", "", "/", " ", "\r"])


def case(dice):
    lines = [pattern(dice) for _ in range(dice.randint(1, 6))]
    paths = ["/".join(dice.choices(PARTS, k=dice.randint(1, 4))) for _ in range(20)]
    return {"file": "\n".join(lines) + dice.choice(["", "\n"]), "paths": paths}


def answers(program, cases):
    text = "".join(json.dumps(one) + "\n" for one in cases)
    out = subprocess.run([program], input=text, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def main():
    ours, theirs = sys.argv[1:3]
    dice = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    cases = [case(dice) for _ in range(int(sys.argv[4]) if len(sys.argv) > 4 else 20000)]
    compared = refused = 0
    for one, mine, other in zip(cases, answers(ours, cases), answers(theirs, cases), strict=True):
        if mine.get("bad"):
            refused += 1
        elif other["bad"]:
            print(f"not ok: {one['file']!r}: refused by them alone")
            return 1
        elif mine["matches"] != (other["matches"] or []):
            wrong = [p for p, a, b in zip(one["paths"], mine["matches"], other["matches"]) if a != b]
            print(f"not ok: {one['file']!r}: {wrong}")
            return 1
        else:
            compared += 1
    print(f"ok: {compared} files and {20 * compared} paths alike, {refused} refused")
    return 0 if compared > len(cases) // 4 else 1


if __name__ == "__main__":
    sys.exit(main())
