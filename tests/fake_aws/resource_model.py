# SPDX-License-Identifier: Apache-2.0
"""CloudFormation makes a resource with the service's own calls: what the template says must be what those take."""
import json

import model
from rules import resource_rule


def tags(properties):
    return [{"Key": t["Key"], "Value": t["Value"]} for t in properties.get("Tags", [])]


def without(properties, *names):
    return {k: v for k, v in properties.items() if k not in names}


def target_group(p):
    yield "elbv2", "CreateTargetGroup", {"Name": "x", **without(p, "TargetGroupAttributes", "Targets")}
    yield "elbv2", "ModifyTargetGroupAttributes", {"TargetGroupArn": "x", "Attributes": p.get("TargetGroupAttributes", [])}


def load_balancer(p):
    yield "elbv2", "CreateLoadBalancer", {"Name": "x", **without(p, "LoadBalancerAttributes")}
    yield "elbv2", "ModifyLoadBalancerAttributes", {"LoadBalancerArn": "x", "Attributes": p.get("LoadBalancerAttributes", [])}


def listener(p):
    yield "elbv2", "CreateListener", p


def listener_rule(p):
    """Expressions are newer than some distributions' models; rules_listener.py looks at them."""
    def plain(config):
        return {"Values" if k == "RegexValues" else k: v for k, v in config.items()} if isinstance(config, dict) else config
    yield "elbv2", "CreateRule", {**p, "Conditions": [{k: plain(v) for k, v in c.items()} for c in p.get("Conditions", [])]}


def launch_template(p):
    yield "ec2", "CreateLaunchTemplate", {"LaunchTemplateName": "abc", **p}


def group(p):
    given = without(p, "VPCZoneIdentifier", "Tags", "MetricsCollection", "NotificationConfigurations")
    given["AutoScalingGroupName"] = "x"
    given["Tags"] = [{"ResourceId": "x", "ResourceType": "auto-scaling-group", **t} for t in p.get("Tags", [])]
    if "VPCZoneIdentifier" in p:
        given["VPCZoneIdentifier"] = ",".join(p["VPCZoneIdentifier"])
    yield "autoscaling", "CreateAutoScalingGroup", given


def volume(p):
    yield "ec2", "CreateVolume", without(p, "Tags", "AutoEnableIO")


def role(p):
    given = without(p, "Policies", "ManagedPolicyArns")
    given.update(RoleName="x", AssumeRolePolicyDocument=json.dumps(p["AssumeRolePolicyDocument"]))
    yield "iam", "CreateRole", given
    for one in p.get("Policies", []):
        yield "iam", "PutRolePolicy", {"RoleName": "x", "PolicyName": one["PolicyName"],
                                       "PolicyDocument": json.dumps(one["PolicyDocument"])}
    for arn in p.get("ManagedPolicyArns", []):
        yield "iam", "AttachRolePolicy", {"RoleName": "x", "PolicyArn": arn}


def log_group(p):
    names = {"LogGroupName": "logGroupName", "KmsKeyId": "kmsKeyId"}
    yield "logs", "CreateLogGroup", {names.get(k, k): v for k, v in without(p, "RetentionInDays", "Tags").items()}


def hosted_zone(p):
    for one in p.get("VPCs", [None]):
        yield "route53", "CreateHostedZone", {"Name": p["Name"], "CallerReference": "x",
                                              **({"VPC": one} if one else {})}


def record(p):
    given = without(p, "HostedZoneId", "HostedZoneName", "Comment")
    if "ResourceRecords" in given:
        given["ResourceRecords"] = [{"Value": v} for v in given["ResourceRecords"]]
    yield "route53", "ChangeResourceRecordSets", {"HostedZoneId": "Z1", "ChangeBatch": {"Changes": [
        {"Action": "CREATE", "ResourceRecordSet": given}]}}


def record_group(p):
    for one in p["RecordSets"]:
        yield from record(one)


def nat(p):
    yield "ec2", "CreateNatGateway", p


def address(p):
    yield "ec2", "AllocateAddress", p


def endpoint(p):
    yield "ec2", "CreateVpcEndpoint", p


CALLS = {"AWS::ElasticLoadBalancingV2::ListenerRule": listener_rule, "AWS::EC2::NatGateway": nat, "AWS::EC2::EIP": address, "AWS::EC2::VPCEndpoint": endpoint,
         "AWS::ElasticLoadBalancingV2::TargetGroup": target_group,
         "AWS::ElasticLoadBalancingV2::LoadBalancer": load_balancer,
         "AWS::ElasticLoadBalancingV2::Listener": listener, "AWS::EC2::LaunchTemplate": launch_template,
         "AWS::AutoScaling::AutoScalingGroup": group, "AWS::EC2::Volume": volume, "AWS::IAM::Role": role,
         "AWS::Logs::LogGroup": log_group, "AWS::Route53::HostedZone": hosted_zone, "AWS::Route53::RecordSet": record,
         "AWS::Route53::RecordSetGroup": record_group}


@resource_rule("*", "resource-model", "what a template says of a resource is what the call takes that makes it: a health "
               "check waits 2 to 120 s, every 5 to 300 s, 2 to 10 times, on a path of 1 to 1,024 characters",
               "botocore: CreateTargetGroup, CreateLoadBalancer, CreateListener, CreateLaunchTemplate, "
               "CreateAutoScalingGroup, CreateVolume, CreateRole, PutRolePolicy, CreateLogGroup, CreateHostedZone, "
               "ChangeResourceRecordSets")
def as_the_service_takes_it(making):
    calls = CALLS.get(making.resource["Type"])
    if calls is None:
        return None
    for service, operation, given in calls(making.properties):
        try:
            model.check(model.input_shape(service, operation), given)
        except model.Mismatch as wrong:
            return f"{operation}: {wrong}"
    return None
