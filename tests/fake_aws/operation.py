# SPDX-License-Identifier: Apache-2.0
"""A stack and what is done to it in the background, a resource after the other, with events and signals."""
import secrets
import threading
import time
import uuid

import agent
import rules
import rules_balancer  # noqa: F401 (their rules register themselves)
import rules_instance  # noqa: F401
import rules_key  # noqa: F401
import rules_listener  # noqa: F401
import rules_network  # noqa: F401
import resource_model  # noqa: F401
from ebs import Snapshot
from policy import HANDLERS
from resolve import Resolver


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(seconds)) + "%03dZ" % (seconds % 1 * 1000)


class Failed(Exception):
    """A resource could not be made."""


class Stack:
    def __init__(self, world, name):
        self.world, self.name = world, name
        self.id = f"arn:aws:cloudformation:{world.region}:{world.account}:stack/{name}/{uuid.uuid4()}"
        self.status, self.reason, self.created = "REVIEW_IN_PROGRESS", "User Initiated", time.time()
        self.template, self.tags, self.outputs = None, {}, {}
        self.is_protected, self.role, self.executed, self.caller = False, None, {}, None
        self.physical, self.events, self.change_sets, self.signals = {}, [], {}, {}
        self.event(name, "AWS::CloudFormation::Stack", self.id, self.status, "User Initiated")

    def event(self, logical, kind, physical, status, reason=None):
        self.events.insert(0, {"EventId": str(uuid.uuid4()), "StackId": self.id, "StackName": self.name,
                               "LogicalResourceId": logical, "PhysicalResourceId": physical,
                               "ResourceType": kind, "Timestamp": stamp(time.time()),
                               "ResourceStatus": status, "ResourceStatusReason": reason})

    def set(self, status, reason=None):
        self.status, self.reason = status, reason
        self.event(self.name, "AWS::CloudFormation::Stack", self.id, status, reason)

    def summary(self):
        return {"status": self.status, "tags": self.tags, "outputs": self.outputs,
                "resources": sorted(self.physical),
                "template": self.template.body if self.template else None}


class Operation(threading.Thread):
    """One create, update or delete, a resource after the other, in the background."""

    def __init__(self, world, stack, kind, template=None, tags=None):
        super().__init__(daemon=True)
        self.world, self.stack, self.kind, self.new, self.tags = world, stack, kind, template, tags
        self.old, self.old_tags = stack.template, stack.tags
        self.done = set()       # made or changed by now
        stack.operation_template = template.resources if template else {}   # for who boots what is made
        if kind == "create":
            stack.tags = tags       # an update's count when it is complete
        if kind == "delete":
            self.tags = stack.tags

    def run(self):
        try:
            getattr(self, self.kind)()
        except Exception as error:      # a bug of the fake must not look like a slow stack
            with self.world.lock:
                self.stack.set("CREATE_FAILED", f"fake: {error!r}")
            raise

    def resolve(self, value):
        return Resolver(self.world, self.stack, self.new, self.stack.physical).value(value)

    def pause(self):
        time.sleep(self.world.settings["resource_s"])

    def say(self, logical, status, reason=None, kind=None):
        with self.world.lock:
            kind = kind or (self.new or self.old).resources[logical]["Type"]
            self.stack.event(logical, kind, self.stack.physical.get(logical, ""), status, reason)

    # --- resources
    def make(self, logical, verb):
        resource = self.new.resources[logical]
        self.say(logical, f"{verb}_IN_PROGRESS")
        self.pause()
        with self.world.lock:
            if verb == "CREATE":
                self.stack.physical[logical] = physical_id(self.world, self.stack, logical, resource)
            problem = self.world.settings.get("fail_resource") == logical and "made to fail"
            properties = self.resolve(resource.get("Properties", {}))
            problem = problem or self.denied(logical, verb, resource, properties)
            problem = problem or rules.problem_of(rules.Making(self, logical, properties, verb))
            if not problem:
                self.keep(logical, resource["Type"], properties)
        if not problem and resource["Type"] == "AWS::AutoScaling::AutoScalingGroup":
            problem = self.roll(logical, resource, verb)
        if problem:
            self.say(logical, f"{verb}_FAILED", problem)
            raise Failed(logical)
        self.done.add(logical)
        self.say(logical, f"{verb}_COMPLETE")

    def denied(self, logical, verb, resource, properties):
        """What of it the role of the stack, or whoever started this, may not do."""
        role = self.stack.role
        policies = self.world.roles.get(role) if role else self.world.policies.get(self.stack.caller)
        making = rules.Making(self, logical, properties, verb, resource)
        for need in self.world.needs.of_resource(making, via=not role) if policies else []:
            if not policies.allows(need):
                return f"User is not authorized to perform: {need}"
        return None

    def may_delete(self, logical):
        resource = self.old.resources[logical]
        properties = Resolver(self.world, self.stack, self.old, self.stack.physical).value(resource.get("Properties", {}))
        return self.denied(logical, "DELETE", resource, properties)

    def keep(self, logical, kind, properties):
        """What the account now has of this, for the rules that look at more than one stack."""
        world, physical = self.world, self.stack.physical[logical]
        if kind == "AWS::EC2::Volume":
            old = world.volumes.get(physical)
            if old and (old["zone"], old["snapshot"]) != (properties["AvailabilityZone"], properties.get("SnapshotId")):
                self.lose(physical, self.new.resources[logical])    # replaced: another volume, without the data
                physical = self.stack.physical[logical] = physical_id(world, self.stack, logical, self.new.resources[logical])
                old = None
            world.volumes[physical] = {
                "size": int(properties.get("Size", 0)), "zone": properties["AvailabilityZone"],
                "snapshot": properties.get("SnapshotId"), "encrypted": properties.get("Encrypted", False),
                "key": properties.get("KmsKeyId"), "modified": old is not None and old["size"] != int(properties["Size"]),
                "tags": {**self.tags, **{t["Key"]: t["Value"] for t in properties.get("Tags", [])},
                         "aws:cloudformation:stack-name": self.stack.name, "aws:cloudformation:logical-id": logical}}
        elif kind == "AWS::Route53::HostedZone":
            world.zones[physical] = (properties["Name"].rstrip("."), {v["VPCId"] for v in properties.get("VPCs", [])})
        elif kind in ("AWS::Route53::RecordSet", "AWS::Route53::RecordSetGroup"):
            zone = properties.get("HostedZoneId") or properties.get("HostedZoneName")
            world.records[physical] = {(zone, one["Name"].rstrip("."), one["Type"])
                                       for one in properties.get("RecordSets", [properties])}
        elif kind == "AWS::Logs::LogGroup":
            world.made_log_groups[physical] = self.stack.name

    def lose(self, physical, resource):
        """The opposite of keep; a volume leaves a snapshot where the template says so."""
        world = self.world
        volume = world.volumes.pop(physical, None)
        if volume and resource.get("DeletionPolicy") == "Snapshot":
            snapshot = Snapshot({"VolumeSize": volume["size"], "Description": "Created by CloudFormation"}, None, time.time())
            snapshot.state = "completed"    # whether it has the volume's tags the manuals do not say
            snapshot.volume_id = physical
            world.snapshots[snapshot.id] = snapshot
        for places in (world.zones, world.zone_records, world.records, world.made_log_groups):
            places.pop(physical, None)

    def roll(self, logical, resource, verb):
        properties = resource["Properties"]
        launch = self.new.resources[properties["LaunchTemplate"]["LaunchTemplateId"]["Ref"]]
        count = int(properties["DesiredCapacity"])
        group = self.stack.physical[logical]
        with self.world.lock:
            self.stack.signals[logical] = {}
            fresh = [self.launch(group, properties, launch) for _ in range(count)]
        how = self.world.settings["signal"]
        deadline = time.time() + self.world.settings.get("signal_timeout_s", 5)
        if how != "none":
            time.sleep(self.world.settings["signal_after_s"])
            with self.world.lock:
                for instance in fresh:
                    problem = agent.ready(self.world, instance) if how == "SUCCESS" else None
                    if not problem:
                        self.stack.signals[logical].setdefault(instance["id"], how)
                    else:
                        instance["console"] += f"cloud agent: route53: {problem}\n"
        while time.time() < deadline:
            with self.world.lock:
                got = self.stack.signals[logical]
                if "FAILURE" in got.values():
                    return "Received 1 FAILURE signal(s) out of %d" % count
                if sum(v == "SUCCESS" for v in got.values()) >= count:
                    for other in list(self.world.instances.values()):
                        if other["group"] == group and other not in fresh:
                            agent.terminate(self.world, other)
                    return None
            time.sleep(0.05)
        return f"Failed to receive {count} resource signal(s) within the specified duration"

    def launch(self, group, properties, launch):
        data = launch["Properties"]["LaunchTemplateData"]
        tags = {**self.tags, **{t["Key"]: t["Value"] for t in properties["Tags"]}}
        for spec in data.get("TagSpecifications", []):
            if spec["ResourceType"] == "instance":
                tags.update({t["Key"]: t["Value"] for t in spec["Tags"]})
        tags["aws:autoscaling:groupName"] = group
        tags["aws:cloudformation:stack-name"] = self.stack.name
        instance = {"id": "i-" + secrets.token_hex(9)[:17], "image": data["ImageId"], "group": group,
                    "type": data["InstanceType"], "state": "running", "tags": tags,
                    "address": "10.0.0.%d" % (len(self.world.instances) + 10), "launched": time.time(),
                    "console": "Linux version 6.1\nstarting containers\nweb: cannot bind port 80\n"}
        # EBS makes the root volume of the image's snapshot; its name is of no tag's.
        image = self.world.images.get(data["ImageId"])
        instance["root"] = {"device": image["root"], "volume": "vol-" + secrets.token_hex(9)[:17],
                            "snapshot": image["snapshot"]} if image else None
        agent.launched(self, instance, launch)
        self.world.instances[instance["id"]] = instance
        return instance

    def undeletable(self, logical):
        """Why the service would not let go of it; None: it would."""
        zone = self.stack.physical.get(logical)
        if self.world.zone_records.get(zone) and self.world.refuses("zone-empty"):
            return ("The specified hosted zone contains non-required resource record sets and so cannot be deleted. (Service: "
                    "Route53, Status Code: 400, HostedZoneNotEmpty)")
        return "it is in use" if self.world.settings.get("undeletable") == logical else None

    def unmake(self, logical, kind):
        self.say(logical, "DELETE_IN_PROGRESS", kind=kind)
        self.pause()
        with self.world.lock:
            physical = self.stack.physical.pop(logical, "")
            self.lose(physical, (self.old or self.new).resources.get(logical) or self.new.resources[logical])
            for instance in list(self.world.instances.values()):
                if instance["group"] == physical:
                    agent.terminate(self.world, instance)
            self.stack.event(logical, kind, physical, "DELETE_COMPLETE")

    # --- operations
    def create(self):
        try:
            for logical in self.new.order():
                self.make(logical, "CREATE")
        except Failed as failure:
            with self.world.lock:
                self.stack.set("ROLLBACK_IN_PROGRESS",
                               f"The following resource(s) failed to create: [{failure}]. "
                               "Rollback requested by user.")
            for logical in reversed(self.new.order()):
                why = self.undeletable(logical)
                if why:
                    self.say(logical, "DELETE_FAILED", why)
                    with self.world.lock:
                        self.old = self.stack.template = self.new
                        self.stack.set("ROLLBACK_FAILED", f"The following resource(s) failed to delete: [{logical}].")
                    return
                if logical in self.stack.physical:
                    self.unmake(logical, self.new.resources[logical]["Type"])
            with self.world.lock:
                self.stack.set("ROLLBACK_COMPLETE")
            return
        self.finish("CREATE_COMPLETE")

    def finish(self, status):
        with self.world.lock:
            self.stack.template, self.stack.tags = self.new, self.tags
            self.stack.outputs = {name: str(self.resolve(output["Value"]))
                                  for name, output in self.new.body.get("Outputs", {}).items()}
            self.stack.set(status)

    def retag(self, logical):
        """Tags of the stack that change go to each resource of a type that takes them, without replacing it."""
        resource = self.new.resources[logical]
        self.say(logical, "UPDATE_IN_PROGRESS")
        with self.world.lock:
            problem = self.denied(logical, "TAG", resource, self.resolve(resource.get("Properties", {})))
            volume = self.world.volumes.get(self.stack.physical[logical])
            if volume and not problem:
                own = {k: v for k, v in volume["tags"].items() if k not in self.old_tags}
                volume["tags"] = {**self.tags, **own}
        if problem:
            self.world.count("denied")
            self.say(logical, "UPDATE_FAILED", problem)
            raise Failed(logical)
        self.say(logical, "UPDATE_COMPLETE")

    def update(self):
        changes = self.new.changes(self.old)
        touched = {logical for _, logical in changes}
        try:
            for logical in self.new.order() if self.tags != self.old_tags else []:
                if logical not in touched and logical in self.stack.physical \
                        and HANDLERS[self.new.resources[logical]["Type"]].get("tag"):
                    self.retag(logical)
            for action, logical in changes:
                if action != "Remove":
                    self.make(logical, "CREATE" if action == "Add" else "UPDATE")
        except Failed as failure:
            self.back(failure, changes)
            return
        with self.world.lock:
            self.stack.set("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        for action, logical in changes:
            why = self.may_delete(logical) if action == "Remove" else None
            if why:     # it stays behind, and the update is complete all the same
                self.world.count("denied")
                self.say(logical, "DELETE_FAILED", why, self.old.resources[logical]["Type"])
            elif action == "Remove":
                self.unmake(logical, self.old.resources[logical]["Type"])
        self.finish("UPDATE_COMPLETE")

    def back(self, failure, changes):
        with self.world.lock:
            self.stack.set("UPDATE_ROLLBACK_IN_PROGRESS",
                           f"The following resource(s) failed to update: [{failure}].")
        if self.world.settings.get("rollback_fails"):
            with self.world.lock:
                self.stack.set("UPDATE_ROLLBACK_FAILED", "the rollback got stuck")
            return
        for action, logical in changes:
            if action == "Add" and logical in self.stack.physical:
                self.unmake(logical, self.new.resources[logical]["Type"])
        self.pause()
        with self.world.lock:
            self.stack.set("UPDATE_ROLLBACK_COMPLETE")

    def delete(self):
        template = self.old
        for logical in reversed(template.order() if template else []):
            if logical in self.stack.physical:
                why = self.undeletable(logical) or self.may_delete(logical)
                if why:
                    self.say(logical, "DELETE_FAILED", why, template.resources[logical]["Type"])
                    with self.world.lock:
                        self.stack.set("DELETE_FAILED", f"The following resource(s) failed: [{logical}]")
                    return
                self.unmake(logical, template.resources[logical]["Type"])
        with self.world.lock:
            self.stack.set("DELETE_COMPLETE")
            self.stack.template = None

    def unstick(self):
        self.pause()
        with self.world.lock:
            self.stack.set("UPDATE_ROLLBACK_COMPLETE")


def physical_id(world, stack, logical, resource):
    short = f"{stack.name}-{logical}-{secrets.token_hex(6)}"
    if resource["Type"].startswith("AWS::IAM::") and len(short) > 64:
        short = f"{stack.name[:24]}-{logical[:24]}-{secrets.token_hex(6)}"
    return {"AWS::EC2::VPC": "vpc-" + secrets.token_hex(8), "AWS::EC2::Volume": "vol-" + secrets.token_hex(8)[:17],
            "AWS::EC2::RouteTable": "rtb-" + secrets.token_hex(8), "AWS::EC2::EIP": "52.0.0." + str(secrets.randbelow(250)),
            "AWS::EC2::NatGateway": "nat-" + secrets.token_hex(8), "AWS::EC2::VPCEndpoint": "vpce-" + secrets.token_hex(8),
            "AWS::Route53::HostedZone": "Z" + secrets.token_hex(10).upper(),
            "AWS::EC2::InternetGateway": "igw-" + secrets.token_hex(8),
            "AWS::EC2::Subnet": "subnet-" + secrets.token_hex(8),
            "AWS::EC2::SecurityGroup": "sg-" + secrets.token_hex(8),
            "AWS::Logs::LogGroup": resource.get("Properties", {}).get("LogGroupName", short)}.get(
                resource["Type"], short)
