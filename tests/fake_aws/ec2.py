# SPDX-License-Identifier: Apache-2.0
"""The part of EC2 that i2kit calls: snapshots, images, tags, networks, instances."""
import base64
import re
import secrets
import time

from rules import check_form
from wire import AwsError, answer_ec2, items, numbered


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(seconds))


def tag_set(tags):
    return items([{"key": k, "value": v} for k, v in tags.items()])


def filters_of(parameters):
    return {f["Name"]: [v for k, v in f.items() if k.startswith("Value.")]
            for f in numbered(parameters, "Filter")}


def ids_of(parameters, name):
    return [value[""] for value in numbered(parameters, name)]


class Ec2:
    def __init__(self, world):
        self.world = world

    def action(self, request):
        return request.parameters().get("Action", "?")

    def handle(self, request, action):
        parameters = request.parameters()
        if parameters.get("Version") != "2016-11-15":
            raise AwsError(400, "InvalidAction", "the version is not 2016-11-15")
        method = getattr(self, action, None)
        if method is None or action.startswith("_"):
            raise AwsError(400, "InvalidAction", f"The action {action} is not valid for this service")
        check_form(self.world, "ec2", action, parameters, lambda why: AwsError(400, "InvalidParameterValue", why))
        return answer_ec2(action, method(parameters))

    def matches(self, tags, fields, filters):
        for name, values in filters.items():
            if name == "tag-key":
                if not set(values) & set(tags):
                    return False
                continue
            have = tags.get(name[4:]) if name.startswith("tag:") else fields.get(name, "?unknown?")
            if have == "?unknown?":
                raise AwsError(400, "InvalidParameterValue", f"The filter '{name}' is invalid")
            if have not in values:
                return False
        return True

    # --- snapshots
    def DescribeSnapshots(self, p):
        wanted, found = ids_of(p, "SnapshotId"), []
        for one in wanted:
            if one not in self.world.snapshots:
                raise AwsError(400, "InvalidSnapshot.NotFound", f"The snapshot '{one}' does not exist.")
        for s in self.world.snapshots.values():
            s.settle(time.time())
            fields = {"status": s.state, "snapshot-id": s.id, "volume-id": s.volume_id}
            if (not wanted or s.id in wanted) and self.matches(s.tags, fields, filters_of(p)):
                found.append({"snapshotId": s.id, "status": s.state, "volumeSize": s.volume_gib,
                              "startTime": stamp(s.started), "ownerId": self.world.account,
                              "progress": "100%" if s.state == "completed" else "10%",
                              "encrypted": s.key is not None, "kmsKeyId": s.key, "description": s.description, "volumeId": s.volume_id,
                              "tagSet": tag_set(s.tags)})
        return {"snapshotSet": items(found)}

    def GetEbsEncryptionByDefault(self, p):
        return {"ebsEncryptionByDefault": self.world.settings["encrypts"]}

    def DeleteSnapshot(self, p):
        one = p.get("SnapshotId")
        if one not in self.world.snapshots:
            raise AwsError(400, "InvalidSnapshot.NotFound", f"The snapshot '{one}' does not exist.")
        if any(one == i["snapshot"] for i in self.world.images.values()):
            raise AwsError(400, "InvalidSnapshot.InUse", f"The snapshot {one} is in use by an image")
        del self.world.snapshots[one]
        return {"return": True}

    # --- images
    def RegisterImage(self, p):
        name = p.get("Name", "")
        if not re.match(r"^[A-Za-z0-9()\[\] ./\-'@_]{3,128}$", name) and self.world.refuses("ami-name"):
            raise AwsError(400, "InvalidAMIName.Malformed", f"AMI names: '{name}'")
        for image in self.world.images.values():
            if image["name"] == name and self.world.refuses("ami-name"):
                raise AwsError(400, "InvalidAMIName.Duplicate",
                               f"AMI name {name} is already in use by AMI {image['id']}")
        mappings = numbered(p, "BlockDeviceMapping")
        root = [m for m in mappings if m.get("DeviceName") == p.get("RootDeviceName")]
        if not root:
            raise AwsError(400, "InvalidBlockDeviceMapping", "the root device is not mapped")
        snapshot = self.world.snapshots.get(root[0].get("Ebs.SnapshotId"))
        if snapshot is None:
            raise AwsError(400, "InvalidSnapshot.NotFound", "the root snapshot does not exist")
        snapshot.settle(time.time())
        if snapshot.state != "completed":
            raise AwsError(400, "IncorrectState", "the snapshot is not completed")
        boot_mode = p.get("BootMode")
        if boot_mode not in (None, "legacy-bios", "uefi", "uefi-preferred"):
            raise AwsError(400, "InvalidParameterValue", "BootMode")
        tags = {}
        for spec in numbered(p, "TagSpecification"):
            if spec.get("ResourceType") != "image":
                raise AwsError(400, "InvalidParameterValue", "TagSpecification of something else")
            tags.update({t["Key"]: t["Value"] for t in numbered(spec, "Tag")})
        if any(len(v) > 256 or not re.match(r"^[\w +\-=._:/@]*$", v) for v in tags.values()):
            raise AwsError(400, "InvalidParameterValue", "a tag value is too long or malformed")
        image = {"id": "ami-" + secrets.token_hex(9)[:17], "name": name, "snapshot": snapshot.id,
                 "architecture": p.get("Architecture", "i386"),
                 "virtualization": p.get("VirtualizationType", "paravirtual"),
                 "ena": p.get("EnaSupport") == "true", "boot_mode": boot_mode,
                 "imds": p.get("ImdsSupport"), "root": p["RootDeviceName"],
                 "description": p.get("Description", ""), "tags": tags, "created": time.time(),
                 "volume_type": root[0].get("Ebs.VolumeType", "standard"),
                 "delete": root[0].get("Ebs.DeleteOnTermination") == "true"}
        self.world.images[image["id"]] = image
        return {"imageId": image["id"]}

    def DescribeImages(self, p):
        wanted, found, now = ids_of(p, "ImageId"), [], time.time()
        settings = self.world.settings
        visible = {i: v for i, v in self.world.images.items()
                   if now >= v["created"] + settings["image_visible_after_s"]}
        for one in wanted:
            if one not in visible:
                raise AwsError(400, "InvalidAMIID.NotFound", f"The image id '[{one}]' does not exist")
        for image in visible.values():
            state = ("available" if now >= image["created"] + settings["image_pending_s"]
                     else "pending")
            fields = {"name": image["name"], "state": state, "image-id": image["id"]}
            if wanted and image["id"] not in wanted:
                continue
            if not self.matches(image["tags"], fields, filters_of(p)):
                continue
            found.append({
                "imageId": image["id"], "imageState": state, "name": image["name"],
                "imageOwnerId": self.world.account, "isPublic": False,
                "architecture": image["architecture"], "imageType": "machine",
                "rootDeviceType": "ebs", "rootDeviceName": image["root"],
                "virtualizationType": image["virtualization"], "enaSupport": image["ena"],
                "bootMode": image["boot_mode"], "imdsSupport": image["imds"],
                "creationDate": stamp(image["created"]), "description": image["description"],
                "blockDeviceMapping": items([{"deviceName": image["root"], "ebs": {
                    "snapshotId": image["snapshot"],
                    "volumeSize": self.world.snapshots[image["snapshot"]].volume_gib,
                    "volumeType": image["volume_type"], "deleteOnTermination": image["delete"],
                    "encrypted": self.world.snapshots[image["snapshot"]].key is not None}}]),
                "tagSet": tag_set(image["tags"])})
        return {"imagesSet": items(found)}

    def DeregisterImage(self, p):
        image = self.world.images.pop(p.get("ImageId"), None)
        if image is None:
            raise AwsError(400, "InvalidAMIID.Unavailable", "The image ID is no longer available")
        return {"return": True}

    def CreateTags(self, p):
        for one in ids_of(p, "ResourceId"):
            target = self.world.images.get(one)
            tags = target["tags"] if target else getattr(self.world.snapshots.get(one), "tags", None)
            if tags is None:
                raise AwsError(400, "InvalidID", f"The ID '{one}' is not valid")
            tags.update({t["Key"]: t["Value"] for t in numbered(p, "Tag")})
        return {"return": True}

    # --- networks
    def DescribeVpcs(self, p):
        found = [v for v in self.world.vpcs
                 if self.matches({}, {"is-default": v["isDefault"], "vpc-id": v["vpcId"]}, filters_of(p))
                 and v["vpcId"] in (ids_of(p, "VpcId") or [v["vpcId"]])]
        return {"vpcSet": items(found)}

    def DescribeSubnets(self, p):
        wanted = ids_of(p, "SubnetId")
        found = [s for s in self.world.subnets
                 if self.matches({}, {"vpc-id": s["vpcId"], "default-for-az": s["defaultForAz"],
                                      "availability-zone": s["availabilityZone"]}, filters_of(p))
                 and s["subnetId"] in (wanted or [s["subnetId"]])]
        for one in wanted:
            if one not in [s["subnetId"] for s in self.world.subnets]:
                raise AwsError(400, "InvalidSubnetID.NotFound", f"The subnet ID '{one}' does not exist")
        return {"subnetSet": items(found)}

    def DescribeAvailabilityZones(self, p):
        return {"availabilityZoneInfo": items([{"zoneName": s["availabilityZone"], "zoneState": "available",
                                                "regionName": self.world.region}
                                               for s in self.world.subnets])}

    def DescribeRouteTables(self, p):
        found = []
        for t in self.world.route_tables:
            subnets = t["subnets"] or [None]
            for name, values in filters_of(p).items():
                have = {"vpc-id": [t["vpcId"]], "association.main": ["true" if t["main"] else "false"],
                        "association.subnet-id": t["subnets"], "route-table-id": [t["id"]]}.get(name)
                if have is None:
                    raise AwsError(400, "InvalidParameterValue", f"The filter '{name}' is invalid")
                if not set(have) & set(values):
                    break
            else:
                found.append({"routeTableId": t["id"], "vpcId": t["vpcId"], "routeSet": items([
                    {"destinationCidrBlock": cidr, "state": "active", "origin": "CreateRoute",
                     "natGatewayId" if target.startswith("nat-") else "gatewayId": target} for cidr, target in t["routes"]]),
                    "associationSet": items([{"routeTableAssociationId": f"rtbassoc-{t['id'][4:]}{n}",
                                              "routeTableId": t["id"], "subnetId": s,
                                              "main": "true" if s is None else "false"}
                                             for n, s in enumerate(subnets) if s or t["main"]])})
        return {"routeTableSet": items(found)}

    def root_volumes(self):
        """Those that instances were started from: their launch template has no tags for volumes."""
        roots = [i["root"] for i in self.world.instances.values() if i.get("root") and i["state"] != "terminated"]
        return {r["volume"]: {"zone": f"{self.world.region}a", "size": 1, "snapshot": r["snapshot"], "tags": {},
                              "encrypted": True} for r in roots}

    def DescribeVolumes(self, p):
        found, wanted = [], ids_of(p, "VolumeId")
        for one in wanted:
            if one not in self.world.volumes and one not in self.root_volumes():
                raise AwsError(400, "InvalidVolume.NotFound", f"The volume '{one}' does not exist.")
        for one, v in {**self.world.volumes, **self.root_volumes()}.items():
            fields = {"availability-zone": v["zone"], "volume-id": one, "size": str(v["size"])}
            if (not wanted or one in wanted) and self.matches(v["tags"], fields, filters_of(p)):
                found.append({"volumeId": one, "size": v["size"], "availabilityZone": v["zone"], "status": "in-use",
                              "snapshotId": v["snapshot"] or "", "encrypted": v["encrypted"], "volumeType": "gp3",
                              "tagSet": tag_set(v["tags"])})
        return {"volumeSet": items(found)}

    # --- instances
    def DescribeInstanceTypes(self, p):
        wanted = ids_of(p, "InstanceType")
        unknown = [one for one in wanted if one not in self.world.types]
        if unknown:
            raise AwsError(400, "InvalidInstanceType", "The following supplied instance types do not exist: "
                           f"[{', '.join(unknown)}]")
        found = []
        for name, kind in self.world.types.items():
            fields = {"instance-type": name, "current-generation": "false" if name[:2] == "t2" else "true",
                      "processor-info.supported-architecture": kind["architectures"][-1]}
            if name in (wanted or [name]) and self.matches({}, fields, filters_of(p)):
                found.append({
                    "instanceType": name, "currentGeneration": name[:2] != "t2", "bareMetal": False,
                    "hypervisor": kind["hypervisor"], "burstablePerformanceSupported": name[0] == "t",
                    "processorInfo": {"supportedArchitectures": items(kind["architectures"])},
                    "vCpuInfo": {"defaultVCpus": kind["cpus"]}, "memoryInfo": {"sizeInMiB": kind["memory_mib"]},
                    "instanceStorageSupported": False, "supportedRootDeviceTypes": items(["ebs"]),
                    "networkInfo": {"enaSupport": "required" if kind["hypervisor"] == "nitro" else "unsupported"},
                    "supportedVirtualizationTypes": items(["hvm"]),
                    "supportedBootModes": items(kind["boot_modes"])})
        return {"instanceTypeSet": items(found)}

    def DescribeInstanceTypeOfferings(self, p):
        kind, found = p.get("LocationType", "region"), []
        if kind not in ("region", "availability-zone"):
            raise AwsError(400, "InvalidParameterValue", "LocationType")
        zones = sorted({s["availabilityZone"] for s in self.world.subnets}) if kind != "region" else [self.world.region]
        for name, one in self.world.types.items():
            for zone in zones:
                if zone not in one["not_in"] and self.matches({}, {"instance-type": name, "location": zone}, filters_of(p)):
                    found.append({"instanceType": name, "locationType": kind, "location": zone})
        return {"instanceTypeOfferingSet": items(found)}

    def DescribeInstances(self, p):
        wanted, found = ids_of(p, "InstanceId"), []
        for i in self.world.instances.values():
            fields = {"instance-state-name": i["state"], "image-id": i["image"], "instance-id": i["id"]}
            if (not wanted or i["id"] in wanted) and self.matches(i["tags"], fields, filters_of(p)):
                found.append({"reservationId": "r-1", "instancesSet": items([{
                    "instanceId": i["id"], "imageId": i["image"], "instanceType": i["type"],
                    "instanceState": {"code": 16, "name": i["state"]},
                    "privateIpAddress": i["address"], "launchTime": stamp(i["launched"]),
                    **self.root_of(i),
                    "tagSet": tag_set(i["tags"])}])})
        return {"reservationSet": items(found)}

    def root_of(self, instance):
        root = instance.get("root")
        if not root:
            return {}
        return {"rootDeviceType": "ebs", "rootDeviceName": root["device"], "blockDeviceMapping": items([
            {"deviceName": "/dev/sdf", "ebs": {"volumeId": "vol-0data", "status": "attached", "deleteOnTermination": False}},
            {"deviceName": root["device"], "ebs": {"volumeId": root["volume"], "status": "attached", "deleteOnTermination": True}}])}

    def GetConsoleOutput(self, p):
        instance = self.world.instances.get(p.get("InstanceId"))
        if instance is None:
            raise AwsError(400, "InvalidInstanceID.NotFound", "the instance does not exist")
        text = base64.b64encode(instance["console"].encode()).decode()
        return {"instanceId": instance["id"], "timestamp": stamp(time.time()), "output": text}
