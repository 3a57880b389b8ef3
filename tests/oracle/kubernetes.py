#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: kubernetes.py I2KIT ORACLE [-v] [--all]

What i2kit says of manifests beside what Kubernetes' own validation says. Every object of
tests/manifest/corpus, and each of them with one small mistake after the other (a field left out, empty,
null, mistyped, of another type, out of range), goes to both. Two figures come of it: mistakes that Kubernetes
refuses and i2kit takes, and documents that Kubernetes takes and i2kit calls wrong (other than "not
supported"). An eighth of them are
tried, or --all. With -v they are listed. The status is 1 when a figure is above what it has been."""

import copy
import glob
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import yaml

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MOST_TAKEN = 0.010   # of the mistakes that Kubernetes refuses
MOST_REFUSED = 0.010  # of the documents that Kubernetes takes

# What i2kit asks for beyond a single object: it sees all of them, and runs them on one machine.
OURS = re.compile(r"is not supported|there is no |has no key|selects no pod|has no effect here|another pod|cannot both write|"
                  r"cannot write to|has no port named|no machine has|lets nothing run|holds no file system|no pod in it|"
                  r"becomes a host name|has no container|"  # other objects and this machine
                  r"is a boolean for YAML|is not a valid reference|image|registry|digest|"  # images are looked at more closely
                  r"selector|is not absolute|capabilities: |medium is|exclude each other|sysctl needs|GracePeriod|nodePort: -1|wants type: NodePort|cannot have dots|'i2kit/|thousandths of a byte|without a hint")

BAD = ["", "Not Valid!", 0, -1, 99999999999, True, [], {}, ["x"], {"x": "y"}, None]


class Oracle:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def errors(self, text):
        data = text.encode()
        self.process.stdin.write(b"%d\n" % len(data) + data)
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())["errors"]


def ours(program, text, folder, number):
    path = os.path.join(folder, f"{number}.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    out = subprocess.run([program, "validate", "-o", "json", path], capture_output=True, text=True, check=False).stdout
    os.unlink(path)
    return [problem["message"] for problem in json.loads(out)["problems"] if problem["severity"] == "error"]


def places(value, path=()):
    """Every place below a value, as a path of keys."""
    if isinstance(value, dict):
        for key in value:
            yield path + (key,)
            yield from places(value[key], path + (key,))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield path + (index,)
            yield from places(item, path + (index,))


def parent_of(document, path):
    for key in path[:-1]:
        document = document[key]
    return document


def mutations(document):
    for path in places(document):
        if path in (("kind",), ("apiVersion",)):
            continue
        without = copy.deepcopy(document)
        del parent_of(without, path)[path[-1]]
        yield path, "left out", without
        if isinstance(path[-1], str):
            typo = copy.deepcopy(document)
            parent = parent_of(typo, path)
            parent[path[-1] + "x"] = parent.pop(path[-1])
            yield path, "mistyped", typo
        now = parent_of(document, path)[path[-1]]
        for bad in BAD:
            if bad == now and type(bad) is type(now):
                continue
            changed = copy.deepcopy(document)
            parent_of(changed, path)[path[-1]] = bad
            yield path, json.dumps(bad), changed


def seeds():
    for name in sorted(glob.glob(os.path.join(TOP, "tests/manifest/corpus/*.yml"))):
        try:
            with open(name, encoding="utf-8") as file:
                for document in yaml.safe_load_all(file):
                    if isinstance(document, dict) and "kind" in document and document["kind"] != "List":
                        yield os.path.basename(name), json.loads(json.dumps(document))
        except (yaml.YAMLError, TypeError, ValueError):
            continue


def main():
    program, oracle = sys.argv[1], Oracle(sys.argv[2])
    taken, refused, counts = [], [], {"documents": 0, "wrong": 0, "right": 0}
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        cases = []
        for name, document in seeds():
            if any("not validated here" in text or "no kind" in text for text in oracle.errors(json.dumps(document))):
                continue
            if oracle.errors(json.dumps(document)):
                continue  # a mistake on top of a mistake tells nothing
            cases.append((name, (), "as it is", document))
            cases += [(name, *mutation) for mutation in mutations(document)]
        if "--all" not in sys.argv:
            cases = random.Random(1).sample(cases, len(cases) // 8)
        texts = [json.dumps(case[3]) for case in cases]
        theirs = [oracle.errors(text) for text in texts]
        own = list(pool.map(lambda item: ours(program, item[1], folder, item[0]), enumerate(texts)))
        for (name, path, what, _), their, our in zip(cases, theirs, own):
            counts["documents"] += 1
            counts["wrong" if their else "right"] += 1
            place = ".".join(str(key) for key in path)
            if their and not our:
                taken.append(f"{name} {place} {what}: {their[0][:120]}")
            elif not their and any(not OURS.search(text) for text in our):
                refused.append(f"{name} {place} {what}: " + next(text for text in our if not OURS.search(text))[:120])
    if "-v" in sys.argv:
        print("\n".join(["taken:"] + taken + ["refused:"] + refused))
    print(f"{counts['documents']} documents: {counts['wrong']} wrong for Kubernetes, {len(taken)} of them taken; "
          f"{counts['right']} right, {len(refused)} of them refused")
    good = len(taken) <= MOST_TAKEN * counts["wrong"] and len(refused) <= MOST_REFUSED * counts["right"]
    return 0 if good and counts["documents"] > 1000 else 1


if __name__ == "__main__":
    sys.exit(main())
