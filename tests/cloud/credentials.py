#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every place credentials can come from, against the fake. usage: credentials.py PUSH-DISK I2KIT"""
import hashlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time

from harness import Bed, run_tests

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


def an_sso_token_is_renewed_and_kept(bed):
    bed.file(".aws/config", SESSION)
    botocore(bed, BOTOCORE_SAVES, -5, 86400, "refresh-1")
    expect(bed, "profile s (SSO)", AWS_PROFILE="s")
    assert bed.world.calls.count("sso-oidc:CreateToken") == 1, bed.world.calls
    assert os.stat(sso_cache(bed)).st_mode & 0o777 == 0o600
    assert os.listdir(os.path.dirname(sso_cache(bed))) == [os.path.basename(sso_cache(bed))]
    assert botocore(bed, BOTOCORE_TOKEN) == bed.world.sso_token != "sso-token"
    # The new token is used as it is; when it ends, the new refresh token is the one that is sent.
    expect(bed, "profile s (SSO)", AWS_PROFILE="s")
    assert bed.world.calls.count("sso-oidc:CreateToken") == 1, bed.world.calls
    kept = json.load(open(sso_cache(bed)))
    bed.file(os.path.relpath(sso_cache(bed), bed.folder), json.dumps({**kept, "expiresAt": "2020-01-01T00:00:00UTC"}))
    expect(bed, "profile s (SSO)", AWS_PROFILE="s")
    assert bed.world.calls.count("sso-oidc:CreateToken") == 2, bed.world.calls


def an_sso_token_that_ends_soon_is_renewed_if_it_can_be(bed):
    bed.file(".aws/config", SESSION)
    botocore(bed, BOTOCORE_SAVES, 600, 86400, "wrong")
    expect(bed, "profile s (SSO)", AWS_PROFILE="s")
    botocore(bed, BOTOCORE_SAVES, 600, 86400, "refresh-1")
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
# As awscli makes botocore do it (customizations/assumerole.py). STS answers what the words say, or is not reached.
BOTOCORE_ROLE = """
import json, os, sys
import botocore.session
from botocore.credentials import JSONFileCache
session = botocore.session.Session(profile=sys.argv[1])
provider = session.get_component("credential_provider").get_provider("assume-role")
provider.cache = JSONFileCache(os.path.expanduser("~/.aws/cli/cache"))
answer = json.loads(sys.argv[2])
class Sts:
    def assume_role(self, **ignored):
        assert answer, "it was not in the cache"
        return {"Credentials": answer, "AssumedRoleUser": {"Arn": "arn:aws:sts::123456789012:assumed-role/Admin/me"}}
provider._client_creator = lambda *a, **b: Sts()
provider._prompter = lambda question: "123456"
found = session.get_credentials().get_frozen_credentials()
print(json.dumps([found.access_key, found.secret_key, found.token]))
"""


def write_roles(bed):
    bed.file(".aws/credentials", "[base]\n" + KEYS)
    bed.file(".aws/config", ROLES)
    bed.file("environment.yml", "name: test\nprovider: {type: aws, region: eu-west-1}\n")


def a_role_is_kept_where_the_command_line_finds_it(bed):
    for profile in ("admin", "plain"):
        bed.clean()
        write_roles(bed)
        expect(bed, "assumed-role/Admin/", AWS_PROFILE=profile, AWS_MFA_CODE="123456")
        folder = os.path.join(bed.folder, ".aws/cli/cache")
        name, = os.listdir(folder)
        assert os.stat(os.path.join(folder, name)).st_mode & 0o777 == 0o600
        access, secret, token = json.loads(botocore(bed, BOTOCORE_ROLE, profile, "null"))
        assert bed.world.keys[access] == (secret, token), access
        expect(bed, "kept in ~/.aws/cli/cache", AWS_PROFILE=profile)
        assert bed.world.calls.count("sts:AssumeRole") == 1, bed.world.calls


def a_role_that_the_command_line_kept_is_taken(bed):
    for profile in ("admin", "plain"):
        bed.clean()
        write_roles(bed)
        for left, is_taken in ((3600, True), (600, False)):
            access, secret, token = bed.world.issue("assumed-role/Kept/me")
            when = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() + left))
            botocore(bed, BOTOCORE_ROLE, profile, json.dumps({
                "AccessKeyId": access, "SecretAccessKey": secret, "SessionToken": token, "Expiration": when}))
            expect(bed, "assumed-role/Kept/me" if is_taken else "assumed-role/Admin/", AWS_PROFILE=profile,
                   AWS_MFA_CODE="" if is_taken else "123456")
            bed.clean()
            write_roles(bed)


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


def write_login(bed, folder, left):
    """What botocore's LoginCredentialFetcher reads and writes: its fields, its name."""
    session = "arn:aws:iam::123456789012:user/me"
    bed.file(".aws/config", f"[profile l]\nlogin_session = {session}\n")
    access, secret, token = bed.world.issue("user/me")
    bed.file(f"{folder}/{hashlib.sha256(session.encode()).hexdigest()}.json", json.dumps({
        "accessToken": {"accessKeyId": access, "secretAccessKey": secret, "sessionToken": token,
                        "accountId": "123456789012",
                        "expiresAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + left))},
        "tokenType": "aws_sigv4", "clientId": "arn:aws:signin:::devtools/same-device", "refreshToken": "r",
        "dpopKey": "-----BEGIN EC PRIVATE KEY-----"}))


def from_aws_login_until_it_ends(bed):
    write_login(bed, ".aws/login/cache", 600)
    expect(bed, "profile l (aws login)", AWS_PROFILE="l")
    bed.clean()
    write_login(bed, "elsewhere", 600)
    expect(bed, "profile l (aws login)", AWS_PROFILE="l", AWS_LOGIN_CACHE_DIRECTORY=bed.folder + "/elsewhere")
    expect_failure(bed, "aws configure export-credentials --profile l", AWS_PROFILE="l")
    write_login(bed, ".aws/login/cache", -5)
    expect_failure(bed, "aws login --profile l", AWS_PROFILE="l")


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
    a_role_is_kept_where_the_command_line_finds_it, a_role_that_the_command_line_kept_is_taken,
    a_kept_role_that_is_broken_is_asked_for_anew, the_code_is_asked_for_at_the_terminal,
    without_a_terminal_nobody_is_asked, from_aws_login_until_it_ends,
    from_a_process_without_a_shell, from_a_container, a_container_endpoint_elsewhere_is_refused,
    from_instance_metadata_with_the_region, from_nowhere_says_what_to_do,
    an_unknown_profile_is_told, a_wrong_secret_is_told])
