#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: json_schema.py I2KIT TREE

`i2kit schema` by the field's own validator: every manifest of the examples that i2kit takes is valid by it, and what
it calls wrong i2kit refuses as well."""

import json
import os
import subprocess
import sys
import tempfile

import jsonschema
import yaml

I2KIT, TREE = sys.argv[1:3]
WRONG = [
    "name: web\nreplicas: many\ncontainers: {c: {image: a}}\n",
    "name: web\ncontainers: {c: {imgae: a}}\n",
    "name: web\ncontainers: [{name: c, image: a, tty: 3}]\n",
    "name: web\nrestartPolicy: Sometimes\ncontainers: {c: {image: a}}\n",
    "name: web\ncontainers: {c: {image: a, readinessProbe: {httpGet: {prot: 80}}}}\n",
    "name: web\nnonsense: true\ncontainers: {c: {image: a}}\n",
]
WRONG_ENVIRONMENT = ["name: prod\nprovider: {type: aws, regoin: eu-west-1}\n", "name: prod\nprovider: {type: aws, region: [a]}\n"]
WRONG_COMPOSE = ["services: {web: {imgae: a}}\n", "services: {web: {image: a, devices: [/dev/kvm]}}\n", "services: {web: {image: [a]}}\n"]
RIGHT = [
    "name: web\nx-note: any\ncontainers: {c: {image: a, command: sleep 1, environment: {A: 1}, ports: [80, '8080:80']}}\n",
    "name: web\ncontainers: [{name: c, image: a, env: [A=b], resources: {limits: {cpu: 1, memory: 64Mi}}}]\n",
    "name: web\nlabels: {a: b}\nnetwork: {egress: [internet]}\ncontainers: {c: {image: a, args: [x]}}\nvolumes: [{name: v, emptyDir: {}}]\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: a}]}\n",
]


def schema(name):
    text = subprocess.run([I2KIT, "schema", name], capture_output=True, check=True).stdout
    jsonschema.Draft7Validator.check_schema(json.loads(text))
    return jsonschema.Draft7Validator(json.loads(text))


def i2kit_takes(text):
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        file.write(text)
        file.flush()
        return subprocess.run([I2KIT, "validate", file.name], capture_output=True, check=False).returncode == 0


def complain(validator, text):
    return [e.message for document in yaml.safe_load_all(text) if document for e in validator.iter_errors(document)]


def main():
    manifest, environment, compose = schema("manifest"), schema("environment"), schema("compose")
    bad = 0
    for text in RIGHT:
        assert i2kit_takes(text), text
        problems = complain(manifest, text)
        if problems:
            bad += 1
            print(f"called wrong: {text}\n  {problems[0][:300]}")
    for text in WRONG:
        assert not i2kit_takes(text), text
        if not complain(manifest, text):
            bad += 1
            print(f"not seen: {text}")
    for text in WRONG_ENVIRONMENT:
        if not complain(environment, text):
            bad += 1
            print(f"not seen: {text}")
    for text in WRONG_COMPOSE:
        if not complain(compose, text):
            bad += 1
            print(f"not seen: {text}")
    count = 0
    for place, _, names in list(os.walk(os.path.join(TREE, "examples"))) + list(os.walk(os.path.join(TREE, "tests/manifest/corpus"))):
        for name in names:
            path = os.path.join(place, name)
            if not name.endswith((".yml", ".yaml")) or ".github" in path or "/github/" in path:
                continue
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
            is_environment = name.startswith("environment.")
            if not is_environment and not i2kit_takes(text):
                continue
            problems = complain(environment if is_environment else compose if name.startswith("compose.") else manifest, text)
            count += 1
            if problems:
                bad += 1
                print(f"{path} called wrong: {problems[0][:300]}")
    print(f"{count} examples, {len(RIGHT)} right and {len(WRONG) + len(WRONG_ENVIRONMENT) + len(WRONG_COMPOSE)} wrong ones, {bad} judged otherwise")
    sys.exit(1 if bad or count < 5 else 0)


main()
