# SPDX-License-Identifier: Apache-2.0
"""STS, the SSO portal, the container endpoint and instance metadata: where credentials come from."""
import json
import secrets
import time

import model
from wire import Answer, AwsError, answer_json, answer_query


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Sts:
    namespace = "https://sts.amazonaws.com/doc/2011-06-15/"
    unsigned = ("AssumeRoleWithWebIdentity",)

    def __init__(self, world):
        self.world = world

    def action(self, request):
        return request.parameters().get("Action", "?")

    def handle(self, request, action):
        p = request.parameters()
        if action not in ("GetCallerIdentity", "AssumeRole", "AssumeRoleWithWebIdentity"):
            raise AwsError(400, "InvalidAction", action)
        return answer_query(action, getattr(self, action)(request, p), self.namespace)

    def GetCallerIdentity(self, request, p):
        return {"Arn": f"arn:aws:iam::{self.world.account}:{self.world.names[request.access_key]}",
                "UserId": "AIDA" + request.access_key[4:], "Account": self.world.account}

    def issue(self, name, seconds=3600):
        key = self.world.issue(name)
        return {"AccessKeyId": key[0], "SecretAccessKey": key[1], "SessionToken": key[2],
                "Expiration": iso(time.time() + seconds)}

    def assumed(self, p):
        if not p.get("RoleArn", "").startswith("arn:aws:iam::") or not p.get("RoleSessionName"):
            raise AwsError(400, "ValidationError", "RoleArn and RoleSessionName are required")
        if "denied" in p["RoleArn"]:
            raise AwsError(403, "AccessDenied", "not authorized to perform: sts:AssumeRole")
        return self.issue("assumed-role/" + p["RoleArn"].rsplit("/", 1)[1] + "/" + p["RoleSessionName"])

    def AssumeRole(self, request, p):
        if p.get("SerialNumber") and p.get("TokenCode") != "123456":
            raise AwsError(403, "AccessDenied", "MultiFactorAuthentication failed")
        return {"Credentials": self.assumed(p)}

    def AssumeRoleWithWebIdentity(self, request, p):
        if p.get("WebIdentityToken") != "web-token":
            raise AwsError(400, "InvalidIdentityToken", "no")
        return {"Credentials": self.assumed(p)}


def container(world, request):
    if request.header("Authorization") != "container-token":
        return Answer(401, "no")
    key = world.issue("container")
    return answer_json({"AccessKeyId": key[0], "SecretAccessKey": key[1], "Token": key[2],
                        "Expiration": iso(time.time() + 3600)})


def sso(world, request):
    if request.method != "GET" or request.header("x-amz-sso_bearer_token") != world.sso_token:
        return Answer(401, "{}")
    if request.query.get("role_name") != "Dev" or request.query.get("account_id") != world.account:
        return Answer(403, "{}")
    key = world.issue("sso/Dev")
    return answer_json({"roleCredentials": {
        "accessKeyId": key[0], "secretAccessKey": key[1], "sessionToken": key[2],
        "expiration": int((time.time() + 3600) * 1000)}})


def oidc_token(world, request):
    """SSO OIDC CreateToken: unsigned rest-json; a refresh token is good for one call."""
    try:
        body = json.loads(request.body)
        model.check(model.input_shape("sso-oidc", "CreateToken"), body)
    except (ValueError, model.Mismatch) as problem:
        return answer_json({"error": "invalid_request", "error_description": str(problem)}, 400)
    world.calls.append("sso-oidc:CreateToken")
    if request.method != "POST" or request.header("Authorization") or body["grantType"] != "refresh_token":
        return answer_json({"error": "invalid_request"}, 400)
    if (body["clientId"], body["clientSecret"]) != ("client", "client-secret"):
        return answer_json({"error": "invalid_client"}, 401)
    if body.get("refreshToken") != world.sso_refresh:
        return answer_json({"error": "invalid_grant"}, 400)
    world.sso_token, world.sso_refresh = secrets.token_urlsafe(40), secrets.token_urlsafe(40)
    return answer_json({"accessToken": world.sso_token, "tokenType": "Bearer", "expiresIn": 28800,
                        "refreshToken": world.sso_refresh})


class Metadata:
    """http://169.254.169.254 of an instance: version 2 only."""

    def __init__(self, world):
        self.world = world
        self.tokens = set()
        self.user_data = b""

    def handle(self, request):
        if request.path == "/latest/api/token":
            if request.method != "PUT" or not (request.header("x-aws-ec2-metadata-token-ttl-seconds")
                                               or "").isdigit():
                return Answer(400, "")
            token = secrets.token_urlsafe(40)
            self.tokens.add(token)
            return Answer(200, token)
        if request.header("x-aws-ec2-metadata-token") not in self.tokens:
            return Answer(401, "")
        return self.get(request.path)

    def get(self, path):
        roles = "/latest/meta-data/iam/security-credentials/"
        if path == roles:
            return Answer(200, "pod-role")
        if path == roles + "pod-role":
            key = self.world.issue("assumed-role/pod-role/i-0123")
            return Answer(200, json.dumps({
                "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": key[0],
                "SecretAccessKey": key[1], "Token": key[2], "Expiration": iso(time.time() + 6 * 3600)}))
        fixed = {"/latest/meta-data/placement/region": self.world.region,
                 "/latest/meta-data/placement/availability-zone": self.world.region + "a",
                 "/latest/meta-data/instance-id": "i-0123456789abcdef0",
                 "/latest/meta-data/local-ipv4": "10.0.0.5",
                 "/latest/user-data": self.user_data}
        return Answer(200, fixed[path]) if path in fixed and fixed[path] else Answer(404, "")
