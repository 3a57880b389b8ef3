#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Templates against golden files, and against cfn-lint where it is installed.

usage: template.py TEMPLATE-OF [--write]     (--write makes the golden files anew)
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")
CASES = [("web", "made"), ("web", "given"), ("edge", "given"), ("stateful", "made"),
         ("stateful", "given"), ("routes", "given")]


def exposure(resources):
    """A ClusterIP stays inside, whatever else leads to its pod."""
    schemes = {name: r["Properties"]["Scheme"] for name, r in resources.items()
               if r["Type"].endswith("::LoadBalancer")}
    assert schemes == {"WebBalancer": "internet-facing", "AdminBalancer": "internal"}, schemes
    assert "0.0.0.0/0" not in json.dumps(resources["AdminBalancerFirewall"])


def reach(resources):
    """A pod that may reach little has a group that lets it reach little."""
    rules = {n: r["Properties"].get("SecurityGroupEgress") for n, r in resources.items() if n.endswith("Firewall")}
    assert rules["FreeFirewall"] is None
    assert [r["CidrIp"] for r in rules["DbFirewall"]] == ["0.0.0.0/0"] and rules["DbFirewall"][0]["FromPort"] == 443
    nets = {r["CidrIp"] for r in rules["WebFirewall"]}
    assert "10.1.0.0/16" in nets and "8.0.0.0/7" in nets and "10.0.0.0/8" not in nets and len(nets) < 60
    beside = resources["WebReachesDbService"]["Properties"]["DestinationSecurityGroupId"]
    assert beside == {"Ref": "DbBalancerFirewall"} and "DbReachesWebService" not in resources


def names(resources):
    """Names that run together are told apart, headless Services have names, and a health check is one that AWS takes."""
    assert {"WebPort8080TcpTargets", "WebPort9000TcpTargets", "Web80Port80TcpTargets"} <= set(resources)
    assert [r["Name"] for r in resources["DnsNames"]["Properties"]["RecordSets"]][:2] == [
        "dns.shop-production.internal.", "dns.default.shop-production.internal."]
    health = [r["Properties"] for n, r in resources.items() if n.startswith("DnsPort53") and n.endswith("Targets")]
    assert len(health) == 1 and health[0]["Protocol"] == "TCP_UDP", health
    assert health[0]["HealthCheckPath"] == "/healthz" and health[0]["HealthCheckTimeoutSeconds"] == 120


def health(resources):
    """Readiness replaces no instance, and nothing is replaced for its health while a release rolls out."""
    for name, resource in resources.items():
        if resource["Type"].endswith("::AutoScalingGroup"):
            policy = resource["UpdatePolicy"]["AutoScalingRollingUpdate"]
            assert "HealthCheckType" not in resource["Properties"]
            assert {"HealthCheck", "ReplaceUnhealthy"} <= set(policy["SuspendProcesses"]), policy
            assert "InstanceMetadataTags" not in json.dumps(resources)


def sets(resources):
    """Instances of a StatefulSet are updated one at a time."""
    policy = resources["RingGroup"]["UpdatePolicy"]["AutoScalingRollingUpdate"]
    assert (policy["MinInstancesInService"], policy["MaxBatchSize"]) == (2, 1), policy


def private(resources):
    """Instances in subnets of their own, balancers where they were, and one way out."""
    for name, resource in resources.items():
        used = json.dumps(resource.get("Properties", {}).get("VPCZoneIdentifier", ""))
        assert not resource["Type"].endswith("::AutoScalingGroup") or ("PrivateSubnetA" in used and '"SubnetA"' not in used)
        assert not resource["Type"].endswith("::LoadBalancer") or "PrivateSubnet" not in json.dumps(resource)
    assert "MapPublicIpOnLaunch" not in resources["PrivateSubnetA"]["Properties"]


def shared(resources):
    """Two names share one load balancer of HTTP, ports share another, and what clashes has a second one."""
    kinds = {n: (r["Properties"]["Type"], r["Properties"]["Scheme"]) for n, r in resources.items() if r["Type"].endswith("::LoadBalancer")}
    assert kinds == {"BalancerWeb": ("application", "internet-facing"), "BalancerInside": ("network", "internal"),
                     "BalancerInside2": ("network", "internal")}, kinds
    rules = {n: r["Properties"] for n, r in resources.items() if r["Type"].endswith("::ListenerRule")}
    hosts = {n: r["Conditions"][0]["HostHeaderConfig"]["Values"] for n, r in rules.items()}
    assert hosts == {"WebPort443TcpRule": ["web.shop.example.com"], "WebPort80TcpRule": ["web.shop.example.com"],
                     "ShopPort443TcpRule": ["shop.shop.example.com"]}, hosts
    assert [n for n in resources if n.startswith("BalancerWebPort")] == ["BalancerWebPort443Listener", "BalancerWebPort80Listener"]
    assert resources["OtherPort6379TcpListener"]["Properties"]["LoadBalancerArn"] == {"Ref": "BalancerInside2"}
    assert resources["DbNames"]["Properties"]["RecordSets"][0]["AliasTarget"]["DNSName"]["Fn::GetAtt"][0] == "BalancerInside"
    assert len(resources["BalancerWebFirewall"]["Properties"]["SecurityGroupIngress"]) == 2


def named(resources):
    """Where names lead to instances there is no load balancer, and a role may write its own pod's names alone."""
    kinds = [n for n, r in resources.items() if r["Type"].endswith(("::LoadBalancer", "::TargetGroup", "::RecordSetGroup"))]
    assert kinds and not [n for n in kinds if not n.startswith("Web")], kinds
    ways = resources["DbFirewall"]["Properties"]["SecurityGroupIngress"]
    assert [(w["FromPort"], w["SourceSecurityGroupId"]) for w in ways] == [(5432, {"Ref": "Members"})], ways
    out = {n: r["Properties"] for n, r in resources.items() if n.startswith("WebReachesDbPort")}
    assert [(r["FromPort"], r["DestinationSecurityGroupId"]) for r in out.values()] == [(5432, {"Ref": "DbFirewall"})], out
    change = [s for s in resources["DbRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
              if s["Action"] == ["route53:ChangeResourceRecordSets"] or s["Action"] == "route53:ChangeResourceRecordSets"]
    assert change[0]["Resource"] == {"Fn::Sub": "arn:${AWS::Partition}:route53:::hostedzone/${PrivateZone}"}, change
    asked = change[0]["Condition"]["ForAllValues:StringEquals"]
    assert asked == {"route53:ChangeResourceRecordSetsNormalizedRecordNames": [
        "db.shop-production.internal", "db.default.shop-production.internal", "db.default.svc.cluster.local.shop-production.internal"],
        "route53:ChangeResourceRecordSetsRecordTypes": ["A"], "route53:ChangeResourceRecordSetsActions": ["UPSERT", "DELETE"]}, asked
    assert "${PrivateZone}" in resources["DbLaunch"]["Properties"]["LaunchTemplateData"]["UserData"]["Fn::Base64"]["Fn::Sub"]


RULES = [("reach", "named", named), ("sets", "made", sets), ("shared", "shared", shared), ("web", "nat", private), ("web", "nats", private), ("stateful", "endpoints", private), ("exposure", "made", exposure), ("reach", "made", reach), ("names", "made", names), ("web", "made", health)]
TOOL = sys.argv[1]


def make(name, kind):
    done = subprocess.run([TOOL, os.path.join(HERE, name + ".yml"), kind], capture_output=True,
                          text=True)
    if done.returncode:
        return None, done.stderr
    return json.dumps(json.loads(done.stdout), indent=1) + "\n", done.stdout


def lint(text):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as out:
        out.write(text)
        out.flush()
        done = subprocess.run(["cfn-lint", "--regions", "eu-west-1", "--include-checks", "W", "I",
                               "--", out.name], capture_output=True, text=True)
        return "" if done.returncode == 0 else done.stdout + done.stderr


def main():
    number = failed = 0
    has_lint = shutil.which("cfn-lint") is not None
    print(f"1..{len(CASES) * 2 + len(RULES) * 2 + 2}")

    def report(is_ok, what, why=""):
        nonlocal number, failed
        number += 1
        failed += not is_ok
        print("".join(f"# {line}\n" for line in why.splitlines()[:60]), end="")
        print(f"{'ok' if is_ok else 'not ok'} {number} - {what}", flush=True)

    for name, kind in CASES:
        text, raw = make(name, kind)
        path = os.path.join(HERE, f"{name}.{kind}.json")
        if "--write" in sys.argv and text:
            with open(path, "w") as out:
                out.write(text)
        golden = open(path).read() if os.path.exists(path) else ""
        report(text == golden, f"{name} ({kind}) is as it was", raw if text is None else "")
        if not has_lint:
            report(True, f"{name} ({kind}) passes cfn-lint # SKIP cfn-lint is not installed")
            continue
        complaints = lint(text or "")
        report(not complaints, f"{name} ({kind}) passes cfn-lint", complaints)
    for name, kind, rule in RULES:
        text, why = make(name, kind)
        try:
            rule(json.loads(text)["Resources"])
            report(True, rule.__doc__)
        except (AssertionError, TypeError, KeyError) as error:
            report(False, rule.__doc__, f"{error!r} {why if text is None else ''}")
        complaints = lint(text or "") if has_lint else ""
        report(not complaints, f"{name} passes cfn-lint{'' if has_lint else ' # SKIP cfn-lint is not installed'}", complaints)
    text, why = make("edge", "made")
    report(text is None and "certificate" in why, "TLS without a certificate is refused", why)
    text, why = make("cron", "made")
    report(text is None and "'nightly' is a CronJob" in why, "a CronJob is refused: nobody would keep its schedule", why)
    sys.exit(1 if failed else 0)


main()
