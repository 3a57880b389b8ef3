#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second opinion: an upload against moto, which others wrote, with its own check of signatures.

usage: moto.py PUSH-DISK     (moto_server in PATH: scripts/cloud-tools)
"""
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

PUSH, BLOCK = sys.argv[1], 524288
OWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../out/cloud-tools/bin/moto_server")
SERVER = OWN if os.path.exists(OWN) else shutil.which("moto_server")
if SERVER is None:
    print("1..0 # SKIP moto is not installed (scripts/cloud-tools)")
    sys.exit(0)
PYTHON = os.path.join(os.path.dirname(SERVER), "python3")
try:
    VERSION = subprocess.run([PYTHON, "-c", "import moto; print(moto.__version__)"], capture_output=True, text=True,
                             check=True).stdout.split()[0]
except (OSError, subprocess.CalledProcessError, IndexError):
    VERSION = "0"
# Earlier ones list a snapshot's blocks with texts for numbers, as AWS never would.
if [int(part) for part in VERSION.split(".")[:3] if part.isdigit()] < [5, 2, 4]:
    print(f"1..0 # SKIP moto {VERSION} of {SERVER} is older than 5.2.4 (scripts/cloud-tools)")
    sys.exit(0)
# In moto's own environment: a user with keys.
MAKE_USER = """
import boto3, json, sys
iam = boto3.client("iam", region_name="eu-west-1", endpoint_url=sys.argv[1],
                   aws_access_key_id="a", aws_secret_access_key="b")
iam.create_user(UserName="shipper")
iam.put_user_policy(UserName="shipper", PolicyName="all", PolicyDocument=json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
key = iam.create_access_key(UserName="shipper")["AccessKey"]
print(key["AccessKeyId"], key["SecretAccessKey"])
"""


class Moto:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="i2kit-moto-")
        self.log = open(self.folder + "/log", "w+")
        self.child = subprocess.Popen([SERVER, "-H", "127.0.0.1", "-p", "0"], stdout=self.log,
                                      stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=self.folder,
                                      env={"PATH": os.environ["PATH"], "HOME": self.folder, "PYTHONUNBUFFERED": "1"})
        self.url = self.wait()

    def wait(self):
        deadline = time.time() + 60
        while time.time() < deadline and self.child.poll() is None:
            self.log.seek(0)
            for word in self.log.read().split():
                if word.startswith("http://127.0.0.1:") and not word.endswith(":0"):
                    return word.rstrip("/")
            time.sleep(0.2)
        raise AssertionError("moto does not start")

    def close(self):
        self.child.terminate()
        self.child.wait()
        self.log.close()
        shutil.rmtree(self.folder, True)

    def make_user(self):
        done = subprocess.run([PYTHON, "-c", MAKE_USER, self.url], capture_output=True, text=True, check=True)
        return done.stdout.split()

    def check_signatures(self, wanted):
        """It counts the calls that it lets pass unchecked."""
        request = urllib.request.Request(self.url + "/moto-api/reset-auth", b"0" if wanted else b"inf",
                                         {"Content-Type": "text/plain"}, method="POST")
        urllib.request.urlopen(request, timeout=20).read()

    def environment(self, keys):
        return {"HOME": self.folder, "PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": self.url,
                "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": keys[1]}

    def whoami(self, keys):
        return subprocess.run([PUSH, "--whoami"], env=self.environment(keys), capture_output=True, text=True,
                              timeout=60)

    def push(self, keys, disk):
        with open(disk, "rb") as file:
            digest = "sha256:" + hashlib.sha256(file.read()).hexdigest()
        # One call at a time: moto mixes up the parameters of calls at the same time.
        return subprocess.run([PUSH, "shop", "web", disk, digest],
                              env={**self.environment(keys), "PUSH_ALONE": "1"}, capture_output=True, text=True, timeout=120)


def make_disk(moto):
    disk, rng = moto.folder + "/disk", random.Random(1)
    with open(disk, "wb") as out:
        out.truncate(30 * BLOCK)
        for index in (0, 3, 4, 17, 29):
            out.seek(index * BLOCK)
            out.write(rng.randbytes(BLOCK))
    return disk


def main():
    moto, failed = Moto(), 0
    print("1..3", flush=True)
    try:
        keys, disk = moto.make_user(), make_disk(moto)
        moto.check_signatures(True)
        ours, other = moto.whoami(keys), moto.whoami([keys[0], "another/secret"])
        # Not for blocks: of CompleteSnapshot moto refuses Amazon's own client's signature, too; and it
        # forgets the tags of RegisterImage, so that an image is not found again.
        moto.check_signatures(False)
        good = moto.push(keys, disk)
        words = good.stdout.split()
        for number, (is_ok, what, why) in enumerate([
                (ours.returncode == 0 and "user/shipper" in ours.stderr + ours.stdout,
                 "moto finds our signature right", ours),
                (other.returncode == 1, "and a wrong secret's wrong", other),
                (good.returncode == 0 and words[2:5] == ["5", "5", "5"],
                 "it takes blocks, completion and image; what it stored is read back and equal", good)], 1):
            failed += not is_ok
            if not is_ok:
                print("# " + json.dumps([why.stdout, why.stderr]))
            print(f"{'ok' if is_ok else 'not ok'} {number} - {what}", flush=True)
    finally:
        moto.close()
    sys.exit(1 if failed else 0)


main()
