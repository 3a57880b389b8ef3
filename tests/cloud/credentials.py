#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every place credentials can come from, against the fake. usage: credentials.py PUSH-DISK"""
import hashlib
import json
import os
import subprocess
import sys
import time

from harness import Bed, run_tests

PUSH = sys.argv[1]
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
    from_a_process_without_a_shell, from_a_container, a_container_endpoint_elsewhere_is_refused,
    from_instance_metadata_with_the_region, from_nowhere_says_what_to_do,
    an_unknown_profile_is_told, a_wrong_secret_is_told])
