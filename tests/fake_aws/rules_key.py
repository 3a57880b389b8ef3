# SPDX-License-Identifier: Apache-2.0
"""What is refused of encryption with keys of one's own."""
import kms
from rules import RESOURCE_RULES, declare, resource_rule
from rules_instance import GROUP, LAUNCH, count, launch_of

VOLUME, LOGS = "AWS::EC2::Volume", "AWS::Logs::LogGroup"


def usable(world, name):
    key = world.key(name)
    return key is not None and key.is_usable()


def mappings(data):
    return [m.get("Ebs", {}) for m in data.get("BlockDeviceMappings", [])]


@resource_rule(VOLUME, "key-encrypts", "a key is named only for what is encrypted", "EC2 API: CreateVolume, KmsKeyId; "
               "EbsBlockDevice, Encrypted and KmsKeyId")
def a_key_encrypts(making):
    for one in mappings(making.properties.get("LaunchTemplateData", {})) or [making.properties]:
        if "KmsKeyId" in one and str(one.get("Encrypted", False)).lower() != "true":
            return "The parameter KmsKeyId requires the parameter Encrypted to be set to true. (InvalidParameterDependency)"
    return None


@resource_rule(VOLUME, "key-usable", "a volume's key is there, switched on and symmetric; otherwise it is made and goes again",
               "EC2 API: CreateVolume, KmsKeyId: it is authenticated asynchronously; EBS User Guide: encryption requirements")
def a_volume_has_a_key(making):
    key = making.properties.get("KmsKeyId")
    if making.verb == "CREATE" and key and not usable(making.world, key):
        return f"Volume {making.physical} is in error state: the key {key} cannot be used (Client.InvalidKmsKey.InvalidState)"
    return None


@resource_rule(GROUP, "key-launches", "Auto Scaling launches instances with disks of a customer's key only where the key's own "
               "policy lets its service-linked role use the key and lend it to EC2", "Auto Scaling User Guide: Required AWS "
               "KMS key policy for use with encrypted volumes")
def the_key_lets_the_group_launch(making):
    data = launch_of(making)
    image = making.world.images.get(data["ImageId"])
    names = {e["KmsKeyId"] for e in mappings(data) if "KmsKeyId" in e}
    if image and making.world.snapshots[image["snapshot"]].key:
        names.add(making.world.snapshots[image["snapshot"]].key)
    for name in sorted(names - {"aws/ebs"}) if count(making) else []:
        key = making.world.key(name)
        if key is None or not key.is_usable() or not key.lets(
                kms.scaling_role(making.world), kms.LAUNCHING, **{"kms:GrantIsForAWSResource": "true"}):
            return ("Group did not stabilize. Last scaling activity: Client.InternalError: Client error on launch "
                    f"[{name}]. Launching EC2 instance failed.")
    return None


@resource_rule(LOGS, "key-logs", "a log group's key is named by the ARN of a symmetric key that is switched on, whose policy lets "
               "CloudWatch Logs use it for that group", "CloudWatch Logs API: CreateLogGroup, kmsKeyId; User Guide: Encrypt log "
               "data using AWS KMS")
def the_key_lets_the_logs_in(making):
    name, world = making.properties.get("KmsKeyId"), making.world
    if not name:
        return None
    key = world.kms_keys.get(name)
    group = f"arn:aws:logs:{world.region}:{world.account}:log-group:{making.properties['LogGroupName']}"
    if key is None or not key.is_usable() or not key.lets(
            f"logs.{world.region}.amazonaws.com", kms.LOGGING, **{"kms:EncryptionContext:aws:logs:arn": group}):
        return f"The specified KMS key does not exist or is not allowed to be used with Arn '{group}' (Service: CloudWatchLogs)"
    return None


RESOURCE_RULES.setdefault(LAUNCH, []).append(("key-encrypts", a_key_encrypts))
declare("snapshot-encryption", "StartSnapshot takes no Encrypted beside a parent and no key beside one; without a parent a key "
        "comes with Encrypted; where the account encrypts by default, there is no unencrypted snapshot, nor one upon an "
        "unencrypted parent", "EBS API: StartSnapshot, Encrypted, KmsKeyArn and ParentSnapshotId; EBS User Guide: Encryption "
        "outcomes for EBS direct APIs")
declare("ssm-key", "a SecureString's key is there, switched on and symmetric; a String has none",
        "SSM API: PutParameter, KeyId; error InvalidKeyId")
