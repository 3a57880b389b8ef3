#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: kustomize.py I2KIT KUSTOMIZE [-v] [SEED [COUNT]]

Kustomizations made by chance, and all of tests/oracle/kustomize/, through `i2kit convert` and through
`kustomize build`: both print the same objects, or both refuse."""

import os
import random
import subprocess
import sys
import tempfile

import yaml

HERE = os.path.dirname(os.path.realpath(__file__))


class Loader(yaml.SafeLoader):
    """Texts that look like dates stay texts."""


Loader.add_constructor("tag:yaml.org,2002:timestamp", Loader.construct_yaml_str)


def without_default(node):
    """TCP is what a port speaks that says nothing; kustomize leaves it out now and then."""
    if isinstance(node, dict):
        return {k: without_default(v) for k, v in node.items() if (k, v) != ("protocol", "TCP")}
    return [without_default(v) for v in node] if isinstance(node, list) else node


def objects(text):
    """Every object by kind, namespace and name."""
    found = {}
    for document in yaml.load_all(text, Loader=Loader):
        if document:
            head = document.get("metadata", {})
            found[document.get("apiVersion"), document["kind"], head.get("namespace", "default"), head.get("name")] = without_default(document)
    return found


def run(command):
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def differences(a, b, path=""):
    """One line for each place where the two are not the same."""
    if isinstance(a, dict) and isinstance(b, dict):
        return "".join(differences(a.get(key), b.get(key), f"{path}.{key}") for key in sorted(set(a) | set(b), key=str))
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return "".join(differences(x, y, f"{path}[{i}]") for i, (x, y) in enumerate(zip(a, b)))
    return "" if a == b else f"  {path}\n    i2kit:     {a}\n    kustomize: {b}\n"


def compare(i2kit, kustomize, folder):
    """None, or how they differ."""
    ours = run([i2kit, "convert", "--skip-unsupported", "--to", "kubernetes", folder])
    theirs = run([kustomize, "build", folder])
    if ours[0] != 0 and theirs[0] != 0:
        return None
    if ours[0] != 0 or theirs[0] != 0:
        return f"i2kit ends with {ours[0]}, kustomize with {theirs[0]}:\n{ours[2]}\n{theirs[2]}"
    left, right = objects(ours[1]), objects(theirs[1])
    if left == right:
        return None
    text = ""
    for key in sorted(set(left) | set(right), key=str):
        if left.get(key) != right.get(key):
            text += f"{key}\n{differences(left.get(key), right.get(key))}"
    return text


def pick(*values):
    return random.choice(values)


def maybe(share=0.5):
    return random.random() < share


def a_deployment(name):
    container = {"name": "main", "image": pick("nginx", "nginx:1.25", "example.com:5000/app/nginx:v1", "redis:7"),
                 "env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a", "optional": True}}}],
                 "ports": [{"containerPort": 80, "name": "http"}]}
    if maybe():
        container["envFrom"] = [{"configMapRef": {"name": "settings", "optional": True}}, {"secretRef": {"name": "keys", "optional": True}}]
    spec = {"containers": [container]}
    if maybe():
        spec["initContainers"] = [{"name": "init", "image": "nginx:1.25", "command": ["true"]}]
    if maybe():
        container["volumeMounts"] = [{"name": "v", "mountPath": "/v"}]
        spec["volumes"] = [{"name": "v", "configMap": {"name": "settings", "optional": True}}]
    if maybe():
        spec["serviceAccountName"] = "robot"
    kind = pick("Deployment", "StatefulSet", "DaemonSet")
    body = {"selector": {"matchLabels": {"app": name}}, "template": {"metadata": {"labels": {"app": name}}, "spec": spec}}
    if kind == "StatefulSet":
        body["serviceName"] = name
    if kind != "DaemonSet" and maybe():
        body["replicas"] = 2
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "labels": {"app": name}}, "spec": body}


def a_base(folder):
    names = random.sample(["web", "api", "db", "cache"], random.randint(1, 3))
    resources = []
    kinds = {}
    for name in names:
        one = a_deployment(name)
        kinds[name] = one
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                   "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 80}]}}
        with open(os.path.join(folder, name + ".yaml"), "w", encoding="utf-8") as file:
            yaml.safe_dump_all([one, service], file)
        resources.append(name + ".yaml")
    extra = [{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}},
             {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "b"},
              "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"},
              "subjects": [{"kind": "ServiceAccount", "name": "robot", "namespace": "default"}]},
             {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "r"},
              "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}]
    if maybe(0.3):
        with open(os.path.join(folder, "extra.yaml"), "w", encoding="utf-8") as file:
            yaml.safe_dump_all(extra, file)
        resources.append("extra.yaml")
    return resources, kinds


def generators():
    result = {"configMapGenerator": [{"name": "settings", "literals": ["a=1", "b='x y'", "c=<&>\"é"], "files": pick([], ["notes.txt"], ["n=notes.txt"])}]}
    if maybe():
        result["secretGenerator"] = [{"name": "keys", "literals": ["password=" + "p" * pick(3, 60, 120)], "envs": pick([], ["some.env"])}]
    if maybe(0.2):
        result["configMapGenerator"][0]["options"] = {"disableNameSuffixHash": True, "labels": {"made": "yes"}}
    if maybe(0.2):
        result["generatorOptions"] = {"annotations": {"by": "us"}, "immutable": maybe()}
    return result


def changes(kinds):
    result = {}
    if maybe():
        result["namePrefix"] = pick("dev-", "x-")
    if maybe(0.3):
        result["nameSuffix"] = "-v2"
    if maybe():
        result["namespace"] = pick("shop", "stage")
    if maybe(0.4):
        result["commonLabels"] = {"team": "shop"}
    if maybe(0.4):
        result["labels"] = [{"pairs": {"tier": "one"}, "includeSelectors": maybe(), "includeTemplates": maybe()}]
    if maybe(0.4):
        result["commonAnnotations"] = {"owner": "me"}
    if maybe():
        result["images"] = [pick({"name": "nginx", "newTag": "1.27"}, {"name": "nginx", "newName": "example.com/nginx"},
                                 {"name": "example.com:5000/app/nginx", "newName": "web", "newTag": "v2"},
                                 {"name": "redis", "digest": "sha256:" + "a" * 64})]
    named = [n for n, one in kinds.items() if one["kind"] in ("Deployment", "StatefulSet")]
    if maybe(0.4) and named:
        result["replicas"] = [{"name": named[0], "count": 5}]
    name, one = random.choice(list(kinds.items()))
    patches = []
    if maybe():
        patches.append({"target": {"kind": pick(one["kind"], "Deployment|StatefulSet|DaemonSet"), "name": pick(name, name[:2] + ".*")},
                        "patch": yaml.safe_dump([{"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": f"C{random.randint(0, 99999)}", "value": "3"}},
                                                 pick({"op": "replace", "path": "/metadata/labels/app", "value": "other"},
                                                      {"op": "remove", "path": "/spec/template/spec/containers/0/ports"},
                                                      {"op": "copy", "from": "/metadata/labels", "path": "/metadata/annotations"},
                                                      {"op": "test", "path": "/metadata/labels/app", "value": name})])})
    if maybe():
        merge = {"apiVersion": "apps/v1", "kind": one["kind"], "metadata": {"name": name}, "spec": {"template": {"spec": {
            "containers": [pick({"name": "main", "env": [{"name": "A", "value": "changed"}, {"name": "NEW", "value": "new"}]},
                                {"name": "main", "ports": [{"containerPort": 81}, {"containerPort": 80, "protocol": "TCP"}]},
                                {"name": "main", "env": [{"name": "A", "$patch": "delete"}]},
                                {"name": "side", "image": "redis:7"}, {"name": "main", "command": ["a", "b"], "ports": None},
                                {"name": "main", "resources": {"limits": {"memory": "64Mi"}}})],
            "volumes": pick(None, [{"name": "w", "emptyDir": {}}])}}}}
        if merge["spec"]["template"]["spec"]["volumes"] is None:
            del merge["spec"]["template"]["spec"]["volumes"]
        patches.append({"patch": yaml.safe_dump(merge)})
    if maybe(0.2):
        patches.append({"target": {"kind": "Service"}, "patch": "apiVersion: v1\nkind: Service\nmetadata: {name: any, labels: {seen: yes-it-is}}\n"
                                                              "spec: {ports: [{port: 80, name: web}, {port: 443, name: tls}]}\n"})
    if patches:
        result["patches"] = patches
    return result


def write(folder, content):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "notes.txt"), "w", encoding="utf-8") as file:
        file.write("some\nlines\n")
    with open(os.path.join(folder, "some.env"), "w", encoding="utf-8") as file:
        file.write("# keys\nTOKEN=abc=d\n\nOTHER=\n")
    with open(os.path.join(folder, "kustomization.yaml"), "w", encoding="utf-8") as file:
        yaml.safe_dump(content, file)


def make(top):
    """A base, and an overlay on it, with a component now and then; the folder to build."""
    base = os.path.join(top, "base")
    os.makedirs(base)
    resources, kinds = a_base(base)
    content = {"resources": resources, **generators()}
    if maybe(0.3):
        content.update(changes(kinds))
    write(base, content)
    overlay = os.path.join(top, "overlay")
    content = {"resources": ["../base"], **changes(kinds)}
    if maybe(0.4):
        content["configMapGenerator"] = [{"name": "settings", "behavior": pick("merge", "replace"), "literals": ["a=2", "z=9"]}]
    if maybe(0.3):
        component = os.path.join(top, "component")
        write(component, {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component",
                          "configMapGenerator": [{"name": "more", "literals": ["k=v"]}], **changes(kinds)})
        content["components"] = ["../component"]
    write(overlay, content)
    return overlay


def main():
    arguments = [a for a in sys.argv[1:] if a != "-v"]
    i2kit, kustomize = arguments[:2]
    seed = int(arguments[2]) if len(arguments) > 2 else 1
    count = int(arguments[3]) if len(arguments) > 3 else 150
    bad = 0
    fixed = os.path.join(HERE, "kustomize")
    cases = sorted(os.path.join(fixed, name) for name in os.listdir(fixed)) if os.path.isdir(fixed) else []
    for case in cases:
        folder = os.path.join(case, "overlay") if os.path.isdir(os.path.join(case, "overlay")) else case
        difference = compare(i2kit, kustomize, folder)
        if difference:
            bad += 1
            print(f"{case}:\n{difference}")
    refused = 0
    for number in range(seed, seed + count):
        random.seed(number)
        with tempfile.TemporaryDirectory() as top:
            folder = make(top)
            difference = compare(i2kit, kustomize, folder)
            refused += run([kustomize, "build", folder])[0] != 0
            if difference:
                bad += 1
                print(f"seed {number}:\n{difference}")
                if "-v" in sys.argv:
                    for place, _, names in sorted(os.walk(top)):
                        for name in names:
                            if name.endswith(".yaml"):
                                print(f"--- {name} of {os.path.basename(place)}\n" + open(os.path.join(place, name), encoding="utf-8").read())
                if bad > 5:
                    break
    print(f"{len(cases)} cases and {count} by chance ({refused} refused by kustomize), {bad} differ")
    sys.exit(1 if bad else 0)


main()
