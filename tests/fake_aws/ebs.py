# SPDX-License-Identifier: Apache-2.0
"""EBS direct APIs, strict: sizes, checksums, counts, the snapshot's states, late visibility."""
import base64
import hashlib
import json
import re
import secrets
import time

from rules import check_call
from wire import Answer, AwsError, answer_json

BLOCK = 524288
ZERO = b"\0" * BLOCK


def invalid(message, reason="INVALID_PARAMETER_VALUE"):
    raise AwsError(400, "ValidationException", message, Reason=reason)


class Snapshot:
    key = None      # ARN, or "aws/ebs"; None: it is not encrypted

    def __init__(self, body, parent, now):
        self.id = "snap-" + secrets.token_hex(8)[:17].rjust(17, "0")
        self.volume_gib = body["VolumeSize"]
        self.description = body.get("Description", "")
        self.tags = {t["Key"]: t["Value"] for t in body.get("Tags", [])}
        self.parent, self.volume_id = parent, "vol-ffffffff"    # as of every snapshot that was not made of a volume
        self.blocks = dict(parent.blocks) if parent else {}   # index → bytes
        self.written = {}                                      # index → digest
        self.state = "pending"
        self.started = now
        self.completes_at = None
        self.tokens = {}

    def settle(self, now):
        if self.state == "pending" and self.completes_at is not None and now >= self.completes_at:
            self.state = "completed"


class Ebs:
    def __init__(self, world):
        self.world = world

    def action(self, request):
        parts = request.path.strip("/").split("/")
        if request.method == "POST" and parts == ["snapshots"]:
            return "StartSnapshot"
        if request.method == "POST" and parts[:2] == ["snapshots", "completion"]:
            return "CompleteSnapshot"
        if len(parts) == 4 and parts[0] == "snapshots" and parts[2] == "blocks":
            return {"PUT": "PutSnapshotBlock", "GET": "GetSnapshotBlock"}.get(request.method, "?")
        if len(parts) == 3 and parts[0] == "snapshots" and parts[2] == "blocks":
            return "ListSnapshotBlocks"
        return "?"

    def handle(self, request, action):
        if action == "?":
            raise AwsError(404, "UnknownOperationException", f"{request.method} {request.path}")
        return getattr(self, action)(request)

    def find(self, snapshot_id):
        snapshot = self.world.snapshots.get(snapshot_id)
        hidden = snapshot and time.time() < snapshot.started + self.world.settings["visible_after_s"]
        if snapshot is None or hidden:
            raise AwsError(404, "ResourceNotFoundException",
                           f"The snapshot '{snapshot_id}' does not exist.",
                           Reason="SNAPSHOT_NOT_FOUND")
        snapshot.settle(time.time())
        return snapshot

    def StartSnapshot(self, request):
        try:
            body = json.loads(request.body)
        except ValueError:
            invalid("the body is not JSON")
        check_call(self.world, "ebs", "StartSnapshot", body, invalid)
        unknown = set(body) - {"VolumeSize", "Description", "Tags", "ClientToken", "Timeout",
                               "ParentSnapshotId", "Encrypted", "KmsKeyArn", "DryRun"}
        if unknown:
            invalid(f"unknown members {unknown}")
        size = body.get("VolumeSize")
        if not isinstance(size, int) or not 1 <= size <= 65536:
            invalid("VolumeSize is out of range", "INVALID_VOLUME_SIZE")
        if len(body.get("Description", "")) > 255 or len(body.get("Tags", [])) > 50:
            invalid("Description or Tags too long", "INVALID_TAG")
        if not 10 <= body.get("Timeout", 60) <= 4320:
            invalid("Timeout is out of range")
        token = body.get("ClientToken")
        if token in self.world.start_tokens:
            known, old_body = self.world.start_tokens[token]
            if old_body != body:
                raise AwsError(409, "ConflictException", "the token was used for another request",
                               Reason="")
            return self.started(known)
        parent = None
        if "ParentSnapshotId" in body:
            parent = self.world.snapshots.get(body["ParentSnapshotId"])
            if parent is None:
                raise AwsError(404, "ResourceNotFoundException", "the parent does not exist",
                               Reason="SNAPSHOT_NOT_FOUND")
            parent.settle(time.time())
            if parent.state != "completed" or parent.volume_gib > size:
                invalid("the parent is not completed, or larger", "INVALID_SNAPSHOT_STATE")
        key = self.key_of(body, parent)
        if sum(s.state == "pending" for s in self.world.snapshots.values()) >= 100:
            raise AwsError(400, "ConcurrentLimitExceededException", "too many pending", Reason="")
        snapshot = Snapshot(body, parent, time.time())
        snapshot.key = key
        self.world.snapshots[snapshot.id] = snapshot
        if token:
            self.world.start_tokens[token] = (snapshot, body)
        return self.started(snapshot)

    def key_of(self, body, parent):
        """The outcomes that the EBS User Guide lists."""
        settings, encrypted, given = self.world.settings, body.get("Encrypted"), body.get("KmsKeyArn")
        if parent is not None:
            if (encrypted is not None or given or (settings["encrypts"] and not parent.key)) \
                    and self.world.refuses("snapshot-encryption"):
                invalid("Encrypted, KmsKeyArn and an unencrypted parent do not go together here")
            return parent.key
        if (bool(given) != bool(encrypted) or (encrypted is False and settings["encrypts"])) and \
                (given or encrypted is not None) and self.world.refuses("snapshot-encryption"):
            invalid("a key comes with Encrypted, and where all is encrypted nothing can be unencrypted")
        return given or (settings["default_key"] if settings["encrypts"] else None)

    def started(self, snapshot):
        return answer_json({"SnapshotId": snapshot.id, "OwnerId": self.world.account,
                            "Status": "pending", "StartTime": snapshot.started,
                            "VolumeSize": snapshot.volume_gib, "BlockSize": BLOCK,
                            "Description": snapshot.description,
                            "Tags": [{"Key": k, "Value": v} for k, v in snapshot.tags.items()]},
                           201)

    def PutSnapshotBlock(self, request):
        _, snapshot_id, _, index = request.path.strip("/").split("/")
        snapshot = self.find(snapshot_id)
        if not index.isdigit() or int(index) >= snapshot.volume_gib * 2048:
            invalid("the block index is out of range", "INVALID_BLOCK")
        if snapshot.state != "pending" or snapshot.completes_at is not None:
            invalid("the snapshot takes no more blocks", "INVALID_SNAPSHOT_STATE")
        if request.header("x-amz-Data-Length") != str(BLOCK) or len(request.body) != BLOCK:
            invalid("a block is exactly 524288 bytes", "INVALID_BLOCK")
        digest = hashlib.sha256(request.body).digest()
        if request.header("x-amz-Checksum-Algorithm") != "SHA256":
            invalid("the checksum algorithm is SHA256")
        checksum = base64.b64encode(digest).decode()
        if request.header("x-amz-Checksum") != checksum:
            invalid("the checksum is not the block's", "INVALID_BLOCK")
        snapshot.blocks[int(index)] = request.body if request.body != ZERO else ZERO
        snapshot.written[int(index)] = digest
        self.world.count("blocks_put")
        self.world.put_times.append(time.time())
        return answer_json({}, 201, {"x-amz-Checksum": checksum,
                                     "x-amz-Checksum-Algorithm": "SHA256"})

    def CompleteSnapshot(self, request):
        snapshot = self.find(request.path.rsplit("/", 1)[1])
        if snapshot.completes_at is not None or snapshot.state != "pending":
            return answer_json({"Status": snapshot.state}, 202)
        count = request.header("x-amz-ChangedBlocksCount") or ""
        if not re.match(r"^\d+$", count):
            invalid("x-amz-ChangedBlocksCount is required")
        digests = b"".join(snapshot.written[i] for i in sorted(snapshot.written))
        linear = base64.b64encode(hashlib.sha256(digests).digest()).decode()
        stated = request.header("x-amz-Checksum")
        if stated and (request.header("x-amz-Checksum-Aggregation-Method") != "LINEAR"
                       or request.header("x-amz-Checksum-Algorithm") != "SHA256"):
            invalid("a checksum needs its algorithm and aggregation method")
        good = int(count) == len(snapshot.written) and stated in (None, linear)
        if not good:
            snapshot.state = "error"
        else:
            if self.world.settings.pop("damage_next", False):
                first = min(snapshot.blocks)
                snapshot.blocks[first] = b"damaged!" + snapshot.blocks[first][8:]
            snapshot.completes_at = time.time() + self.world.settings["snapshot_pending_s"]
        return answer_json({"Status": "pending"}, 202)

    def listed(self, snapshot):
        if snapshot.state != "completed":
            invalid("the snapshot is not completed", "INVALID_SNAPSHOT_STATE")
        return sorted(snapshot.blocks)

    def token(self, snapshot, index):
        return snapshot.tokens.setdefault(index, "AAAB+/" + secrets.token_urlsafe(24) + "==")

    def ListSnapshotBlocks(self, request):
        snapshot = self.find(request.path.split("/")[2])
        limit = int(request.query.get("maxResults", "1000"))
        if not 100 <= limit <= 10000:
            invalid("maxResults is out of range")
        limit = min(limit, self.world.settings["list_page"])
        indexes = self.listed(snapshot)
        start = 0
        if "pageToken" in request.query:
            start = int(base64.b64decode(request.query["pageToken"]).decode().split("/")[1])
        page = indexes[start:start + limit]
        fields = {"Blocks": [{"BlockIndex": i, "BlockToken": self.token(snapshot, i)} for i in page],
                  "ExpiryTime": time.time() + 3600, "VolumeSize": snapshot.volume_gib,
                  "BlockSize": BLOCK}
        if start + limit < len(indexes):
            fields["NextToken"] = base64.b64encode(f"page/{start + limit}".encode()).decode()
        return answer_json(fields)

    def GetSnapshotBlock(self, request):
        _, snapshot_id, _, index = request.path.strip("/").split("/")
        snapshot = self.find(snapshot_id)
        self.listed(snapshot)
        number = int(index)
        if number not in snapshot.blocks or request.query.get("blockToken") != snapshot.tokens.get(number):
            invalid("the block token is not this block's", "INVALID_BLOCK_TOKEN")
        data = snapshot.blocks[number]
        self.world.count("blocks_got")
        checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
        return Answer(200, data, {"x-amz-Data-Length": str(BLOCK), "x-amz-Checksum": checksum,
                                  "x-amz-Checksum-Algorithm": "SHA256"},
                      "application/octet-stream")
