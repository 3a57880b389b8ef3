#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the documents tell people to type is known: every command line of i2kit in them parses, every file that they
name is there, every link leads somewhere, and every block that no test runs says why.

usage: commands.py PARSE-COMMANDS
"""
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import pages  # noqa: E402
from pages import TOP  # noqa: E402

FAILED = []
OWN_FOLDERS = ("bench", "debian", "doc", "examples", "scripts", "src", "tests")


def is_good(what, problems):
    FAILED.extend(problems)
    for problem in problems:
        print(f"# {problem}")
    print(f"{'not ok' if problems else 'ok'} {is_good.count} - {what}")
    is_good.count += 1


is_good.count = 1


def block_lines():
    for block in pages.all_blocks():
        for number, line in block.lines:
            yield f"{block.page}:{number}", block, line


def commands_of_blocks():
    for where, block, line in block_lines():
        # What is not run may have words that stand for others: those of the synopsis kind are not counted.
        for words in pages.i2kit_commands(line):
            yield where, block.kind != "not run", words


def commands_of_habits():
    for habits in pages.habits().values():
        for number, line in habits:
            for words in pages.i2kit_commands(line):
                yield f"doc/coming-from.md:{number}", True, words


def commands_of_spans():
    for page in pages.pages():
        for number, text in pages.spans(page):
            if re.match(r"(\w+=\S+ )*i2kit\s(?!volume: )", text):
                words = pages.span_command(text)
                if words:
                    yield f"{page}:{number}", False, words


def missing_files():
    for page in pages.pages():
        for number, text in pages.spans(page):
            name = text.rstrip("/")
            if re.fullmatch(rf"({'|'.join(OWN_FOLDERS)})/[\w./{{}},-]+", name) and not re.search(r"[A-Z]{3,}|[{}]", name):
                if not os.path.exists(os.path.join(TOP, name)):
                    yield f"{page}:{number}: there is no {name}"
    for where, _, line in block_lines():
        for command in pages.simple_commands(line):
            program = command[0].removeprefix("./")
            if program.split("/")[0] in OWN_FOLDERS and not os.path.exists(os.path.join(TOP, program)):
                yield f"{where}: there is no {program}"


def anchor(heading):
    """GitHub's: small letters, words joined by dashes, without signs."""
    text = re.sub(r"[^\w\- ]", "", re.sub(r"`|\[|\]\([^)]*\)", "", heading).strip().lower())
    return text.replace(" ", "-")


def dead_links():
    for page in pages.pages():
        text = re.sub(r"(?ms)^```.*?^```", lambda found: "\n" * found[0].count("\n"), pages.read(page))
        for found in re.finditer(r"\]\(([^)\s]+)\)", text):
            where = f"{page}:{text[:found.start()].count(chr(10)) + 1}"
            if re.match(r"[a-z]+:", found[1]):
                continue
            name, _, part = found[1].partition("#")
            path = os.path.normpath(os.path.join(os.path.dirname(page), name)) if name else page
            if not os.path.exists(os.path.join(TOP, path)):
                yield f"{where}: there is no {path}"
            elif part and path.endswith(".md") and part not in map(anchor, re.findall(r"(?m)^#+ (.*)$", pages.read(path))):
                yield f"{where}: {path} has no heading #{part}"


def marks():
    for block in pages.all_blocks():
        if block.kind == "not run" and len(block.reason) < 10:
            yield f"{block}: says not why it is not run"
        elif block.kind == "run by" and not os.path.exists(os.path.join(TOP, block.reason)):
            yield f"{block}: is to be run by {block.reason}, which is not there"


def lines_run_elsewhere():
    for verb, block in pages.verb_blocks().items():
        for number, text in block.lines:
            if pages.runs_elsewhere(text):
                yield f"doc/verbs.md:{number}", verb, text
    for habits in pages.habits().values():
        for number, text in habits:
            if pages.runs_elsewhere(text):
                yield f"doc/coming-from.md:{number}", re.search(r"i2kit (\S+)", text)[1], text


def typed_nowhere():
    """What is left out of one test for another is typed there: the verb, and every option."""
    for where, verb, text in lines_run_elsewhere():
        test = pages.runs_elsewhere(text)
        script = pages.read(test)
        own = text.split(" -- ")[0]
        for word in [verb] + re.findall(r"(?<= )--?[a-z][a-z-]*", own[own.index("i2kit"):]):
            if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", script):
                yield f"{where}: '{text}' is left to {test}, which never types {word}"


def main():
    blocks = pages.all_blocks()
    commands = list(commands_of_blocks())
    is_good("there is something to check", [] if len(blocks) > 50 and len(commands) > 150 else
            [f"{len(blocks)} blocks and {len(commands)} commands are all that was found"])
    is_good("a mistake is found", [] if pages.parse(sys.argv[1], [("here", True, ["ps", "--nonsense"])]) else ["--nonsense was taken"])
    is_good(f"all {len(commands)} command lines of blocks are known", pages.parse(sys.argv[1], commands))
    is_good("those in the text are, too", pages.parse(sys.argv[1], list(commands_of_spans())))
    habits = list(commands_of_habits())
    is_good(f"the {len(habits)} habits that are said to be possible, too", pages.parse(sys.argv[1], habits) if len(habits) > 60 else ["too few"])
    hints = [(where, False, words) for where, words in pages.hint_commands()]
    is_good(f"options in the {len(hints)} hints of the sources, too", [problem for problem in pages.parse(sys.argv[1], hints)
            if "unknown option" in problem and "completion.c" not in problem] if len(hints) > 60 else [f"{len(hints)} are too few"])
    is_good("lines left to another test are typed there", list(typed_nowhere()))
    is_good("files that are named are there", list(missing_files()))
    is_good("links lead somewhere", list(dead_links()))
    is_good("what is not run says why", list(marks()))
    print(f"1..{is_good.count - 1}")
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
