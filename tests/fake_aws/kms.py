# SPDX-License-Identifier: Apache-2.0
"""KMS keys: what they are, who may use them by their own policies, and DescribeKey."""
import uuid

from parameters import JsonService
from policy import as_list, glob, holds
from wire import AwsError

# Auto Scaling User Guide: Required AWS KMS key policy for use with encrypted volumes.
LAUNCHING = ["kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo",
             "kms:CreateGrant"]
# CloudWatch Logs User Guide: Encrypt log data using AWS KMS.
LOGGING = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:DescribeKey"]


class Key:
    def __init__(self, world, *aliases, **more):
        self.id = str(uuid.uuid4())
        self.arn = f"arn:aws:kms:{world.region}:{world.account}:key/{self.id}"
        self.aliases, self.statements = list(aliases), []
        self.state, self.spec, self.usage = "Enabled", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"
        vars(self).update(more)
        world.kms_keys[self.arn] = self

    def names(self):
        prefix = self.arn.rsplit(":", 1)[0]
        return [self.arn, self.id, *self.aliases, *[f"{prefix}:{a}" for a in self.aliases]]

    def is_usable(self):
        return (self.state, self.spec, self.usage) == ("Enabled", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT")

    def lets(self, principal, actions, **context):
        """Whether the key's own policy lets a principal do all of these; the account's people it lets by IAM."""
        def is_let(action):
            return any(glob(a, action) and principal in as_list(list(s["Principal"].values())[0])
                       and holds(s.get("Condition", {}), context)
                       for s in self.statements for a in as_list(s["Action"]) if s["Effect"] == "Allow")
        return all(is_let(a) for a in actions)


def scaling_role(world):
    return f"arn:aws:iam::{world.account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"


class Kms(JsonService):
    target, name = "TrentService", "kms"

    def DescribeKey(self, p):
        key = self.world.key(p["KeyId"])
        if key is None:
            raise AwsError(400, "NotFoundException", f"Key '{p['KeyId']}' does not exist")
        return {"KeyMetadata": {"Arn": key.arn, "KeyId": key.id, "AWSAccountId": self.world.account, "KeyState": key.state,
                                "Enabled": key.state == "Enabled", "KeySpec": key.spec, "KeyUsage": key.usage,
                                "Origin": "AWS_KMS", "KeyManager": "CUSTOMER", "MultiRegion": False}}
