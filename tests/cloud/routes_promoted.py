#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Routes through the verbs, under the policies that doctor prints: promote, plan, status, diff, a change, a rollback, destroy.

usage: routes_promoted.py I2KIT     (I2KIT_BASE, I2KIT_IMAGES: out/base, out/images)
"""
import json
import os
import shutil

from harness import run_tests
from first_time import Bed, IMAGES, Shop, TOP, deployment, service
import listener
from permissions import good, restrict

CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"


def ingress(rules, name="shop", **more):
    """rules: (host, path, service, port); a path that ends in = is exact."""
    found = {}
    for host, path, to, port in rules:
        found.setdefault(host, []).append({"path": path.rstrip("="), "pathType": "Exact" if path.endswith("=") else "Prefix",
                                           "backend": {"service": {"name": to, "port": {"number": port}}}})
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name}, "spec": {
        "rules": [{**({"host": h} if h else {}), "http": {"paths": p}} for h, p in found.items()], **more}}


PODS = [deployment(readinessProbe={"httpGet": {"path": "/ready", "port": 8080}}), service(), deployment("api"), service("api", pod="api")]
RULES = [("shop.example.com", "/", "web", 80), ("shop.example.com", "/api", "api", 80), ("*.example.com", "/", "api", 80), (None, "/health=", "web", 80)]


def shop_of(bed, *documents, **more):
    shop = Shop(bed, *documents, hosted_zone="example.com", certificate=CERTIFICATE, internal="names", **more)
    policies = restrict(shop, "caller", "stack")
    shop.finish = lambda: (good(shop.run("destroy", "--yes", "--images")), nothing_is_left(bed), policies)
    return shop


def nothing_is_left(bed):
    assert all(s.status == "DELETE_COMPLETE" and not s.physical for s in bed.world.stacks.values())
    assert not bed.world.records and not bed.world.counts.get("denied"), bed.world.records


def led_to(resources, host, path, port=443):
    action = listener.action_for(resources, "BalancerRoutes", port, listener.Request(host, path))
    return action["FixedResponseConfig"]["StatusCode"] if action["Type"] == "fixed-response" else action["TargetGroupArn"]["Ref"]


def rules_of(resources):
    return {n: r["Properties"] for n, r in resources.items() if r["Type"] == listener.ELB + "ListenerRule"}


def an_ingress_is_rules_of_one_load_balancer(bed):
    shop = shop_of(bed, *PODS, ingress(RULES))
    plan = good(shop.run("promote", "-f", "i2kit.yml", "--plan", "--force"))
    assert "route shop.example.com/api → api:80" in plan.stdout, plan.stdout
    made = shop.ships()
    balancers = [n for n, r in made.items() if r["Type"].endswith("::LoadBalancer")]
    assert balancers == ["BalancerRoutes"] and made["BalancerRoutes"]["Properties"]["Scheme"] == "internet-facing", balancers
    web, api = "WebPort80TcpRouteTargets", "ApiPort80TcpRouteTargets"
    for port in (80, 443):
        asked = [led_to(made, h, p, port) for h, p in (("shop.example.com", "/x"), ("shop.example.com", "/api"), ("shop.example.com", "/apix"),
                                                       ("q.example.com", "/"), ("a.b.example.com", "/"), ("other.test", "/health"))]
        assert asked == [web, api, web, api, "404", web], asked
    # The groups' instances are the targets, and only that load balancer comes to their ports.
    assert made["WebGroup"]["Properties"]["TargetGroupARNs"] == [{"Ref": web}] and made["ApiGroup"]["Properties"]["TargetGroupARNs"] == [{"Ref": api}]
    ways = {n: [(r["FromPort"], r["SourceSecurityGroupId"]["Ref"]) for r in made[n]["Properties"]["SecurityGroupIngress"]] for n in ("WebFirewall", "ApiFirewall")}
    routes = "BalancerRoutesFirewall"
    assert sorted(ways["WebFirewall"]) == sorted([(80, "Members"), (80, routes), (8080, routes)]), ways
    out = {n: (r["Properties"]["FromPort"], r["Properties"]["DestinationSecurityGroupId"]["Ref"]) for n, r in made.items() if n.startswith("BalancerRoutesTo")}
    assert sorted(out.values()) == [(80, "ApiFirewall"), (80, "WebFirewall"), (8080, "WebFirewall")], out
    health = made[web]["Properties"]
    assert (health["HealthCheckPath"], health["HealthCheckPort"]) == ("/ready", "8080") and health["TargetGroupAttributes"][0]["Value"] == "30", health
    names = {r["Properties"]["Name"] for r in made.values() if r["Type"].endswith("::RecordSet")}
    assert names == {"shop.example.com.", "*.example.com."}, names
    shown = good(shop.run("status")).stdout
    assert "elb.eu-west-1.amazonaws.com" in shown and "  shop.example.com/api → api:80 (http, https)\n" in shown, shown
    said = json.loads(good(shop.run("status", "-o", "json")).stdout)
    assert [r["route"] for r in said["routes"]] == ["shop.example.com/api", "shop.example.com/", "*.example.com/", "*/health exactly"], said["routes"]
    assert said["routesAddress"].endswith(".amazonaws.com") and "routes" not in said["addresses"]
    shop.finish()


def a_change_keeps_the_numbers_and_a_rollback_brings_them_back(bed):
    shop = shop_of(bed, *PODS, ingress(RULES))
    first = rules_of(shop.ships())
    assert not [line for line in shop.run("diff", "-f", "i2kit.yml").stdout.splitlines() if "route" in line]
    changed = [("shop.example.com", "/api", "web", 80), ("shop.example.com", "/", "web", 80), ("shop.example.com", "/api/v2", "api", 80), ("*.example.com", "/", "api", 80)]
    shop.write(*PODS, ingress(changed))
    found = shop.run("diff", "-f", "i2kit.yml")
    assert found.returncode == 1 and all(w in found.stdout for w in ("shop.example.com/api/v2", "*/health exactly", "absent")), found.stdout
    second = rules_of(shop.ships())
    same = set(first) & set(second)
    assert len(same) == 6 and len(second) == 8 and all(first[n]["Conditions"] == second[n]["Conditions"] for n in same), (list(first), list(second))
    made = shop.stack().template.resources
    assert [led_to(made, "shop.example.com", p) for p in ("/api/v2/x", "/api/x")] == ["ApiPort80TcpRouteTargets", "WebPort80TcpRouteTargets"]
    # Nothing that says who owns a route is in the stack, and the same again is no change.
    shop.write(*PODS, ingress(changed, name="other"))
    again = good(shop.run("promote", "-f", "i2kit.yml", "--plan", "--force"))
    assert "BalancerRoutes" not in again.stdout, again.stdout
    plan = good(shop.run("rollback", "1", "--plan")) if "--plan" in shop.run("rollback", "--help").stdout else None
    assert plan is None or "route" in plan.stdout
    good(shop.run("rollback", "1", "--yes"))
    assert rules_of(shop.stack().template.resources) == first
    shop.write(*PODS)           # without routes nothing of them stays
    made = shop.ships()
    assert not [n for n in made if "Route" in n and "BalancerRoutes" in n] and "TargetGroupARNs" not in made["WebGroup"]["Properties"]
    shop.write(*PODS, ingress(RULES))
    shop.ships()
    shop.finish()


def a_redirect_and_what_it_leads_to_are_two_routes(bed):
    """http sends on to https, which answers under the same name and path."""
    gateway = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "edge"}, "spec": {"gatewayClassName": "any", "listeners": [
        {"name": "http", "port": 80, "protocol": "HTTP"}, {"name": "https", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "edge"}]}}]}}

    def route(name, **rule):
        return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": f"at-{name}"}, "spec": {
            "parentRefs": [{"name": "edge", "sectionName": name}], "hostnames": ["shop.example.com"], "rules": [rule]}}
    shop = shop_of(bed, *PODS, gateway, route("https", backendRefs=[{"name": "web", "port": 80}]), route(
        "http", filters=[{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]))
    shop.ships()
    shown = good(shop.run("status")).stdout
    assert "  shop.example.com/ → web:80 (https)\n" in shown and "  shop.example.com/ → 301 to https://* (http)\n" in shown, shown
    shop.finish()


def what_aws_cannot_do_is_refused_at_its_line(bed):
    shop = shop_of(bed, *PODS, ingress([("shop.example.com", "/a*b", "web", 80)]))
    shop.is_stopped("i2kit.yml:", "cannot say '/a*b'")
    shop.write(*PODS, ingress(RULES, tls=[{"hosts": ["shop.example.com"]}]))
    del shop.provider["certificate"]
    shop.write()
    shop.is_stopped("i2kit.yml:", "https wants a certificate", "provider.certificate")
    shop.write(*PODS, ingress(RULES))
    made = shop.ships()
    assert [n for n, r in made.items() if r["Type"].endswith("::Listener")] == ["BalancerRoutesHttpListener"]
    noted = good(shop.run("promote", "-f", "i2kit.yml", "--plan", "--force")).stderr
    assert "over http alone" in noted, noted
    shop.write(*PODS, ingress([("shop.example.com", f"/{n}", "web", 80) for n in range(101)]))
    shop.is_stopped("101 rules", "100")
    shop.write(*PODS, ingress([("shop.example.com", f"/{n}", "web", 80) for n in range(99)]))
    shop.is_stopped("103 rules", "without some of the old routes")
    shop.finish()


def the_example_is_promoted(bed):
    """examples/ingress as it is, with its environment.yml."""
    shop = Shop(bed, *PODS)
    folder = bed.folder + "/examples/ingress"
    shutil.copytree(TOP + "/examples/ingress", folder)
    os.symlink(os.path.dirname(IMAGES), bed.folder + "/out", target_is_directory=True)
    shutil.copy(folder + "/environment.yml", bed.folder + "/app/test.yml")
    done = good(shop.run("promote", "-f", folder + "/i2kit.yml", "--yes", "--force", "--verify", "none"))
    assert "shop.localhost is not in" in done.stdout + done.stderr, done.stdout + done.stderr
    (stack,) = bed.world.stacks.values()
    made = stack.template.resources
    assert led_to(made, "shop.localhost", "/") == "ShopPort80TcpRouteTargets" == led_to(made, "shop.example.com", "/api")
    assert led_to(made, "shop.localhost", "/api/x") == "ApiPort80TcpRouteTargets" and led_to(made, "other.test", "/") == "404"


ONLY = os.environ.get("ONLY", "")
if __name__ == "__main__":
    run_tests(Bed(), [t for t in [an_ingress_is_rules_of_one_load_balancer, a_change_keeps_the_numbers_and_a_rollback_brings_them_back,
                                  a_redirect_and_what_it_leads_to_are_two_routes,
                                  what_aws_cannot_do_is_refused_at_its_line, the_example_is_promoted] if ONLY in t.__name__])
