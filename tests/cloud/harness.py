# SPDX-License-Identifier: Apache-2.0
"""What the tests against the fake AWS share: a fake on loopback, a home of its own, TAP."""
import atexit
import os
import shutil
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fake_aws"))

try:
    import server
except ImportError as missing:
    print(f"1..0 # SKIP {missing} (python3-botocore)")
    sys.exit(77)


class Bed:
    """One fake, one folder, one environment without anything of the caller's AWS set-up."""

    def __init__(self):
        self.server, self.fake, self.url = server.start()
        self.folder = tempfile.mkdtemp(prefix="i2kit-cloud-")
        atexit.register(shutil.rmtree, self.folder, True)

    def clean(self):
        self.fake.reset()
        for name in os.listdir(self.folder):
            path = os.path.join(self.folder, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)

    @property
    def world(self):
        return self.fake.world

    def environment(self, keys=True, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "XDG_"))
               and k.lower() not in ("http_proxy", "https_proxy", "all_proxy")}
        env.update(HOME=self.folder, XDG_STATE_HOME=self.folder + "/state",
                   XDG_CONFIG_HOME=self.folder + "/config", XDG_DATA_HOME=self.folder + "/data",
                   XDG_CACHE_HOME=self.folder + "/cache", AWS_ENDPOINT_URL=self.url,
                   AWS_REGION="eu-west-1", AWS_EC2_METADATA_DISABLED="true")
        if keys:
            env.update(AWS_ACCESS_KEY_ID="AKIDFAKE", AWS_SECRET_ACCESS_KEY="fake/secret+key")
        env.update(more)
        return env

    def file(self, name, text, mode=0o600):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as out:
            out.write(text)
        os.chmod(path, mode)
        return path


class Skip(Exception):
    """What a test cannot be done without is not here."""


def run_tests(bed, tests):
    """TAP for the functions; each gets a clean bed."""
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for number, test in enumerate(tests, 1):
        bed.clean()
        name = test.__name__.replace("_", " ")
        try:
            test(bed)
            print(f"ok {number} - {name}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        except Exception:
            failed += 1
            print("# " + traceback.format_exc().replace("\n", "\n# "))
            print(f"not ok {number} - {name}", flush=True)
    sys.exit(1 if failed else 0)
