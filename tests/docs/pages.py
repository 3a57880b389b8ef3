# SPDX-License-Identifier: Apache-2.0
"""What the documents tell people to type: read out of Markdown, the man page, the help of verbs and the heads of
the examples, for the tests that check and run it.

A block of commands is one that is indented by four columns or stands in a ```sh fence; a fence of another language
is no block, and an indented one whose first line is no command is none either (a drawing, a piece of YAML). What
a test must know about a block stands in a comment before it, so that a reader of the source sees it too:

    <!-- not run: REASON -->        its i2kit words are checked against the parser, nothing more
    <!-- run by tests/e2e/X.sh -->  another test runs it
    <!-- run in: PLACE -->          a place of tests/e2e/places.py; without it, the page's own

(in the man page, whose comments begin so: `; run in: PLACE`)
"""

import glob
import os
import re
import shlex
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
MARK = re.compile(r"(?:<!--|;) (not run|run by|run in):? ?(.*?)(?: -->|$)")
# What a line of a block begins with, if it is one of commands: names in front of it, then a program.
PROGRAMS = """. alias apt aws bench cat cd chmod cp curl docker echo export git grep helm i2kit jq kill kubectl less ls make meson
minisign mkdir mv ninja npm podman printf python3 redis-cli rm scripts sed sha256sum skopeo source ssh sudo tar tee test
timeout touch tr virsh watch while for if [ true wget""".split()


class Block:
    """Commands in one place. lines: (number in the file, text), joined where one goes on in the next."""

    def __init__(self, page, mark, lines):
        self.page, self.kind, self.reason, self.lines = page, mark[0], mark[1], lines

    def __repr__(self):
        return f"{self.page}:{self.lines[0][0]}"

# Lines that a test of their own runs instead of docs_verbs and docs_habits. `commands.py` looks whether that test types
# the verb and each of the line's options.
ELSEWHERE = {
    r"i2kit (login|logout)": "tests/e2e/registry.sh",
    r"i2kit run( |$)": "tests/e2e/run.sh",
    r"i2kit pull docker-daemon:": "tests/e2e/registry.sh",
    r"i2kit policy |i2kit pull .*--verify-key": "tests/e2e/signatures.sh",
    r"i2kit approve|--require-approvals|i2kit key (trust|new)": "tests/cloud/attacks.py",
    r"i2kit wait --for": "tests/e2e/jobs.sh",
    r"i2kit rehearse|promote .*--rehearse": "tests/e2e/rehearse.py",
}


def runs_elsewhere(text):
    """The test that runs a line; or None."""
    return next((test for words, test in ELSEWHERE.items() if re.search(words, text)), None)


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def pages():
    """All Markdown pages that are about how it is now."""
    found = ["README.md", "CONTRIBUTING.md", "bench/README.md"]
    for pattern in ("doc/*.md", "examples/*/README.md"):
        found += sorted(os.path.relpath(path, TOP) for path in glob.glob(os.path.join(TOP, pattern)))
    return found


def is_command(line):
    words = [word for word in line.split() if not re.match(r"[A-Z][A-Z0-9_]*=", word)]
    if not words:
        return False
    program = words[0].lstrip("(")
    return program in PROGRAMS or program.split("/")[0] in ("scripts", "bench", "build", "build-fuzz", ".")


def joined(numbered):
    """Lines that go on in the next one (a backslash, && at the end, a here-document) as one."""
    result, end = [], None
    for number, text in numbered:
        if end is not None:
            result[-1] = (result[-1][0], result[-1][1] + "\n" + text)
            end = None if text.strip() == end else end
            continue
        if result and re.search(r"(\\|&&|\|)$", result[-1][1]):
            result[-1] = (result[-1][0], result[-1][1].removesuffix("\\") + " " + text.strip())
        else:
            result.append((number, text))
        found = re.search(r"<<-?\s*'?(\w+)'?", text)
        end = found[1] if found else None
    return [(number, text) for number, text in result if text.strip() and not text.lstrip().startswith("#")]


def blocks_of(page, text, fences=("sh", "bash", "console", "shell")):
    """The blocks of commands in a page."""
    found, mark, block, fence = [], ("", ""), [], None

    def close():
        lines = joined(block)
        if lines and is_command(lines[0][1]):
            found.append(Block(page, mark, lines))
        block.clear()

    for number, line in enumerate(text.splitlines() + [""], 1):
        opened = re.match(r"\s*```\s*(\S*)", line)
        if opened and fence is None:
            close()
            fence = opened[1]
        elif opened:
            if fence in fences:
                close()
            block.clear()
            fence, mark = None, ("", "")
        elif fence is not None:
            block.append((number, line))
        elif line.startswith("    ") and (block or line.strip()):
            block.append((number, line[4:]))
        elif not line.strip():
            if block:
                block.append((number, ""))
        else:
            if block:
                close()
                mark = ("", "")
            comment = MARK.match(line)
            mark = (comment[1], comment[2]) if comment else mark if line.startswith(("<!--", "```")) else ("", "")
    close()
    return found


def examples_of(page, text):
    """The commands in the comment at the head of an example: lines behind a tab, with their explanation cut off."""
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("#"):
            break
        if line.startswith("#\t"):
            lines.append((number, re.split(r"\s{2,}", line[2:])[0]))
    return [Block(page, ("", ""), lines)] if lines else []


def man_blocks():
    """EXAMPLES of the man page: its fences have no language."""
    text = read("doc/i2kit.1.tail.scd")
    start = text.index("# EXAMPLES")
    before = text[:start].count("\n")
    return [Block("doc/i2kit.1.tail.scd", block.reason and (block.kind, block.reason) or ("", ""),
                  [(number + before, line) for number, line in block.lines])
            for block in blocks_of("", text[start:text.index("\n# ENVIRONMENT")], ("",))]


def verb_blocks():
    """{verb: its examples}, out of the page that is made from the table of verbs."""
    found, verb = {}, None
    for number, line in enumerate(read("doc/verbs.md").splitlines(), 1):
        if line.startswith("### "):
            verb = line[4:]
        elif line.startswith("## "):
            verb = None
        elif verb and re.match(r" {4,}\S", line) and "[OPTIONS]" not in line and "i2kit" in line:
            found.setdefault(verb, []).append((number, line.strip()))
    return {verb: Block("doc/verbs.md", ("", ""), joined(lines)) for verb, lines in found.items()}


def habits():
    """{heading: [(line, command)]} of doc/coming-from.md: what the rows that say yes have people type here."""
    found, heading = {}, None
    for number, line in enumerate(read("doc/coming-from.md").splitlines(), 1):
        cells = [cell.strip() for cell in line.split("|")[1:-1]] if line.startswith("|") else []
        if line.startswith("## "):
            heading = line[3:]
        elif len(cells) == 3 and cells[2].startswith("yes"):
            spans_of = cells[0] + ";" + cells[1] if cells[1].startswith("the same") else cells[1]
            for text in re.findall(r"`([^`]+)`", spans_of.split("; virsh's")[0]):
                if re.match(r"[a-z]", text):
                    found.setdefault(heading, []).append((number, "i2kit " + text))
    return found


def all_blocks():
    """Every block of commands there is, whoever runs it."""
    found = [block for page in pages() if page != "doc/verbs.md" for block in blocks_of(page, read(page))]
    found += man_blocks() + list(verb_blocks().values())
    for path in sorted(glob.glob(os.path.join(TOP, "examples/*/*.yml"))):
        name = os.path.relpath(path, TOP)
        found += examples_of(name, read(name))
    return found


def spans(page):
    """(line, text) of what stands between backticks outside of blocks."""
    fenced = False
    for number, line in enumerate(read(page).splitlines(), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("    "):
            for found in re.finditer(r"(?<!`)`([^`]+)`(?!`)", line):
                yield number, found[1].replace("\\|", "|")


def simple_commands(line):
    """The words of each command in a line of shell: of pipes, lists and substitutions, without redirections."""
    line = line.split("\n")[0]  # what a here-document holds is data
    inner = re.findall(r"[$<>]\(([^()]*)\)", line)
    line = re.sub(r"[$<>]\([^()]*\)", "SUBSTITUTED", line)
    found, command, skip = [], [], False
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|<>()")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    for word in lexer:
        if set(word) <= set(";&|()"):
            found.append(command)
            command = []
        elif set(word) <= set("<>&"):
            if command and command[-1].isdigit():
                command.pop()
            skip = True
        elif skip:
            skip = False
        else:
            command.append(word)
    found.append(command)
    for text in inner:
        found += simple_commands(text)
    return [command for command in map(strip_prefix, found) if command]


def strip_prefix(command):
    """Without what stands before the program: assignments, sudo, keywords."""
    while command and (re.match(r"\w+=", command[0]) or command[0] in ("sudo", "exec", "if", "then", "do", "!", "while")):
        command = command[1:]
    return command


def i2kit_commands(line):
    """The arguments of each call of i2kit in a line."""
    return [command[1:] for command in simple_commands(line) if os.path.basename(command[0]) == "i2kit"]


def span_command(text):
    """The arguments of i2kit in a span such as `i2kit logs [-f] POD…`, as far as they are meant as typed."""
    text = re.split(r"…|\.\.\.|\s\[|\s—", text)[0]
    # The first of several words for a value.
    text = re.sub(r"(?<=\S)\|\S+", "", text)
    try:
        found = i2kit_commands(text)
    except ValueError:
        return None
    return found[0] if found and found[0] and not re.fullmatch("[A-Z]+", found[0][0]) else None


def hint_commands():
    """(where, words) of each call of i2kit with an option in a text of the sources: what hints tell people to type."""
    for path in sorted(glob.glob(os.path.join(TOP, "src/**/*.c"), recursive=True)):
        text = open(path, encoding="utf-8").read()
        for literal in re.finditer(r'("(?:[^"\\\n]|\\.)*"\s*)+', text):
            said = "".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', literal[0]))
            where = f"{os.path.relpath(path, TOP)}:{text[:literal.start()].count(chr(10)) + 1}"
            for found in re.finditer(r"i2kit (?:-p \S+ )?([a-z-]+) ([^\\,;:()`|]*)", said):
                # Up to the first word of prose behind the options.
                words = re.match(r"(?:(?:-\S+|[A-Z%.]\S*|\S*[=/]\S*)\s*)*", found[2])[0].split()
                if any(word.startswith("-") for word in words):
                    yield where, [found[1], *(word.replace("%s", "x").rstrip(".") for word in words)]


def parse(program, commands):
    """What the parser of i2kit says to each of [(where, strict, words)]; only what it refuses is returned."""
    text = "".join("\t".join(["strict" if strict else "loose", where, *(re.sub(r"[\t\n]", " ", word) for word in words)]) + "\n"
                   for where, strict, words in commands)
    done = subprocess.run([program], input=text, text=True, stdout=subprocess.PIPE, check=False)
    return done.stdout.splitlines()
