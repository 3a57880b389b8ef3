# SPDX-License-Identifier: Apache-2.0
"""What Elastic Load Balancing, Route 53 and the firewall refuse."""
import re

from rules import RESOURCE_RULES, resource_rule

ELB = "AWS::ElasticLoadBalancingV2::"


def attributes_of(properties, name):
    return {a["Key"]: a["Value"] for a in properties.get(name, [])}


def subnets_of(making, ids):
    """The given subnets that are the account's, and the zones of those that the template makes."""
    known = {s["subnetId"]: s for s in making.world.subnets}
    found = []
    for one in ids:
        if one in known:
            found.append(known[one])
        for logical, physical in making.stack.physical.items():
            if physical == one and logical in making.operation.new.resources:
                made = making.operation.resolve(making.operation.new.resources[logical]["Properties"])
                found.append({"subnetId": one, "vpcId": made["VpcId"], "availabilityZone": made["AvailabilityZone"]})
    return found


@resource_rule(ELB + "LoadBalancer", "subnet-per-zone", "a load balancer takes one subnet of each zone; an application "
               "one wants two zones", "ELBv2 API: CreateLoadBalancer, Subnets")
def one_subnet_in_a_zone(making):
    zones = [s["availabilityZone"] for s in subnets_of(making, making.properties["Subnets"])]
    twice = sorted({z for z in zones if zones.count(z) > 1})
    if twice:
        return ("A load balancer cannot be attached to multiple subnets in the same Availability Zone "
                f"(Service: ElasticLoadBalancingV2, Code: InvalidConfigurationRequest) [{twice[0]}]")
    if making.properties["Type"] == "application" and len(zones) < 2:
        return "At least two subnets in two different Availability Zones must be specified"
    return None


@resource_rule(ELB + "LoadBalancer", "public-needs-gateway", "an internet-facing load balancer is in a network that has an "
               "internet gateway", "ELBv2 API: CreateLoadBalancer, Scheme; Subnets are public ones")
def internet_facing_has_a_way_out(making):
    if making.properties.get("Scheme", "internet-facing") != "internet-facing":
        return None
    for subnet in subnets_of(making, making.properties["Subnets"]):
        tables = [t for t in making.world.route_tables if t["vpcId"] == subnet["vpcId"]]
        if tables and not any(target.startswith("igw-") for t in tables for _, target in t["routes"]):
            return f"VPC {subnet['vpcId']} has no internet gateway"
    return None


@resource_rule(ELB + "Listener", "listener-port-once", "a load balancer listens once on a port number: TCP and UDP on one "
               "number are one listener, TCP_UDP", "ELBv2 API: CreateListener, error DuplicateListener; Network Load "
               "Balancers: Listeners")
def a_port_has_one_listener(making):
    mine = making.resource["Properties"]
    for logical, other in making.operation.new.resources.items():
        if other["Type"] == ELB + "Listener" and logical != making.logical and logical in making.stack.physical \
                and other["Properties"]["LoadBalancerArn"] == mine["LoadBalancerArn"] \
                and other["Properties"]["Port"] == mine["Port"]:
            return f"A listener already exists on this port for this load balancer [{mine['Port']}]"
    return None


@resource_rule(ELB + "TargetGroup", "sticky-tls", "sticky sessions: lb_cookie over HTTP and HTTPS, source_ip over TCP, UDP "
               "and TCP_UDP; none over TLS", "Network Load Balancers: Target groups, Sticky sessions; ELBv2 API: "
               "TargetGroupAttribute, stickiness.type")
def stickiness_fits_the_protocol(making):
    set_ = attributes_of(making.properties, "TargetGroupAttributes")
    protocol, kind = making.properties["Protocol"], set_.get("stickiness.type")
    if set_.get("stickiness.enabled") != "true":
        return None
    good = {"HTTP": ("lb_cookie", "app_cookie"), "HTTPS": ("lb_cookie", "app_cookie"), "TCP": ("source_ip",),
            "UDP": ("source_ip",), "TCP_UDP": ("source_ip",)}.get(protocol, ())
    if kind in good:
        return None
    return f"Stickiness type '{kind}' is not supported for target groups with the {protocol} protocol"


@resource_rule(ELB + "TargetGroup", "health-interval", "a health check is over before the next one begins",
               "ELBv2 API: CreateTargetGroup, HealthCheckTimeoutSeconds and HealthCheckIntervalSeconds")
def a_check_ends_before_the_next(making):
    p = making.properties
    if int(p.get("HealthCheckTimeoutSeconds", 5)) >= int(p.get("HealthCheckIntervalSeconds", 30)):
        return "Health check interval must be greater than the timeout."
    return None


@resource_rule(ELB + "TargetGroup", "health-path", "a health check asks a path that begins with /",
               "ELBv2 API: CreateTargetGroup, HealthCheckPath")
def a_path_begins_with_a_slash(making):
    path = making.properties.get("HealthCheckPath")
    if path is not None and not re.fullmatch(r"/[\x21-\x7e]*", path):
        return f"Health check path '{path}' must begin with a '/' character"
    return None


@resource_rule(ELB + "TargetGroup", "health-protocol", "health is asked over HTTP, HTTPS or TCP, and of HTTP and HTTPS "
               "target groups not over TCP; a matcher belongs to HTTP", "ELBv2 API: CreateTargetGroup, HealthCheckProtocol")
def health_is_asked_as_it_can_be(making):
    health, protocol = making.properties.get("HealthCheckProtocol"), making.properties["Protocol"]
    if health in ("UDP", "TLS", "TCP_UDP") or (health == "TCP" and protocol in ("HTTP", "HTTPS")):
        return f"Health check protocol '{health}' is not supported for target groups with the protocol {protocol}"
    if health == "TCP" and ("Matcher" in making.properties or "HealthCheckPath" in making.properties):
        return "Health check matcher and path are for HTTP and HTTPS"
    return None


ATTRIBUTES = {"routing.http.drop_invalid_header_fields.enabled": ("application", ("true", "false")),
              "idle_timeout.timeout_seconds": ("application", [str(n) for n in range(1, 4001)]),
              "load_balancing.cross_zone.enabled": ("network", ("true", "false"))}


@resource_rule(ELB + "LoadBalancer", "balancer-attributes", "attributes are those of the kind of load balancer, with values of "
               "their own range: an idle time of 1 to 4,000 s", "ELBv2 API: LoadBalancerAttribute")
def attributes_are_of_the_kind(making):
    for key, value in attributes_of(making.properties, "LoadBalancerAttributes").items():
        kind, values = ATTRIBUTES.get(key, (None, ()))
        if kind != making.properties["Type"] or value not in values:
            return f"Load balancer attribute {key} = '{value}' is not valid (InvalidConfigurationRequest)"
    return None


@resource_rule(ELB + "TargetGroup", "client-ip", "the caller's address is kept for UDP and TCP_UDP",
               "Network Load Balancers: Target groups, Client IP preservation")
def the_address_is_kept_for_udp(making):
    set_ = attributes_of(making.properties, "TargetGroupAttributes")
    if making.properties["Protocol"] in ("UDP", "TCP_UDP") and set_.get("preserve_client_ip.enabled") == "false":
        return "preserve_client_ip.enabled cannot be disabled for UDP and TCP_UDP target groups"
    return None


@resource_rule(ELB + "TargetGroup", "drain", "targets drain for 0 to 3,600 seconds",
               "ELBv2 API: TargetGroupAttribute, deregistration_delay.timeout_seconds")
def draining_ends(making):
    set_ = attributes_of(making.properties, "TargetGroupAttributes")
    if not 0 <= int(set_.get("deregistration_delay.timeout_seconds", "300")) <= 3600:
        return "deregistration_delay.timeout_seconds is out of range"
    return None


@resource_rule("AWS::Route53::HostedZone", "zone-in-vpc-twice", "a network is not given two private zones of one name",
               "Route 53 API: CreateHostedZone, error ConflictingDomainExists; AssociateVPCWithHostedZone")
def a_private_zone_is_the_only_one(making):
    vpcs = {v["VPCId"] for v in making.properties.get("VPCs", [])}
    for physical, (name, others) in making.world.zones.items():
        if physical != making.physical and name == making.properties["Name"].rstrip(".") and vpcs & others:
            return (f"The VPC {sorted(vpcs & others)[0]} has already been associated with the hosted zone {physical} "
                    f"with the same domain name. (ConflictingDomainExists)")
    return None


@resource_rule("AWS::Route53::RecordSet", "record-once", "a zone has one simple record of a name and type; a label has 1 to "
               "63 characters", "Route 53 API: ChangeResourceRecordSets; Developer Guide: DNS domain name format")
def a_record_is_there_once(making):
    zone = making.properties.get("HostedZoneId") or making.properties.get("HostedZoneName")
    seen = {r for physical, records in making.world.records.items() if physical != making.physical for r in records}
    for one in making.properties.get("RecordSets", [making.properties]):
        name = one["Name"].rstrip(".")
        if any(not 1 <= len(label) <= 63 for label in name.split(".")):
            return f"DomainLabelEmpty or too long (label of {name})"
        if any(key[:2] == (name, one["Type"]) for key in making.world.zone_records.get(zone, {})):
            return (f"RRSet with DNS name {name}., type {one['Type']} cannot be created as other RRSets exist with the same name and type")
        if (zone, name, one["Type"]) in seen:
            return f"Tried to create resource record set [name='{name}', type='{one['Type']}'] but it already exists"
        seen.add((zone, name, one["Type"]))
    return None


RESOURCE_RULES.setdefault("AWS::Route53::RecordSetGroup", []).append(("record-once", a_record_is_there_once))


GROUP_RULE = ("a rule of a security group is there once; its description has at most 255 characters of a small alphabet",
              "EC2 API: AuthorizeSecurityGroupIngress, IpRange, Description; error InvalidPermission.Duplicate")
DESCRIPTION = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")


def rule_key(rule):
    return tuple(str(rule.get(k)) for k in ("GroupId", "IpProtocol", "FromPort", "ToPort", "CidrIp", "CidrIpv6",
                                            "SourceSecurityGroupId", "DestinationSecurityGroupId"))


@resource_rule("AWS::EC2::SecurityGroup", "firewall", *GROUP_RULE)
def a_group_lists_a_rule_once(making):
    if not DESCRIPTION.fullmatch(making.properties["GroupDescription"]):
        return "Value for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported."
    for direction in ("SecurityGroupIngress", "SecurityGroupEgress"):
        rules = making.properties.get(direction, [])
        if len({rule_key(r) for r in rules}) != len(rules):
            return "the same permission must not appear multiple times (InvalidParameterValue)"
        if any(not DESCRIPTION.fullmatch(r.get("Description", "")) for r in rules):
            return "Invalid rule description. Valid descriptions are strings less than 256 characters"
    return None


def a_separate_rule_is_there_once(making):
    if not DESCRIPTION.fullmatch(making.properties.get("Description", "")):
        return "Invalid rule description"
    mine = rule_key(making.properties)
    for logical, other in making.operation.new.resources.items():
        if logical != making.logical and logical in making.stack.physical and other["Type"] == making.resource["Type"] \
                and rule_key(making.operation.resolve(other["Properties"])) == mine:
            return "the specified rule already exists (InvalidPermission.Duplicate)"
    return None


resource_rule("AWS::EC2::SecurityGroupIngress", "firewall-in", *GROUP_RULE)(a_separate_rule_is_there_once)
resource_rule("AWS::EC2::SecurityGroupEgress", "firewall-out", *GROUP_RULE)(a_separate_rule_is_there_once)
