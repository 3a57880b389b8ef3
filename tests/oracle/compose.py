#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: compose.py OURS THEIRS SEED COUNT [FILE…]

Compares the project that i2kit reads from Compose files (OURS: tests/oracle/compose_project.c) with the one
that the specification's own loader makes (THEIRS: compose/main.go beside it): of the folders in tests/oracle/compose,
of COUNT mutations of them, and of the files named. What one of them refuses the other must refuse."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "compose")
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/root", "OUTSIDE": "out side", "EMPTY": "", "NUMBER": "3"}


def plain(value):
    """Empty, absent and null are the same; numbers are compared as texts."""
    if isinstance(value, dict):
        items = {key: plain(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item not in (None, "", "0", False, [], {}, "0.000", "false")}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bool):
        return "true" if value else ""
    return str(value) if isinstance(value, (int, float)) else value


def command_is(service, key):
    """For a command an empty list is not an absent one."""
    return service.get(key) is not None


def hosts(project):
    """Kept beside by ours as they are written."""
    for service in project["services"].values():
        service.pop("extra_hosts", None)
        if isinstance(service.get("secrets"), list):
            for item in service["secrets"] + (service.get("configs") or []):
                item.pop("mode", None)
                # The specification's loader says where a secret goes that does not say so.
                if item.get("target") in ("/run/secrets/" + item["source"], item["source"]):
                    item.pop("target")
    return project


def run(program, arguments, folder):
    result = subprocess.run([program] + arguments, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True,
                            timeout=60, check=False)
    return (hosts(json.loads(result.stdout)) if result.returncode == 0 else None), result.stderr.strip()


def difference(ours, theirs, path=""):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(set(ours) | set(theirs)):
            found = difference(ours.get(key), theirs.get(key), f"{path}.{key}")
            if found:
                return found
        return None
    if ours != theirs:
        return f"{path}: ours {json.dumps(ours)[:300]}, theirs {json.dumps(theirs)[:300]}"
    return None


def compare(programs, arguments, folder):
    """None: they agree; else what differs."""
    ours, our_words = run(programs[0], arguments, folder)
    theirs, their_words = run(programs[1], arguments, folder)
    if ours is None or theirs is None:
        if (ours is None) == (theirs is None):
            return None
        return f"ours refuses: {our_words[-400:]}" if ours is None else f"theirs refuses: {their_words[-400:]}"
    for name in set(ours["services"]) & set(theirs["services"]):
        for key in ("command", "entrypoint"):
            if command_is(ours["services"][name], key) != command_is(theirs["services"][name], key):
                return f".services.{name}.{key}: one has an empty list"
    return difference(plain(ours), plain(theirs))


VALUES = ["", "0", "-1", "yes", "true", "null", "[]", "{}", "[a, b]", "{a: b}", "1.5", "\"80\"", "80", "a b", "'a''b'",
          "${OUTSIDE}", "${NOT:-d}", "${EMPTY:-e}", "${EMPTY-e}", "$$x", "${NUMBER}", "10s", "64m", "1gb", "!reset null",
          "0777", "1_000", "~", "on", "\"${NUMBER}\"", "web", "default", "./x:/y:ro", "8080:80", "sh -c \"a b\" 'c'"]


def mutate(random_source, lines):
    """One line with another value, taken out, twice, or moved in."""
    lines = list(lines)
    index = random_source.randrange(len(lines))
    line = lines[index]
    act = random_source.randrange(5)
    if act == 0 and ": " in line:
        lines[index] = line[:line.index(": ") + 2] + random_source.choice(VALUES)
    elif act == 1 and "- " in line:
        lines[index] = line[:line.index("- ") + 2] + random_source.choice(VALUES)
    elif act == 2:
        del lines[index]
    elif act == 3:
        other = random_source.choice(lines)
        lines.insert(index, other)
    else:
        lines[index] = "  " + line if random_source.random() < 0.5 else line.removeprefix("  ")
    return lines


def mutations(programs, seed, count, folders):
    random_source = random.Random(seed)
    failures = stricter = 0
    for number in range(count):
        name = random_source.choice(folders)
        with tempfile.TemporaryDirectory() as temporary:
            folder = os.path.join(temporary, "project")
            shutil.copytree(os.path.join(HERE, name), folder)
            path = os.path.join(folder, "compose.yaml")
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines()
            for _ in range(random_source.choice([1, 1, 2])):
                lines = mutate(random_source, lines) if lines else lines
            text = "\n".join(lines) + "\n"
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            found = compare(programs, ["-p", "project"], folder)
            # What both read must be the same, and what theirs refuses ours must; ours may refuse what theirs drops.
            if found and found.startswith("ours refuses"):
                stricter += 1
                found = None if stricter * 50 <= count else found
            if found:
                failures += 1
                print(f"--- mutation {number} of {name}: {found}")
                if os.environ.get("ORACLE_SHOW"):
                    print(text)
    return failures


def main():
    programs, seed, count, files = [os.path.abspath(p) for p in sys.argv[1:3]], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:]
    folders = sorted(name for name in os.listdir(HERE) if os.path.isdir(os.path.join(HERE, name)))
    failures = 0
    for name in folders:
        found = compare(programs, ["-p", "project"], os.path.join(HERE, name))
        if found:
            failures += 1
            print(f"--- {name}: {found}")
    print(f"{len(folders)} folders, {failures} differ")
    changed = mutations(programs, seed, count, [name for name in folders if not name.startswith("refused")])
    print(f"{count} mutations, {changed} differ")
    alike = 0
    for path in files:
        found = compare(programs, ["-p", "project", "-f", os.path.basename(path)], os.path.dirname(os.path.abspath(path)))
        alike += 0 if found else 1
        if found:
            print(f"--- {path}: {found}")
    if files:
        print(f"{alike} of {len(files)} files load alike: {100 * alike / len(files):.1f} %")
    sys.exit(1 if failures + changed > 0 or alike * 100 < len(files) * 95 else 0)


main()
