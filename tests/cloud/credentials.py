#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every place credentials can come from, against the fake. usage: credentials.py PUSH-DISK I2KIT"""
import hashlib
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time

from harness import Bed, Skip, run_tests

PUSH, I2KIT = map(os.path.abspath, sys.argv[1:])
KEYS = "aws_access_key_id = AKIDFAKE\naws_secret_access_key = fake/secret+key\n"


def whoami(bed, keys=False, **env):
    return subprocess.run([PUSH, "--whoami"], env=bed.environment(keys, **env), text=True,
                          capture_output=True, timeout=60)


def expect(bed, text, **env):
    done = whoami(bed, **env)
    assert done.returncode == 0 and text in done.stdout, done.stdout + done.stderr


def expect_failure(bed, text, **env):
    done = whoami(bed, **env)
    assert done.returncode == 1 and text in done.stderr, done.stdout + done.stderr


def from_the_environment(bed):
    expect(bed, "from the environment", keys=True)


def from_the_credentials_file(bed):
    bed.file(".aws/credentials", "[default]\n" + KEYS)
    expect(bed, "credentials [default]")


def from_a_named_profile_of_the_config_file(bed):
    bed.file(".aws/config", "# mine\n[profile dev]\nregion=eu-west-1\ns3 =\n  addressing_style = path\n" + KEYS)
    expect(bed, "config [profile dev]", AWS_PROFILE="dev", AWS_REGION="")


def from_an_assumed_role(bed):
    bed.file(".aws/credentials", "[base]\n" + KEYS)
    bed.file(".aws/config", "[profile admin]\nrole_arn = arn:aws:iam::123456789012:role/Admin\n"
             "source_profile = base\nrole_session_name = me\n")
    expect(bed, "assumed-role/Admin/me", AWS_PROFILE="admin")


def from_a_chain_of_roles(bed):
    bed.file(".aws/credentials", "[c]\n" + KEYS)
    bed.file(".aws/config", "[profile a]\nrole_arn = arn:aws:iam::123456789012:role/A\nsource_profile = b\n"
             "[profile b]\nrole_arn = arn:aws:iam::123456789012:role/B\nsource_profile = c\n")
    expect(bed, "assumed-role/A/i2kit-", AWS_PROFILE="a")


def a_circle_of_profiles_is_told(bed):
    bed.file(".aws/config", "[profile a]\nrole_arn = arn:aws:iam::1:role/A\nsource_profile = b\n"
             "[profile b]\nrole_arn = arn:aws:iam::1:role/B\nsource_profile = a\n")
    expect_failure(bed, "leads back to itself", AWS_PROFILE="a")


def a_role_with_mfa_asks_for_its_code(bed):
    bed.file(".aws/credentials", "[base]\n" + KEYS)
    bed.file(".aws/config", "[profile m]\nrole_arn = arn:aws:iam::123456789012:role/M\n"
             "source_profile = base\nmfa_serial = arn:aws:iam::1:mfa/me\n")
    expect_failure(bed, "MFA", AWS_PROFILE="m")
    expect(bed, "assumed-role/M", AWS_PROFILE="m", AWS_MFA_CODE="123456")


def a_denied_role_says_which(bed):
    bed.file(".aws/credentials", "[base]\n" + KEYS)
    bed.file(".aws/config", "[profile d]\nrole_arn = arn:aws:iam::123456789012:role/denied\nsource_profile = base\n")
    expect_failure(bed, "role arn:aws:iam::123456789012:role/denied", AWS_PROFILE="d")


def from_a_web_identity(bed):
    token = bed.file("token", "web-token\n")
    expect(bed, "web identity", AWS_WEB_IDENTITY_TOKEN_FILE=token,
           AWS_ROLE_ARN="arn:aws:iam::123456789012:role/Pod")


def write_sso(bed, name, expires):
    path = f".aws/sso/cache/{hashlib.sha1(name.encode()).hexdigest()}.json"
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(expires))
    bed.file(path, json.dumps({"accessToken": "sso-token", "expiresAt": when}))


def from_an_sso_session(bed):
    bed.file(".aws/config", "[profile s]\nsso_session = corp\nsso_account_id = 123456789012\n"
             "sso_role_name = Dev\n[sso-session corp]\nsso_start_url = https://x/start\nsso_region = eu-west-1\n")
    write_sso(bed, "corp", time.time() + 600)
    expect(bed, "profile s (SSO)", AWS_PROFILE="s")


def from_legacy_sso(bed):
    bed.file(".aws/config", "[profile s]\nsso_start_url = https://x/start\nsso_region = eu-west-1\n"
             "sso_account_id = 123456789012\nsso_role_name = Dev\n")
    write_sso(bed, "https://x/start", time.time() + 600)
    expect(bed, "SSO", AWS_PROFILE="s")


def an_expired_sso_session_says_what_to_type(bed):
    bed.file(".aws/config", "[profile s]\nsso_start_url = https://x/start\nsso_region = eu-west-1\n"
             "sso_account_id = 123456789012\nsso_role_name = Dev\n")
    write_sso(bed, "https://x/start", time.time() - 5)
    expect_failure(bed, "aws sso login --profile s", AWS_PROFILE="s")


SESSION = ("[profile s]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Dev\n"
           "[sso-session corp]\nsso_start_url = https://x/start\nsso_region = eu-west-1\n")
# botocore itself, on the same home: what it makes of the files that are there. Nothing is sent.
BOTOCORE_TOKEN = """
import botocore.session, botocore.tokens
session = botocore.session.Session(profile="s")
print(botocore.tokens.SSOTokenProvider(session).load_token().get_frozen_token().token)
"""
BOTOCORE_SAVES = """
import datetime, sys
import botocore.tokens
from botocore.utils import JSONFileCache, SSOTokenLoader
now = datetime.datetime.now(datetime.timezone.utc)
SSOTokenLoader(JSONFileCache(botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR,
                             botocore.tokens._sso_json_dumps)).save_token("https://x/start", {
    "startUrl": "https://x/start", "region": "eu-west-1", "accessToken": "sso-token",
    "expiresAt": now + datetime.timedelta(seconds=int(sys.argv[1])), "clientId": "client",
    "clientSecret": "client-secret", "refreshToken": sys.argv[3],
    "registrationExpiresAt": (now + datetime.timedelta(seconds=int(sys.argv[2]))).strftime("%Y-%m-%dT%H:%M:%SZ")},
    session_name="corp")
"""


def botocore(bed, program, *words, **env):
    done = subprocess.run([sys.executable, "-c", program, *map(str, words)], env=bed.environment(False, **env),
                          text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def sso_cache(bed):
    return os.path.join(bed.folder, ".aws/sso/cache", hashlib.sha1(b"corp").hexdigest() + ".json")


def forget_kept(bed):
    shutil.rmtree(os.path.join(bed.folder, ".aws/cli/cache"))


def an_sso_token_is_renewed_and_kept(bed):
    bed.file(".aws/config", SESSION)
    botocore(bed, BOTOCORE_SAVES, -5, 86400, "refresh-1")
    expect(bed, "profile s (SSO)", AWS_PROFILE="s")
    assert bed.world.calls.count("sso-oidc:CreateToken") == 1, bed.world.calls
    assert os.stat(sso_cache(bed)).st_mode & 0o777 == 0o600
    assert os.listdir(os.path.dirname(sso_cache(bed))) == [os.path.basename(sso_cache(bed))]
    assert botocore(bed, BOTOCORE_TOKEN) == bed.world.sso_token != "sso-token"
    # The new token is used as it is; when it ends, the new refresh token is the one that is sent.
    forget_kept(bed)
    expect(bed, "profile s (SSO)", AWS_PROFILE="s")
    assert bed.world.calls.count("sso-oidc:CreateToken") == 1, bed.world.calls
    kept = json.load(open(sso_cache(bed)))
    bed.file(os.path.relpath(sso_cache(bed), bed.folder), json.dumps({**kept, "expiresAt": "2020-01-01T00:00:00UTC"}))
    forget_kept(bed)
    expect(bed, "profile s (SSO)", AWS_PROFILE="s")
    assert bed.world.calls.count("sso-oidc:CreateToken") == 2, bed.world.calls


def an_sso_token_that_ends_soon_is_renewed_if_it_can_be(bed):
    bed.file(".aws/config", SESSION)
    botocore(bed, BOTOCORE_SAVES, 600, 86400, "wrong")
    expect(bed, "profile s (SSO)", AWS_PROFILE="s")
    botocore(bed, BOTOCORE_SAVES, 600, 86400, "refresh-1")
    forget_kept(bed)
    expect(bed, "profile s (SSO)", AWS_PROFILE="s")
    assert json.load(open(sso_cache(bed)))["accessToken"] == bed.world.sso_token != "sso-token"


def an_sso_token_that_cannot_be_renewed_says_what_to_type(bed):
    bed.file(".aws/config", SESSION)
    botocore(bed, BOTOCORE_SAVES, -5, 86400, "wrong")
    expect_failure(bed, "aws sso login --profile s", AWS_PROFILE="s")
    before = len(bed.world.calls)
    botocore(bed, BOTOCORE_SAVES, -5, -5, "refresh-1")
    expect_failure(bed, "aws sso login --profile s", AWS_PROFILE="s")
    assert len(bed.world.calls) == before, bed.world.calls


def an_sso_profile_that_contradicts_its_session_is_told(bed):
    bed.file(".aws/config", SESSION.replace("[sso-session", "sso_region = us-east-1\n[sso-session"))
    expect_failure(bed, "sso_region is 'us-east-1' in the profile", AWS_PROFILE="s")
    bed.file(".aws/config", SESSION.replace("sso_role_name = Dev\n", ""))
    expect_failure(bed, "no sso_role_name", AWS_PROFILE="s")


ROLE = "arn:aws:iam::123456789012:role/Admin"
ROLES = ("[profile admin]\nrole_arn = " + ROLE + "\nsource_profile = base\nrole_session_name = me\n"
         "external_id = a+b=c\nduration_seconds = 7200\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n"
         "[profile plain]\nrole_arn = " + ROLE + "\nsource_profile = base\n")
# As awscli makes botocore do it (customizations/assumerole.py, customizations/sso): which providers get the cache.
# The services answer what the words say, or are not reached.
BOTOCORE_KEEPS = """
import json, os, sys
import botocore.session
from botocore.credentials import JSONFileCache
session = botocore.session.Session(profile=sys.argv[1] or None)
answer = json.loads(sys.argv[2])
class Service:
    def assume_role(self, **ignored):
        assert answer, "it was not in the cache"
        return {"Credentials": answer, "AssumedRoleUser": {"Arn": "arn:aws:sts::123456789012:assumed-role/Admin/me"}}
    assume_role_with_web_identity = assume_role
    def get_role_credentials(self, **ignored):
        assert answer, "it was not in the cache"
        return {"roleCredentials": {"accessKeyId": answer["AccessKeyId"], "secretAccessKey": answer["SecretAccessKey"],
                                    "sessionToken": answer["SessionToken"], "expiration": answer["Milliseconds"]}}
    class exceptions:
        class UnauthorizedException(Exception):
            pass
chain = session.get_component("credential_provider")
for name in ("assume-role", "assume-role-with-web-identity", "sso"):
    provider = chain.get_provider(name)
    provider.cache = JSONFileCache(os.path.expanduser("~/.aws/cli/cache"))
    provider._client_creator = lambda *a, **b: Service()
    provider._prompter = lambda question: "123456"
found = session.get_credentials().get_frozen_credentials()
print(json.dumps([found.access_key, found.secret_key, found.token]))
"""


def write_roles(bed):
    bed.file(".aws/credentials", "[base]\n" + KEYS)
    bed.file(".aws/config", ROLES)
    bed.file("environment.yml", "name: test\nprovider: {type: aws, region: eu-west-1}\n")


def write_all_kept(bed):
    """Profiles of every kind whose credentials the command line keeps, and what they need."""
    token = bed.file("token", "web-token")
    write_roles(bed)
    with open(os.path.join(bed.folder, ".aws/config"), "a") as out:
        out.write(f"[profile web]\nrole_arn = {ROLE}\nweb_identity_token_file = {token}\nrole_session_name = me\n"
                  f"duration_seconds = 7200\n[profile web2]\nrole_arn = {ROLE}\nweb_identity_token_file = {token}\n"
                  "[profile old]\nsso_start_url = https://x/stärt?a=1&b\nsso_region = eu-west-1\n"
                  "sso_account_id = 123456789012\nsso_role_name = Dev\n"
                  "[profile s]\nsso_session = büro-𝄞\nsso_account_id = 123456789012\nsso_role_name = Dev\n"
                  "[sso-session büro-𝄞]\nsso_start_url = https://x/start\nsso_region = eu-west-1\n")
    write_sso(bed, "büro-𝄞", time.time() + 7200)
    write_sso(bed, "https://x/stärt?a=1&b", time.time() + 7200)
    return {"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": ROLE}


KEPT = {"admin": "assumed-role/Admin/me", "plain": "assumed-role/Admin/", "web": "assumed-role/Admin/me",
        "web2": "assumed-role/Admin/", "old": "sso/Dev", "s": "sso/Dev", "": "assumed-role/Admin/"}


def kept_environment(bed, profile):
    env = write_all_kept(bed)
    return {"AWS_PROFILE": profile, "AWS_MFA_CODE": "123456"} if profile else env


def credentials_are_kept_where_the_command_line_finds_them(bed):
    for profile, name in KEPT.items():
        bed.clean()
        env = kept_environment(bed, profile)
        expect(bed, name, **env)
        folder = os.path.join(bed.folder, ".aws/cli/cache")
        kept, = os.listdir(folder)
        assert os.stat(os.path.join(folder, kept)).st_mode & 0o777 == 0o600
        found = json.load(open(os.path.join(folder, kept)))
        assert found["Credentials"]["AccountId"] == "123456789012", found
        assert found.get("ProviderType") == ("sso" if name == "sso/Dev" else None), found
        access, secret, token = json.loads(botocore(bed, BOTOCORE_KEEPS, profile, "null", **env))
        assert bed.world.keys[access] == (secret, token), access
        # Neither STS nor the portal, nor a token for it, is needed once more.
        bed.world.names[access] = "user/kept"
        shutil.rmtree(os.path.join(bed.folder, ".aws/sso"))
        expect(bed, ":user/kept", **{**env, "AWS_MFA_CODE": ""})


def what_the_command_line_kept_is_taken(bed):
    for profile, name in KEPT.items():
        for left, is_taken in ((3600, True), (600, False)):
            bed.clean()
            env = kept_environment(bed, profile)
            access, secret, token = bed.world.issue("assumed-role/Kept/me")
            when = int(time.time() + left)
            botocore(bed, BOTOCORE_KEEPS, profile, json.dumps({
                "AccessKeyId": access, "SecretAccessKey": secret, "SessionToken": token, "Milliseconds": when * 1000,
                "Expiration": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(when))}), **env)
            expect(bed, "assumed-role/Kept/me" if is_taken else name, **{**env, **({"AWS_MFA_CODE": ""} if is_taken else {})})


def a_kept_role_that_is_broken_is_asked_for_anew(bed):
    write_roles(bed)
    expect(bed, "assumed-role/Admin/", AWS_PROFILE="plain")
    name, = os.listdir(os.path.join(bed.folder, ".aws/cli/cache"))
    for text in ("", "[1]", '{"Credentials": {"AccessKeyId": 1}}', '{"Credentials": "x"}'):
        bed.file(".aws/cli/cache/" + name, text)
        expect(bed, "assumed-role/Admin/i2kit-", AWS_PROFILE="plain")


def at_a_terminal(bed, answer, **env):
    """What i2kit says there, once its question is answered, and whether the answer was shown."""
    child, terminal = pty.fork()
    if child == 0:
        try:
            os.chdir(bed.folder)
            os.execve(I2KIT, [I2KIT, "doctor", "--cloud"], bed.environment(False, **env))
        finally:
            os._exit(127)
    said, is_answered, end = b"", False, time.time() + 60
    while time.time() < end and select.select([terminal], [], [], 60)[0]:
        try:
            piece = os.read(terminal, 4096)
        except OSError:
            break
        said += piece
        if not is_answered and b"MFA code for arn:aws:iam::123456789012:mfa/me: " in said:
            os.write(terminal, answer)
            is_answered = True
    else:
        os.kill(child, signal.SIGKILL)
    os.close(terminal)
    os.waitpid(child, 0)
    assert is_answered, said
    return said.decode()


def the_code_is_asked_for_at_the_terminal(bed):
    write_roles(bed)
    said = at_a_terminal(bed, b"99\x15123457\x7f6\n", AWS_PROFILE="admin")
    assert "assumed-role/Admin/me" in said and "123456" not in said.replace("123456789012", ""), said
    expect(bed, "kept in ~/.aws/cli/cache", AWS_PROFILE="admin")
    bed.clean()
    write_roles(bed)
    assert "no answer to: MFA code" in at_a_terminal(bed, b"12\x03", AWS_PROFILE="admin")
    assert "six digits" in at_a_terminal(bed, b"12\n", AWS_PROFILE="admin")
    assert "sts:AssumeRole" not in bed.world.calls, bed.world.calls


def without_a_terminal_nobody_is_asked(bed):
    write_roles(bed)
    done = subprocess.run([I2KIT, "doctor", "--cloud"], env=bed.environment(False, AWS_PROFILE="admin"), text=True,
                          cwd=bed.folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                          start_new_session=True)
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "nobody is there to be asked: MFA code for" in said, said
    assert "AWS_MFA_CODE" in said, said


LOGIN = "arn:aws:iam::123456789012:user/me"
# botocore with `aws login`: what its command line runs on. Prints the credentials that it ends up with.
BOTOCORE_LOGIN = """
import json
import botocore.session
found = botocore.session.Session(profile="l").get_credentials().get_frozen_credentials()
print(json.dumps([found.access_key, found.secret_key, found.token]))
"""


def login_file(folder):
    return f"{folder}/{hashlib.sha256(LOGIN.encode()).hexdigest()}.json"


def write_login(bed, folder=".aws/login/cache", left=-5, error=None, pkcs8=False, **members):
    """What `aws login` leaves (awscli: customizations/login), and the session behind it in the fake."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    key = ec.generate_private_key(ec.SECP256R1())
    numbers = key.public_key().public_numbers()
    form = serialization.PrivateFormat.PKCS8 if pkcs8 else serialization.PrivateFormat.TraditionalOpenSSL
    pem = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    client = "arn:aws:signin:::devtools/same-device"
    bed.world.logins = {"refresh-1": {"point": (numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")),
                                      "client": client, "error": error}}
    access, secret, token = bed.world.issue("user/me")
    bed.file(".aws/config", f"[profile l]\nlogin_session = {LOGIN}\nregion = eu-west-1\n")
    bed.file(login_file(folder), json.dumps({
        "accessToken": {"accessKeyId": access, "secretAccessKey": secret, "sessionToken": token,
                        "accountId": "123456789012",
                        "expiresAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + left))},
        "tokenType": "aws_sigv4", "clientId": client, "refreshToken": "refresh-1", "idToken": "a.b.c",
        "dpopKey": pem, **members}))


def kept_login(bed, folder=".aws/login/cache"):
    return json.load(open(os.path.join(bed.folder, login_file(folder))))


def from_aws_login(bed):
    write_login(bed, left=600)
    expect(bed, ":user/me", AWS_PROFILE="l")
    expect(bed, "profile l (aws login)", AWS_PROFILE="l")
    assert bed.world.sign_ins == [], bed.world.sign_ins
    bed.clean()
    write_login(bed, "elsewhere", 600)
    expect(bed, ":user/me", AWS_PROFILE="l", AWS_LOGIN_CACHE_DIRECTORY=bed.folder + "/elsewhere")
    expect_failure(bed, "aws login --profile l", AWS_PROFILE="l")


def aws_login_is_renewed_and_kept(bed):
    for left, pkcs8 in ((-5, False), (200, True)):
        bed.clean()
        write_login(bed, left=left, pkcs8=pkcs8)
        before = kept_login(bed)
        expect(bed, ":user/renewed", AWS_PROFILE="l")
        after = kept_login(bed)
        assert after["refreshToken"] in bed.world.logins and len(bed.world.sign_ins) == 1, bed.world.sign_ins
        assert set(after) == set(before) and set(after["accessToken"]) == set(before["accessToken"]), after
        assert {k: v for k, v in after.items() if k not in ("accessToken", "refreshToken")} == \
               {k: v for k, v in before.items() if k not in ("accessToken", "refreshToken")}
        assert os.stat(os.path.join(bed.folder, login_file(".aws/login/cache"))).st_mode & 0o777 == 0o600
        expect(bed, ":user/renewed", AWS_PROFILE="l")
        assert len(bed.world.sign_ins) == 1, bed.world.sign_ins
        # When those end, the new refresh token is the one that is sent.
        after["accessToken"]["expiresAt"] = "2020-01-01T00:00:00Z"
        bed.file(login_file(".aws/login/cache"), json.dumps(after))
        expect(bed, ":user/renewed", AWS_PROFILE="l")
        assert [one["body"]["refreshToken"] for one in bed.world.sign_ins] == ["refresh-1", after["refreshToken"]]
        assert bed.world.refused_proofs == [], bed.world.refused_proofs


def a_lost_renewal_is_tried_again_with_another_proof(bed):
    write_login(bed)
    bed.world.faults = [{"service": "signin", "action": "CreateOAuth2Token", "status": 500, "count": 2}]
    expect(bed, ":user/renewed", AWS_PROFILE="l")
    assert len(bed.world.proofs) == 3, bed.world.proofs


def aws_login_that_cannot_be_renewed_says_what_to_type(bed):
    for error, said in (("TOKEN_EXPIRED", "aws login --profile l"), ("USER_CREDENTIALS_CHANGED", "password"),
                        ("INSUFFICIENT_PERMISSIONS", "signin:CreateOAuth2Token"), ("NEW", "HTTP 403")):
        write_login(bed, error=error)
        expect_failure(bed, said, AWS_PROFILE="l")
    write_login(bed, left=200, error="TOKEN_EXPIRED")  # good enough for a short command
    expect(bed, ":user/me", AWS_PROFILE="l")
    for broken in ({"dpopKey": "-----BEGIN EC PRIVATE KEY-----"}, {"dpopKey": 1}, {"clientId": "a\nb"},
                   {"refreshToken": ""}, {"signInRegion": "evil.example/x"}):
        write_login(bed, **broken)
        before = len(bed.world.calls)
        expect_failure(bed, "aws login --profile l", AWS_PROFILE="l")
        assert len(bed.world.calls) == before, bed.world.calls
    for text in ("", "[1]", '{"accessToken": []}', "{"):
        bed.file(login_file(".aws/login/cache"), text)
        expect_failure(bed, "aws login --profile l", AWS_PROFILE="l")


def who_renewed_it_meanwhile_is_not_in_the_way(bed):
    """Two programs with one refresh token: the later one takes what the earlier one kept."""
    write_login(bed)
    running = [subprocess.Popen([PUSH, "--whoami"], env=bed.environment(False, AWS_PROFILE="l"),
                                text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)]
    for one in running:
        out, err = one.communicate(timeout=60)
        assert one.returncode == 0 and ":user/renewed" in out, out + err


def newest_botocore():
    """The Python of scripts/cloud-tools, whose botocore knows aws login; or this one, or Skip."""
    folder = os.path.dirname(shutil.which("cfn-lint") or "")
    for python in (os.path.join(folder, "python3"), sys.executable):
        if subprocess.run([python, "-c", "import awscrt.crypto as c, botocore.credentials as b; c.EC, b.LoginProvider"],
                          capture_output=True).returncode == 0:
            return python
    raise Skip("no botocore with aws login: scripts/cloud-tools")


def botocore_renews_aws_login(bed):
    done = subprocess.run([newest_botocore(), "-c", BOTOCORE_LOGIN], env=bed.environment(False, AWS_PROFILE="l"),
                          text=True, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def aws_login_is_renewed_as_botocore_does(bed):
    """The same file for both: the same request but for times and chance, and files that the other goes on with."""
    newest_botocore()
    write_login(bed, signInRegion="eu-west-1", somethingNew={"a": [1, None, "ü"]})
    start = kept_login(bed)
    access = botocore_renews_aws_login(bed)[0]
    assert bed.world.names[access] == "user/renewed"
    theirs = kept_login(bed)
    bed.world.logins["refresh-1"] = bed.world.logins.pop(theirs["refreshToken"])
    bed.file(login_file(".aws/login/cache"), json.dumps(start))
    expect(bed, ":user/renewed", AWS_PROFILE="l")
    ours = kept_login(bed)
    for one in bed.world.sign_ins:
        one["claims"].update(iat=0, jti="")
    assert bed.world.sign_ins[0] == bed.world.sign_ins[1], bed.world.sign_ins
    for kept in (theirs, ours):
        for member in ("accessKeyId", "secretAccessKey", "sessionToken", "expiresAt"):
            assert kept["accessToken"].pop(member)
        assert kept.pop("refreshToken")
    assert theirs == ours, (theirs, ours)
    # Each takes what the other kept, without a call; and renews it, with the other's refresh token.
    write_login(bed)
    bed.world.names[botocore_renews_aws_login(bed)[0]] = "user/theirs"
    expect(bed, ":user/theirs", AWS_PROFILE="l")
    kept = kept_login(bed)
    kept["accessToken"]["expiresAt"] = "2020-01-01T00:00:00Z"
    bed.file(login_file(".aws/login/cache"), json.dumps(kept))
    expect(bed, ":user/renewed", AWS_PROFILE="l")
    calls = len(bed.world.sign_ins)
    assert botocore_renews_aws_login(bed)[0] == kept_login(bed)["accessToken"]["accessKeyId"]
    assert len(bed.world.sign_ins) == calls and bed.world.refused_proofs == []


def from_a_process_without_a_shell(bed):
    answer = json.dumps({"Version": 1, "AccessKeyId": "AKIDFAKE", "SecretAccessKey": "fake/secret+key"})
    path = bed.file("my tool", f"#!/bin/sh\n[ \"$1\" = 'a b$HOME' ] && echo '{answer}'\n", 0o700)
    bed.file(".aws/config", f"[default]\ncredential_process = \"{path}\" 'a b$HOME'\n")
    expect(bed, "credential_process")


def from_a_container(bed):
    expect(bed, "the container endpoint", AWS_CONTAINER_CREDENTIALS_FULL_URI=bed.url + "/container-credentials",
           AWS_CONTAINER_AUTHORIZATION_TOKEN="container-token")


def a_container_endpoint_elsewhere_is_refused(bed):
    expect_failure(bed, "neither https", AWS_CONTAINER_CREDENTIALS_FULL_URI="http://198.51.100.1/x")
    expect_failure(bed, "neither https", AWS_CONTAINER_CREDENTIALS_FULL_URI="http://127.0.0.1@198.51.100.1/x")


def from_instance_metadata_with_the_region(bed):
    expect(bed, "region eu-west-1", AWS_EC2_METADATA_DISABLED="false", AWS_REGION="",
           AWS_EC2_METADATA_SERVICE_ENDPOINT=bed.url)


def from_nowhere_says_what_to_do(bed):
    expect_failure(bed, "aws configure")


def an_unknown_profile_is_told(bed):
    expect_failure(bed, "'nobody' is in neither", AWS_PROFILE="nobody")


def a_wrong_secret_is_told(bed):
    expect_failure(bed, "SignatureDoesNotMatch", keys=True, AWS_SECRET_ACCESS_KEY="wrong")


run_tests(Bed(), [
    from_the_environment, from_the_credentials_file, from_a_named_profile_of_the_config_file,
    from_an_assumed_role, from_a_chain_of_roles, a_circle_of_profiles_is_told,
    a_role_with_mfa_asks_for_its_code, a_denied_role_says_which, from_a_web_identity,
    from_an_sso_session, from_legacy_sso, an_expired_sso_session_says_what_to_type,
    an_sso_token_is_renewed_and_kept, an_sso_token_that_ends_soon_is_renewed_if_it_can_be,
    an_sso_token_that_cannot_be_renewed_says_what_to_type, an_sso_profile_that_contradicts_its_session_is_told,
    credentials_are_kept_where_the_command_line_finds_them, what_the_command_line_kept_is_taken,
    a_kept_role_that_is_broken_is_asked_for_anew, the_code_is_asked_for_at_the_terminal,
    without_a_terminal_nobody_is_asked, from_aws_login, aws_login_is_renewed_and_kept,
    a_lost_renewal_is_tried_again_with_another_proof, aws_login_that_cannot_be_renewed_says_what_to_type,
    who_renewed_it_meanwhile_is_not_in_the_way, aws_login_is_renewed_as_botocore_does,
    from_a_process_without_a_shell, from_a_container, a_container_endpoint_elsewhere_is_refused,
    from_instance_metadata_with_the_region, from_nowhere_says_what_to_do,
    an_unknown_profile_is_told, a_wrong_secret_is_told])
