# SPDX-License-Identifier: Apache-2.0
"""usage: openstack_login.py I2KIT

Logging in, at a Keystone on loopback that takes what the Identity API's schema takes and nothing else,
and that fails on demand: with too many requests, away, a proxy's page, a token refused."""

import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ENDPOINTS = [("compute", "/compute/v2.1"), ("image", "/image"), ("network", "/network")]
OCTAVIA = ("load-balancer", "/octavia")


class Keystone(http.server.ThreadingHTTPServer):
    def __init__(self, handler=None):
        super().__init__(("127.0.0.1", 0), handler or Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.reset()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def reset(self):
        self.is_forgetful = False
        self.project = "shop"
        self.nova, self.tokens = "2.93", []
        self.networks = [("n1", "private", False), ("n2", "public", True)]
        self.flavors = [("f1", "small", 512, 1, 1), ("f2", "tiny", 128, 1, 1), ("f3", "large", 4096, 4, 20)]
        self.limits = {"maxTotalInstances": 10, "totalInstancesUsed": 2, "maxTotalRAMSize": -1, "totalRAMUsed": 1024}
        self.balancers = 200
        self.logins, self.failures, self.services, self.regions = [], [], list(ENDPOINTS), ("RegionOne", "Two")


def unknown(document, shape, path="auth"):
    """What the schema of POST /v3/auth/tokens does not have."""
    if not isinstance(shape, dict):
        return [] if isinstance(document, str) else [path]
    if not isinstance(document, dict):
        return [path]
    wrong = [f"{path}.{key}" for key in document if key not in shape]
    return wrong + [w for key, value in document.items() if key in shape for w in unknown(value, shape[key], f"{path}.{key}")]


DOMAIN = {"id": "", "name": ""}
USER = {"id": "", "name": "", "domain": DOMAIN, "password": ""}
SHAPE = {"identity": {"password": {"user": USER}, "token": {"id": ""},
                      "application_credential": {"id": "", "name": "", "secret": "", "user": {"id": "", "name": "", "domain": DOMAIN}}},
         "scope": {"project": {"id": "", "name": "", "domain": DOMAIN}}}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body, **headers):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def refuse(self, status, message):
        self.answer(status, {"error": {"code": status, "message": message, "title": "x"}})

    def do_POST(self):
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v3/auth/tokens":
            return self.refuse(404, "Not Found")
        if self.server.failures:
            status, body, headers = self.server.failures.pop(0)
            return self.answer(status, body, **headers)
        methods = sent["auth"]["identity"].pop("methods")
        wrong = unknown(sent["auth"], SHAPE) + [key for key in sent if key != "auth"]
        if wrong or methods != list(sent["auth"]["identity"]):
            return self.refuse(400, f"Additional properties are not allowed: {wrong}")
        self.server.logins.append(sent["auth"])
        identity = sent["auth"]["identity"]
        if "application_credential" in identity and "scope" in sent["auth"]:
            return self.refuse(401, "Application credentials cannot request a scope.")
        if identity.get("application_credential", {}).get("id") == "taken-back":
            return self.refuse(404, "Could not find Application Credential: taken-back.")
        secret = (identity.get("password", {}).get("user", {}).get("password") or identity.get("token", {}).get("id")
                  or identity.get("application_credential", {}).get("secret"))
        if secret != "right":
            return self.refuse(401, "The request you have made requires authentication.")
        self.server.tokens.append(f"gAAAA{len(self.server.tokens)}")
        if self.server.is_forgetful:
            self.server.is_forgetful = False
            return self.answer(201, {"token": self.token()}, X_Subject_Token="gAAAA-gone")
        return self.answer(201, {"token": self.token()}, X_Subject_Token=self.server.tokens[-1])

    def do_GET(self):
        token = self.headers["X-Auth-Token"]
        if not self.server.tokens or token != self.server.tokens[-1]:
            return self.refuse(401, "The request you have made requires authentication.")
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        if url.path == "/network/v2.0/networks":
            names = {"id": 0, "name": 1, "router:external": 2}
            return self.answer(200, {"networks": [{key: one[names[key]] for key in query["fields"]} for one in self.server.networks]})
        if url.path == "/compute/v2.1/flavors/detail":
            return self.flavors(query)
        if url.path == "/compute/v2.1/limits":
            return self.answer(200, {"limits": {"rate": [], "absolute": {"maxTotalCores": 20, **self.server.limits}}})
        if url.path == "/octavia/v2.0/lbaas/providers":
            if self.server.balancers != 200:
                return self.answer(self.server.balancers, {"faultcode": "Client", "faultstring": "Policy does not allow this request."})
            return self.answer(200, {"providers": [{"name": name, "description": "x"} for name in ("amphora", "ovn")]})
        if self.path != "/compute/v2.1/":
            return self.refuse(404, "Not Found")
        return self.answer(200, {"version": {"id": "v2.1", "version": self.server.nova, "min_version": "2.1", "status": "CURRENT"}})

    def flavors(self, query):
        """Two a page, with a link to the next one while there is any, as Nova does."""
        all_of_them, marker = self.server.flavors, query.get("marker", [None])[0]
        start = [f[0] for f in all_of_them].index(marker) + 1 if marker else 0
        page = all_of_them[start:start + 2]
        body = {"flavors": [{"id": i, "name": n, "ram": ram, "vcpus": cpus, "disk": size, "swap": 0, "links": []} for i, n, ram, cpus, size in page]}
        if start + 2 < len(all_of_them):
            body["flavors_links"] = [{"rel": "next", "href": f"{self.server.url}/compute/v2.1/flavors/detail?marker={page[-1][0]}"}]
        return self.answer(200, body)

    def token(self):
        end = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(time.time() + 3600))
        catalog = [{"type": kind, "name": kind, "id": kind, "endpoints": [
            {"id": "e", "interface": interface, "region": region, "region_id": region, "url": self.server.url + path}
            for interface in ("public", "internal") for region in self.server.regions]} for kind, path in self.server.services]
        domain = {"id": "default", "name": "Default"}
        return {"methods": ["password"], "user": {"id": "u1", "name": "ada", "domain": domain}, "expires_at": end,
                "issued_at": end, "audit_ids": ["x"], "project": {"id": "p1", "name": self.server.project, "domain": domain},
                "roles": [{"id": "r", "name": "member"}], "is_domain": False, "catalog": catalog}


class Bed:
    def __init__(self, i2kit, keystone, folder):
        self.i2kit, self.keystone, self.folder = i2kit, keystone, folder

    def doctor(self, auth, provider="cloud: one", **keys):
        clouds = {"clouds": {"one": {"auth": {"auth_url": self.keystone.url, **auth}, **keys}}}
        with open(f"{self.folder}/clouds.yaml", "w", encoding="utf-8") as file:
            json.dump(clouds, file)
        with open(f"{self.folder}/environment.yml", "w", encoding="utf-8") as file:
            file.write(f"name: prod\nprovider: {{type: openstack, {provider}}}\n")
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "XDG_RUNTIME_DIR": self.folder}
        done = subprocess.run([self.i2kit, "doctor", "--cloud", "-e", "environment.yml"], cwd=self.folder, env=environment,
                              capture_output=True, text=True, timeout=60)
        assert "right" not in done.stdout + done.stderr and "gAAAA" not in done.stdout + done.stderr, "a secret is shown"
        return done.returncode, done.stdout + done.stderr


PASSWORD = {"username": "ada", "password": "right", "project_name": "shop", "user_domain_name": "Default"}


def good(answer, *words):
    assert answer[0] == 0 and all(word in answer[1] for word in ("project shop, as ada", *words)), answer


def bad(answer, *words):
    assert answer[0] == 1 and all(word in answer[1] for word in words), answer


def test_by_password(bed):
    good(bed.doctor(PASSWORD), "OpenStack cloud one", "clouds.yaml")
    assert bed.keystone.logins == [{"identity": {"password": {"user": {"name": "ada", "domain": {"name": "Default"}, "password": "right"}}},
                                    "scope": {"project": {"name": "shop", "domain": {"id": "default"}}}}], bed.keystone.logins


def test_by_application_credential(bed):
    credential = {"application_credential_id": "i", "application_credential_secret": "right"}
    good(bed.doctor(credential, auth_type="v3applicationcredential"))
    named = {"application_credential_name": "n", "application_credential_secret": "right", "username": "ada", "user_domain_id": "default"}
    good(bed.doctor(named, auth_type="v3applicationcredential"))


def test_an_application_credential_that_was_taken_back(bed):
    credential = {"application_credential_id": "taken-back", "application_credential_secret": "right"}
    bad(bed.doctor(credential, auth_type="v3applicationcredential"), "the login: 404, Could not find Application Credential", "application credential are those of", "clouds.yaml")


def test_by_token(bed):
    good(bed.doctor({"token": "right", "project_id": "p1"}, auth_type="v3token"))


def test_a_wrong_password_names_the_file(bed):
    bad(bed.doctor({**PASSWORD, "password": "wrong"}), "the login: 401, The request you have made", "clouds.yaml")


def test_too_many_and_away_are_waited_for(bed):
    bed.keystone.failures = [(429, "{}", {"Retry_After": "1"}), (503, "<html>away</html>", {})]
    began = time.monotonic()
    good(bed.doctor(PASSWORD))
    assert time.monotonic() - began >= 1


def test_a_proxys_page_is_one_line(bed):
    bed.keystone.failures = [(502, "<html><title>Bad \x1b[31mGateway</title>\n<body>no</body></html>", {})] * 9
    status, text = bed.doctor(PASSWORD)
    bad((status, text), "502, Bad ", "Gateway no")
    assert "\x1b[31mG" not in text and len(text.splitlines()) == 1, text


def test_a_service_that_is_not_there(bed):
    bed.keystone.services = ENDPOINTS[:2]
    bad(bed.doctor(PASSWORD), "has no network service", "--region")


def test_regions_and_interfaces(bed):
    good(bed.doctor(PASSWORD, region_name="Two"), "region Two")
    good(bed.doctor(PASSWORD, provider="cloud: one, region: Two"), "region Two")
    bad(bed.doctor(PASSWORD, region_name="Three"), "has no compute service in region Three")
    good(bed.doctor(PASSWORD, interface="internal"))
    bad(bed.doctor(PASSWORD, interface="admin"), "has no compute service")


def test_a_token_that_is_refused_is_fetched_again_once(bed):
    bed.keystone.is_forgetful = True
    good(bed.doctor(PASSWORD))
    assert len(bed.keystone.logins) == 2, bed.keystone.logins


def test_a_nova_that_is_too_old(bed):
    bed.keystone.nova = "2.60"
    bad(bed.doctor(PASSWORD), "up to 2.60", "2.79")
    bed.keystone.nova = "new"
    bad(bed.doctor(PASSWORD), "up to new")


def test_what_there_is_in_the_project(bed):
    bed.keystone.services = [*ENDPOINTS, OCTAVIA]
    good(bed.doctor(PASSWORD), "network private", "floating addresses from public", "3 flavors", "(Octavia) by amphora, ovn",
         "instances: 2 of 10", "MiB of memory: 1024, without a limit")
    good(bed.doctor(PASSWORD, provider="cloud: one, instance_type: large, network: n1, external_network: public"), "flavor large: 4096 MiB of memory, 4 processors, 20 GiB")
    bed.keystone.balancers = 403
    good(bed.doctor(PASSWORD), "no load balancers")
    bed.keystone.networks = bed.keystone.networks[:1]
    good(bed.doctor(PASSWORD), "nothing can be public")


def test_what_the_environment_names_and_is_not_there(bed):
    bad(bed.doctor(PASSWORD, provider="cloud: one, network: pivate"), "provider.network: there is no network 'pivate'", "private")
    bad(bed.doctor(PASSWORD, provider="cloud: one, network: public"), "there is no network 'public'")
    bad(bed.doctor(PASSWORD, provider="cloud: one, external_network: private"), "there is no external network 'private'", "public")
    bad(bed.doctor(PASSWORD, provider="cloud: one, instance_type: larg"), "provider.instance_type: there is no flavor 'larg'", "large")


def test_names_that_stand_for_two(bed):
    bed.keystone.networks += [("n3", "private", False)]
    bad(bed.doctor(PASSWORD, provider="cloud: one, network: private"), "two networks are called 'private'", "n1 or n3")
    bad(bed.doctor(PASSWORD), "several networks", "provider.network: private")
    good(bed.doctor(PASSWORD, provider="cloud: one, network: n3"), "network private")
    bed.keystone.networks = []
    bad(bed.doctor(PASSWORD), "no network for servers")


def test_names_with_the_terminals_words_in_them(bed):
    bed.keystone.networks = [("n1", "pri\x1b[31mvate", False)]
    bed.keystone.project = "sh\x1b[32mop"
    status, text = bed.doctor(PASSWORD)
    assert status == 0 and "\x1b[31mvate" not in text and "\x1b[32mop" not in text and "vate" in text, text


def test_a_project_that_is_full(bed):
    bed.keystone.limits["totalInstancesUsed"] = 10
    bad(bed.doctor(PASSWORD), "instances: 10 of 10", "its quota allows (10)", "before it takes the old ones away")


def test_answers_that_are_none(bed):
    for body in ("", "[]", "{}", '{"token": {}}', '{"token": {"user": 1, "expires_at": "x"}}', "\xff", "{" * 100000):
        bed.keystone.failures = [(201, body, {"X_Subject_Token": "t"})]
        bad(bed.doctor(PASSWORD), "broken")


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    keystone = Keystone()
    print(f"1..{len(tests)}")
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        keystone.reset()
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(Bed(os.path.abspath(sys.argv[1]), keystone, folder))
                print(f"ok {number} - {name[5:].replace('_', ' ')}")
            except (AssertionError, OSError) as error:
                failed += 1
                print(f"not ok {number} - {name[5:].replace('_', ' ')}\n# {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
