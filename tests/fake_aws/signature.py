# SPDX-License-Identifier: Apache-2.0
"""Checks Signature Version 4 with botocore's own signer, as AWS would: nothing unsigned passes."""
import calendar
import hashlib
import re
import time

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from wire import AwsError

HEADER = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/,]+)/(\d{8})/([^/,]+)/([^/,]+)/aws4_request, ?"
                    r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$")
UNSIGNED = "UNSIGNED-PAYLOAD"


def refuse(message, code="SignatureDoesNotMatch", status=403):
    raise AwsError(status, code, message)


def scope_of(request):
    match = HEADER.match(request.header("Authorization") or "")
    if match:
        request.access_key, request.region, request.service = match[1], match[3], match[4]
    return match


def check_payload(request, service, is_tls):
    stated = request.header("x-amz-content-sha256")
    actual = hashlib.sha256(request.body).hexdigest()
    if stated is None and service == "s3":
        refuse("Missing required header for this request: x-amz-content-sha256", "InvalidRequest", 400)
    if stated == UNSIGNED:
        # Amazon's client leaves EBS blocks out of the signature even without TLS: their checksum is
        # a signed header. S3 takes it over TLS alone.
        if service != "ebs" and not (service == "s3" and is_tls):
            refuse("an unsigned payload is not accepted here")
        return UNSIGNED
    if stated is not None and stated != actual:
        refuse("x-amz-content-sha256 is not the body's", "XAmzContentSHA256Mismatch", 400)
    return actual


def check_time(request, day, skew_s):
    date = request.header("x-amz-date") or ""
    if not re.match(r"^\d{8}T\d{6}Z$", date) or date[:8] != day:
        refuse("X-Amz-Date is missing or not of the scope's day")
    signed = calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))
    if abs(signed - (time.time() + skew_s)) > 300:
        refuse(f"Signature expired: {date} is not within 5 minutes of the service's clock",
               "SignatureDoesNotMatch")
    return date


def check(request, keys, scheme, skew_s=0):
    """keys: {access key: (secret, session token or None)}"""
    match = scope_of(request)
    if not match:
        refuse("Missing Authentication Token", "MissingAuthenticationToken")
    access_key, day, region, service, names, signature = match.groups()
    if access_key not in keys:
        refuse("The security token included in the request is invalid.", "InvalidClientTokenId")
    secret, token = keys[access_key]
    if (request.header("x-amz-security-token") or None) != token:
        refuse("the session token is missing or wrong", "InvalidClientTokenId")
    date = check_time(request, day, skew_s)
    signed = names.split(";")
    if signed != sorted(signed) or "host" not in signed:
        refuse("SignedHeaders is not sorted or lacks host")
    for name in request.headers.keys():
        if name.lower().startswith("x-amz-") and name.lower() not in signed:
            refuse(f"{name} is not signed")
    payload = check_payload(request, service, scheme == "https")
    copy = AWSRequest(method=request.method,
                      url=f"{scheme}://{request.header('host')}{request.path}"
                          + ("?" + request.raw_query if request.raw_query else ""))
    for name in signed:
        for value in request.headers.get_all(name, []):
            copy.headers.add_header(name, value)
    copy.context["timestamp"] = date
    maker = S3SigV4Auth if service == "s3" else SigV4Auth
    signer = maker(Credentials(access_key, secret, token), service, region)
    signer.payload = lambda _: payload
    canonical = signer.canonical_request(copy)
    expected = signer.signature(signer.string_to_sign(copy, canonical), copy)
    if expected != signature:
        refuse("The request signature we calculated does not match. Canonical request: "
               + canonical.replace("\n", "\\n"))
