# SPDX-License-Identifier: Apache-2.0
"""What EC2, Auto Scaling, IAM and CloudWatch Logs refuse of what a template makes."""
import base64
import json
import re

from rules import resource_rule
from rules_balancer import subnets_of

GROUP = "AWS::AutoScaling::AutoScalingGroup"
LAUNCH = "AWS::EC2::LaunchTemplate"
IMDS_KEY = re.compile(r"[0-9a-zA-Z\-_+=,.@:]{1,255}")
RETENTION = {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}


def seconds(duration):
    """PT1H30M5S → seconds; None where it is no duration."""
    match = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", duration or "")
    return sum(int(n or 0) * unit for n, unit in zip(match.groups(), (3600, 60, 1))) if match else None


def launch_of(making):
    """The launch template's data, resolved."""
    return making.resolved(making.resource["Properties"]["LaunchTemplate"]["LaunchTemplateId"])["LaunchTemplateData"]


def instance_tags(making):
    """What an instance of the group wears: the stack's tags, the group's, the launch template's."""
    tags = {**making.operation.tags, "aws:cloudformation:stack-name": making.stack.name,
            "aws:autoscaling:groupName": making.physical}
    tags.update({t["Key"]: t["Value"] for t in making.properties.get("Tags", []) if t["PropagateAtLaunch"]})
    for spec in launch_of(making).get("TagSpecifications", []):
        if spec["ResourceType"] == "instance":
            tags.update({t["Key"]: t["Value"] for t in spec["Tags"]})
    return tags


def count(making):
    return int(making.properties["DesiredCapacity"])


@resource_rule(GROUP, "imds-tag-keys", "where instance metadata shows tags, a key has no / and no space and is not ., .. or "
               "_index, and an instance with another one is not launched",
               "EC2 User Guide: View tags for your EC2 instances using instance metadata")
def metadata_shows_only_plain_keys(making):
    if launch_of(making).get("MetadataOptions", {}).get("InstanceMetadataTags") != "enabled" or not count(making):
        return None
    for key in instance_tags(making):
        if not IMDS_KEY.fullmatch(key) or key in (".", "..", "_index"):
            return (f"Group did not stabilize. Last scaling activity: '{key}' is not a valid tag key. Tag keys must match "
                    "pattern ([0-9a-zA-Z\\-_+=,.@:]{1,255}), and must not be a reserved name. Launching EC2 instance failed.")
    return None


@resource_rule(GROUP, "fifty-tags", "a resource has at most 50 tags beside Amazon's own",
               "EC2 User Guide: Tag your resources, Tag restrictions")
def fifty_tags(making):
    if sum(not key.startswith("aws:") for key in instance_tags(making)) > 50:
        return "Group did not stabilize. Last scaling activity: TagLimitExceeded"
    return None


@resource_rule(GROUP, "group-sizes", "MinSize ≤ DesiredCapacity ≤ MaxSize", "Auto Scaling API: CreateAutoScalingGroup")
def sizes_are_in_order(making):
    p = making.properties
    if not int(p["MinSize"]) <= int(p["DesiredCapacity"]) <= int(p["MaxSize"]):
        return "Desired capacity must be between the specified min size and max size"
    return None


@resource_rule(GROUP, "rolling-room", "a rolling update keeps fewer instances in service than MaxSize, in batches of 1 to 100",
               "CloudFormation User Guide: UpdatePolicy attribute, MinInstancesInService")
def a_rolling_update_has_room(making):
    policy = making.resource.get("UpdatePolicy", {}).get("AutoScalingRollingUpdate")
    if policy is None:
        return None
    if int(policy.get("MinInstancesInService", 0)) >= int(making.properties["MaxSize"]):
        return "Rolling update: MinInstancesInService must be less than the autoscaling group's MaxSize"
    if not 1 <= int(policy.get("MaxBatchSize", 1)) <= 100:
        return "MaxBatchSize must be between 1 and 100"
    return None


@resource_rule(GROUP, "policy-waits", "a creation policy waits at most 12 hours, an update policy at most one",
               "CloudFormation User Guide: CreationPolicy attribute, Timeout; UpdatePolicy attribute, PauseTime")
def policies_end(making):
    signal = making.resource.get("CreationPolicy", {}).get("ResourceSignal", {})
    policy = making.resource.get("UpdatePolicy", {}).get("AutoScalingRollingUpdate", {})
    for what, text, most in (("CreationPolicy Timeout", signal.get("Timeout"), 12 * 3600),
                             ("UpdatePolicy PauseTime", policy.get("PauseTime"), 3600)):
        if text is not None and (seconds(text) is None or seconds(text) > most):
            return f"{what} '{text}' is no ISO 8601 duration of at most {most} s"
    return None


@resource_rule(GROUP, "health-suspended", "while a group is rolled, its health checks replace instances that are still "
               "booting unless HealthCheck and ReplaceUnhealthy are suspended, and the update fails",
               "CloudFormation User Guide: UpdatePolicy attribute, SuspendProcesses; Auto Scaling User Guide: Suspend "
               "and resume processes")
def nobody_is_replaced_while_rolling(making):
    policy = making.resource.get("UpdatePolicy", {}).get("AutoScalingRollingUpdate", {})
    if making.verb != "UPDATE" or making.properties.get("HealthCheckType") != "ELB" or not count(making):
        return None
    missing = {"HealthCheck", "ReplaceUnhealthy"} - set(policy.get("SuspendProcesses", []))
    if missing and making.world.settings["slow_to_be_healthy"]:
        return ("An instance was taken out of service in response to an ELB system health check failure while the group was "
                "updated; failed to receive resource signals")
    return None


@resource_rule(GROUP, "type-exists", "an instance type is one of the region's", "EC2 API: DescribeInstanceTypes, error "
               "InvalidInstanceType; RunInstances, InstanceType")
def the_type_is_one(making):
    kind = launch_of(making)["InstanceType"]
    if count(making) and kind not in making.world.types:
        return f"Invalid instance type: '{kind}' (InvalidParameterValue). Launching EC2 instance failed."
    return None


@resource_rule(GROUP, "type-architecture", "an image's architecture and boot mode are among those of the instance type",
               "EC2 API: DescribeInstanceTypes, ProcessorInfo and SupportedBootModes; EC2 User Guide: boot modes")
def the_type_can_boot_the_image(making):
    data = launch_of(making)
    kind, image = making.world.types.get(data["InstanceType"]), making.world.images.get(data["ImageId"])
    if not count(making) or kind is None or image is None:
        return None
    if image["architecture"] not in kind["architectures"]:
        return (f"The architecture '{','.join(kind['architectures'])}' of the specified instance type does not match the "
                f"architecture '{image['architecture']}' of the specified AMI. Launching EC2 instance failed.")
    if image["boot_mode"] == "uefi" and "uefi" not in kind["boot_modes"]:
        return "The instance type does not support the boot mode of the AMI"
    if not image["ena"] and kind["hypervisor"] == "nitro":
        return "Enhanced networking with the Elastic Network Adapter (ENA) is required for the instance type"
    return None


@resource_rule(GROUP, "type-in-zone", "an instance type is offered in some zones and not in others",
               "EC2 API: DescribeInstanceTypeOfferings; error Unsupported")
def the_zone_has_the_type(making):
    kind = making.world.types.get(launch_of(making)["InstanceType"])
    if not count(making) or kind is None:
        return None
    for subnet in subnets_of(making, making.properties["VPCZoneIdentifier"]):
        if subnet["availabilityZone"] in kind["not_in"]:
            return (f"Your requested instance type is not supported in your requested Availability Zone "
                    f"({subnet['availabilityZone']}). Launching EC2 instance failed.")
    return None


@resource_rule(GROUP, "volume-zone", "a volume is attached in its own zone", "EC2 API: AttachVolume, VolumeId")
def a_volume_is_attached_in_its_zone(making):
    user_data = base64.b64decode(launch_of(making).get("UserData", "")).decode(errors="replace")
    for physical, volume in making.world.volumes.items():
        if physical not in user_data or not count(making):
            continue
        zones = {s["availabilityZone"] for s in subnets_of(making, making.properties["VPCZoneIdentifier"])}
        if zones - {volume["zone"]}:
            return f"Received 1 FAILURE signal: the volume '{physical}' is not in the same availability zone as the instance"
    return None


@resource_rule(LAUNCH, "imds-tokens", "where an account enforces it, instance metadata are given for a token alone",
               "EC2 API: ModifyInstanceMetadataDefaults, HttpTokens; EC2 User Guide: enforce IMDSv2")
def metadata_want_a_token(making):
    if making.properties["LaunchTemplateData"].get("MetadataOptions", {}).get("HttpTokens") != "required":
        return "The account enforces IMDSv2: HttpTokens must be required"
    return None


@resource_rule(LAUNCH, "block-devices", "a device name is mapped once and is one that EC2 attaches under; a volume without a "
               "snapshot has a size, of gp3 1 to 16,384 GiB; one with a snapshot is not smaller than it",
               "EC2 API: EbsBlockDevice, VolumeSize; EC2 User Guide: Device names for volumes on EC2 instances")
def devices_are_mapped_once(making):
    data, seen = making.properties["LaunchTemplateData"], set()
    image = making.world.images.get(data.get("ImageId"), {"root": None})
    for one in data.get("BlockDeviceMappings", []):
        name, ebs = one["DeviceName"], one.get("Ebs", {})
        if name in seen or not re.fullmatch(r"/dev/(sd[b-z][1-9]?|sda1?|xvd[a-d]?[a-z])", name):
            return f"Invalid device name {name} (InvalidBlockDeviceMapping)"
        seen.add(name)
        is_root = name == image["root"]
        least = making.world.snapshots[image["snapshot"]].volume_gib if is_root else 1
        if "VolumeSize" not in ebs and not is_root and "SnapshotId" not in ebs:
            return f"The request must contain the parameter size or snapshotId (MissingParameter) [{name}]"
        if not least <= int(ebs.get("VolumeSize", least)) <= 16384:
            return f"Volume of {ebs['VolumeSize']}GiB is too small or too large for volume type gp3; minimum is {least}GiB"
    return None


@resource_rule(LAUNCH, "user-data", "user data has at most 16,384 bytes before they are encoded", "EC2 User Guide: user data")
def user_data_is_short(making):
    text = base64.b64decode(making.properties["LaunchTemplateData"].get("UserData", ""))
    return "User data is limited to 16384 bytes" if len(text) > 16384 else None


@resource_rule(LAUNCH, "image-there", "an image that is named is the account's", "EC2 API: RunInstances, InvalidAMIID.NotFound")
def the_image_is_there(making):
    image = making.properties["LaunchTemplateData"]["ImageId"]
    return None if image in making.world.images else f"The image id '[{image}]' does not exist"


@resource_rule("AWS::IAM::Role", "policy-size", "the inline policies of a role have 10,240 characters together, white space "
               "not counted", "IAM User Guide: IAM and AWS STS quotas")
def inline_policies_are_short(making):
    size = sum(len(re.sub(r"\s", "", json.dumps(p["PolicyDocument"]))) for p in making.properties.get("Policies", []))
    return f"Maximum policy size of 10240 bytes exceeded for role ({size})" if size > 10240 else None


@resource_rule("AWS::IAM::Role", "boundary", "where an account makes people set a permissions boundary, a role without it is not "
               "made", "IAM User Guide: permissions boundaries, delegating with iam:PermissionsBoundary")
def a_role_has_the_boundary(making):
    wanted = making.world.settings["boundary"]
    if wanted and making.properties.get("PermissionsBoundary") != wanted:
        return "not authorized to perform: iam:CreateRole because no identity-based policy allows it (iam:PermissionsBoundary)"
    return None


@resource_rule("AWS::Logs::LogGroup", "retention-days", "logs are kept for one of a list of numbers of days",
               "CloudWatch Logs API: PutRetentionPolicy, retentionInDays")
def logs_are_kept_for_a_known_time(making):
    days = making.properties.get("RetentionInDays")
    if days is not None and int(days) not in RETENTION:
        return f"Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set"
    return None


@resource_rule("AWS::Logs::LogGroup", "log-group-once", "a log group's name is the account's only one in the region",
               "CloudWatch Logs API: CreateLogGroup, error ResourceAlreadyExistsException")
def a_log_group_is_there_once(making):
    name = making.properties.get("LogGroupName")
    if making.verb == "CREATE" and name in making.world.made_log_groups:
        return f"{name} already exists in stack {making.world.made_log_groups[name]}"
    return None


@resource_rule("AWS::EC2::Volume", "volume-grows", "a volume's size is never made smaller, and is changed once in six hours",
               "EC2 API: ModifyVolume, Size; EBS User Guide: modify a volume, limitations")
def a_volume_only_grows(making):
    old = making.world.volumes.get(making.physical)
    if making.verb != "UPDATE" or old is None or int(making.properties["Size"]) == old["size"]:
        return None
    if int(making.properties["Size"]) < old["size"]:
        return "New size cannot be smaller than existing size (InvalidParameterValue)"
    if old["modified"] and making.world.settings["volume_waits"]:
        return "You've reached the maximum modification rate per volume limit. Wait at least 6 hours (VolumeModificationRateExceeded)"
    return None


@resource_rule("AWS::EC2::Volume", "snapshot-of-claim", "a volume is made from a snapshot that is there, and not smaller than it",
               "EC2 API: CreateVolume, SnapshotId and Size")
def a_volume_is_made_from_what_is_there(making):
    one = making.properties.get("SnapshotId")
    if not one:
        return None
    snapshot = making.world.snapshots.get(one)
    if snapshot is None:
        return f"The snapshot '{one}' does not exist. (InvalidSnapshot.NotFound)"
    if int(making.properties.get("Size", snapshot.volume_gib)) < snapshot.volume_gib:
        return "The size of a volume cannot be smaller than the snapshot's (InvalidParameterValue)"
    return None
