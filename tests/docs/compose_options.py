#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""doc/compose-options.md: every verb and every option of docker compose (compose_options.txt), and what it is here: the
same, or what the program itself says to who types it (src/cli/unknown_verb.c, unknown_option.c). None is without an answer.

usage: compose_options.py PARSE-COMMANDS            compares the page with what the program says
       compose_options.py PARSE-COMMANDS --write    writes it anew
"""
import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, HERE)
import pages  # noqa: E402
from pages import TOP  # noqa: E402

PAGE = "doc/compose-options.md"
# Words that both have, and that do not mean the same.
DIFFERENT = {
    ("-", "progress"): "`auto`, `plain` and `json` are the same; `quiet` is `none`; no `tty`",
    ("up", "timeout"): "how long `--wait` may take; `stop_grace_period` says how long a stop takes",
    ("up", "w"): "`-w` is `--wait` here, `--watch` has no letter",
    ("up", "pull"): "`always`, `missing` and `never` are the same; what is built is built when it changed",
    ("down", "v"): "`--volumes`; `-v` is `--verbose` here, and says that volumes are kept",
    ("restart", "timeout"): "how long `--wait` may take; `stop_grace_period` says how long a stop takes",
    ("build", "pull"): "`--pull always`",
    ("run", "rm"): "the same, and the default; `--keep` keeps its record",
    ("run", "name"): "the same; it names the VM, too",
    ("run", "v"): "the same, and no `--verbose`",
    ("run", "p"): "the same, and no `--project`",
}
HEAD = """# docker compose, option by option

What `docker compose VERB --OPTION` is here. [coming-from.md](coming-from.md#docker-compose) has the verbs as people type them,
and the keys of the file. This page is made by `tests/docs/compose_options.py`, which asks the program: "→" is what i2kit
says to who types that option.
"""


def read_list():
    with open(os.path.join(HERE, "compose_options.txt"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                verb, *options = line.split()
                yield verb, options


def typed_words(options):
    """(word, as it is typed) of each."""
    for option in options:
        letter, _, name = option.rpartition("/")
        yield name, f"--{name}"
        if letter:
            yield letter, f"-{letter}"


def ask_all(program):
    """{(verb, option or ""): what is said to who types it}, of those that are not known."""
    commands = []
    for verb, options in read_list():
        before = [] if verb == "-" else [verb]
        commands += [(f"{verb} {typed}", False, before + [typed]) for _, typed in typed_words(options)]
        if before:
            commands.append((f"{verb} -", False, before))
    said = {}
    for line in pages.parse(program, commands):
        where, _, rest = line.partition(": ")
        if "unknown" in rest:
            verb, _, typed = where.partition(" ")
            said[verb, typed.removeprefix("-") and typed] = rest.partition("; ")[2]
    return said


def answers(said, verb, options):
    """(typed, what it is here, the program's hint)"""
    for word, typed in typed_words(options):
        hint = said.get((verb, typed))
        yield typed, DIFFERENT.get((verb, word)) or (f"→ {hint}" if hint is not None else None), hint


def is_no_answer(hint):
    return hint is not None and (not hint or "--help lists" in hint or hint.startswith("did you mean"))


def make(program):
    text, problems, said = [HEAD], [], ask_all(program)
    known = []
    unknown = []
    for verb, options in read_list():
        meaning = said.get((verb, ""))
        if meaning is not None:
            if is_no_answer(meaning):
                problems.append(f"docker compose {verb}: there is no answer")
            unknown.append(f"| `{verb}` | → {meaning} |\n")
            continue
        rows = list(answers(said, verb, options))
        problems += [f"docker compose {verb} {typed}: there is no answer" for typed, _, hint in rows if is_no_answer(hint)]
        same = [f"`{typed}`" for typed, meant, _ in rows if meant is None]
        title = "Before the verb" if verb == "-" else f"`{verb}`"
        known.append(f"\n## {title}\n\nThe same: {', '.join(same) or 'none'}.\n")
        others = [f"| `{typed}` | {meant} |\n" for typed, meant, _ in rows if meant is not None]
        if others:
            known.append("\n| compose | here |\n|---|---|\n" + "".join(others))
    known = [row.replace("auto|always|never", "auto\\|always\\|never") for row in known]
    text += ["\n## Verbs of other names\n\n| compose | here |\n|---|---|\n", *unknown, *known]
    return "".join(text), problems


def main():
    text, problems = make(sys.argv[1])
    path = os.path.join(TOP, PAGE)
    if "--write" in sys.argv[2:]:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    with open(path, encoding="utf-8") as file:
        is_same = file.read() == text
    for problem in problems:
        print("#", problem)
    print(f"{'not ok' if problems else 'ok'} 1 - every verb and option of docker compose has an answer")
    print(f"{'ok' if is_same else 'not ok'} 2 - {PAGE} is what the program says (compose_options.py --write)\n1..2")
    return 1 if problems or not is_same else 0


if __name__ == "__main__":
    sys.exit(main())
