# SPDX-License-Identifier: Apache-2.0
"""A template as CloudFormation checks it: types, references, order, what an update changes."""
import json
import re

from wire import AwsError, numbered

TYPES = {
    "AWS::EC2::VPC", "AWS::EC2::InternetGateway", "AWS::EC2::VPCGatewayAttachment", "AWS::EC2::RouteTable",
    "AWS::EC2::Route", "AWS::EC2::Subnet", "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress", "AWS::EC2::LaunchTemplate",
    "AWS::EC2::Volume", "AWS::AutoScaling::AutoScalingGroup", "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::Route53::RecordSet", "AWS::Route53::RecordSetGroup", "AWS::Route53::HostedZone", "AWS::IAM::Role", "AWS::IAM::InstanceProfile",
    "AWS::ElasticLoadBalancingV2::ListenerRule", "AWS::EC2::EIP", "AWS::EC2::NatGateway", "AWS::EC2::VPCEndpoint", "AWS::Logs::LogGroup"}
PSEUDO = {"AWS::Region", "AWS::AccountId", "AWS::Partition", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix"}


class Invalid(Exception):
    pass


def no_duplicates(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise DuplicateName(sorted({n for n in names if names.count(n) > 1})[0])
    return found


class DuplicateName(Exception):
    pass


def parse(world, text):
    """The template's text as a value; Invalid where CloudFormation would not take it."""
    try:
        body = json.loads(text, object_pairs_hook=no_duplicates)
    except DuplicateName as name:
        if world.refuses("logical-id-once"):
            raise Invalid(f"Template format error: '{name}' is there twice") from None
        body = json.loads(text)
    check_outputs(world, body)
    for reference in re.findall(r"\{\{resolve:[^}]*\}\}", text):
        parts = reference[2:-2].split(":")
        is_known = len(parts) >= 3 and parts[1] in ("ssm", "ssm-secure") and parts[2] in world.parameters
        if not is_known and world.refuses("template-resolves"):
            raise Invalid(f"Incorrect format or nothing there: the dynamic reference {reference}")
    return body


def check_outputs(world, body):
    outputs = body.get("Outputs", {})
    bad = len(outputs) > 200 or any(not re.fullmatch("[A-Za-z0-9]{1,255}", name) for name in outputs)
    if (bad or len(body.get("Description", "").encode()) > 1024) and world.refuses("template-outputs"):
        raise Invalid("Template format error: Outputs or Description")


def refuse(why):
    raise AwsError(400, "ValidationError", why)


def template_text(world, p):
    """TemplateBody, or what TemplateURL names."""
    body, url = p.get("TemplateBody"), p.get("TemplateURL")
    if (body is None) == (url is None):
        refuse("Either Template URL or Template Body must be specified.")
    if body is not None:
        if len(body.encode()) > 51200 and world.refuses("template-size"):
            refuse("1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have "
                   "length less than or equal to 51200")
        return body
    found = world.object_of(url)
    if found is None:
        if world.refuses("template-url"):
            refuse(f"S3 error: The specified key does not exist, or TemplateURL must be an Amazon S3 URL: {url}")
        return "{}"
    if len(found) > 1048576 and world.refuses("template-size"):
        refuse("Template may not exceed 1048576 bytes in size.")
    return found.decode()


TAG = re.compile(r"[\w\s_.:/=+\-@]*")      # letters, digits and spaces of any script


def stack_tags(world, p):
    pairs = [(t["Key"], t["Value"]) for t in numbered(p, "Tags.member")]
    bad = [k for k, v in pairs if k.lower().startswith("aws:") or not TAG.fullmatch(k) or not TAG.fullmatch(v)
           or not 1 <= len(k) <= 128 or not 1 <= len(v) <= 256]
    if (bad or len(pairs) > 50 or len(dict(pairs)) != len(pairs)) and world.refuses("stack-tags"):
        refuse(f"tags: at most 50, each once, of the characters that are allowed, not aws:… {bad[:1]}")
    return dict(pairs)


def references(value):
    """All logical ids and parameters a value needs."""
    if isinstance(value, list):
        return {r for v in value for r in references(v)}
    if not isinstance(value, dict):
        return set()
    found = set()
    for key, inner in value.items():
        if key == "Ref":
            found.add(inner)
        elif key == "Fn::GetAtt":
            found.add(inner[0])
        elif key == "Fn::Sub":
            text = inner if isinstance(inner, str) else inner[0]
            for part in text.split("${")[1:]:
                name = part.split("}")[0]
                if not name.startswith("!"):
                    found.add(name.split(".")[0])
        else:
            found |= references(inner)
    return found


def without_metadata(resource):
    """CloudFormation User Guide, Metadata attribute: it is not updated by itself."""
    return json.dumps({k: v for k, v in resource.items() if k != "Metadata"}, sort_keys=True)


class Template:
    def __init__(self, body, world):
        self.body, self.world = body, world
        unknown = set(body) - {"AWSTemplateFormatVersion", "Description", "Parameters", "Resources", "Outputs"}
        if unknown or not body.get("Resources"):
            raise Invalid(f"Invalid template property or properties {sorted(unknown)}")
        self.resources, self.parameters = body["Resources"], set(body.get("Parameters", {}))
        if len(self.resources) > 500:
            raise Invalid("more than 500 resources")
        self.needs = {}
        for logical, resource in self.resources.items():
            self.check(logical, resource)
        self.order()

    def check(self, logical, resource):
        if not logical.isalnum() or resource.get("Type") not in TYPES:
            raise Invalid(f"Unrecognized resource types: [{resource.get('Type')}] ({logical})")
        unknown = set(resource) - {"Type", "Properties", "DependsOn", "CreationPolicy", "UpdatePolicy",
                                   "DeletionPolicy", "UpdateReplacePolicy", "Metadata"}
        if unknown:
            raise Invalid(f"{logical}: {unknown}")
        needs = references(resource.get("Properties", {}))
        depends = resource.get("DependsOn", [])
        needs |= {depends} if isinstance(depends, str) else set(depends)
        for name in needs - PSEUDO - self.parameters:
            if name not in self.resources:
                raise Invalid(f"Unresolved resource dependencies [{name}] in the Resources block")
        self.needs[logical] = needs - PSEUDO - self.parameters
        getattr(self, "check_" + resource["Type"].split("::")[-1], lambda *a: None)(
            logical, resource.get("Properties", {}))

    def check_Listener(self, logical, properties):
        action = properties["DefaultActions"][0]
        target = self.resources[action["TargetGroupArn"]["Ref"]]["Properties"] if action["Type"] == "forward" else None
        balancer = self.resources[properties["LoadBalancerArn"]["Ref"]]["Properties"]
        is_http = properties["Protocol"] in ("HTTP", "HTTPS")
        if is_http != (balancer["Type"] == "application") or \
                target and is_http != (target["Protocol"] in ("HTTP", "HTTPS")):
            raise Invalid(f"{logical}: protocols do not fit")
        if (properties["Protocol"] in ("HTTPS", "TLS")) != ("Certificates" in properties):
            raise Invalid(f"{logical}: certificate")

    def has_iam(self):
        return any(r["Type"].startswith("AWS::IAM::") for r in self.resources.values())

    def order(self):
        done, open_, result = set(), set(), []

        def visit(name):
            if name in done:
                return
            if name in open_:
                raise Invalid(f"Circular dependency between resources: [{name}]")
            open_.add(name)
            for need in sorted(self.needs[name]):
                visit(need)
            done.add(name)
            result.append(name)

        for name in self.resources:
            visit(name)
        return result

    def changes(self, old):
        if old is None:
            return [("Add", name) for name in self.order()]
        changed = {n for n, r in self.resources.items()
                   if n in old.resources and without_metadata(r) != without_metadata(old.resources[n])}
        # The version of a launch template is an attribute: who reads it changes with it.
        for name, resource in self.resources.items():
            launch = resource.get("Properties", {}).get("LaunchTemplate", {}).get("LaunchTemplateId", {}).get("Ref") \
                if isinstance(resource.get("Properties", {}).get("LaunchTemplate"), dict) else None
            if launch in changed and name in old.resources:
                changed.add(name)
        return [("Add" if n not in old.resources else "Modify", n) for n in self.order()
                if n not in old.resources or n in changed] + \
               [("Remove", n) for n in reversed(old.order()) if n not in self.resources]
