# SPDX-License-Identifier: Apache-2.0
"""The part of S3 that holds a template: a bucket made once, closed and encrypted, and objects in it. Path style."""
import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from urllib.parse import unquote

from rules import declare
from wire import Answer, AwsError

NAMESPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"
CONFIGURATIONS = {"publicAccessBlock": "PublicAccessBlock", "encryption": "BucketEncryption",
                  "lifecycle": "BucketLifecycleConfiguration", "versioning": "BucketVersioning",
                  "policy": "BucketPolicy", "tagging": "BucketTagging"}

declare("bucket-name", "a bucket's name has 3 to 63 lower-case letters, digits, dots and dashes",
        "S3 User Guide: bucket naming rules")
declare("bucket-region", "outside us-east-1 a bucket is made with its region as LocationConstraint",
        "S3 API: CreateBucket, LocationConstraint; error IllegalLocationConstraintException")
declare("bucket-owner", "a bucket of another account than x-amz-expected-bucket-owner is not touched",
        "S3 User Guide: verify bucket ownership")
declare("s3-checksum", "a checksum that is stated is the body's, and a bucket's configuration is not taken without one",
        "S3 API: PutObject, ChecksumSHA256; PutBucketLifecycleConfiguration and PutPublicAccessBlock, Content-MD5 or checksum")


class S3:
    def __init__(self, world):
        self.world = world

    def split(self, request):
        bucket, _, key = request.path.lstrip("/").partition("/")
        return bucket, unquote(key)

    def action(self, request):
        bucket, key = self.split(request)
        which = [c for c in CONFIGURATIONS if c in request.query]
        if not bucket:
            return "ListBuckets"
        if which and not key:
            return {"PUT": "Put", "GET": "Get", "DELETE": "Delete"}.get(request.method, "?") + CONFIGURATIONS[which[0]]
        names = {"PUT": ("CreateBucket", "PutObject"), "GET": ("ListObjectsV2", "GetObject"),
                 "HEAD": ("HeadBucket", "HeadObject"), "DELETE": ("DeleteBucket", "DeleteObject")}
        return names.get(request.method, ("?", "?"))[bool(key)]

    def handle(self, request, action):
        bucket, key = self.split(request)
        self.check_body(request, action)
        owner = request.header("x-amz-expected-bucket-owner")
        if action == "CreateBucket":
            return self.create(bucket, request)
        there = self.world.buckets.get(bucket)
        if there is None:
            raise AwsError(404, "NoSuchBucket", "The specified bucket does not exist")
        if there.get("owner", self.world.account) != (owner or self.world.account) and self.world.refuses("bucket-owner"):
            raise AwsError(403, "AccessDenied", "Access Denied")
        if action == "PutObject":
            there["objects"][key] = request.body
        elif action in ("GetObject", "HeadObject"):
            if key not in there["objects"]:
                raise AwsError(404, "NoSuchKey", "The specified key does not exist.")
            return Answer(200, there["objects"][key] if action == "GetObject" else b"", content_type="application/json")
        elif action == "DeleteObject":
            there["objects"].pop(key, None)
            return Answer(204)
        elif action == "DeleteBucket":
            if there["objects"]:
                raise AwsError(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
            del self.world.buckets[bucket]
            return Answer(204)
        elif action == "ListObjectsV2":
            inner = "".join(f"<Contents><Key>{k}</Key><Size>{len(v)}</Size></Contents>" for k, v in there["objects"].items())
            return Answer(200, f'<ListBucketResult xmlns="{NAMESPACE[1:-1]}"><Name>{bucket}</Name>{inner}</ListBucketResult>',
                          content_type="application/xml")
        elif action.startswith("Put"):
            self.parse(request.body)
            there.setdefault("configuration", {})[action[3:]] = request.body.decode()
        elif action != "HeadBucket":
            raise AwsError(405, "MethodNotAllowed", action)
        return Answer(200)

    def parse(self, body):
        try:
            return ET.fromstring(body)
        except ET.ParseError:
            raise AwsError(400, "MalformedXML", "The XML you provided was not well-formed") from None

    def check_body(self, request, action):
        stated = request.header("x-amz-checksum-sha256")
        actual = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
        md5 = request.header("Content-MD5")
        wrong = (stated not in (None, actual)
                 or md5 not in (None, base64.b64encode(hashlib.md5(request.body).digest()).decode()))
        has_any = any(name.lower().startswith("x-amz-checksum-") for name in request.headers.keys()) or md5
        if wrong and self.world.refuses("s3-checksum"):
            raise AwsError(400, "BadDigest", "The SHA256 you specified did not match the calculated checksum.")
        needs = action.startswith("Put") and action != "PutObject"
        if needs and not has_any and self.world.refuses("s3-checksum"):
            raise AwsError(400, "InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*")

    def create(self, bucket, request):
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket) and self.world.refuses("bucket-name"):
            raise AwsError(400, "InvalidBucketName", "The specified bucket is not valid.")
        place = self.parse(request.body).findtext(NAMESPACE + "LocationConstraint") if request.body else None
        wanted = None if self.world.region == "us-east-1" else self.world.region
        if place != wanted and self.world.refuses("bucket-region"):
            raise AwsError(400, "IllegalLocationConstraintException", f"The {place} location constraint is incompatible "
                           "for the region specific endpoint this request was sent to.")
        if bucket in self.world.buckets:
            mine = self.world.buckets[bucket].get("owner", self.world.account) == self.world.account
            raise AwsError(409, "BucketAlreadyOwnedByYou" if mine else "BucketAlreadyExists", "The bucket is there already")
        self.world.buckets[bucket] = {"objects": {}, "configuration": {}}
        return Answer(200, headers={"Location": "/" + bucket})
