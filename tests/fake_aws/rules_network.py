# SPDX-License-Identifier: Apache-2.0
"""What instances cannot reach from where a template puts them."""
import base64

from rules import resource_rule
from rules_instance import GROUP, count, launch_of


def made(making, kind):
    """The resources of a type that are there by now: (physical id, properties resolved)."""
    for logical, resource in making.operation.new.resources.items():
        if resource["Type"] == kind and logical in making.stack.physical:
            yield making.stack.physical[logical], making.operation.resolve(resource.get("Properties", {}))


def default_route(making, subnet):
    """Where 0.0.0.0/0 of a subnet that the template makes leads; None: nowhere."""
    tables = [p["RouteTableId"] for _, p in made(making, "AWS::EC2::SubnetRouteTableAssociation") if p["SubnetId"] == subnet]
    for _, route in made(making, "AWS::EC2::Route"):
        if route["RouteTableId"] in tables and route["DestinationCidrBlock"] == "0.0.0.0/0":
            return route.get("NatGatewayId") or route.get("GatewayId")
    return None


def endpoints(making):
    """The services that instances of the group reach by endpoints, under their own names."""
    groups, found = set(launch_of(making).get("SecurityGroupIds", [])), set()
    firewalls = dict(made(making, "AWS::EC2::SecurityGroup"))
    for _, one in made(making, "AWS::EC2::VPCEndpoint"):
        rules = [r for g in one.get("SecurityGroupIds", []) for r in firewalls.get(g, {}).get("SecurityGroupIngress", [])]
        is_let = any(r["FromPort"] <= 443 <= r["ToPort"] and r.get("SourceSecurityGroupId") in groups for r in rules)
        if one.get("PrivateDnsEnabled") and is_let:
            found.add(one["ServiceName"].rsplit(".", 1)[1])
    return found


@resource_rule(GROUP, "guest-reaches", "an instance reaches AWS's services by a public address and an internet gateway, by a NAT "
               "gateway in a subnet that has one, or by endpoints with private names that let it in",
               "VPC User Guide: Internet gateways, NAT gateways; PrivateLink: Access an AWS service using an interface endpoint")
def an_instance_reaches_what_it_calls(making):
    subnets, nats = dict(made(making, "AWS::EC2::Subnet")), dict(made(making, "AWS::EC2::NatGateway"))
    text = base64.b64decode(launch_of(making).get("UserData", "")).decode(errors="replace")
    needs = {"logs", "cloudformation"} | ({"ssm"} if "ssm:" in text or "configRef" in text else set()) | \
        ({"ec2"} if "volumeId" in text else set())
    for one in making.properties["VPCZoneIdentifier"] if count(making) else []:
        if one not in subnets:
            continue
        way = default_route(making, one)
        is_out = way and (way in nats and (default_route(making, nats[way]["SubnetId"]) or "").startswith("igw-") or
                          way.startswith("igw-") and subnets[one].get("MapPublicIpOnLaunch"))
        if not is_out and needs - endpoints(making):
            return (f"Failed to receive {count(making)} resource signal(s): from {one} nothing leads to "
                    f"{', '.join(sorted(needs - endpoints(making)))}")
    return None


@resource_rule("AWS::EC2::NatGateway", "nat-address", "a public NAT gateway has the allocation of an Elastic IP address",
               "EC2 API: CreateNatGateway, AllocationId and ConnectivityType")
def a_nat_has_an_address(making):
    if making.properties.get("ConnectivityType", "public") == "public" and \
            not str(making.properties.get("AllocationId", "")).startswith("eipalloc-"):
        return "AllocationId must be specified for a public NAT gateway (MissingParameter)"
    return None


@resource_rule("AWS::EC2::VPCEndpoint", "endpoint-kind", "an interface endpoint is in subnets and has security groups, a gateway "
               "endpoint is in route tables; one private name of a service is in a network once",
               "EC2 API: CreateVpcEndpoint; error: private-dns-enabled cannot be set because there is already a conflicting DNS domain")
def an_endpoint_is_of_one_kind(making):
    p = making.properties
    has = {k for k in ("SubnetIds", "SecurityGroupIds", "PrivateDnsEnabled", "RouteTableIds") if p.get(k)}
    wrong = has & ({"RouteTableIds"} if p.get("VpcEndpointType") == "Interface" else {"SubnetIds", "SecurityGroupIds", "PrivateDnsEnabled"})
    if wrong:
        return f"{sorted(wrong)} does not belong to an endpoint of this type (InvalidParameter)"
    for physical, other in made(making, "AWS::EC2::VPCEndpoint"):
        if physical != making.physical and (other["ServiceName"], other["VpcId"]) == (p["ServiceName"], p["VpcId"]):
            return "private-dns-enabled cannot be set because there is already a conflicting DNS domain"
    return None
