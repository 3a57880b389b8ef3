# SPDX-License-Identifier: Apache-2.0
"""IAM: what a policy allows, evaluated as IAM does it: action, resource and conditions; a Deny wins, nothing is allowed
by itself. And which actions, on what, each call and each resource of a stack needs.

handlers.json: the actions that CloudFormation calls for each type, from the `handlers` of Amazon's resource schemas, and those
for tags of the stack that change ("tag": their `tagging.permissions`).
"""
import fnmatch
import json
import os
import xml.etree.ElementTree as ET

from wire import numbered

HANDLERS = json.load(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "handlers.json")))
# Actions of a handler that belong to a property: without it they are not called. "": nothing of ours brings them.
ONLY_WITH = {
    "vpce:*": "ServiceRegion", "ec2:AcceptAddressTransfer": "TransferAddress",
    "cognito-idp:*": "", "managed-fleets:*": "", "vpc-lattice:*": "TrafficSources", "cloudwatch:*": "", "ssm:Get*": "",
    "ec2:Get*": "", "autoscaling:*MetricsCollection": "MetricsCollection", "firehose:*": "", "s3:*": "",
    "autoscaling:*NotificationConfiguration": "NotificationConfigurations", "autoscaling:*InstanceRefresh": "",
    "autoscaling:*LifecycleHook": "LifecycleHookSpecificationList", "autoscaling:*TrafficSources": "TrafficSources",
    "autoscaling:*achLoadBalancers": "LoadBalancerNames", "autoscaling:*achLoadBalancerTargetGroups": "TargetGroupARNs",
    "logs:*Delivery": "", "logs:*IndexPolic*": "", "logs:*DataProtectionPolicy": "DataProtectionPolicy",
    "logs:*ResourcePolic*": "", "logs:*BearerToken*": "", "logs:*Protection": "", "logs:*ssociateKmsKey": "KmsKeyId",
    "ec2:*VpcEncryptionControl": "", "ec2:ModifyVpcTenancy": "", "ec2:*VpnGateway*": "VpnGatewayId",
    "ec2:CopyVolumes": "SourceVolumeId", "kms:*": "KmsKeyId", "ec2:*ssociateSubnetCidrBlock": "Ipv6CidrBlock",
    "ec2:DescribeIpamPools": "Ipv4IpamPoolId", "elasticloadbalancing:ModifyCapacityReservation": "",
    "elasticloadbalancing:ModifyIpPools": "", "elasticloadbalancing:SetIpAddressType": "IpAddressType",
    "elasticloadbalancing:*gisterTargets": "Targets", "elasticloadbalancing:*ListenerAttributes": "ListenerAttributes",
    "iam:*tachRolePolicy": "ManagedPolicyArns", "iam:DeleteRolePermissionsBoundary": "",
    "iam:PutRolePermissionsBoundary": "PermissionsBoundary",
    "iam:UpdateRole": "Description", "iam:UpdateRoleDescription": "Description", "route53:*QueryLogging*": "",
    "route53:UpdateHostedZone*": "HostedZoneConfig", "route53:DisassociateVPC*": "",
    "route53:ListHostedZonesByName": "HostedZoneName", "ec2:DescribeNetworkInterfaces": "NetworkInterfaceId",
    "ec2:ReplaceRouteTableAssociation": "", "ec2:*ssociateAddress": "InstanceId", "ec2:*NatGatewayAddress": "SecondaryAllocationIds"}
# Wildcards in the schemas, as what the handlers call of them.
MEANT = {"autoscaling:Describe*": ["autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeScalingActivities"],
         "ec2:Describe*": ["ec2:DescribeLaunchTemplateVersions", "ec2:DescribeImages", "ec2:DescribeInstances",
                           "ec2:DescribeSubnets"],
         "elasticloadbalancing:Describe*": ["elasticloadbalancing:DescribeTargetGroups",
                                            "elasticloadbalancing:DescribeTargetHealth"]}
ROLLING = ["autoscaling:SuspendProcesses", "autoscaling:ResumeProcesses", "autoscaling:TerminateInstanceInAutoScalingGroup"]
S3_ACTIONS = {"PutPublicAccessBlock": "PutBucketPublicAccessBlock", "PutBucketEncryption": "PutEncryptionConfiguration",
              "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration", "HeadBucket": "ListBucket",
              "ListObjectsV2": "ListBucket", "HeadObject": "GetObject"}


class Need:
    """One action on one resource, with what conditions may ask about."""

    def __init__(self, action, resource="*", **context):
        self.action, self.resource = action, resource
        self.context = {"aws:" + k if ":" not in k else k: v for k, v in context.items()}

    def __str__(self):
        return f"{self.action} on {self.resource}"


def as_list(value):
    return value if isinstance(value, list) else [value]


def glob(pattern, text):
    return fnmatch.fnmatchcase(text.lower(), pattern.lower().replace("[", "[[]"))


def holds(condition, context):
    lower = {k.lower(): v for k, v in context.items()}
    for operator, pairs in condition.items():
        for key, wanted in pairs.items():
            have = lower.get(key.lower())
            wanted = [str(w) for w in as_list(wanted)]
            if operator == "StringEquals":
                good = have in wanted
            elif operator == "StringNotEquals":
                good = have not in wanted
            elif operator in ("StringLike", "ArnLike", "ArnEquals"):
                good = have is not None and any(glob(w, have) for w in wanted)
            elif operator == "ForAllValues:StringEquals":     # true of a key that the request does not have
                good = set(as_list(have or [])) <= set(wanted)
            elif operator == "ForAnyValue:StringEquals":
                good = bool(set(as_list(have or [])) & set(wanted))
            elif operator == "Bool":
                good = str(have).lower() in wanted
            elif operator == "Null":
                good = (have is None) == (wanted[0] == "true")
            else:
                raise ValueError(f"the fake does not know the operator {operator}")
            if not good:
                return False
    return True


class Policies:
    """All documents of one identity; `used` says which action of which statement allowed something."""

    def __init__(self, documents):
        self.statements = [s for d in documents for s in as_list(d["Statement"])]
        self.used = set()

    def allows(self, need):
        is_allowed = False
        for number, statement in enumerate(self.statements):
            actions = [a for a in as_list(statement["Action"]) if glob(a, need.action)]
            if not actions or not any(glob(r, need.resource) for r in as_list(statement["Resource"])) \
                    or not holds(statement.get("Condition", {}), need.context):
                continue
            if statement["Effect"] == "Deny":
                return False
            is_allowed = True
            self.used.update((number, a) for a in actions)
        return is_allowed

    def unused(self):
        return {a for n, s in enumerate(self.statements) for a in as_list(s["Action"]) if (n, a) not in self.used}


def tags_of(prefix, tags):
    return {f"{prefix}/{k}": v for k, v in tags.items()}


class Needs:
    """What the calls of one world need."""

    def __init__(self, world):
        self.world = world
        self.region, self.account = world.region, world.account

    def arn(self, service, rest, region=None, account=None):
        region = self.region if region is None else region
        return f"arn:aws:{service}:{region}:{self.account if account is None else account}:{rest}"

    def of_call(self, service, action, request):
        method = getattr(self, service, None)
        return method(action, request) if method else []

    def sts(self, action, request):
        return []       # GetCallerIdentity: no permission is asked for

    def stack(self, p):
        name = p.get("StackName") or ""
        for stack in self.world.stacks.values():
            if name in (stack.name, stack.id) or p.get("ChangeSetName") in [*stack.change_sets, *stack.executed]:
                return stack.id
        return self.arn("cloudformation", f"stack/{name}/*") if name else "*"

    def cloudformation(self, action, request):
        p = request.parameters()
        needs = [Need(f"cloudformation:{action}", self.stack(p), RequestedRegion=self.region)]
        if "RoleARN" in p:
            needs.append(Need("iam:PassRole", p["RoleARN"], **{"iam:PassedToService": "cloudformation.amazonaws.com"}))
        if "TemplateURL" in p:
            bucket = next((b for b in self.world.buckets if f"/{b}/" in p["TemplateURL"]), "?")
            key = p["TemplateURL"].split(f"/{bucket}/")[-1]
            needs.append(Need("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}"))
        return needs

    def snapshot(self, one):
        snapshot = self.world.snapshots.get(one)
        return self.arn("ec2", f"snapshot/{one}", account=""), tags_of("aws:ResourceTag", snapshot.tags if snapshot else {})

    def ebs(self, action, request):
        if action == "StartSnapshot":
            body = json.loads(request.body)
            tags = {t["Key"]: t["Value"] for t in body.get("Tags", [])}
            any_ = self.arn("ec2", "snapshot/*", account="")
            names = ["ebs:StartSnapshot"] + (["ec2:CreateTags"] if tags else [])
            needs = [Need(n, any_, **tags_of("aws:RequestTag", tags)) for n in names]
            parent = self.world.snapshots.get(body.get("ParentSnapshotId"))
            default = self.world.settings["default_key"] if self.world.settings["encrypts"] else None
            key = parent.key if parent else body.get("KmsKeyArn") or default
            more = ["ReEncryptFrom", "ReEncryptTo"] if parent else ["DescribeKey", "GenerateDataKeyWithoutPlaintext"]
            return needs + self.key(key, *more, "CreateGrant", "Encrypt")
        place = 3 if action == "CompleteSnapshot" else 2
        arn, tags = self.snapshot(request.path.split("/")[place])
        snapshot = self.world.snapshots.get(request.path.split("/")[place])
        more = {"PutSnapshotBlock": ["GenerateDataKey"], "GetSnapshotBlock": ["Decrypt"]}.get(action, [])
        return [Need(f"ebs:{action}", arn, **tags)] + self.key(snapshot.key if snapshot else None, *more)

    def key(self, name, *actions, via=None):
        """EBS User Guide: Permissions to use AWS KMS keys. Amazon's own keys let everybody of the account in."""
        key = self.world.key(name)
        context = {"kms:ResourceAliases": key.aliases, "kms:GrantIsForAWSResource": "true"} if key else {}
        if via:
            context["kms:ViaService"] = f"{via}.{self.region}.amazonaws.com"
        return [Need(f"kms:{a}", key.arn, **context) for a in actions] if key else []

    def kms(self, action, request):
        return self.key(json.loads(request.body)["KeyId"], action)

    def resource(self, one):
        """ARN and tags of an EC2 resource by its id."""
        kind = one.split("-")[0]
        if kind == "snap":
            return self.snapshot(one)
        if kind == "ami":
            tags = self.world.images.get(one, {}).get("tags", {})
            return self.arn("ec2", f"image/{one}", account=""), tags_of("aws:ResourceTag", tags)
        if kind == "vol":
            tags = self.world.volumes.get(one, {}).get("tags", {})
            return self.arn("ec2", f"volume/{one}"), tags_of("aws:ResourceTag", tags)
        tags = self.world.instances.get(one, {}).get("tags", {})
        return self.arn("ec2", f"instance/{one}"), tags_of("aws:ResourceTag", tags)

    def ec2(self, action, request):
        p = request.parameters()
        if action.startswith(("Describe", "GetEbs")):
            return [Need(f"ec2:{action}", RequestedRegion=self.region)]
        if action == "RegisterImage":
            tags = {t["Key"]: t["Value"] for spec in numbered(p, "TagSpecification") for t in numbered(spec, "Tag")}
            image = self.arn("ec2", "image/*", account="")
            needs = [Need(f"ec2:{n}", image, **tags_of("aws:RequestTag", tags))
                     for n in ["RegisterImage"] + (["CreateTags"] if tags else [])]
            for mapping in numbered(p, "BlockDeviceMapping"):
                arn, own = self.snapshot(mapping.get("Ebs.SnapshotId"))
                needs.append(Need("ec2:RegisterImage", arn, **own))
            return needs
        if action == "CreateTags":
            given = tags_of("aws:RequestTag", {t["Key"]: t["Value"] for t in numbered(p, "Tag")})
            found = [self.resource(v) for k, v in p.items() if k.startswith("ResourceId.")]
            return [Need("ec2:CreateTags", arn, **given, **own) for arn, own in found]
        one = p.get("SnapshotId") or p.get("ImageId") or p.get("InstanceId") or p.get("VolumeId") or "?"
        arn, own = self.resource(one)
        return [Need(f"ec2:{action}", arn, **own)]

    def ssm(self, action, request):
        p = json.loads(request.body)
        names = p.get("Names") or [p.get("Name") or p.get("Path")]
        needs = [Need(f"ssm:{action}", self.arn("ssm", "parameter" + n.rstrip("/"))) for n in names]
        return needs + self.key(p.get("KeyId"), "Encrypt", via="ssm")

    def logs(self, action, request):
        p = json.loads(request.body)
        stream = f"log-stream:{p['logStreamName']}" if action in ("CreateLogStream", "PutLogEvents") else "*"
        return [Need(f"logs:{action}", self.arn("logs", f"log-group:{p['logGroupName']}:{stream}"))]

    def route53(self, action, request):
        """Developer Guide: using IAM policy conditions for fine-grained access control; names without the last dot."""
        need = Need(f"route53:{action}", f"arn:aws:route53:::hostedzone/{request.path.split('/')[3]}",
                    RequestedRegion="us-east-1")
        if action == "ChangeResourceRecordSets":
            space = {"r": "https://route53.amazonaws.com/doc/2013-04-01/"}
            try:
                root = ET.fromstring(request.body)
            except ET.ParseError:
                return [need]
            for key, path, change in (("NormalizedRecordNames", "Name", lambda t: t.rstrip(".").lower()),
                                      ("RecordTypes", "Type", str), ("Actions", "Action", str)):
                need.context[f"route53:ChangeResourceRecordSets{key}"] = sorted(
                    {change(e.text or "") for e in root.iterfind(f".//r:{path}", space)})
        return [need]

    def s3(self, action, request):
        return [Need("s3:" + S3_ACTIONS.get(action, action), "arn:aws:s3:::" + request.path.strip("/"))]

    # --- what CloudFormation does in somebody's name
    def of_resource(self, making, via):
        """`making`: a rules.Making; via: True where it is done as the caller and not as a role."""
        kind, properties = making.resource["Type"], making.properties
        how = {"CREATE": "create", "UPDATE": "update", "DELETE": "delete", "TAG": "tag"}[making.verb]
        actions = []
        for action in HANDLERS[kind].get(how, []):
            brought = [w for pattern, w in ONLY_WITH.items() if glob(pattern, action)]
            if not brought or brought[0] in properties:
                actions += MEANT.get(action, [action])
        if how == "update" and "AutoScalingRollingUpdate" in making.resource.get("UpdatePolicy", {}):
            actions += ROLLING
        if "Fn::GetAZs" in json.dumps(making.resource) and how == "create":
            actions.append("ec2:DescribeAvailabilityZones")
        if how == "delete" and making.resource.get("DeletionPolicy") != "Snapshot":
            actions = [a for a in actions if a != "ec2:CreateSnapshot"]
        for action in sorted(set(actions)):
            yield self.done(action, making, via)

    def done(self, action, making, via):
        service, physical = action.split(":")[0], making.physical
        context = {"aws:RequestedRegion": "us-east-1" if service in ("iam", "route53") else self.region}
        if service == "kms":
            return self.key(making.properties["KmsKeyId"], action.split(":")[1], via="ec2")[0]
        if via:
            context["aws:CalledVia"] = ["cloudformation.amazonaws.com"]
        resource = "*"
        if action == "iam:CreateServiceLinkedRole":
            resource = self.arn("iam", "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling", "")
        elif action == "iam:PassRole":
            roles = making.properties.get("Roles") or ["?"]
            role = roles[0] if making.resource["Type"].endswith("InstanceProfile") else self.role_of(making)
            resource = self.arn("iam", f"role/{role}", "")
            context["iam:PassedToService"] = "ec2.amazonaws.com"
        elif service == "iam" and making.resource["Type"].endswith("InstanceProfile"):
            resource = self.arn("iam", f"instance-profile/{physical}", "")
        elif service == "iam":
            resource = self.arn("iam", f"role/{physical}", "")
            context["iam:PermissionsBoundary"] = making.properties.get("PermissionsBoundary")
        elif service == "logs" and "Describe" not in action:
            resource = self.arn("logs", f"log-group:{physical}")
        elif service == "autoscaling" and "Describe" not in action:
            resource = self.arn("autoscaling", f"autoScalingGroup:1-2-3:autoScalingGroupName/{physical}")
        elif service == "route53" and action.split(":")[1] not in ("CreateHostedZone", "GetChange", "ListHostedZonesByName"):
            resource = f"arn:aws:route53:::hostedzone/{making.properties.get('HostedZoneId', physical)}"
        return Need(action, resource, **context)

    def role_of(self, making):
        """The role that a group's instances are given."""
        roles = [making.stack.physical[n] for n, r in making.operation.new.resources.items()
                 if r["Type"] == "AWS::IAM::Role" and n in making.stack.physical]
        return roles[0] if roles else "given"
