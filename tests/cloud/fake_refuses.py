#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each rule of the fake (tests/fake_aws/rules*.py) refuses what it says, and takes what stands beside; asked with
botocore. At the end every rule of the list must have refused something here."""
import copy
import json
import time

from harness import Bed, run_tests
from fake_speaks_aws import client, raises, snapshot, BLOCK
import kms
import rules
from operation import Operation, Stack, physical_id
from policy import Policies
from template import Template


BED = {}


def setting(bed, **more):
    bed.world.settings.update(resource_s=0.0, signal_after_s=0.0, snapshot_pending_s=0, image_pending_s=0, **more)


def image(bed, **more):
    one, ec2 = snapshot(bed, {0: b"x" * BLOCK}), client(bed, "ec2")
    return ec2.register_image(**{"Name": "i-" + str(time.time()), "RootDeviceName": "/dev/xvda", "Architecture": "x86_64",
                                 "VirtualizationType": "hvm", "EnaSupport": True, "BlockDeviceMappings": [
                                     {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": one}}], **more})["ImageId"]


def change(bed, resources, name="s", kind="CREATE", tags=(), text=None, **more):
    """Makes and executes a change set; the first reason why a resource failed, or None."""
    cf = client(bed, "cloudformation")
    text = text or json.dumps({"Resources": resources})
    made = cf.create_change_set(StackName=name, ChangeSetName="c" + str(int(time.time() * 1e6)), ChangeSetType=kind,
                                Capabilities=["CAPABILITY_IAM"], Tags=[{"Key": k, "Value": v} for k, v in tags],
                                **({"TemplateBody": text} if "TemplateURL" not in more else {}), **more)
    time.sleep(0.35)
    cf.execute_change_set(ChangeSetName=made["Id"])
    while True:
        status = cf.describe_stacks(StackName=made["StackId"])["Stacks"][0]["StackStatus"]
        if not status.endswith("IN_PROGRESS"):
            break
        time.sleep(0.02)
    events = []
    for one in cf.get_paginator("describe_stack_events").paginate(StackName=made["StackId"]).search("StackEvents"):
        events.append(one)
        if one["ResourceStatus"] == f"{kind}_IN_PROGRESS" and one["ResourceType"] == "AWS::CloudFormation::Stack":
            break
    failed = [e["ResourceStatusReason"] for e in reversed(events) if e["ResourceStatus"] in ("CREATE_FAILED", "UPDATE_FAILED")]
    assert bool(failed) == ("ROLLBACK" in status), (status, failed)
    return failed[0] if failed else None


def refused(bed, why, resources, **more):
    reason = change(bed, resources, **more)
    assert reason and why in reason, reason


def taken(bed, resources, **more):
    reason = change(bed, resources, **more)
    assert reason is None, reason


def edited(resources, path, value):
    """A copy with one value in place: "Targets.Properties.Port"; None takes it away."""
    found = copy.deepcopy(resources)
    place, names = found, path.split(".")
    for name in names[:-1]:
        place = place[int(name) if isinstance(place, list) else name]
    last = int(names[-1]) if isinstance(place, list) else names[-1]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return found


def numbered(bed, cases, base):
    """Each (path, value, words of the refusal) as a stack of its own."""
    for number, (path, value, why) in enumerate(cases):
        refused(bed, why, edited(base, path, value), name=f"s{number}")


ELB = "AWS::ElasticLoadBalancingV2::"
BALANCER = {
    "Balancer": {"Type": ELB + "LoadBalancer", "Properties": {"Type": "network", "Scheme": "internet-facing",
                                                              "Subnets": ["subnet-0a", "subnet-0b"]}},
    "Targets": {"Type": ELB + "TargetGroup", "Properties": {
        "VpcId": "vpc-0fake", "Protocol": "TCP", "Port": 80, "TargetType": "instance", "HealthCheckProtocol": "HTTP",
        "HealthCheckPath": "/healthz", "HealthCheckIntervalSeconds": 10, "HealthCheckTimeoutSeconds": 4,
        "HealthyThresholdCount": 2, "UnhealthyThresholdCount": 2, "Matcher": {"HttpCode": "200-399"},
        "TargetGroupAttributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]}},
    "Listener": {"Type": ELB + "Listener", "Properties": {
        "LoadBalancerArn": {"Ref": "Balancer"}, "Port": 80, "Protocol": "TCP",
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Targets"}}]}}}


def group(ami, **more):
    return {"Launch": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": {
        "ImageId": ami, "InstanceType": "t3.micro", "MetadataOptions": {"HttpTokens": "required"},
        "UserData": {"Fn::Base64": "hello"}}}},
        "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup",
                  "CreationPolicy": {"ResourceSignal": {"Count": 1, "Timeout": "PT15M"}},
                  "UpdatePolicy": {"AutoScalingRollingUpdate": {
                      "MinInstancesInService": 1, "MaxBatchSize": 1, "PauseTime": "PT15M", "WaitOnResourceSignals": True,
                      "SuspendProcesses": ["HealthCheck", "ReplaceUnhealthy"]}},
                  "Properties": {"MinSize": "1", "MaxSize": "2", "DesiredCapacity": "1", "VPCZoneIdentifier": ["subnet-0a"],
                                 "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Launch"},
                                                    "Version": {"Fn::GetAtt": ["Launch", "LatestVersionNumber"]}},
                                 "Tags": [{"Key": "i2kit:pod", "Value": "web", "PropagateAtLaunch": True}], **more}}}


def balancers_and_their_targets(bed):
    setting(bed)
    taken(bed, BALANCER, name="good")
    bed.world.subnets.append({**bed.world.subnets[0], "subnetId": "subnet-0a2"})
    bed.world.subnets.append({**bed.world.subnets[0], "subnetId": "subnet-0x", "vpcId": "vpc-0in"})
    bed.world.route_tables.append({"id": "rtb-1", "vpcId": "vpc-0in", "main": True, "subnets": [],
                                   "routes": [("10.0.0.0/8", "local")]})
    key = "Targets.Properties."
    numbered(bed, [("Balancer.Properties.Subnets", ["subnet-0a", "subnet-0a2"], "same Availability Zone"),
                   ("Balancer.Properties.Subnets", ["subnet-0x"], "no internet gateway"),
                   (key + "HealthCheckTimeoutSeconds", 121, "120"), (key + "HealthCheckIntervalSeconds", 301, "300"),
                   (key + "HealthCheckIntervalSeconds", 4, "CreateTargetGroup"), (key + "HealthyThresholdCount", 11, "10"),
                   (key + "HealthCheckTimeoutSeconds", 10, "greater than the timeout"),
                   (key + "HealthCheckPath", "healthz", "begin with"), (key + "HealthCheckPath", "/" + "x" * 1024, "1024"),
                   (key + "HealthCheckProtocol", "UDP", "not supported"), (key + "Port", 65536, "65535"),
                   (key + "Fancy", 1, "CreateTargetGroup"),
                   (key + "TargetGroupAttributes.0.Value", "3601", "deregistration_delay")], BALANCER)
    sticky = edited(BALANCER, key + "TargetGroupAttributes", [{"Key": "stickiness.enabled", "Value": "true"},
                                                             {"Key": "stickiness.type", "Value": "source_ip"}])
    taken(bed, sticky, name="sticky")
    refused(bed, "Stickiness", edited(sticky, key + "Protocol", "TLS"), name="stickytls")
    udp = edited(edited(BALANCER, key + "Protocol", "UDP"), "Listener.Properties.Protocol", "UDP")
    hidden = edited(udp, key + "TargetGroupAttributes", [{"Key": "preserve_client_ip.enabled", "Value": "false"}])
    taken(bed, udp, name="udp")
    refused(bed, "preserve_client_ip", hidden, name="udphidden")


def one_listener_for_a_port_and_one_balancer_for_targets(bed):
    setting(bed)
    two = {**BALANCER, "Targets2": edited(BALANCER, "Targets.Properties.Protocol", "UDP")["Targets"], "Listener2": {
        "Type": ELB + "Listener", "Properties": {**BALANCER["Listener"]["Properties"], "Protocol": "UDP", "DefaultActions": [
            {"Type": "forward", "TargetGroupArn": {"Ref": "Targets2"}}]}}}
    refused(bed, "already exists on this port", two)
    taken(bed, edited(two, "Listener2.Properties.Port", 81), name="t")
    other = {**BALANCER, "Balancer2": BALANCER["Balancer"], "Listener2": {"Type": ELB + "Listener", "Properties": {
        **BALANCER["Listener"]["Properties"], "LoadBalancerArn": {"Ref": "Balancer2"}}}}
    refused(bed, "more than one load balancer", other, name="u")


def instances_of_a_group(bed):
    setting(bed)
    ami, arm = image(bed), image(bed, Architecture="arm64")
    good, data = group(ami), "Launch.Properties.LaunchTemplateData."
    taken(bed, good, name="good", tags=[("team/owner", "me")])
    shown = edited(good, data + "MetadataOptions.InstanceMetadataTags", "enabled")
    refused(bed, "'team/owner' is not a valid tag key", shown, name="shown", tags=[("team/owner", "me")])
    taken(bed, shown, name="plain", tags=[("team", "me")])
    refused(bed, "TagLimitExceeded", good, name="many", tags=[(f"t{n}", "x") for n in range(50)])
    bed.world.types["t3.large"]["not_in"].add("eu-west-1a")
    policy = "Group.UpdatePolicy.AutoScalingRollingUpdate."
    numbered(bed, [(data + "InstanceType", "t9.huge", "Invalid instance type"), (data + "ImageId", arm, "architecture"),
                   (data + "InstanceType", "t4g.micro", "architecture"),
                   (data + "InstanceType", "t3.large", "not supported in your requested Availability Zone"),
                   (data + "UserData", {"Fn::Base64": "x" * 16385}, "16384"), (data + "ImageId", "ami-00", "does not exist"),
                   (data + "MetadataOptions.HttpTokens", "optional", "IMDSv2"), (data + "Fancy", "x", "Fancy"),
                   (data + "MetadataOptions.HttpPutResponseHopLimit", "many", "no number"),
                   ("Group.Properties.DesiredCapacity", "3", "Desired capacity"),
                   (policy + "MinInstancesInService", 2, "must be less than"), (policy + "MaxBatchSize", 101, "MaxBatchSize"),
                   (policy + "PauseTime", "PT2H", "PauseTime"), (policy + "PauseTime", "900", "PauseTime"),
                   ("Group.CreationPolicy.ResourceSignal.Timeout", "PT13H", "Timeout")], good)
    none = group(ami, MinSize="0", MaxSize="0", DesiredCapacity="0")
    refused(bed, "must be less than", edited(none, policy + "MinInstancesInService", 0), name="none")


def disks_that_a_launch_brings(bed):
    setting(bed)
    scratch = {"DeviceName": "/dev/sdg", "Ebs": {"VolumeSize": 3, "VolumeType": "gp3", "Encrypted": True}}
    key = "Launch.Properties.LaunchTemplateData.BlockDeviceMappings"
    base = edited({"Launch": group(image(bed))["Launch"]}, key, [scratch])
    taken(bed, base, name="good")
    numbered(bed, [(key, [scratch, scratch], "device name"), (key + ".0.DeviceName", "sdg", "device name"),
                   (key + ".0.Ebs.VolumeSize", 16385, "too large"), (key + ".0.Ebs.VolumeSize", None, "size or snapshotId"),
                   (key + ".0.Ebs.Size", 3, "CreateLaunchTemplate")], base)


def keys_of_ones_own(bed):
    setting(bed)
    key = kms.Key(bed.world, "alias/mine")
    sleeping = kms.Key(bed.world, "alias/off", state="Disabled")
    key.statements = [
        {"Effect": "Allow", "Principal": {"AWS": kms.scaling_role(bed.world)}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"Service": "logs.eu-west-1.amazonaws.com"}, "Action": "kms:*", "Resource": "*", "Condition": {
            "ArnEquals": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:123456789012:log-group:/x"}}}]
    base = {**group(image(bed)), "Volume": {"Type": "AWS::EC2::Volume", "Properties": {
        "AvailabilityZone": "eu-west-1a", "Size": 1, "Encrypted": True, "KmsKeyId": "alias/mine"}},
        "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/x", "KmsKeyId": key.arn}}}
    devices = "Launch.Properties.LaunchTemplateData.BlockDeviceMappings"
    base = edited(base, devices, [{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "KmsKeyId": key.arn}}])
    numbered(bed, [("Volume.Properties.Encrypted", False, "Encrypted"), ("Volume.Properties.KmsKeyId", "alias/off", "error state"),
                   ("Logs.Properties.KmsKeyId", "alias/mine", "not allowed"), ("Logs.Properties.LogGroupName", "/y", "not allowed"),
                   ("Logs.Properties.KmsKeyId", sleeping.arn, "not allowed"), (devices + ".0.Ebs.Encrypted", None, "Encrypted"),
                   (devices + ".0.Ebs.KmsKeyId", sleeping.arn, "Client error on launch")], base)
    taken(bed, base, name="good")
    ssm, ebs = client(bed, "ssm"), client(bed, "ebs")
    put = {"Name": "/a", "Value": "x", "Type": "SecureString"}
    raises("InvalidKeyId", lambda: ssm.put_parameter(**put, KeyId="alias/none"))
    ssm.put_parameter(**put, KeyId="alias/mine")
    plain, start = snapshot(bed, {0: b"x" * BLOCK}), dict(VolumeSize=1)
    for wrong in ({"ParentSnapshotId": plain, "Encrypted": True}, {"ParentSnapshotId": plain, "KmsKeyArn": key.arn},
                  {"KmsKeyArn": key.arn}, {"Encrypted": True}):
        raises("ValidationException", lambda more=wrong: ebs.start_snapshot(**start, **more))
    ebs.start_snapshot(**start, Encrypted=True, KmsKeyArn=key.arn)
    bed.world.settings["encrypts"] = True
    for wrong in ({"ParentSnapshotId": plain}, {"Encrypted": False}):
        raises("ValidationException", lambda more=wrong: ebs.start_snapshot(**start, **more))
    good = ebs.start_snapshot(**start)["SnapshotId"]
    assert client(bed, "ec2").describe_snapshots(SnapshotIds=[good])["Snapshots"][0]["Encrypted"]


VPC = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Gateway": {"Type": "AWS::EC2::InternetGateway"},
    "Outside": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/20", "AvailabilityZone": "eu-west-1a"}},
    "Inside": {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.16.0/20", "AvailabilityZone": "eu-west-1a"}},
    **{f"Table{n}": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "Vpc"}}} for n in (1, 2)},
    **{f"Routes{n}": {"Type": "AWS::EC2::SubnetRouteTableAssociation", "Properties": {"RouteTableId": {"Ref": f"Table{n}"}, "SubnetId": {"Ref": s}}}
       for n, s in ((1, "Outside"), (2, "Inside"))},
    "Default": {"Type": "AWS::EC2::Route", "Properties": {"RouteTableId": {"Ref": "Table1"}, "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": {"Ref": "Gateway"}}},
    "Address": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}},
    "Nat": {"Type": "AWS::EC2::NatGateway", "Properties": {"AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]}, "SubnetId": {"Ref": "Outside"}}},
    "Through": {"Type": "AWS::EC2::Route", "Properties": {"RouteTableId": {"Ref": "Table2"}, "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": {"Ref": "Nat"}}}}


def said(bed, resources, logical):
    """What the first rule says of one resource when all others are there, without a stack."""
    stack = Stack(bed.world, "said")
    operation = Operation(bed.world, stack, "create", Template({"Resources": resources}, bed.world), {})
    stack.physical.update({name: physical_id(bed.world, stack, name, one) for name, one in resources.items()})
    return rules.problem_of(rules.Making(operation, logical, operation.resolve(resources[logical]["Properties"]), "CREATE"))


def condition(field, config, *values, **more):
    return [{"Field": field, config: {**({"Values": list(values)} if values else {}), **more}}]


def hosts(*values, **more):
    return condition("host-header", "HostHeaderConfig", *values, **more)


def listener_rules(bed, web):
    key, rule = "Rule.Properties.", web["Rule"]
    paths = [("path-pattern", "PathPatternConfig"), ("/a", "/a/*")]
    path, header = condition(*paths[0], *paths[1]), condition("http-header", "HttpHeaderConfig", "1", HttpHeaderName="x-v")
    query = condition("query-string", "QueryStringConfig", {"Key": "v", "Value": "1"})
    method = condition("http-request-method", "HttpRequestMethodConfig", "GET")
    for good in [hosts("*.example.com"), hosts(RegexValues=[r"^[^.]+\.example\.com$"]), path + hosts("a.example.com") + method + header,
                 path + query + query + header, path]:
        assert said(bed, edited(web, key + "Conditions", good), "Rule") is None, good
    bad = [[], hosts("a"), hosts("a.b1"), hosts("*.example.com", RegexValues=["a"]), hosts(RegexValues=["(?=a)b"]), hosts(RegexValues=["("]),
           hosts(RegexValues=["x" * 129]), hosts("a.b") + hosts("a.c"), condition(*paths[0], "/a%20"), condition(*paths[0], "/" + "a" * 128),
           condition(*paths[0], "/a", "/b", "/c", "/d"), condition("http-request-method", "HttpRequestMethodConfig", "get"),
           condition("http-header", "HttpHeaderConfig", "1", HttpHeaderName="Host"), condition("http-header", "HttpHeaderConfig", "ü", HttpHeaderName="x"),
           path + hosts("a.b") + method + header + query,
           path + condition("http-header", "HttpHeaderConfig", "*?", "*", "?", HttpHeaderName="x") + hosts("*.a")]
    for one in bad:
        assert "valid" in (said(bed, edited(web, key + "Conditions", one), "Rule") or ""), one
    assert said(bed, edited(web, key + "Conditions", condition("query-string", "QueryStringConfig", RegexValues=["a"])), "Rule")
    two = {**web, "Targets2": web["Targets"]}
    groups = [{"TargetGroupArn": {"Ref": "Targets"}, "Weight": 9}, {"TargetGroupArn": {"Ref": "Targets2"}, "Weight": 1}]

    def forward(*found):
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": list(found)}}]

    def redirect(**more):
        return [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", **more}}]
    for good in [forward(*groups), redirect(Protocol="HTTPS", Port="443"), redirect(Path="/v2/#{path}"),
                 [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "500", "ContentType": "text/plain"}}]]:
        assert said(bed, edited(two, key + "Actions", good), "Rule") is None, good
    for action, why in [
            (forward(groups[0], groups[0]), "not valid"), (forward({**groups[0], "Weight": 1000}), "not valid"), (forward(*groups * 3), "not valid"),
            (redirect(), "lead to itself"), (redirect(Protocol="#{protocol}"), "lead to itself"), (redirect(Path="a"), "not valid"),
            (redirect(Host="a.b", StatusCode="HTTP_308"), "HTTP_308"), (redirect(Port="0"), "not valid"), (forward(*groups) + redirect(Port="81"), "one action"),
            ([{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "302"}}], "CreateRule"),
            ([{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/x"}}], "ContentType")]:
        assert why in (said(bed, edited(two, key + "Actions", action), "Rule") or ""), action
    plain = {**edited(two, "Targets2.Properties.Protocol", "TCP"), "Rule": edited(web, key + "Actions", forward(*groups))["Rule"]}
    assert "IncompatibleProtocols" in said(bed, plain, "Rule")
    secure = edited(edited(web, "Listener.Properties.Protocol", "HTTPS"), "Listener.Properties.Certificates", [{"CertificateArn": "arn:aws:acm:eu-west-1:1:certificate/a"}])
    assert "HTTPS to HTTP" in said(bed, edited(secure, key + "Actions", redirect(Protocol="HTTP")), "Rule")
    numbers_in_an_update(bed, web, rule)
    for seconds, words in (("4000", "None"), ("4001", "idle_timeout")):
        idle = edited(web, "Balancer.Properties.LoadBalancerAttributes", [{"Key": "idle_timeout.timeout_seconds", "Value": seconds}])
        assert words in str(said(bed, idle, "Balancer"))


def numbers_in_an_update(bed, web, rule):
    """Two rules do not change places, nor does one take the number of another that goes; a hundred are the most at each moment."""
    def at(*numbers):
        return {**{n: r for n, r in web.items() if n != "Rule"}, **{f"Rule{n}x{i}": edited({"R": rule}, "R.Properties.Priority", n)["R"] for i, n in enumerate(numbers)}}
    places = {**at(), "A": at(1)["Rule1x0"], "B": at(2)["Rule2x0"]}
    taken(bed, places, name="places")
    refused(bed, "PriorityInUse", {**places, "A": places["B"], "B": places["A"]}, name="places", kind="UPDATE")
    refused(bed, "PriorityInUse", {**at(), "A": places["A"], "C": places["B"]}, name="places", kind="UPDATE")
    taken(bed, {**at(), "A": places["A"], "C": at(3)["Rule3x0"]}, name="places", kind="UPDATE")
    many = at(*range(1, 101))
    taken(bed, many, name="many")
    other = {"Listener2": edited(web, "Listener.Properties.Port", 81)["Listener"], "Rule2": edited(web, "Rule.Properties.ListenerArn", {"Ref": "Listener2"})["Rule"]}
    refused(bed, "TooManyRules", {**many, **other}, name="many", kind="UPDATE")
    refused(bed, "TooManyRules", {n: r for n, r in {**many, **other}.items() if n != "Rule1x0"}, name="many", kind="UPDATE")
    groups = {f"Targets{n}": web["Targets"] for n in range(101)}
    rules = {f"Rule{n}": {**rule, "Properties": {**rule["Properties"], "Priority": n + 1, "Actions": [{"Type": "forward", "ForwardConfig": {
        "TargetGroups": [{"TargetGroupArn": {"Ref": f"Targets{k}"}} for k in range(n * 5, min(n * 5 + 5, 101))]}}]}} for n in range(21)}
    assert "TooManyUniqueTargetGroups" in said(bed, {**at(), **groups, **rules}, "Rule20")


def names_behind_one_balancer(bed):
    setting(bed)
    web = edited(edited(BALANCER, "Balancer.Properties.Type", "application"), "Targets.Properties.Protocol", "HTTP")
    web = edited(edited(web, "Listener.Properties.Protocol", "HTTP"), "Listener.Properties.DefaultActions", [
        {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}])
    web["Rule"] = {"Type": ELB + "ListenerRule", "Properties": {
        "ListenerArn": {"Ref": "Listener"}, "Priority": 7, "Actions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Targets"}}],
        "Conditions": [{"Field": "host-header", "HostHeaderConfig": {"Values": ["a.example.com"]}}]}}
    taken(bed, web, name="good")
    key = "Rule.Properties."
    numbered(bed, [(key + "Priority", 50001, "50000"), (key + "Conditions.0.HostHeaderConfig.Values.0", "x" * 129, "not valid"),
                   (key + "Conditions.0.HostHeaderConfig.Values.0", "a/b", "not valid"),
                   (key + "Conditions.0.HostHeaderConfig.Values", ["a"] * 6, "not valid"), (key + "Actions.0.Fancy", 1, "CreateRule")], web)
    refused(bed, "PriorityInUse", {**web, "Rule2": web["Rule"]}, name="twice")
    listener_rules(bed, web)
    other = {"Balancer2": web["Balancer"], "Listener2": edited(web, "Listener.Properties.LoadBalancerArn", {"Ref": "Balancer2"})["Listener"],
             "Rule2": edited(web, "Rule.Properties.ListenerArn", {"Ref": "Listener2"})["Rule"]}
    refused(bed, "more than one load balancer", {**web, **other}, name="two")


def ways_out(bed):
    setting(bed)
    base = edited({**VPC, **group(image(bed))}, "Group.Properties.VPCZoneIdentifier", [{"Ref": "Inside"}])
    base["Group"]["DependsOn"] = ["Through", "Routes1", "Routes2", "Default"]
    taken(bed, base, name="good")
    endpoint = {"Type": "AWS::EC2::VPCEndpoint", "Properties": {
        "VpcId": {"Ref": "Vpc"}, "VpcEndpointType": "Interface", "ServiceName": "com.amazonaws.eu-west-1.logs", "PrivateDnsEnabled": True,
        "SubnetIds": [{"Ref": "Inside"}]}}
    numbered(bed, [("Group.Properties.VPCZoneIdentifier", [{"Ref": "Outside"}], "nothing leads to"),   # no public address
                   ("Nat.Properties.SubnetId", {"Ref": "Inside"}, "nothing leads to"),
                   ("Nat.Properties.AllocationId", None, "AllocationId"), ("Nat.Properties.Fancy", 1, "CreateNatGateway"),
                   ("Address.Properties.Domain", "moon", "AllocateAddress")], base)
    refused(bed, "conflicting DNS", {**base, "One": endpoint, "Two": endpoint}, name="twice")
    refused(bed, "does not belong", {**base, "One": edited({"One": endpoint}, "One.Properties.VpcEndpointType", "Gateway")["One"]}, name="kind")


def a_group_that_is_rolled_suspends_its_health(bed):
    setting(bed)
    sick = edited(group(image(bed), HealthCheckType="ELB"), "Group.UpdatePolicy.AutoScalingRollingUpdate.SuspendProcesses", [
        "AZRebalance"])
    taken(bed, sick)
    newer = edited(sick, "Launch.Properties.LaunchTemplateData.UserData", {"Fn::Base64": "newer"})
    refused(bed, "health check failure", newer, kind="UPDATE")
    taken(bed, edited(newer, "Group.Properties.HealthCheckType", "EC2"), kind="UPDATE")


def volumes_grow_and_stay_in_their_zone(bed):
    setting(bed)
    volume = {"Data": {"Type": "AWS::EC2::Volume", "DeletionPolicy": "Snapshot", "Properties": {
        "Size": 10, "VolumeType": "gp3", "AvailabilityZone": "eu-west-1a", "Tags": [{"Key": "i2kit:pod", "Value": "db"}]}}}
    taken(bed, volume)
    refused(bed, "smaller", edited(volume, "Data.Properties.Size", 9), kind="UPDATE")
    taken(bed, edited(volume, "Data.Properties.Size", 20), kind="UPDATE")
    refused(bed, "6 hours", edited(volume, "Data.Properties.Size", 30), kind="UPDATE")
    client(bed, "cloudformation").delete_stack(StackName="s")
    deadline = time.time() + 30
    while any(s.status != "DELETE_COMPLETE" for s in bed.world.stacks.values()) and time.time() < deadline:
        time.sleep(0.02)
    left = [s for s in client(bed, "ec2").describe_snapshots(OwnerIds=["self"])["Snapshots"] if s["VolumeSize"] == 20]
    assert len(left) == 1 and left[0]["VolumeId"].startswith("vol-"), left
    taken(bed, edited(edited(volume, "Data.Properties.SnapshotId", left[0]["SnapshotId"]), "Data.Properties.Size", 20), name="b")
    numbered(bed, [("Data.Properties.SnapshotId", left[0]["SnapshotId"], "smaller than the snapshot"),
                   ("Data.Properties.SnapshotId", "snap-0123", "does not exist")], volume)
    attached = {**volume, **edited(group(image(bed)), "Launch.Properties.LaunchTemplateData.UserData",
                                   {"Fn::Base64": {"Fn::Sub": "${Data}"}})}
    taken(bed, attached, name="here")
    refused(bed, "same availability zone", edited(attached, "Group.Properties.VPCZoneIdentifier", ["subnet-0b"]), name="there")


def zones_and_records_are_there_once(bed):
    setting(bed)
    zone = {"Zone": {"Type": "AWS::Route53::HostedZone", "Properties": {
        "Name": "shop.internal", "VPCs": [{"VPCId": "vpc-0fake", "VPCRegion": "eu-west-1"}]}}}
    taken(bed, zone)
    refused(bed, "ConflictingDomainExists", zone, name="t")
    taken(bed, edited(zone, "Zone.Properties.Name", "staging.shop.internal"), name="u")
    record = {"Type": "AWS::Route53::RecordSet", "Properties": {
        "HostedZoneId": "Z1", "Name": "web.shop.internal.", "Type": "A", "TTL": "60", "ResourceRecords": ["10.0.0.1"]}}
    taken(bed, {"A": record}, name="v")
    refused(bed, "already exists", {"B": record}, name="w")
    long = edited({"A": record}, "A.Properties.Name", "x" * 64 + ".internal.")
    refused(bed, "label", long, name="x")


def firewalls_list_a_rule_once(bed):
    setting(bed)
    rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "0.0.0.0/0", "Description": "web"}
    wall = {"Wall": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "d", "SecurityGroupIngress": [rule]}}}
    taken(bed, wall)
    refused(bed, "multiple times", edited(wall, "Wall.Properties.SecurityGroupIngress", [rule, rule]), name="t")
    refused(bed, "GroupDescription", edited(wall, "Wall.Properties.GroupDescription", "größe"), name="u")
    for name, kind in (("v", "Ingress"), ("w", "Egress")):
        one = {"Type": "AWS::EC2::SecurityGroup" + kind, "Properties": {**rule, "GroupId": {"Ref": "Wall"}}}
        refused(bed, "InvalidPermission.Duplicate", {**wall, "A": one, "B": one}, name=name)


def roles_and_logs(bed):
    setting(bed)

    def role(*policies):
        return {"Role": {"Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}, "Policies": [
                {"PolicyName": f"p{n}", "PolicyDocument": {"Statement": [{"Resource": "x" * size}]}}
                for n, size in enumerate(policies)]}}}

    taken(bed, role(9000), name="good")
    refused(bed, "10240", role(6000, 6000))
    logs = {"Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/i2kit/x", "RetentionInDays": 30}}}
    refused(bed, "enum value set", edited(logs, "Logs.Properties.RetentionInDays", 31), name="t")
    taken(bed, logs, name="u")
    refused(bed, "already exists", logs, name="v")
    bed.world.settings["boundary"] = "arn:aws:iam::123456789012:policy/edge"
    refused(bed, "PermissionsBoundary", role(10), name="w")
    bounded = edited(role(10), "Role.Properties.PermissionsBoundary", bed.world.settings["boundary"])
    taken(bed, bounded, name="x")


LOGS = {"Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/x"}}}


def templates_as_a_whole(bed):
    setting(bed)
    big = {"Resources": LOGS, "Description": "d", "Outputs": {f"O{n}": {"Value": "x" * 1000} for n in range(60)}}
    raises("ValidationError", lambda: change(bed, None, text=json.dumps(big)))
    url = "https://templates.s3.eu-west-1.amazonaws.com/a%2Fb.json"
    raises("ValidationError", lambda: change(bed, None, TemplateURL=url))
    bed.world.buckets["templates"] = {"objects": {"a/b.json": json.dumps(big).encode()}}
    taken(bed, None, TemplateURL=url, name="url")
    bed.world.buckets["templates"]["objects"]["a/b.json"] = b" " * 1048577
    raises("ValidationError", lambda: change(bed, None, TemplateURL=url, name="b"))
    texts = [json.dumps({"Resources": LOGS, "Outputs": {"a-b": {"Value": "x"}}}),
             json.dumps({"Resources": LOGS, "Outputs": {f"O{n}": {"Value": "x"} for n in range(201)}}),
             json.dumps({"Resources": LOGS, "Description": "x" * 1025}),
             '{"Resources": {"Web80": %s, "Web80": %s}}' % ((json.dumps(LOGS["Logs"]),) * 2),
             json.dumps({"Resources": edited(LOGS, "Logs.Properties.LogGroupName", "{{resolve:ssm:/a:1}}")})]
    for text in texts:
        raises("ValidationError", lambda text=text: change(bed, None, text=text, name="c"))
    client(bed, "ssm").put_parameter(Name="/a", Value="x", Type="String")
    taken(bed, None, text=texts[-1], name="d")


def stacks_have_their_limits(bed):
    setting(bed)
    for tags in ([(f"t{n}", "x") for n in range(51)], [("aws:mine", "x")], [("a", "x"), ("a", "y")], [("a", "b\u20ac")],
                 [("k" * 129, "x")]):
        raises("ValidationError", lambda tags=tags: change(bed, LOGS, tags=tags, name="t"))
    raises("ValidationError", lambda: change(bed, LOGS, name="9"))
    raises("ValidationError", lambda: change(bed, LOGS, RoleARN="arn:aws:iam::1:user/someone-else"))
    bed.world.settings["fail_resource"] = "Logs"
    refused(bed, "made to fail", LOGS, name="back")
    bed.world.settings["fail_resource"] = None
    raises("ValidationError", lambda: change(bed, LOGS, name="back", kind="UPDATE"))
    taken(bed, LOGS, name="kept")
    cf = client(bed, "cloudformation")
    cf.update_termination_protection(StackName="kept", EnableTerminationProtection=True)
    raises("ValidationError", lambda: cf.delete_stack(StackName="kept"))
    assert cf.describe_stacks(StackName="kept")["Stacks"][0]["EnableTerminationProtection"]
    cf.update_termination_protection(StackName="kept", EnableTerminationProtection=False)
    cf.delete_stack(StackName="kept")


def a_change_set_is_executed_once(bed):
    setting(bed)
    cf = client(bed, "cloudformation")
    made = cf.create_change_set(StackName="s", ChangeSetName="c", ChangeSetType="CREATE",
                                TemplateBody=json.dumps({"Resources": LOGS}))
    time.sleep(0.35)
    cf.execute_change_set(ChangeSetName=made["Id"], ClientRequestToken="one")
    cf.execute_change_set(ChangeSetName=made["Id"], ClientRequestToken="one")
    raises("ChangeSetNotFound", lambda: cf.execute_change_set(ChangeSetName=made["Id"], ClientRequestToken="two"))
    raises("ChangeSetNotFound", lambda: cf.execute_change_set(ChangeSetName=made["Id"]))


def parameters_images_and_logs(bed):
    setting(bed)
    ssm, ec2, logs = client(bed, "ssm"), client(bed, "ec2"), client(bed, "logs")
    for value in ("a {{ b }} c", "{{}}", "{{ssm:x}}", "", "x" * 4097):
        raises("ValidationException", lambda value=value: ssm.put_parameter(Name="/a", Value=value, Type="String"))
    ssm.put_parameter(Name="/a", Value="{ { a } }", Type="String")
    raises("ValidationException", lambda: ssm.put_parameter(Name="/b", Value="x", Type="String", Tier="Huge"))
    image(bed, Name="a-b")
    raises("InvalidAMIName.Duplicate", lambda: image(bed, Name="a-b"))
    raises("InvalidAMIName.Malformed", lambda: image(bed, Name="a:b"))
    raises("InvalidParameterValue", lambda: image(bed, BootMode="bios"))
    raises("InvalidInstanceType", lambda: ec2.describe_instance_types(InstanceTypes=["t9.huge"]))
    kind = ec2.describe_instance_types(InstanceTypes=["t4g.micro"])["InstanceTypes"][0]
    assert kind["ProcessorInfo"]["SupportedArchitectures"] == ["arm64"] and kind["MemoryInfo"]["SizeInMiB"] == 1024
    bed.world.types["m5.large"]["not_in"].add("eu-west-1c")
    offers = ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=[
        {"Name": "instance-type", "Values": ["m5.large"]}])["InstanceTypeOfferings"]
    assert [o["Location"] for o in offers] == ["eu-west-1a", "eu-west-1b"]
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": ["vpc-0fake"]}])["RouteTables"][0]
    assert table["Routes"][1]["GatewayId"] == "igw-0fake" and table["Associations"][0]["Main"]
    logs.create_log_stream(logGroupName="/g", logStreamName="a/1")
    raises("InvalidParameterException", lambda: logs.filter_log_events(
        logGroupName="/g", logStreamNamePrefix="a/", logStreamNames=["a/1"]))


def buckets(bed):
    setting(bed)
    s3, place = client(bed, "s3"), {"LocationConstraint": "eu-west-1"}
    raises("IllegalLocationConstraintException", lambda: s3.create_bucket(Bucket="templates"))
    raises("InvalidBucketName", lambda: s3.create_bucket(Bucket="Templates", CreateBucketConfiguration=place))
    s3.create_bucket(Bucket="templates", CreateBucketConfiguration=place)
    raises("BucketAlreadyOwnedByYou", lambda: s3.create_bucket(Bucket="templates", CreateBucketConfiguration=place))
    s3.put_public_access_block(Bucket="templates", PublicAccessBlockConfiguration={
        "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True})
    raises("NoSuchBucket", lambda: s3.put_object(Bucket="others", Key="a", Body=b"x"))
    raises("AccessDenied", lambda: s3.put_object(Bucket="templates", Key="a", Body=b"x", ExpectedBucketOwner="999999999999"))
    raises("BadDigest", lambda: s3.put_object(Bucket="templates", Key="a", Body=b"x", ChecksumSHA256="AAAA"))
    good = json.dumps({"Resources": LOGS}).encode()
    s3.put_object(Bucket="templates", Key="a/b c.json", Body=good)
    assert s3.get_object(Bucket="templates", Key="a/b c.json")["Body"].read() == good
    raises("BucketNotEmpty", lambda: s3.delete_bucket(Bucket="templates"))
    taken(bed, None, TemplateURL=bed.url + "/templates/a/b%20c.json")


def batch(*changes, zone=None):
    """A ChangeResourceRecordSets' parameters from (action, name, what differs from an instance's record)."""
    sets = []
    for action, name, more in changes:
        one = {"Name": name, "Type": "A", "SetIdentifier": "i-0123", "MultiValueAnswer": True, "TTL": 10,
               "ResourceRecords": [{"Value": "10.0.0.5"}], **more}
        sets.append({"Action": action, "ResourceRecordSet": {k: v for k, v in one.items() if v is not None}})
    return {"ChangeBatch": {"Changes": sets}, **({"HostedZoneId": zone} if zone else {})}


def records_of_zones(bed):
    """What Route 53 says to botocore, which sends what instances send."""
    setting(bed, records_busy_s=0)
    names = client(bed, "route53")
    zone = {"Zone": {"Type": "AWS::Route53::HostedZone", "Properties": {
        "Name": "shop.internal", "VPCs": [{"VPCId": "vpc-0fake", "VPCRegion": "eu-west-1"}]}}}
    alias = {"Names": {"Type": "AWS::Route53::RecordSetGroup", "Properties": {"HostedZoneId": {"Ref": "Zone"}, "RecordSets": [
        {"Name": "web.shop.internal.", "Type": "A", "TTL": "60", "ResourceRecords": ["10.0.0.1"]}]}}}
    taken(bed, {**zone, **alias})
    (one,) = bed.world.zones

    def change(*changes):
        return names.change_resource_record_sets(**batch(*changes, zone=one))

    raises("NoSuchHostedZone", lambda: names.change_resource_record_sets(**batch(("UPSERT", "db.shop.internal", {}), zone="Z0")))
    raises("NoSuchHostedZone", lambda: names.list_resource_record_sets(HostedZoneId="Z0"))
    bad = [("db.other.internal", {}), ("x" * 64 + ".shop.internal", {}), ("db.shop.internal", {"TTL": None}),
           ("db.shop.internal", {"ResourceRecords": [{"Value": "10.0.0"}]}), ("db.shop.internal", {"SetIdentifier": None}),
           ("db.shop.internal", {"MultiValueAnswer": None}), ("db.shop.internal", {"Type": "CNAME"}), ("web.shop.internal", {})]
    for name, more in bad:
        raises("InvalidChangeBatch", lambda: change(("UPSERT", name, more)))
    many = [("UPSERT", f"n{n}.shop.internal", {}) for n in range(501)]
    raises("InvalidChangeBatch", lambda: change(*many))
    raises("InvalidChangeBatch", lambda: change(many[0], many[0]))
    assert change(*many[:500])["ChangeInfo"]["Status"] == "PENDING"
    # All or nothing, and exactly what is there.
    change(("UPSERT", "db.shop.internal.", {}), ("UPSERT", "db.shop.internal", {"SetIdentifier": "i-1", "ResourceRecords": [{"Value": "10.0.0.6"}]}))
    raises("InvalidChangeBatch", lambda: change(("DELETE", "db.shop.internal", {}), ("DELETE", "no.shop.internal", {})))
    raises("InvalidChangeBatch", lambda: change(("DELETE", "db.shop.internal", {"TTL": 11})))
    raises("InvalidChangeBatch", lambda: change(("CREATE", "db.shop.internal", {})))
    raises("InvalidChangeBatch", lambda: change(("UPSERT", "db.shop.internal", {"SetIdentifier": None, "MultiValueAnswer": None})))
    assert bed.world.route53.resolve("DB.shop.internal.") == ["10.0.0.5", "10.0.0.6"]
    # In pages, by the labels from the last one on.
    bed.world.settings["records_page"] = 7
    found = [r for page in names.get_paginator("list_resource_record_sets").paginate(HostedZoneId=one) for r in page["ResourceRecordSets"]]
    shown = [(r["Name"], r["Type"]) for r in found]
    assert len(found) == 505 and shown[:2] == [("shop.internal.", "NS"), ("shop.internal.", "SOA")] and ("web.shop.internal.", "A") in shown
    assert sum(r["Name"] == "db.shop.internal." for r in found) == 2
    # A record of a stack and one of an instance exclude each other, and a zone that is not empty stays.
    refused(bed, "other RRSets exist", edited(alias, "Names.Properties", {"HostedZoneId": one, "RecordSets": [
        {"Name": "db.shop.internal.", "Type": "A", "TTL": "60", "ResourceRecords": ["10.0.0.1"]}]}), name="t")
    cloud = client(bed, "cloudformation")
    detail = cloud.describe_stack_resource(StackName="s", LogicalResourceId="Zone")["StackResourceDetail"]
    assert detail["PhysicalResourceId"] == one
    raises("ValidationError", lambda: cloud.describe_stack_resource(StackName="s", LogicalResourceId="None"))
    cloud.delete_stack(StackName="s")
    deadline = time.time() + 20
    while "IN_PROGRESS" in cloud.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] and time.time() < deadline:
        time.sleep(0.05)
    assert cloud.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "DELETE_FAILED"
    # One change of a zone at a time, and so many calls a second.
    bed.world.settings["records_busy_s"] = 0.3
    change(("DELETE", "db.shop.internal", {}))
    raises("PriorRequestNotComplete", lambda: change(("UPSERT", "db.shop.internal", {})))
    bed.world.settings["route53_rate"] = (3, 1)
    bed.world.route53.tokens = None
    for _ in range(3):
        names.list_resource_record_sets(HostedZoneId=one)
    raises("Throttling", lambda: names.list_resource_record_sets(HostedZoneId=one))


def roles_that_write_names(bed):
    """The conditions of a role hold for what is in the body, whatever else is there."""
    asked = {"ForAllValues:StringEquals": {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": ["db.shop.internal"],
        "route53:ChangeResourceRecordSetsRecordTypes": ["A"], "route53:ChangeResourceRecordSetsActions": ["UPSERT", "DELETE"]}}
    bed.world.policies["AKIDFAKE"] = Policies([{"Statement": [{
        "Effect": "Allow", "Action": "route53:ChangeResourceRecordSets", "Resource": "arn:aws:route53:::hostedzone/Z1",
        "Condition": asked}]}])
    bed.world.zones.update(Z1=("shop.internal", set()), Z2=("shop.internal", set()))
    names = client(bed, "route53")
    bed.world.settings["records_busy_s"] = 0
    names.change_resource_record_sets(**batch(("UPSERT", "DB.shop.internal.", {}), zone="Z1"))
    for zone, changes in (("Z2", [("UPSERT", "db.shop.internal", {})]), ("Z1", [("UPSERT", "web.shop.internal", {})]),
                          ("Z1", [("UPSERT", "db.shop.internal", {}), ("UPSERT", "web.shop.internal", {})]),
                          ("Z1", [("CREATE", "db.shop.internal", {})]), ("Z1", [("UPSERT", "db.shop.internal", {"Type": "TXT"})])):
        raises("AccessDenied", lambda: names.change_resource_record_sets(**batch(*changes, zone=zone)))
    raises("AccessDenied", lambda: names.list_resource_record_sets(HostedZoneId="Z1"))


def every_rule_has_refused_something_here(bed):
    left = set(rules.RULES) - BED["refused"]
    assert not left, f"nothing here shows {sorted(left)}"


class Remembering(Bed):
    """What was refused in any of the tests."""

    def clean(self):
        BED.setdefault("refused", set()).update(self.world.refused)
        super().clean()


if __name__ == "__main__":
    run_tests(Remembering(), [
        balancers_and_their_targets, one_listener_for_a_port_and_one_balancer_for_targets, instances_of_a_group, disks_that_a_launch_brings, keys_of_ones_own, ways_out, names_behind_one_balancer,
        a_group_that_is_rolled_suspends_its_health, volumes_grow_and_stay_in_their_zone, zones_and_records_are_there_once,
        firewalls_list_a_rule_once, roles_and_logs, templates_as_a_whole, stacks_have_their_limits,
        a_change_set_is_executed_once, parameters_images_and_logs, buckets, records_of_zones, roles_that_write_names, every_rule_has_refused_something_here])
