# SPDX-License-Identifier: Apache-2.0
"""A stack and what is done to it in the background, a resource after the other, with events and signals."""
import secrets
import threading
import time
import uuid


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
        stack.operation_template = template.resources if template else {}

    def run(self):
        try:
            getattr(self, self.kind)()
        except Exception as error:      # a bug of the fake must not look like a slow stack
            with self.world.lock:
                self.stack.set("CREATE_FAILED", f"fake: {error!r}")
            raise

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
            problem = problem or self.check(resource)
        if not problem and resource["Type"] == "AWS::AutoScaling::AutoScalingGroup":
            problem = self.roll(logical, resource, verb)
        if problem:
            self.say(logical, f"{verb}_FAILED", problem)
            raise Failed(logical)
        self.say(logical, f"{verb}_COMPLETE")

    def check(self, resource):
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::EC2::LaunchTemplate":
            image = properties["LaunchTemplateData"]["ImageId"]
            if image not in self.world.images:
                return f"The image id '[{image}]' does not exist"
        return None

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
                    self.stack.signals[logical].setdefault(instance["id"], how)
        while time.time() < deadline:
            with self.world.lock:
                got = self.stack.signals[logical]
                if "FAILURE" in got.values():
                    return "Received 1 FAILURE signal(s) out of %d" % count
                if sum(v == "SUCCESS" for v in got.values()) >= count:
                    for other in list(self.world.instances.values()):
                        if other["group"] == group and other not in fresh:
                            other["state"] = "terminated"
                    return None
            time.sleep(0.05)
        return f"Failed to receive {count} resource signal(s) within the specified duration"

    def launch(self, group, properties, launch):
        data = launch["Properties"]["LaunchTemplateData"]
        tags = {t["Key"]: t["Value"] for t in properties["Tags"]}
        for spec in data.get("TagSpecifications", []):
            if spec["ResourceType"] == "instance":
                tags.update({t["Key"]: t["Value"] for t in spec["Tags"]})
        tags["aws:autoscaling:groupName"] = group
        instance = {"id": "i-" + secrets.token_hex(9)[:17], "image": data["ImageId"], "group": group,
                    "type": data["InstanceType"], "state": "running", "tags": tags,
                    "address": "10.0.0.%d" % (len(self.world.instances) + 10), "launched": time.time(),
                    "console": "Linux version 6.1\nstarting containers\nweb: cannot bind port 80\n"}
        self.world.instances[instance["id"]] = instance
        return instance

    def unmake(self, logical, kind):
        self.say(logical, "DELETE_IN_PROGRESS", kind=kind)
        self.pause()
        with self.world.lock:
            physical = self.stack.physical.pop(logical, "")
            for instance in list(self.world.instances.values()):
                if instance["group"] == physical:
                    instance["state"] = "terminated"
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
                if logical in self.stack.physical:
                    self.unmake(logical, self.new.resources[logical]["Type"])
            with self.world.lock:
                self.stack.set("ROLLBACK_COMPLETE")
            return
        self.finish("CREATE_COMPLETE")

    def finish(self, status):
        with self.world.lock:
            self.stack.template, self.stack.tags = self.new, self.tags
            self.stack.outputs = self.new.outputs(self.stack.physical)
            self.stack.set(status)

    def update(self):
        changes = self.new.changes(self.old)
        try:
            for action, logical in changes:
                if action != "Remove":
                    self.make(logical, "CREATE" if action == "Add" else "UPDATE")
        except Failed as failure:
            self.back(failure, changes)
            return
        with self.world.lock:
            self.stack.set("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        for action, logical in changes:
            if action == "Remove":
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
                if self.world.settings.get("undeletable") == logical:
                    self.say(logical, "DELETE_FAILED", "it is in use", template.resources[logical]["Type"])
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
    return {"AWS::EC2::VPC": "vpc-" + secrets.token_hex(8), "AWS::EC2::Volume": "vol-" + secrets.token_hex(8)[:17],
            "AWS::EC2::Subnet": "subnet-" + secrets.token_hex(8),
            "AWS::EC2::SecurityGroup": "sg-" + secrets.token_hex(8),
            "AWS::Logs::LogGroup": resource.get("Properties", {}).get("LogGroupName", short)}.get(
                resource["Type"], short)
