# SPDX-License-Identifier: Apache-2.0
"""usage: clouds_yaml.py CLOUDS-PRINT [ROUNDS]

What i2kit makes of clouds.yaml, secure.yaml, clouds-public.yaml and OS_*, beside openstacksdk's own
configuration: hand-made cases, then random ones of the same words. Skipped where openstacksdk is not."""

import importlib
import json
import os
import random
import subprocess
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")
try:
    import yaml
    from openstack.config import loader
except ImportError:
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])  # Debian's, for Debian's package
    print("1..0 # SKIP python3-openstacksdk is not installed")
    sys.exit(0)

AUTH = ("auth_url username password user_id project_id project_name user_domain_id user_domain_name project_domain_id "
        "project_domain_name domain_id domain_name system_scope trust_id default_domain_id default_domain_name token "
        "application_credential_id application_credential_name application_credential_secret passcode").split()
BESIDE = ("compute_endpoint_override", "image_interface", "volume_api_version", "compute_service_type", "network_region_name")


def read_theirs(cloud, region):
    importlib.reload(loader)  # it finds its folders when it is loaded
    config = loader.OpenStackConfig()
    one = config.get_one(cloud or None, validate=False, region_name=region or None)
    keys = config._validate_auth(one.config, config._get_auth_loader(dict(one.config)))
    verify, cert = one.get_requests_verify_args()
    cert, key = cert if isinstance(cert, tuple) else (cert, None)
    return {"cloud": one.name, "region": keys["region_name"], "interface": keys["interface"], "auth_type": keys["auth_type"],
            "cacert": verify if isinstance(verify, str) else None, "insecure": not verify, "cert": cert or None, "key": key,
            **{"auth." + name: str(value) for name, value in keys["auth"].items() if value and name in AUTH},
            **{name: str(keys[name]) for name in BESIDE if keys.get(name) is not None}}


def theirs(folder, environment, cloud, region):
    """In a process of its own, which has another folder and environment."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        try:
            answer = read_theirs(cloud, region)
        except BaseException as error:  # whatever it refuses with
            answer = f"{type(error).__name__}: {error}"
        with os.fdopen(writing, "w") as file:
            json.dump(answer, file)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        answer = json.load(file)
    os.waitpid(child, 0)
    return answer


def ours(program, folder, environment, cloud, region):
    done = subprocess.run([program, cloud, region], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode in (0, 1), done
    if done.returncode == 1:
        return done.stderr.strip()
    made = json.loads(done.stdout)
    keys = {"cloud", "region", "interface", "auth_type", "cacert", "insecure", "cert", "key", *BESIDE,
            *("auth." + key for key in AUTH)}
    made = {key: value for key, value in made.items() if key in keys and not (key.startswith("auth.") and not value)}
    if made["insecure"]:
        made["cacert"] = None
    if made["cert"] is None:
        made["key"] = None
    return made


def write(folder, name, content):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(content if isinstance(content, str) else yaml.safe_dump(content))


class Case:
    def __init__(self, name, clouds=None, secure=None, public=None, variables=None, cloud="", region="", file="clouds.yaml"):
        self.name, self.files = name, {file: clouds, "secure.yaml": secure, "clouds-public.yaml": public}
        self.variables, self.cloud, self.region = variables or {}, cloud, region

    def run(self, program):
        with tempfile.TemporaryDirectory() as folder:
            for name, content in self.files.items():
                if content is not None:
                    os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
                    write(folder, name, content)
            environment = {"PATH": os.environ["PATH"], "HOME": folder, **self.variables}
            want = theirs(folder, environment, self.cloud, self.region)
            got = ours(program, folder, environment, self.cloud, self.region)
        if isinstance(got, str) and not isinstance(want, str) and "auth.auth_url" not in want:
            return True, want, got  # openstacksdk says so when it is used
        if isinstance(want, str) or isinstance(got, str):
            return isinstance(want, str) == isinstance(got, str), want, got
        return want == got, want, got


AUTH_A = {"auth_url": "https://a.example:5000/v3", "username": "u", "password": "p", "project_name": "web",
          "user_domain_name": "Default", "project_domain_name": "Default"}


def one(**keys):
    return {"clouds": {"one": {"auth": AUTH_A, **keys}}}


CASES = [
    Case("the only cloud", one()),
    Case("by name", {"clouds": {"one": {"auth": AUTH_A}, "two": {"auth": {**AUTH_A, "username": "v"}}}}, cloud="two"),
    Case("by OS_CLOUD", {"clouds": {"one": {"auth": AUTH_A}, "two": {"auth": AUTH_A}}}, variables={"OS_CLOUD": "two"}),
    Case("which of two", {"clouds": {"one": {"auth": AUTH_A}, "two": {"auth": AUTH_A}}}),
    Case("not there", one(), cloud="three"),
    Case("nothing at all"),
    Case("secret in secure.yaml", one(), {"clouds": {"one": {"auth": {"password": "q"}, "region_name": "R"}}}),
    Case("a cloud in secure.yaml alone", one(), {"clouds": {"two": {"auth": AUTH_A}}}, cloud="two"),
    Case("regions", one(regions=["A", "B"])),
    Case("one of the regions", one(regions=["A", "B"]), region="B"),
    Case("none of the regions", one(regions=["A", "B"]), region="C"),
    Case("a region of its own making", one(), region="C"),
    Case("values of a region", one(regions=[{"name": "A", "values": {"interface": "internal", "auth": {"project_name": "x"}}}, "B"])),
    Case("a list of names", one(region_name=["A", "B"]), region="B"),
    Case("names with commas", one(region_name="A,B"), region="B"),
    Case("tenants", {"clouds": {"one": {"auth": {"auth_url": "http://x", "username": "u", "password": "p", "tenant_name": "t"}}}}),
    Case("keys beside auth", {"clouds": {"one": {"auth": {"auth_url": "http://x"}, "username": "u", "password": "p", "project_id": 12}}}),
    Case("auth wins over beside", {"clouds": {"one": {"auth": {"auth_url": "http://x", "username": "in"}, "username": "out"}}}),
    Case("a project's domain", {"clouds": {"one": {"auth": {"auth_url": "http://x", "domain_name": "D", "project_name": "t"}}}}),
    Case("a domain as scope", {"clouds": {"one": {"auth": {"auth_url": "http://x", "domain_id": "D"}}}}),
    Case("endpoint types", one(endpoint_type="internal", image_endpoint_type="admin")),
    Case("dashes", {"clouds": {"one": {"auth": {"auth-url": "http://x", "user-domain-name": "D", "project-name": "y"}, "region-name": "Z"}}}),
    Case("application credential", {"clouds": {"one": {"auth_type": "v3applicationcredential", "auth": {
        "auth_url": "http://x", "application_credential_id": "i", "application_credential_secret": "s"}}}}),
    Case("application credential by name", {"clouds": {"one": {"auth_type": "v3applicationcredential", "auth": {
        "auth_url": "http://x", "application_credential_name": "i", "application_credential_secret": "s", "username": "u",
        "user_domain_id": "default"}}}}),
    Case("auth_plugin", one(auth_plugin="v3password")),
    Case("certificates", one(cacert="~/ca.pem", cert="~/c.pem", key="~/k.pem")),
    Case("insecure", one(insecure=True, cacert="/ca")),
    Case("insecure as text", one(insecure="True")),
    Case("verify", one(verify=False)),
    Case("interface of nobody", one(interface="internal")),
    Case("overrides", one(compute_endpoint_override="http://c", volume_api_version=3, image_interface="admin")),
    Case("the environment", variables={"OS_AUTH_URL": "http://e", "OS_USERNAME": "u", "OS_PASSWORD": "p", "OS_PROJECT_NAME": "x",
                                       "OS_USER_DOMAIN_NAME": "D", "OS_PROJECT_DOMAIN_ID": "d", "OS_REGION_NAME": "R"}),
    Case("the environment beside a file", one(), variables={"OS_AUTH_URL": "http://e"}),
    Case("a file in spite of the environment", one(), variables={"OS_AUTH_URL": "http://e"}, cloud="one"),
    Case("only selectors", one(), variables={"OS_REGION_NAME": "R"}),
    Case("the environment's name", one(), variables={"OS_CLOUD_NAME": "mine", "OS_AUTH_URL": "http://e"}, cloud="mine"),
    Case("the environment's name taken", one(), variables={"OS_CLOUD_NAME": "one", "OS_AUTH_URL": "http://e"}),
    Case("a folder of the user's", one(region_name="home"), file=".config/openstack/clouds.yaml"),
    Case("JSON", json.dumps(one(region_name="json")), file="clouds.json"),
    Case("yml", one(region_name="yml"), file="clouds.yml"),
    Case("a profile", one(profile="ovh-us")),
    Case("a profile's address of a region", {"clouds": {"one": {"profile": "citycloud", "auth": {"username": "u"}}}}, region="Fra1"),
    Case("an older word for profile", {"clouds": {"one": {"cloud": "elastx", "auth": {"username": "u"}}}}),
    Case("a profile of one's own", {"clouds": {"one": {"profile": "ours", "auth": {"username": "u"}}}}, None,
         {"public-clouds": {"ours": {"auth": {"auth_url": "http://ours", "username": "no"}, "region_name": "O"}}}),
    Case("an unknown profile", one(profile="nobody")),
    Case("braces without a name", {"clouds": {"one": {"auth": {"auth_url": "http://{nothing}"}}}}),
    Case("no map", {"clouds": ["one"]}),
    Case("empty file", ""),
    Case("not YAML", "clouds: [}"),
]


def random_case(dice):
    words = ["A", "B", "x", "Default", "7", "internal", "", "http://x", "ü"]
    auth_keys = AUTH[:12] + ["tenant_name", "tenant-id", "user-name", "project-name", "auth-url"]
    # Not a project or domain beside "auth": which of the two wins differs between versions of openstacksdk.
    other_keys = ["region_name", "interface", "endpoint_type", "compute_endpoint_type", "auth_type", "username", "password",
                  "cacert", "insecure", "verify", "cert", "key", "profile"]

    def value(key):
        if key in ("auth_url", "auth-url"):
            return dice.choice(["http://x", "A"])
        if key == "auth_type":
            return dice.choice(["password", "v3password", "v3applicationcredential"])
        if key == "profile":
            return dice.choice(["auro", "fuga", "switchengines", "none-such"])
        if key in ("insecure", "verify"):
            return dice.choice([True, False])
        return dice.choice(words + [7])

    def cloud():
        keys = {key: value(key) for key in dice.sample(other_keys, dice.randrange(5))}
        keys["auth"] = {"auth_url": "http://x", **{key: value(key) for key in dice.sample(auth_keys, dice.randrange(7))}}
        if dice.random() < 0.3:
            keys["regions"] = dice.choice([["A", "B"], ["B"], [{"name": "A", "values": {"interface": "admin"}}]])
        return keys

    names = dice.sample(["one", "two", "three"], dice.randrange(1, 3))
    clouds = {"clouds": {name: cloud() for name in names}}
    secure = {"clouds": {dice.choice(names): cloud()}} if dice.random() < 0.4 else None
    variables = {}
    if dice.random() < 0.3:
        variables = {"OS_" + key.upper(): dice.choice(words[:5]) for key in dice.sample(AUTH[:12] + ["interface", "region_name"], 3)}
    return Case("random", clouds, secure, None, variables, dice.choice(["", *names]), dice.choice(["", "", "A"]))


def main():
    program, rounds = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 40
    dice = random.Random(7)
    cases = CASES + [random_case(dice) for _ in range(rounds)]
    print(f"1..{len(cases)}")
    failed = 0
    for number, case in enumerate(cases, 1):
        is_equal, want, got = case.run(program)
        print(f"{'ok' if is_equal else 'not ok'} {number} - {case.name}")
        if not is_equal:
            failed += 1
            print(f"# files: {case.files}\n# variables: {case.variables} cloud {case.cloud!r} region {case.region!r}\n"
                  f"# openstacksdk: {want}\n# i2kit: {got}")
    return 1 if failed else 0


sys.exit(main())
