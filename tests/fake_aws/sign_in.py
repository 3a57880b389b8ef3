# SPDX-License-Identifier: Apache-2.0
"""AWS Sign-In's CreateOAuth2Token (POST /v1/token): what `aws login` renews its credentials with.

Every request brings a proof that it has the key with which the session was begun: DPoP, RFC 9449 section 4.3,
whose list of what a server must check is gone through here.
"""
import base64
import json
import secrets
import time

import botocore.exceptions

import model
from wire import answer_json

LIFE_S = 900


class Refusal(Exception):
    """Why a proof is none."""


def decode(part):
    if "=" in part or "+" in part or "/" in part:
        raise Refusal("not base64url without padding")
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def public_point(jwk):
    """(x, y) of a JWK that is a public key on P-256 and nothing else."""
    if set(jwk) != {"kty", "crv", "x", "y"} or (jwk["kty"], jwk["crv"]) != ("EC", "P-256"):
        raise Refusal(f"jwk {sorted(jwk)}")
    x, y = decode(jwk["x"]), decode(jwk["y"])
    if len(x) != 32 or len(y) != 32:
        raise Refusal("a coordinate of 32 bytes")
    return x, y


def check_signature(point, signed, signature):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    if len(signature) != 64:
        raise Refusal("ES256 signatures have 64 bytes")
    key = ec.EllipticCurvePublicNumbers(*(int.from_bytes(half, "big") for half in point),
                                        ec.SECP256R1()).public_key()
    pair = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        key.verify(pair, signed.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Refusal("the signature is not the key's") from None


def check_proof(world, text, method, url):
    """The claims and the public point of a DPoP header, or Refusal."""
    parts = (text or "").split(".")
    if len(parts) != 3:
        raise Refusal("no DPoP header with a token in it")
    header, claims = json.loads(decode(parts[0])), json.loads(decode(parts[1]))
    if set(header) != {"typ", "alg", "jwk"} or (header["typ"], header["alg"]) != ("dpop+jwt", "ES256"):
        raise Refusal(f"header {header}")
    point = public_point(header["jwk"])
    check_signature(point, parts[0] + "." + parts[1], decode(parts[2]))
    if set(claims) != {"htm", "htu", "iat", "jti"}:
        raise Refusal(f"claims {sorted(claims)}")
    if (claims["htm"], claims["htu"]) != (method, url):
        raise Refusal(f"it is for {claims['htm']} {claims['htu']}, not {method} {url}")
    if not isinstance(claims["iat"], int) or abs(time.time() - claims["iat"]) > 60:
        raise Refusal("iat is not now")
    if not isinstance(claims["jti"], str) or len(claims["jti"]) < 16 or claims["jti"] in world.proofs:
        raise Refusal("jti was used before")
    world.proofs.add(claims["jti"])
    return header, claims, point


def check_body(body):
    try:
        model.check(model.input_shape("signin", "CreateOAuth2Token"), {"tokenInput": body})
    except botocore.exceptions.UnknownServiceError:  # Debian's botocore is older than Sign-In
        pass
    if set(body) != {"clientId", "grantType", "refreshToken"} or body["grantType"] != "refresh_token":
        raise model.Mismatch(f"members {sorted(body)}")


def denied(error):
    return answer_json({"error": error, "message": "denied"}, 403, {"x-amzn-errortype": "AccessDeniedException"})


def invalid(message):
    return answer_json({"error": "INVALID_REQUEST", "message": message}, 400,
                       {"x-amzn-errortype": "ValidationException"})


def token(world, request, url):
    """A refresh token is good for one call, and for the key of its session alone."""
    fault = world.take_fault("signin", "CreateOAuth2Token")
    try:
        body = json.loads(request.body)
        check_body(body)
        header, claims, point = check_proof(world, request.header("DPoP"), request.method, url)
        if fault:
            return answer_json({"error": "server_error", "message": "once more"}, fault["status"])
    except (ValueError, KeyError, model.Mismatch, Refusal) as problem:
        world.refused_proofs.append(str(problem))
        return invalid(str(problem))
    world.calls.append("signin:CreateOAuth2Token")
    world.sign_ins.append({"body": body, "header": header, "claims": claims})
    login = world.logins.get(body["refreshToken"])
    if request.header("Authorization") or login is None:
        return denied("TOKEN_EXPIRED")
    if login["error"]:
        return denied(login["error"])
    if login["point"] != point or login["client"] != body["clientId"]:
        return invalid("not the key or client that the session was begun with")
    del world.logins[body["refreshToken"]]
    fresh = secrets.token_urlsafe(40)
    world.logins[fresh] = login
    access, secret, session = world.issue("user/renewed")
    return answer_json({"accessToken": {"accessKeyId": access, "secretAccessKey": secret, "sessionToken": session},
                        "tokenType": "aws_sigv4", "expiresIn": LIFE_S, "refreshToken": fresh})
