# SPDX-License-Identifier: Apache-2.0
"""The values of a template once its resources have names: Ref, GetAtt, Sub, Select, GetAZs, Join, Base64."""
import base64
import re


class Resolver:
    def __init__(self, world, stack, template, physical):
        self.world, self.stack, self.template, self.physical = world, stack, template, physical

    def ref(self, name):
        pseudo = {"AWS::Region": self.world.region, "AWS::AccountId": self.world.account, "AWS::Partition": "aws",
                  "AWS::StackId": self.stack.id, "AWS::StackName": self.stack.name,
                  "AWS::URLSuffix": "amazonaws.com"}
        if name in pseudo:
            return pseudo[name]
        parameters = self.template.body.get("Parameters", {})
        if name in parameters:
            return parameters[name].get("Default", "")
        return self.physical.get(name, f"unmade-{name}")

    def attribute(self, name, attribute):
        resource = self.template.resources[name]
        physical = self.physical.get(name, f"unmade-{name}")
        if attribute == "Arn" and not physical.startswith("arn:"):
            service, what = {"AWS::IAM::Role": ("iam", "role/"), "AWS::Logs::LogGroup": ("logs", "log-group:"),
                             "AWS::IAM::InstanceProfile": ("iam", "instance-profile/")}.get(
                                 resource["Type"], ("ec2", ""))
            region = "" if service == "iam" else self.world.region
            return f"arn:aws:{service}:{region}:{self.world.account}:{what}{physical}" + (
                ":*" if service == "logs" else "")
        if attribute == "AvailabilityZone":
            return self.value(resource["Properties"]["AvailabilityZone"])
        if attribute == "AllocationId":
            return "eipalloc-" + physical.replace(".", "")
        if attribute == "DNSName":
            return physical.rsplit("/", 1)[-1] + f".elb.{self.world.region}.amazonaws.com"
        return {"LatestVersionNumber": "1", "CanonicalHostedZoneID": "Z2IFOLAFXWLO4F"}.get(attribute, physical)

    def looked_up(self, match):
        found = self.world.parameters.get(match[1])
        return found[1] if found else match[0]

    def substitute(self, text, given):
        def one(match):
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in given:
                return str(self.value(given[name]))
            return str(self.attribute(*name.split(".", 1)) if "." in name else self.ref(name))
        return re.sub(r"\$\{([^}]*)\}", one, text)

    def value(self, value):
        if isinstance(value, list):
            return [self.value(v) for v in value]
        if isinstance(value, str):
            return re.sub(r"\{\{resolve:ssm(?:-secure)?:([^:}]+)[^}]*\}\}", self.looked_up, value)
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (key, inner), = value.items()
            if key == "Ref":
                return self.ref(inner)
            if key == "Fn::GetAtt":
                return self.attribute(*inner)
            if key == "Fn::Sub":
                return self.substitute(inner, {}) if isinstance(inner, str) else self.substitute(*inner)
            if key == "Fn::Join":
                return inner[0].join(str(self.value(v)) for v in self.value(inner[1]))
            if key == "Fn::GetAZs":
                return sorted({s["availabilityZone"] for s in self.world.subnets})
            if key == "Fn::Select":
                return self.value(inner[1])[int(inner[0])]
            if key == "Fn::Base64":
                return base64.b64encode(str(self.value(inner)).encode()).decode()
        return {k: self.value(v) for k, v in value.items()}
