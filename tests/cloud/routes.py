#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Routes are answered in AWS as they are here: HAProxy with i2kit's configuration and a load balancer's rules are asked the
same, for random sets of routes; and rules keep their numbers, so that CloudFormation can change one set to the next.

usage: routes.py ROUTES-OF [SETS] [SEED]
"""
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import harness  # noqa: F401 (the fake's folder)
import listener

TOOL = os.path.abspath(sys.argv[1])
SETS = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 18
HAPROXY = shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin")
FOLDER = tempfile.mkdtemp(prefix="i2kit-routes-")
BATCH = 100
FRONTS = (("http", 80), ("https", 443))

HOSTS = ["a.example.com", "b.example.com", "*.example.com", "*.a.example.com", "example.com", "x.a.example.com", "*.com", "shop.test", None]
PATHS = ["/", "/a", "/a/b", "/ab", "/a/b/", "/A", "/a.b", "/~x", "/a/b/c", "/a:b@c+d", "/_-$'"]
ASKED_HOSTS = ["a.example.com", "A.Example.COM", "b.example.com", "c.example.com", "x.a.example.com", "X.A.example.com", "y.a.example.com",
               "z.y.a.example.com", "example.com", "com", "shop.test", "other.test", "aXexample.com", "127.0.0.1"]
ASKED_PATHS = ["/", "/a", "/a/", "/ab", "/a/b", "/a/b/", "/a/bc", "/a/b/c", "/a/b/c/d", "/A", "/A/x", "/a.b", "/axb", "/~x/1", "/a%2Fb",
               "/a:b@c+d/e", "/_-$'", "/zz"]
SERVICES = ["web", "api", "next", "old"]


def backend(dice):
    return {"service": {"name": dice.choice(SERVICES), "port": {"number": dice.choice([80, 81])}}}


def ingress(dice, number):
    rules = []
    for _ in range(dice.randint(1, 3)):
        paths = [{"path": dice.choice(PATHS), "pathType": dice.choice(["Prefix", "Exact", "ImplementationSpecific"]), "backend": backend(dice)}
                 for _ in range(dice.randint(1, 4))]
        host = dice.choice(HOSTS)
        rules.append({**({"host": host} if host else {}), "http": {"paths": paths}})
    spec = {"rules": rules, **({"defaultBackend": backend(dice)} if dice.random() < 0.2 else {})}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": f"i{number}"}, "spec": spec}


def http_rule(dice):
    match = {"path": {"type": dice.choice(["PathPrefix", "Exact"]), "value": dice.choice(PATHS)}}
    if dice.random() < 0.3:
        match["method"] = dice.choice(["GET", "POST"])
    if dice.random() < 0.3:
        match["headers"] = [{"name": "x-v", "value": dice.choice(["1", "two"])}]
    elif dice.random() < 0.3:
        match["queryParams"] = [{"name": "v", "value": dice.choice(["1", "two"])}]
    rule = {"matches": [match]}
    if dice.random() < 0.2:
        to = {"statusCode": dice.choice([301, 302])}
        to.update(dice.choice([{"scheme": "https"}, {"hostname": "new.example.com"}, {"port": 8443}, {"scheme": "https", "port": 444}]))
        if dice.random() < 0.4:
            to["path"] = {"type": "ReplaceFullPath", "replaceFullPath": "/moved/here"}
        elif match["path"] == {"type": "PathPrefix", "value": "/"}:
            to["path"] = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/v2/"}
        rule["filters"] = [{"type": "RequestRedirect", "requestRedirect": to}]
        return rule
    names = dice.sample(SERVICES, dice.randint(1, 3))
    rule["backendRefs"] = [{"name": n, "port": 80, "weight": dice.choice([0, 1, 1, 5, 90])} for n in names]
    return rule


def http_route(dice, number):
    hosts = [h for h in dice.sample(HOSTS, dice.randint(0, 2)) if h]
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": f"h{number}"}, "spec": {
        "parentRefs": [{"name": "edge"}], **({"hostnames": hosts} if hosts else {}), "rules": [http_rule(dice) for _ in range(dice.randint(1, 3))]}}


POD = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "pod"}, "spec": {
    "selector": {"matchLabels": {"app": "pod"}}, "template": {"metadata": {"labels": {"app": "pod"}}, "spec": {
        "containers": [{"name": "nginx", "image": "nginx", "ports": [{"containerPort": 80}]}]}}}}


def service(name):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"selector": {"app": "pod"}, "ports": [
        {"name": f"p{p}", "port": p, "targetPort": 80} for p in (80, 81)]}}


GATEWAY = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"}, "spec": {
    "gatewayClassName": "any", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"},
                                             {"name": "https", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "edge"}]}}]}}
BASE = [POD, GATEWAY] + [service(n) for n in SERVICES]


def write(folder, sets):
    os.makedirs(folder)
    for number, documents in enumerate(sets):
        with open(f"{folder}/{number}.yml", "w") as out:
            out.write("\n---\n".join(json.dumps(d) for d in BASE + documents))


def made(how, sets):
    folder = tempfile.mkdtemp(dir=FOLDER)
    write(folder + "/sets", sets)
    done = subprocess.run([TOOL, how, folder + "/sets", str(len(sets))], capture_output=True, text=True, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(sets), (len(found), len(sets), done.stderr)
    return found


# --- here

def as_answers(number, one):
    """One set's frontends and backends under names of their own, on sockets of files; a backend says where it would lead."""
    text = one["config"][one["config"].index("frontend http\n"):]
    text = re.sub(r"^frontend (\w+)$", rf"frontend s{number}_\1", text, flags=re.M)
    text = text.replace("\tbind fd@3\n", f"\tbind unix@{FOLDER}/{number}.http\n")
    text = text.replace("\tbind fd@5 ssl alpn h2,http/1.1\n", f"\tbind unix@{FOLDER}/{number}.https\n")
    text = re.sub(r"str\(r(\d+)\)", rf"str(s{number}_r\1)", text).replace("%[ssl_fc,iif(https,http)]", "same")
    out = []
    for block in re.split(r"(?m)^(?=backend )", text):
        block = re.sub(r"^backend r", f"backend s{number}_r", block)
        lines = re.findall(r"\tserver s\d+ sockpair@(\d+) weight (\d+)\n", block)
        to = ",".join(f"{one['targets'][int(n) - 10]}={w}" for n, w in lines)
        block = re.sub(r"\tserver .*\n", "", block)
        out.append(block + (f'\thttp-request return status 200 content-type text/plain string "{to}"\n' if lines else ""))
    return "".join(out)


class Proxy:
    def __init__(self, batch):
        config = FOLDER + "/haproxy.cfg"
        head = next(iter(batch.values()))["config"].split("frontend http\n")[0]
        with open(config, "w") as out:
            out.write(head + "".join(as_answers(n, one) for n, one in batch.items()))
        self.child = subprocess.Popen([HAPROXY, "-db", "-q", "-f", config], stderr=subprocess.PIPE, text=True)
        deadline = time.time() + 60
        last = f"{FOLDER}/{max(batch)}.https"
        while not os.path.exists(last):
            assert self.child.poll() is None, self.child.stderr.read()
            assert time.time() < deadline, "HAProxy does not listen"
            time.sleep(0.01)

    def close(self):
        self.child.kill()
        self.child.wait()
        self.child.stderr.close()


def asked_here(number, front, requests):
    """[(status, body or Location)] of requests in one connection."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(30)
        line.connect(f"{FOLDER}/{number}.{front}")
        for one in requests:
            target = one.path + ("?" + one.query if one.query else "")
            more = "".join(f"{n}: {v}\r\n" for n, v in one.headers)
            line.sendall(f"{one.method} {target} HTTP/1.1\r\nHost: {one.host}\r\n{more}Content-Length: 0\r\n\r\n".encode())
        stream = line.makefile("rb")
        answers = []
        for _ in requests:
            status = int(stream.readline().split()[1])
            headers = {}
            while (text := stream.readline().decode().strip()):
                name, value = text.split(":", 1)
                headers[name.lower()] = value.strip()
            body = stream.read(int(headers.get("content-length", 0))).decode()
            answers.append((status, headers.get("location") or body))
        return answers


# --- there

def asked_there(resources, front, port, request):
    action = listener.action_for(resources, "BalancerRoutes", port, request)
    kind = action["Type"]
    if kind == "fixed-response":
        return int(action["FixedResponseConfig"]["StatusCode"]), ""
    if kind == "redirect":
        status = int(action["RedirectConfig"]["StatusCode"].split("_")[1])
        return status, plain(listener.location(action, request, "same", port), port)
    found = []
    for group, weight in listener.forwarded(action):
        assert resources[group]["Properties"]["Protocol"] == "HTTP"
        name, number = re.fullmatch(r"([A-Z][a-z]+)Port(\d+)TcpRouteTargets", group).groups()
        found.append((f"{name.lower()}:{number}", weight))
    return 200, parts(found)


def parts(pairs):
    total = sum(w for _, w in pairs)
    return sorted((n, round(w / total, 3)) for n, w in pairs)


def plain(url, port):
    """A port that the scheme has anyway is not written, nor is one that is the front's own; names have no large letters."""
    url = re.sub(r"^(\w+://[^/]+)", lambda m: m[1].lower(), url)
    url = re.sub(rf"^same://([^/:]+):{port}(?=/)", r"same://\1", url)
    return re.sub(r"^(https://[^/:]+):443(?=/)|^(http://[^/:]+):80(?=/)", lambda m: m[1] or m[2], url)


def seen_here(answer, port):
    status, text = answer
    if status == 200:
        return 200, parts([(n, int(w)) for n, w in (p.rsplit("=", 1) for p in text.split(","))])
    return status, plain(text, port) if status in (301, 302) else ""


def words_of(documents, key):
    """All texts under a key, wherever it is: hosts, paths."""
    if isinstance(documents, list):
        return [w for d in documents for w in words_of(d, key)]
    if not isinstance(documents, dict):
        return []
    own = documents.get(key)
    return [w for w in (own if isinstance(own, list) else [own]) if isinstance(w, str)] + words_of(list(documents.values()), key)


def requests_of(dice, count, documents):
    """Half of them near what the set has routes for, the others anywhere."""
    hosts = [h.replace("*", dice.choice(["q", "q.r", "A"])) for h in words_of(documents, "host") + words_of(documents, "hostnames")]
    paths = [p + dice.choice(["", "", "/", "/x", "x"]) for p in words_of(documents, "path") + words_of(documents, "value") if p[0] == "/"]
    found = []
    for _ in range(count):
        query = dice.choice(["", "", "", "v=1", "v=two&w=1", "w=1&v=1", "v=3"])
        headers = dice.choice([(), (), (("X-V", "1"),), (("x-v", "two"),), (("x-v", "3"),)])
        is_near = dice.random() < 0.7
        host = dice.choice(hosts if is_near and hosts else ASKED_HOSTS)
        path = dice.choice(paths if is_near and paths else ASKED_PATHS)
        found.append(listener.Request(host, path, dice.choice(["GET", "GET", "POST"]), query, headers))
    return found


def random_set(dice):
    documents = []
    for number in range(dice.randint(1, 3)):
        documents.append(ingress(dice, number) if dice.random() < 0.5 else http_route(dice, number))
    return documents


def both_answer_alike():
    dice = random.Random(SEED)
    sets = [random_set(dice) for _ in range(SETS)]
    answers = made("fresh", sets)
    failed = [(a, s) for a, s in zip(answers, sets) if "error" in a]
    assert not failed, (failed[0][0], json.dumps(failed[0][1]))
    asked, kinds = 0, {}
    for start in range(0, SETS, BATCH):
        batch = {n: answers[n] for n in range(start, min(start + BATCH, SETS))}
        proxy = Proxy(batch)
        try:
            for number, one in batch.items():
                resources = one["template"]["Resources"]
                for front, port in FRONTS:
                    requests = requests_of(dice, 8, sets[number])
                    for request, answer in zip(requests, asked_here(number, front, requests)):
                        here, there = seen_here(answer, port), asked_there(resources, front, port, request)
                        assert here == there, (front, vars(request), "here", here, "AWS", there, json.dumps(sets[number]))
                        asked, kinds[here[0]] = asked + 1, kinds.get(here[0], 0) + 1
        finally:
            proxy.close()
    assert min(kinds.get(s, 0) for s in (200, 301, 302, 404, 500)) > SETS // 100, kinds
    return f"{SETS} sets, {asked} requests: {kinds}"


def edited(dice, documents):
    """The next release: some routes more, some less, in another order."""
    documents = json.loads(json.dumps(documents))
    for one in documents:
        rules = one["spec"]["rules"]
        if dice.random() < 0.4 and len(rules) > 1:
            rules.pop(dice.randrange(len(rules)))
        if dice.random() < 0.3:
            dice.shuffle(rules)
        if dice.random() < 0.7:
            rules.append(ingress(dice, 0)["spec"]["rules"][0] if one["kind"] == "Ingress" else http_rule(dice))
        del rules[8:]
    return documents if dice.random() < 0.9 else random_set(dice)


def rules_of(resources):
    return {n: r["Properties"] for n, r in resources.items() if r["Type"] == listener.ELB + "ListenerRule"}


def answers_while_both_are_there(dice, before, after, documents):
    """Until the old rules go, each request is answered as by the old set or as by the new one."""
    both = {**after, **{n: r for n, r in before.items() if n not in after and r["Type"] == listener.ELB + "ListenerRule"}}
    for request in requests_of(dice, 4, documents):
        old, new, now = (json.dumps(listener.action_for(r, "BalancerRoutes", 80, request)) for r in (before, after, both))
        assert now in (old, new), (vars(request), old, new, now)


def numbers_stay_with_their_rules():
    dice = random.Random(SEED + 1)
    chains, steps, kept, moved = max(SETS // 100, 5), 40, 0, 0
    for _ in range(chains):
        sets = [random_set(dice)]
        while len(sets) < steps:
            sets.append(edited(dice, sets[-1]))
        found = made("chain", sets)
        fresh = made("fresh", sets)
        before, last = {}, None
        for one, alone, documents in zip(found, fresh, sets):
            assert "error" not in one, one
            now = rules_of(one["template"]["Resources"])
            for name, rule in now.items():
                assert name.endswith("Rule%05d" % rule["Priority"]) and 1 <= rule["Priority"] <= 50000, name
                assert name not in before or before[name]["Conditions"] == rule["Conditions"], name
            places = [(r["ListenerArn"]["Ref"], r["Priority"]) for r in now.values()]
            assert len(set(places)) == len(places)
            for _, port in FRONTS:
                orders = [[r["Conditions"] for _, r in listener.rules_of(t["template"]["Resources"], listener.listener_of(
                    t["template"]["Resources"], "BalancerRoutes", port))] for t in (one, alone)]
                assert orders[0] == orders[1], "the order is not the manifests'"
            old = {json.dumps([r["ListenerArn"], r["Conditions"]]) for r in before.values()}
            both = [n for n, r in now.items() if json.dumps([r["ListenerArn"], r["Conditions"]]) in old]
            if last:
                answers_while_both_are_there(dice, last, one["template"]["Resources"], documents)
            last = one["template"]["Resources"]
            kept, moved, before = kept + sum(n in before for n in both), moved + sum(n not in before for n in both), now
    assert kept > 20 * moved, (kept, moved)
    return f"{chains} projects of {steps} releases: {kept} rules kept their number, {moved} that changed places got another"


def a_full_gap_is_widened():
    """Rules put in at one place again and again: room runs out there, and is made by new rules beside."""
    def one(count):
        paths = [{"path": "/" + "a" * (40 - n), "pathType": "Exact", "backend": {"service": {"name": "web", "port": {"number": 80}}}} for n in range(count)]
        last = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}
        return [{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i"}, "spec": {"rules": [{"http": {"paths": paths + [last]}}]}}]
    found = made("chain", [one(n) for n in range(1, 40)])
    before, moved = {}, 0
    for step in found:
        resources = step["template"]["Resources"]
        now = rules_of(resources)
        order = [r["Conditions"][0]["PathPatternConfig"]["Values"][0] for _, r in listener.rules_of(resources, "BalancerRoutesHttpListener")]
        assert order == sorted(order[:-1], key=len, reverse=True) + ["/*"], order
        assert all(n not in before or before[n]["Conditions"] == r["Conditions"] for n, r in now.items())
        moved, before = moved + len(set(before) - set(now)), now
    assert 0 < moved < 39, moved
    return f"39 releases, {moved} rules made anew"


REFUSED = [
    ({"host": "shop"}, {}, "with a dot"), ({"host": "a." * 64 + "com"}, {}, "128 characters"), ({"host": "a.xn--p1ai"}, {}, "letters alone"),
    ({}, {"path": "/a*b"}, "cannot say"), ({}, {"path": "/a%20b"}, "cannot say"), ({}, {"path": "/a&b"}, "cannot say"),
    ({}, {"path": "/" + "x" * 126}, "126 characters"), ({}, {"path": "/ü"}, "cannot say")]
REFUSED_RULES = [
    ({"filters": [{"type": "URLRewrite", "urlRewrite": {"hostname": "a.example.com"}}]}, "rewrite"),
    ({"filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "a", "value": "b"}]}}]}, "change headers"),
    ({"matches": [{"path": {"type": "PathPrefix", "value": "/a"}, "method": "GET", "headers": [{"name": f"x{n}", "value": "1"} for n in range(3)]}]}, "5 values"),
    ({"matches": [{"headers": [{"name": "x", "value": "a*"}]}]}, "mean something else"),
    ({"matches": [{"headers": [{"name": "x" * 41, "value": "a"}]}]}, "40 characters"),
    ({"matches": [{"queryParams": [{"name": "x", "value": "a b"}]}]}, "must encode"),
    ({"backendRefs": [{"name": n, "port": p} for n in SERVICES for p in (80, 81)]}, "5 backends"),
    ({"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "http"}}], "backendRefs": None}, "from https to http"),
    ({"matches": [{"path": {"type": "PathPrefix", "value": "/a"}}], "backendRefs": None, "filters": [{"type": "RequestRedirect", "requestRedirect": {
        "hostname": "a.test", "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/b"}}}]}, "part of the path")]


def what_a_rule_cannot_say_is_refused_at_its_line():
    sets = []
    for rule, path, _ in REFUSED:
        paths = [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}, **path}]
        sets.append([{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i"}, "spec": {"rules": [{**rule, "http": {"paths": paths}}]}}])
    for rule, _ in REFUSED_RULES:
        whole = {"backendRefs": [{"name": "web", "port": 80}], **rule}
        sets.append([{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "h"},
                      "spec": {"parentRefs": [{"name": "edge"}], "rules": [{k: v for k, v in whole.items() if v is not None}]}}])
    many = [{"path": f"/p{n}", "pathType": "Exact", "backend": {"service": {"name": "web", "port": {"number": 80}}}} for n in range(51)]
    sets.append([{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i"}, "spec": {"rules": [{"http": {"paths": many}}]}}])
    away = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "far"}, "spec": {"type": "ExternalName", "externalName": "a.test", "ports": [{"port": 80}]}}
    far = [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "far", "port": {"number": 80}}}}]
    sets.append([away, {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i"}, "spec": {"rules": [{"http": {"paths": far}}]}}])
    public = {**service("out"), "spec": {**service("out")["spec"], "type": "LoadBalancer"}}
    taken = [{"host": "out.shop.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]
    sets.append([public, {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i"}, "spec": {"rules": taken}}])
    wanted = [w for *_, w in REFUSED + REFUSED_RULES] + ["102 rules", "no pods of these manifests", "public name of Service 'out'"]
    for one, words, documents in zip(made("fresh", sets), wanted, sets):
        assert words in one.get("error", ""), (words, one.get("error"), one.get("problem"), json.dumps(documents))
        assert one["hint"], one
        assert "102" in words or re.match(r"\S+\.yml:\d+:\d+: ", one["error"]), one["error"]
    return f"{len(sets)} refusals"


def main():
    tests = [what_a_rule_cannot_say_is_refused_at_its_line, numbers_stay_with_their_rules, a_full_gap_is_widened, both_answer_alike]
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for number, test in enumerate(tests, 1):
        name = test.__name__.replace("_", " ")
        if test is both_answer_alike and HAPROXY is None:
            print(f"ok {number} - {name} # SKIP haproxy is not installed")
            continue
        began = time.time()
        try:
            print(f"# {test()}, {time.time() - began:.1f} s")
            print(f"ok {number} - {name}", flush=True)
        except (AssertionError, KeyError, OSError, ValueError, IndexError, subprocess.CalledProcessError) as error:
            failed += 1
            print("# " + (repr(error)[:4000]).replace("\n", "\n# "))
            print(f"not ok {number} - {name}", flush=True)
    shutil.rmtree(FOLDER, True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
