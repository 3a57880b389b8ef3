#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Thousands of generated requests, signed by us and by botocore: every signature must be equal.

usage: sigv4_botocore.py SIGNER [COUNT [SEED]]
"""
import datetime
import hashlib
import json
import random
import subprocess
import sys

try:
    import botocore.auth as auth
    from botocore.awsrequest import AWSRequest
    from botocore.compat import HTTPHeaders  # noqa: F401
    from botocore.credentials import Credentials
except ImportError:
    print("1..0 # SKIP botocore is not installed (python3-botocore)")
    sys.exit(77)

PLAIN = "abcXYZ019-_.~"
NASTY = " +/=&%:@!$'()*,;[]é€\U0001F600"


def text(rng, alphabet, low, high):
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(low, high)))


def quoted(rng, low, high):
    from urllib.parse import quote
    return quote(text(rng, PLAIN + NASTY, low, high), safe="-_.~")


def make_path(rng):
    segments = []
    for _ in range(rng.randint(0, 5)):
        kind = rng.random()
        segments.append("." if kind < .05 else ".." if kind < .1 else "" if kind < .2
                        else quoted(rng, 1, 8))
    return "/" + "/".join(segments)


def make_query(rng):
    parts = []
    for _ in range(rng.choice([0, 0, 1, 2, 3, 6])):
        name = quoted(rng, 1, 4)
        parts.append(name if rng.random() < .2 else name + "=" + quoted(rng, 0, 5))
    return "&".join(parts)


def make_headers(rng):
    pool = ["x-amz-checksum", "x-amz-checksum-algorithm", "X-Amz-Data-Length", "Content-Type",
            "X-Amz-Target", "x-amz-meta-a", "x-amz-meta-a-b", "X-Amz-Progress", "User-Agent",
            "Expect", "Accept", "amz-sdk-request"]
    headers = []
    for name in rng.sample(pool, rng.randint(0, 6)):
        value = text(rng, PLAIN + "  /=;", 1, 12).strip() or "v"
        headers.append((name, value))
        if rng.random() < .1 and name.startswith("x-amz-meta"):
            headers.append((name, "again"))
    return headers


def make_case(rng):
    service, s3 = rng.choice([("ec2", False), ("ebs", False), ("cloudformation", False),
                              ("s3", True), ("logs", False), ("route53", False)])
    body = rng.randbytes(rng.choice([0, 1, 100]))
    unsigned = service in ("s3", "ebs") and rng.random() < .3
    host = rng.choice(["ec2.eu-west-1.amazonaws.com", "127.0.0.1:4566", "bucket.s3.amazonaws.com"])
    return {"id": "AKID" + text(rng, "ABC123", 4, 16), "secret": text(rng, PLAIN + "/+", 10, 40),
            "token": text(rng, PLAIN + "/+=", 10, 60) if rng.random() < .4 else None,
            "method": rng.choice(["GET", "POST", "PUT", "DELETE"]), "host": host,
            "path": make_path(rng), "query": make_query(rng), "header_pairs": make_headers(rng),
            "hash": "UNSIGNED-PAYLOAD" if unsigned else hashlib.sha256(body).hexdigest(),
            "region": rng.choice(["us-east-1", "eu-central-1", "cn-north-1"]), "service": service,
            "s3": s3, "content_hash": s3 or unsigned, "time": rng.randint(1000000000, 4000000000)}


def sign_with_botocore(case):
    scheme = "https" if case["host"][0] != "1" else "http"
    url = f"{scheme}://{case['host']}{case['path']}"
    request = AWSRequest(method=case["method"], url=url + ("?" + case["query"] if case["query"] else ""))
    for name, value in case["header_pairs"]:
        request.headers.add_header(name, value)
    if case["content_hash"]:
        request.headers["X-Amz-Content-SHA256"] = case["hash"]
    maker = auth.S3SigV4Auth if case["s3"] else auth.SigV4Auth
    signer = maker(Credentials(case["id"], case["secret"], case["token"]), case["service"],
                   case["region"])
    when = datetime.datetime.fromtimestamp(case["time"], datetime.timezone.utc).replace(tzinfo=None)
    request.context["timestamp"] = when.strftime("%Y%m%dT%H%M%SZ")
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    if case["token"]:
        request.headers["X-Amz-Security-Token"] = case["token"]
    signer.payload = lambda _: case["hash"]
    canonical = signer.canonical_request(request)
    to_sign = signer.string_to_sign(request, canonical)
    signature = signer.signature(to_sign, request)
    names = signer.signed_headers(signer.headers_to_sign(request))
    return canonical, (f"Authorization: AWS4-HMAC-SHA256 Credential={signer.scope(request)}, "
                       f"SignedHeaders={names}, Signature={signature}")


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 20261125)
    cases = [make_case(rng) for _ in range(count)]
    lines = ""
    for case in cases:
        wire = {k: v for k, v in case.items() if k != "header_pairs"}
        wire["headers"] = [f"{name}: {value}" for name, value in case["header_pairs"]]
        lines += json.dumps(wire) + "\n"
    done = subprocess.run([sys.argv[1]], input=lines.encode(), stdout=subprocess.PIPE, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != count:
        print(f"Bail out! {len(answers)} answers to {count} requests")
        return 1
    bad = 0
    for case, answer in zip(cases, answers):
        canonical, authorization = sign_with_botocore(case)
        if answer["authorization"] != authorization:
            bad += 1
            if bad <= 3:
                print(f"# {case}\n# botocore: {canonical!r}\n# ours:     {answer['canonical']!r}")
    print(f"1..1\n{'not ok' if bad else 'ok'} 1 - {count} signatures equal botocore's ({bad} differ)")
    return 1 if bad else 0


sys.exit(main())
