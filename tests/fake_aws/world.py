# SPDX-License-Identifier: Apache-2.0
"""The state of one fake account in one region, and the faults to inject."""
import re
import secrets
import threading
from urllib.parse import unquote

from policy import Needs
from rules import RULES
from wire import AwsError

I386, X86, ARM = "i386", "x86_64", "arm64"


def types_of(family, hypervisor, architectures, boot_modes, sizes):
    return {f"{family}.{size}": {"cpus": cpus, "memory_mib": mib, "hypervisor": hypervisor, "not_in": set(),
                                 "architectures": architectures, "boot_modes": boot_modes}
            for size, (cpus, mib) in sizes.items()}


def some_types():
    """A few of the region's instance types, as DescribeInstanceTypes has them."""
    both = ["legacy-bios", "uefi"]
    burst = {"nano": (2, 512), "micro": (2, 1024), "small": (2, 2048), "medium": (2, 4096), "large": (2, 8192),
             "xlarge": (4, 16384), "2xlarge": (8, 32768)}
    large = {"large": (2, 8192), "xlarge": (4, 16384), "2xlarge": (8, 32768), "4xlarge": (16, 65536)}
    small = {k: (c, m // 2) for k, (c, m) in large.items()}
    wide = {k: (c, m * 2) for k, (c, m) in large.items()}
    return {**types_of("t2", "xen", [I386, X86], ["legacy-bios"], {"micro": (1, 1024), "small": (1, 2048)}),
            **types_of("t3", "nitro", [X86], both, burst), **types_of("t4g", "nitro", [ARM], ["uefi"], burst),
            **types_of("m5", "nitro", [X86], both, large), **types_of("m6i", "nitro", [X86], both, large),
            **types_of("m7g", "nitro", [ARM], ["uefi"], large), **types_of("c5", "nitro", [X86], both, small),
            **types_of("c6i", "nitro", [X86], both, small), **types_of("r5", "nitro", [X86], both, wide),
            **types_of("r6i", "nitro", [X86], both, wide)}


class World:
    def __init__(self, region="eu-west-1"):
        self.lock = threading.RLock()
        self.region, self.account = region, "123456789012"
        self.keys = {"AKIDFAKE": ("fake/secret+key", None)}
        self.names = {"AKIDFAKE": "user/test"}
        self.sso_token, self.sso_refresh = "sso-token", "refresh-1"
        # aws login's sessions by their refresh token; proofs that were used; what came in, and what was refused
        self.logins, self.proofs, self.sign_ins, self.refused_proofs = {}, set(), [], []
        self.snapshots, self.start_tokens, self.images = {}, {}, {}
        self.instances, self.stacks = {}, {}
        self.parameters, self.log_groups = {}, {}
        self.volumes, self.zones, self.records, self.made_log_groups = {}, {}, {}, {}
        # What others than CloudFormation wrote into zones: zone → {(name, type, set identifier): record}
        self.zone_records, self.busy_zones = {}, {}
        self.buckets, self.types = {}, some_types()
        self.kms_keys, self.parameter_keys = {}, {}
        self.refused = set()
        self.policies, self.roles = {}, {}      # of access keys and of roles' ARNs; without one, everything is allowed
        self.needs = Needs(self)
        self.counts, self.calls, self.faults, self.put_times = {}, [], [], []
        self.settings = {"visible_after_s": 0, "snapshot_pending_s": 0.3, "list_page": 10000, "log_page": 10000,
                         "image_visible_after_s": 0, "image_pending_s": 0.2, "clock_skew_s": 0,
                         "route53_rate": (50, 10), "records_busy_s": 0.02, "records_page": 300, "resource_s": 0.05, "signal_after_s": 0.2, "signal": "SUCCESS",
                         "slow_to_be_healthy": True, "volume_waits": True, "encrypts": False, "default_key": "aws/ebs", "boundary": None}
        self.vpcs = [{"vpcId": "vpc-0fake", "isDefault": "true", "cidrBlock": "172.31.0.0/16",
                      "state": "available"}]
        self.subnets = [{"subnetId": f"subnet-0{z}", "vpcId": "vpc-0fake", "defaultForAz": "true",
                         "availabilityZone": region + z, "cidrBlock": f"172.31.{n * 16}.0/20",
                         "state": "available", "mapPublicIpOnLaunch": "true"}
                        for n, z in enumerate("abc")]
        self.route_tables = [{"id": "rtb-0main", "vpcId": "vpc-0fake", "main": True, "subnets": [],
                              "routes": [("172.31.0.0/16", "local"), ("0.0.0.0/0", "igw-0fake")]}]

    def refuses(self, name):
        """Remembers that the rule refused something, so that a test can see that each one does; True."""
        if name not in RULES:
            raise KeyError(name)
        self.refused.add(name)
        return True

    def authorize(self, service, action, request):
        policies = self.policies.get(request.access_key)
        for need in self.needs.of_call(service, action, request) if policies else []:
            if not policies.allows(need):
                status, code = {"ec2": (403, "UnauthorizedOperation"), "ebs": (403, "AccessDeniedException"),
                                "ssm": (400, "AccessDeniedException"), "logs": (400, "AccessDeniedException")}.get(
                                    service, (403, "AccessDenied"))
                self.count("denied")
                raise AwsError(status, code, f"User is not authorized to perform: {need}")

    def key(self, name):
        """A KMS key by its ARN, id or alias; None where there is none."""
        return next((k for k in self.kms_keys.values() if name in k.names()), None)

    def object_of(self, url):
        """The bytes of an S3 object, by its URL in either style; None where nothing is there."""
        found = re.fullmatch(r"https?://(?:([a-z0-9.-]+)\.s3[.-][a-z0-9.-]*amazonaws\.com/(.+)|[^/]+/([a-z0-9.-]+)/(.+))", url or "")
        if not found:
            return None
        bucket, key = found[1] or found[3], unquote(found[2] or found[4])
        return self.buckets.get(bucket, {}).get("objects", {}).get(key)

    def issue(self, name):
        """New temporary credentials."""
        key = ("ASIA" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30),
               secrets.token_urlsafe(60))
        self.keys[key[0]] = (key[1], key[2])
        self.names[key[0]] = name
        return key

    def count(self, name):
        self.counts[name] = self.counts.get(name, 0) + 1

    def take_fault(self, service, action):
        """The fault to apply to this call, or None. {"service","action","after","count","status",
        "code","message","reset","delay_s","truncate"}"""
        for fault in self.faults:
            if fault.get("service", service) != service or fault.get("action", action) != action:
                continue
            if fault.get("after", 0) > 0:
                fault["after"] -= 1
                continue
            if fault.get("count", 1) == 0:
                continue
            fault["count"] = fault.get("count", 1) - 1
            self.count("faults")
            return fault
        return None

    def summary(self):
        return {"counts": self.counts, "calls": self.calls,
                "snapshots": {s.id: {"state": s.state, "blocks": len(s.blocks), "tags": s.tags,
                                     "written": len(s.written), "volume_gib": s.volume_gib,
                                     "parent": s.parent.id if s.parent else None}
                              for s in self.snapshots.values()},
                "images": self.images, "records": {z: [[*map(str, k), *r["values"]] for k, r in records.items()]
                                                   for z, records in self.zone_records.items()},
                "stacks": {k: v.summary() for k, v in self.stacks.items()}}

    def disk(self, snapshot_id, size):
        """The snapshot's bytes as one disk."""
        disk = bytearray(size)
        for index, data in self.snapshots[snapshot_id].blocks.items():
            piece = data[:max(0, size - index * 524288)]
            disk[index * 524288:index * 524288 + len(piece)] = piece
        return bytes(disk)
