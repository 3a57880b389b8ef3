# SPDX-License-Identifier: Apache-2.0
"""The state of one fake account in one region, and the faults to inject."""
import secrets
import threading


class World:
    def __init__(self, region="eu-west-1"):
        self.lock = threading.RLock()
        self.region, self.account = region, "123456789012"
        self.keys = {"AKIDFAKE": ("fake/secret+key", None)}
        self.names = {"AKIDFAKE": "user/test"}
        self.snapshots, self.start_tokens, self.images = {}, {}, {}
        self.instances, self.stacks = {}, {}
        self.parameters, self.log_groups = {}, {}
        self.counts, self.calls, self.faults, self.put_times = {}, [], [], []
        self.settings = {"visible_after_s": 0, "snapshot_pending_s": 0.3, "list_page": 10000,
                         "image_visible_after_s": 0, "image_pending_s": 0.2, "clock_skew_s": 0,
                         "resource_s": 0.05, "signal_after_s": 0.2, "signal": "SUCCESS"}
        self.vpcs = [{"vpcId": "vpc-0fake", "isDefault": "true", "cidrBlock": "172.31.0.0/16",
                      "state": "available"}]
        self.subnets = [{"subnetId": f"subnet-0{z}", "vpcId": "vpc-0fake", "defaultForAz": "true",
                         "availabilityZone": region + z, "cidrBlock": f"172.31.{n * 16}.0/20",
                         "state": "available", "mapPublicIpOnLaunch": "true"}
                        for n, z in enumerate("abc")]

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
                "images": self.images,
                "stacks": {k: v.summary() for k, v in self.stacks.items()}}

    def disk(self, snapshot_id, size):
        """The snapshot's bytes as one disk."""
        disk = bytearray(size)
        for index, data in self.snapshots[snapshot_id].blocks.items():
            piece = data[:max(0, size - index * 524288)]
            disk[index * 524288:index * 524288 + len(piece)] = piece
        return bytes(disk)
