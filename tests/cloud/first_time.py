#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What AWS would refuse never gets there: it is sent in a form that AWS takes, or refused here before an upload.

usage: first_time.py I2KIT     (I2KIT_BASE, I2KIT_IMAGES: out/base, out/images)

Each test is about one rule of the fake, or two; all others are on as well.
"""
import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

from harness import Bed, run_tests
import kms
import rules
import rules_balancer  # noqa: F401
import rules_key  # noqa: F401
import rules_network  # noqa: F401
import route53  # noqa: F401

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
I2KIT = os.path.abspath(sys.argv[1])
BASE = os.environ.get("I2KIT_BASE", TOP + "/out/base")
IMAGES = os.environ.get("I2KIT_IMAGES", TOP + "/out/images")
if not os.path.exists(BASE + "/base.json") or not os.path.exists(IMAGES + "/nginx/index.json"):
    print("1..0 # SKIP scripts/make-base and scripts/example-images nginx were not run")
    sys.exit(77)
SHARED = {"store": tempfile.mkdtemp(prefix="i2kit-first-time-"), "images": {}, "snapshots": {}}
atexit.register(shutil.rmtree, SHARED["store"], True)


def container(**more):
    return {"name": "nginx", "image": f"oci:{IMAGES}/nginx", "ports": [{"containerPort": 80}], **more}


def deployment(name="web", replicas=1, volumes=(), **more):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": {
            "metadata": {"labels": {"app": name}}, "spec": {"containers": [container(**more)], "volumes": list(volumes)}}}}


def database(replicas=1, size="10Gi"):
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": {
        "serviceName": "db", "replicas": replicas, "selector": {"matchLabels": {"app": "db"}}, "template": {
            "metadata": {"labels": {"app": "db"}}, "spec": {"containers": [
                container(volumeMounts=[{"name": "data", "mountPath": "/data"}])]}},
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}}]}}


def service(name="web", ports=((80, 80, "TCP"),), pod="web", **more):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {
        "selector": {"app": pod}, "ports": [{"name": f"p{n}", "port": a, "targetPort": b, "protocol": c}
                                            for n, (a, b, c) in enumerate(ports)], **more}}


class Shop:
    """One project on one bed, with every rule on."""

    def __init__(self, bed, *documents, environment="test", **provider):
        self.bed, self.name = bed, environment
        self.provider = {"type": "aws", "region": "eu-west-1", **provider}
        bed.world.settings.update(resource_s=0.01, signal_after_s=0.05, list_page=10000)
        bed.world.images.update(SHARED["images"])
        bed.world.snapshots.update(SHARED["snapshots"])
        self.write(*documents)

    def write(self, *documents, **provider):
        self.provider.update(provider)
        self.bed.file(f"app/{self.name}.yml", json.dumps({"name": self.name, "provider": self.provider}))
        if documents:
            self.bed.file("app/i2kit.yml", "\n---\n".join(json.dumps(d) for d in documents))

    def run(self, verb, *words):
        env = self.bed.environment(I2KIT_BASE=BASE, XDG_DATA_HOME=SHARED["store"])
        done = subprocess.run([I2KIT, verb, "-e", f"{self.name}.yml", *words, "-p", "shop"], text=True, env=env,
                              cwd=self.bed.folder + "/app", capture_output=True, timeout=240)
        world = self.bed.world
        for image in list(world.images.values()):
            if world.snapshots[image["snapshot"]].state == "completed":
                SHARED["images"][image["id"]] = image
                SHARED["snapshots"][image["snapshot"]] = world.snapshots[image["snapshot"]]
        return done

    def promote(self, *words):
        return self.run("promote", "-f", "i2kit.yml", "--yes", "--force", "--verify", "none", *words)

    def ships(self):
        done = self.promote()
        assert done.returncode == 0, done.stderr + done.stdout
        return self.stack().template.resources

    def is_stopped(self, *words):
        """An error that says these words, and nothing was sent that changes anything."""
        before = len(self.bed.world.calls)
        done = self.promote()
        sent = [c for c in self.bed.world.calls[before:]
                if c.split(":")[1].startswith(("Start", "Put", "Register", "Create", "Execute", "Delete"))]
        assert done.returncode != 0 and not sent, (done.returncode, sent, done.stderr[-300:])
        assert all(w.lower() in done.stderr.lower() for w in words), done.stderr

    def ships_or_is_stopped(self, *words):
        done = self.promote()
        started = any("StartSnapshot" in c or "CreateChangeSet" in c for c in self.bed.world.calls)
        assert done.returncode == 0 or (not started and all(w in done.stderr for w in words)), done.stderr + done.stdout

    def stack(self):
        found = [s for s in self.bed.world.stacks.values()
                 if s.status != "DELETE_COMPLETE" and s.name == "i2kit-shop-" + self.name]
        assert len(found) == 1, [s.name for s in self.bed.world.stacks.values()]
        return found[0]


WEB = [deployment(), service(type="LoadBalancer")]


def ephemeral_storage_is_a_disk_of_the_instance(bed):
    shop = Shop(bed, deployment(resources={"limits": {"ephemeral-storage": "1500Mi"}}), WEB[1])
    data = shop.ships()["WebLaunch"]["Properties"]["LaunchTemplateData"]
    assert data["BlockDeviceMappings"] == [{"DeviceName": "/dev/sdg", "Ebs": {
        "VolumeSize": 2, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}}], data
    document = json.loads(data["UserData"]["Fn::Base64"])["i2kit"]["instance"]
    assert document["scratch"] == {"serial": "/dev/sdg", "bytes": 1500 << 20}, document
    shop.write(deployment(resources={"limits": {"ephemeral-storage": "17Ti"}}), WEB[1])
    shop.is_stopped("ephemeral-storage", "16384")


def key_of(bed, shop, **more):
    """A key with the statements that doctor prints for it."""
    key = kms.Key(bed.world, "alias/shop", **more)
    text = shop.run("doctor", "--cloud", "--policy", "key").stdout.replace("ACCOUNT", bed.world.account)
    key.statements = json.loads(text)["Statement"]
    return key


def what_is_encrypted_is_encrypted_with_ones_own_key(bed):
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"token": "x"}}
    env = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "key", "key": "token"}}}]
    web = deployment(env=env, resources={"limits": {"ephemeral-storage": "1Gi"}})
    shop = Shop(bed, secret, web, database(), kms_key="alias/shop")
    shop.is_stopped("kms_key", "does not exist")
    key = key_of(bed, shop)
    made = shop.ships()
    disks = {m["DeviceName"]: m["Ebs"] for m in made["WebLaunch"]["Properties"]["LaunchTemplateData"]["BlockDeviceMappings"]}
    assert [disks[d]["KmsKeyId"] for d in ("/dev/xvda", "/dev/sdg")] == [key.arn] * 2, disks
    assert made["Logs"]["Properties"]["KmsKeyId"] == key.arn and [v["key"] for v in bed.world.volumes.values()] == [key.arn]
    assert len(bed.world.parameter_keys) == 1 and set(bed.world.parameter_keys.values()) == {key.arn}
    statement = [s for s in made["WebRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"] if s["Action"] == ["kms:Decrypt"]]
    assert statement[0]["Resource"] == key.arn, statement
    # Another key: secrets are written again, volumes keep theirs, and the way back leads to the old ones.
    other = kms.Key(bed.world, "alias/other")
    other.statements = key.statements
    shop.write(kms_key="alias/other")
    plan = shop.run("promote", "-f", "i2kit.yml", "--plan", "--force")
    assert "data-db-0 keeps the key" in plan.stdout + plan.stderr, plan.stderr
    shop.ships()
    assert set(bed.world.parameter_keys.values()) == {key.arn, other.arn} and [v["key"] for v in bed.world.volumes.values()] == [key.arn]
    assert shop.run("rollback", "--yes").returncode == 0 and shop.stack().template.resources == made


def a_key_that_cannot_encrypt_disks_is_refused(bed):
    shop = Shop(bed, *WEB, kms_key="alias/shop")
    key = key_of(bed, shop, state="PendingDeletion")
    shop.is_stopped("kms_key", "PendingDeletion")
    key.state, key.spec = "Enabled", "RSA_2048"
    shop.is_stopped("kms_key", "RSA_2048")
    shop.write(kms_key=key.arn.replace("eu-west-1", "eu-north-1"))
    shop.is_stopped("kms_key", "eu-west-1")


def an_account_that_encrypts_all_disks_gets_whole_ones(bed):
    """No delta against a disk of before; the plan says so, and the next one goes against the encrypted one."""
    SHARED["images"].clear()
    SHARED["snapshots"].clear()
    bed.world.images.clear()
    shop = Shop(bed, *WEB)
    good = ["promote", "-f", "i2kit.yml", "--yes", "--force", "--verify", "full"]
    assert shop.run(*good).returncode == 0
    bed.world.settings["encrypts"] = True
    for number, is_delta in ((1, False), (2, True)):
        shop.write(deployment(image=f"oci:{IMAGES}/toolbox" if number == 1 else f"oci:{IMAGES}/nginx", command=["sleep", f"{number}00"]), WEB[1])
        for image in bed.world.images.values():
            image["name"] = "other-" + image["id"]
            if number == 2 and bed.world.snapshots[image["snapshot"]].key is None:
                image["tags"]["i2kit:image-sha256"] = "sha256:" + "0" * 64
        before = len(bed.world.calls)
        plan = json.loads(shop.run("promote", "-f", "i2kit.yml", "--plan", "--force", "-o", "json").stdout)
        done = shop.run(*good)
        assert done.returncode == 0, done.stderr
        assert bed.world.calls[before:].count("ebs:StartSnapshot") == 1, bed.world.calls[before:]
        newest = list(bed.world.snapshots.values())[-1]
        assert newest.key == "aws/ebs" and (newest.parent is not None) == is_delta, (number, plan)
    SHARED["images"].clear()
    SHARED["snapshots"].clear()


def instances_without_public_addresses_reach_what_they_call(bed):
    """One NAT gateway, one a zone, none but endpoints, and back: each a change of a stack that runs."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"token": "x"}}
    env = [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "key", "key": "token"}}}]
    shop = Shop(bed, secret, deployment(env=env), database(), WEB[1], private_network="nat")
    made = shop.ships()
    assert [n for n, r in made.items() if r["Type"] == "AWS::EC2::NatGateway"] == ["NatA"]
    shop.write(private_network="nat-per-zone")
    assert "NatB" in shop.ships()
    shop.write(private_network="endpoints")
    made = shop.ships()
    assert not [n for n in made if n.startswith("Nat")] and {"EndpointSsm", "EndpointEc2", "EndpointS3"} <= set(made)
    plan = json.loads(shop.run("promote", "-f", "i2kit.yml", "--plan", "--force", "-o", "json").stdout)
    assert plan["plan"]["dollarsAMonth"] > 4 * 2 * 7.3 if "plan" in plan else True
    del shop.provider["private_network"]
    shop.write()
    assert "PrivateSubnetA" not in shop.ships()
    shop.write(private_network="nat", vpc="vpc-0fake")
    shop.is_stopped("private_network", "vpc")


def balancing(made):
    return {n: r for n, r in made.items() if "::ElasticLoadBalancingV2::" in r["Type"] or r["Type"].startswith("AWS::Route53::")}


def services_share_load_balancers_and_stay_where_they_are(bed):
    def several(*names):
        return [d for n, port in names for d in (deployment(n), service(n, [(port, 80, "TCP")], pod=n))]

    shop = Shop(bed, *several(("web", 80), ("api", 81)), balancer="shared", hosted_zone="example.com")
    made = shop.ships()
    assert [n for n in made if n.startswith("Balancer") and made[n]["Type"].endswith("::LoadBalancer")] == ["BalancerInside"]
    # One more, before the others by name and on a port of theirs: they stay.
    shop.write(*several(("aa", 80), ("web", 80), ("api", 81)))
    made = shop.ships()
    assert made["WebPort80TcpListener"]["Properties"]["LoadBalancerArn"] == {"Ref": "BalancerInside"}
    assert made["AaPort80TcpListener"]["Properties"]["LoadBalancerArn"] == {"Ref": "BalancerInside2"}
    shop.write(balancer="own")
    assert balancing(shop.ships()) == balancing(made)
    shop.write(*several(("aa", 80), ("web", 81), ("api", 81)))
    shop.is_stopped("web", "lead nowhere")


def hash_of(key):
    number = 5381
    for c in key:
        number = (number * 33 + ord(c)) & 0xffffff
    return number % 50000 + 1


def rules_of_names_keep_their_numbers(bed):
    """Whoever comes or goes, also where two names would have one number."""
    def key(name):
        return json.dumps([{"Field": "host-header", "HostHeaderConfig": {"Values": [f"{name}.shop.example.com"]}}], separators=(",", ":"))

    def several(*names):
        return [deployment()] + [service(n, [(80, 80, "TCP")], type="LoadBalancer") for n in names]

    def numbers(made):
        found = {r["Properties"]["Conditions"][0]["HostHeaderConfig"]["Values"][0].split(".")[0]: r["Properties"]["Priority"]
                 for r in made.values() if r["Type"].endswith("::ListenerRule")}
        assert len(set(found.values())) == len(found), found
        return found
    first, second, seen, number = None, None, {}, 0
    while second is None:
        name = f"s{number}"
        first, second = (seen[hash_of(key(name))], name) if hash_of(key(name)) in seen else (None, None)
        seen[hash_of(key(name))], number = name, number + 1

    def http(*names):
        documents = several(*names)
        for one in documents[1:]:
            one["spec"]["ports"][0]["appProtocol"] = "http"
        return documents
    shop = Shop(bed, *http(second), balancer="shared", hosted_zone="example.com")
    made = numbers(shop.ships())
    shop.write(*http(first, second))
    both = numbers(shop.ships())
    assert both[second] == made[second] == hash_of(key(second)) and abs(both[first] - made[second]) == 1, (made, both)
    shop.write(*http(first, "other"))       # the number that goes is nobody else's meanwhile
    assert numbers(shop.ships())[first] == both[first]


def what_has_a_load_balancer_keeps_it(bed):
    shop = Shop(bed, deployment(), service(), deployment("api"), service("api", [(81, 80, "TCP")], pod="api"))
    plan = shop.run("promote", "-f", "i2kit.yml", "--plan", "--force")
    before = shop.ships()
    shop.write(balancer="shared")
    done = shop.promote()
    assert done.returncode == 0 and "keeps the load balancer of its own" in done.stderr + done.stdout, done.stderr
    assert balancing(shop.stack().template.resources) == balancing(before)
    assert "provider.balancer: shared" in plan.stderr + plan.stdout, plan.stderr


NAMED = [deployment(), service(type="LoadBalancer"), deployment("api", 2), service("api", [(80, 80, "TCP")], pod="api"),
         database(), service("db", [(5432, 80, "TCP")], pod="db", clusterIP="None")]


def resolved(bed, name):
    return bed.world.route53.resolve(f"{name}.shop-test.internal")


def alive(bed, pod):
    return sorted(i["address"] for i in bed.world.instances.values() if i["state"] == "running" and i["tags"]["i2kit:pod"] == pod)


def names_lead_to_instances(bed):
    shop = Shop(bed, *NAMED, internal="names")
    bed.world.settings["volume_waits"] = False
    plan = shop.run("promote", "-f", "i2kit.yml", "--plan", "--force")
    made = shop.ships()
    balancers = [n for n, r in made.items() if r["Type"].endswith("::LoadBalancer")]
    assert balancers == ["WebBalancer"] and not [n for n in made if n.startswith(("ApiPort", "DbPort"))], balancers
    assert "provider.internal" not in plan.stdout + plan.stderr, plan.stderr
    for name in ("api", "api.default", "api.default.svc.cluster.local"):
        assert sorted(resolved(bed, name)) == alive(bed, "api") and len(alive(bed, "api")) == 2, name
    for name in ("db", "db-0.db", "db-0.db.default.svc.cluster.local"):
        assert resolved(bed, name) == alive(bed, "db") != [], name
    ways = made["ApiFirewall"]["Properties"]["SecurityGroupIngress"]
    assert ways == [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "SourceSecurityGroupId": {"Ref": "Members"}, "Description": "api"}]
    # A name is what each of the two ways of a client's look-up says, and no more than what the role lets through.
    role = json.dumps(made["ApiRole"])
    assert "db.shop-test" not in role and "api.default.svc.cluster.local.shop-test.internal" in role
    assert "route53" not in json.dumps(made["WebRole"])
    # Instances that are replaced take theirs away; those that were killed have it done.
    before = alive(bed, "api")
    shop.write(NAMED[0], NAMED[1], deployment("api", 2, env=[{"name": "A", "value": "b"}]), *NAMED[3:])
    shop.ships()
    assert sorted(resolved(bed, "api")) == alive(bed, "api") and not set(before) & set(alive(bed, "api"))
    bed.world.settings["killed"] = True
    gone = next(i for i in bed.world.instances.values() if i["address"] == alive(bed, "api")[0])
    gone["state"] = "terminated"
    done = shop.run("status")
    assert f"{gone['address']} ({gone['id']}, gone)" in done.stdout and "db: db.shop-test.internal →" in done.stdout, done.stdout
    said = json.loads(shop.run("status", "-o", "json").stdout)["names"]
    assert {i["id"]: i["isGone"] for s in said if s["service"] == "api" for i in s["instances"]}[gone["id"]] is True, said
    done = shop.run("diff", "-f", "i2kit.yml")
    assert done.returncode == 1 and "which is gone" in done.stdout, done.stdout
    shop.write(NAMED[0], NAMED[1], deployment("api", 2, env=[{"name": "A", "value": "c"}]), *NAMED[3:])
    shop.ships()
    assert sorted(resolved(bed, "api")) == alive(bed, "api") and "gone)" not in shop.run("status").stdout
    # A zone with records is not deleted: what killed instances left goes first.
    done = shop.run("destroy", "--yes", "--volumes")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "zone-empty" in bed.world.refused and not bed.world.zone_records and not bed.world.zones
    assert all(s.status == "DELETE_COMPLETE" for s in bed.world.stacks.values())


def a_zone_that_a_failed_creation_filled_is_emptied(bed):
    shop = Shop(bed, *NAMED, internal="names")
    bed.world.settings.update(volume_waits=False, killed=True, fail_resource="DbGroup")
    done = shop.promote()
    assert done.returncode == 1, done.stdout
    assert shop.stack().status == "ROLLBACK_FAILED", shop.stack().status
    bed.world.settings.update(killed=False, fail_resource=None)
    shop.ships()
    assert sorted(resolved(bed, "api")) == alive(bed, "api")


def names_stay_where_they_lead(bed):
    shop = Shop(bed, *NAMED, internal="names")
    bed.world.settings["volume_waits"] = False
    made = shop.ships()
    shop.write(internal="balancer")
    assert balancing(shop.ships()) == balancing(made)
    shop.write(*NAMED[:3], service("api", [(81, 80, "TCP")], pod="api"), *NAMED[4:])
    shop.is_stopped("'api'", "targetPort")
    shop.write(*NAMED[:3], service("api", [(80, 80, "TCP")], pod="api", type="LoadBalancer"), *NAMED[4:])
    shop.is_stopped("'api'", "public")
    # Away, and back as something else; the release in between is no way back from there.
    shop.write(*NAMED[:3], *NAMED[4:])
    shop.ships()
    shop.write(*NAMED)
    shop.ships()
    assert "ApiBalancer" in shop.stack().template.resources
    done = shop.run("rollback", "1", "--yes")
    assert done.returncode == 1 and "service 'api'" in done.stderr and "rolled" not in done.stdout, done.stderr


def what_needs_a_load_balancer_keeps_one(bed):
    cases = [(dict(), [(81, 80, "TCP")], "targetPort"), (dict(sessionAffinity="ClientIP"), [(80, 80, "TCP")], "sessionAffinity"),
             (dict(clusterIP="None", publishNotReadyAddresses=True), [(80, 80, "TCP")], "not ready")]
    for more, ports, why in cases:
        shop = Shop(bed, deployment(), service(ports=ports, **more), internal="names")
        done = shop.run("promote", "-f", "i2kit.yml", "--plan", "--force")
        assert done.returncode == 0 and f"service 'web' has a load balancer: " in done.stdout + done.stderr and why in done.stdout + done.stderr, done.stderr + done.stdout
    shop = Shop(bed, deployment(), service(), internal="names", private_network="endpoints")
    done = shop.run("promote", "-f", "i2kit.yml", "--plan", "--force")
    assert "no way out to Route 53" in done.stdout + done.stderr, done.stdout + done.stderr
    assert "WebBalancer" in shop.ships()
    # Who has one and could do without hears of it.
    shop = Shop(bed, deployment(), service(), environment="other")
    done = shop.run("promote", "-f", "i2kit.yml", "--plan", "--force")
    assert "provider.internal: names" in done.stdout + done.stderr, done.stdout + done.stderr
    shop.ships()
    shop.write(internal="names")
    done = shop.run("promote", "-f", "i2kit.yml", "--plan", "--force")
    assert "keeps the load balancer that it has" in done.stdout + done.stderr, done.stdout + done.stderr


def a_plain_project_comes_up(bed):
    assert "WebGroup" in Shop(bed, *WEB).ships()


def tags_of_ones_own_do_not_stop_a_launch(bed):
    shop = Shop(bed, *WEB)
    shop.write(tags={"team/owner": "me", "cost center": "7"})
    shop.ships()


def braces_in_the_configuration_arrive(bed):
    page = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "page"},
            "data": {"a": "{{ greeting }}" + "x" * 20000, "b": "{{resolve:ssm:/nothing}}"}}
    shop = Shop(bed, page, deployment(volumes=[{"name": "page", "configMap": {"name": "page"}}], volumeMounts=[
        {"name": "page", "mountPath": "/page"}]))
    shop.ships()


def short_braces_are_not_looked_up(bed):
    shop = Shop(bed, deployment(env=[{"name": "A", "value": "{{resolve:ssm:/nothing}}"}]))
    shop.ships()


def an_empty_secret_arrives(bed):
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"token": "", "b": "x"}}
    Shop(bed, secret, deployment(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "key", "key": "token"}}}])).ships()


def many_services_fit(bed):
    ports = [(8000 + n, 8000 + n, "TCP") for n in range(6)]
    Shop(bed, deployment(), *[service(f"s{n}", ports) for n in range(12)]).ships()


def a_slow_health_check_is_one_that_aws_takes(bed):
    probe = {"httpGet": {"path": "/", "port": 80}, "timeoutSeconds": 200, "periodSeconds": 300, "failureThreshold": 50}
    Shop(bed, deployment(readinessProbe=probe), service()).ships_or_is_stopped("timeoutSeconds")


def a_path_without_a_slash_is_mended_or_refused(bed):
    probe = {"httpGet": {"path": "healthz", "port": 80}}
    Shop(bed, deployment(readinessProbe=probe), service()).ships_or_is_stopped("path")


def sticky_sessions_on_tls_are_refused(bed):
    secure = service(ports=[(443, 80, "TCP"), (5000, 80, "TCP")], sessionAffinity="ClientIP", type="LoadBalancer")
    secure["spec"]["ports"][0]["appProtocol"] = "https"
    Shop(bed, deployment(), secure, certificate="arn:aws:acm:eu-west-1:123456789012:certificate/"
         "12345678-1234-1234-1234-123456789012").ships_or_is_stopped("sessionAffinity")


def days_of_logs_that_aws_does_not_know_are_refused(bed):
    Shop(bed, *WEB, log_retention_days=31).is_stopped("log_retention_days")


def a_type_that_is_none_is_refused(bed):
    Shop(bed, *WEB, instance_type="t9.huge").is_stopped("t9.huge")


def a_type_of_another_architecture_is_refused(bed):
    Shop(bed, *WEB, instance_type="t4g.micro").is_stopped("t4g.micro", "x86_64")


def a_type_that_the_zone_lacks_is_refused(bed):
    shop = Shop(bed, *WEB, instance_type="m5.large", subnets=["subnet-0a"])
    bed.world.types["m5.large"]["not_in"].update({"eu-west-1a"})
    shop.is_stopped("m5.large")


def many_secrets_fit_into_the_role(bed):
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"},
              "stringData": {f"a-rather-long-name-of-a-secret-{n}": str(n) for n in range(120)}}
    env = [{"name": f"A{n}", "valueFrom": {"secretKeyRef": {"name": "key", "key": f"a-rather-long-name-of-a-secret-{n}"}}}
           for n in range(120)]
    Shop(bed, secret, deployment(env=env)).ships_or_is_stopped("secret")


def a_stateful_pod_with_nobody_comes_up(bed):
    Shop(bed, database(replicas=0)).ships()


def a_claim_grows_and_never_shrinks(bed):
    shop = Shop(bed, database(size="10Gi"))
    shop.ships()
    shop.write(database(size="5Gi"))
    shop.is_stopped("10")
    shop.write(database(size="20Gi"))
    shop.ships()
    assert [v["size"] for v in bed.world.volumes.values()] == [20]


def a_slow_start_is_not_replaced_while_rolling(bed):
    shop = Shop(bed, *WEB)
    shop.ships()
    shop.write(deployment(env=[{"name": "A", "value": "b"}]), WEB[1])
    shop.ships()


def a_network_of_ones_own_with_two_subnets_in_a_zone(bed):
    shop = Shop(bed, *WEB, vpc="vpc-0fake")
    bed.world.subnets.append({**bed.world.subnets[0], "subnetId": "subnet-0a2"})
    shop.ships()


def private_subnets_get_no_public_balancer(bed):
    shop = Shop(bed, *WEB, vpc="vpc-0fake")
    for subnet in list(bed.world.subnets):
        bed.world.subnets.append({**subnet, "subnetId": subnet["subnetId"].replace("-0", "-1"), "mapPublicIpOnLaunch": "false"})
    inside = [s["subnetId"] for s in bed.world.subnets if s["subnetId"].startswith("subnet-1")]
    bed.world.route_tables.append({"id": "rtb-1", "vpcId": "vpc-0fake", "main": False, "subnets": inside,
                                   "routes": [("172.31.0.0/16", "local"), ("0.0.0.0/0", "nat-1")]})
    made = shop.ships()
    assert set(made["WebBalancer"]["Properties"]["Subnets"]) <= {"subnet-0a", "subnet-0b", "subnet-0c"}, made["WebBalancer"]
    assert set(made["WebGroup"]["Properties"]["VPCZoneIdentifier"]) <= set(inside), made["WebGroup"]


def a_volume_keeps_its_zone(bed):
    shop = Shop(bed, database(), vpc="vpc-0fake")
    shop.ships()
    first = set(bed.world.volumes)
    bed.world.subnets.reverse()
    shop.write(database(size="11Gi"))
    shop.ships()
    assert set(bed.world.volumes) == first, (first, bed.world.volumes)


def two_environments_share_a_network(bed):
    Shop(bed, *WEB, vpc="vpc-0fake").ships()
    Shop(bed, *WEB, environment="other", vpc="vpc-0fake").ships()


def names_that_run_together_are_told_apart(bed):
    Shop(bed, deployment(), service("web", [(8080, 80, "TCP")]), service("web80", [(80, 80, "TCP")])).ships()


def one_port_for_tcp_and_udp_with_two_targets(bed):
    Shop(bed, deployment(), service("dns", [(53, 53, "TCP"), (53, 5353, "UDP")])).ships_or_is_stopped("53")


def a_lost_answer_to_the_execution_is_asked_again(bed):
    shop = Shop(bed, *WEB)
    shop.ships()
    shop.write(deployment(env=[{"name": "A", "value": "b"}]), WEB[1])
    bed.world.faults = [{"service": "cloudformation", "action": "ExecuteChangeSet", "reset": True, "count": 1}]
    shop.ships()


def a_plan_leaves_a_rolled_back_stack_alone(bed):
    shop = Shop(bed, *WEB)
    bed.world.settings["fail_resource"] = "WebGroup"
    assert shop.promote().returncode == 1 and shop.stack().status == "ROLLBACK_COMPLETE"
    kept = shop.stack().id
    done = shop.run("promote", "-f", "i2kit.yml", "--plan", "--force")
    assert done.returncode == 0 and shop.stack().id == kept and shop.stack().status == "ROLLBACK_COMPLETE", done.stderr


def a_long_startup_window_is_waited_for(bed):
    probe = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 10, "failureThreshold": 200}
    group = Shop(bed, deployment(startupProbe=probe)).ships()["WebGroup"]
    from rules_instance import seconds
    assert seconds(group["CreationPolicy"]["ResourceSignal"]["Timeout"]) > 2000, group["CreationPolicy"]


def staging_gone_leaves_production_its_image(bed):
    Shop(bed, *WEB, environment="other").ships()
    shop = Shop(bed, *WEB)
    shop.ships()
    done = shop.run("destroy", "--yes", "--images")
    assert done.returncode == 0 and bed.world.images, done.stderr
    SHARED["images"].clear()
    SHARED["snapshots"].clear()


def stacks_of_one_name_are_not_mixed_up(bed):
    shop = Shop(bed, *WEB, environment="b-test")
    shop.ships()
    other = Shop(bed, *WEB, environment="test")
    before = shop.stack().id
    env = bed.environment(I2KIT_BASE=BASE, XDG_DATA_HOME=SHARED["store"])
    done = subprocess.run([I2KIT, "destroy", "-e", "test.yml", "--yes", "-p", "shop-b"], text=True, env=env,
                          cwd=bed.folder + "/app", capture_output=True, timeout=100)
    assert shop.stack().id == before and shop.stack().status == "CREATE_COMPLETE", done.stderr + other.name


# Each with the rule of the fake that it is about.
TESTS = [(services_share_load_balancers_and_stay_where_they_are, "target-once rule-priority"),
         (rules_of_names_keep_their_numbers, "rule-priority"), (what_has_a_load_balancer_keeps_it, "target-once"), (names_lead_to_instances, "record-shape record-delete zone-empty"),
         (a_zone_that_a_failed_creation_filled_is_emptied, "zone-empty"), (names_stay_where_they_lead, "record-kinds"),
         (what_needs_a_load_balancer_keeps_one, "guest-reaches"),
         (instances_without_public_addresses_reach_what_they_call, "guest-reaches nat-address endpoint-kind"),
         (what_is_encrypted_is_encrypted_with_ones_own_key, "key-launches key-logs ssm-key"),
         (a_key_that_cannot_encrypt_disks_is_refused, "key-usable"),
         (an_account_that_encrypts_all_disks_gets_whole_ones, "snapshot-encryption"),
         (ephemeral_storage_is_a_disk_of_the_instance, "block-devices"), (a_plain_project_comes_up, "imds-tag-keys"), (tags_of_ones_own_do_not_stop_a_launch, "imds-tag-keys"),
         (braces_in_the_configuration_arrive, "ssm-braces"), (short_braces_are_not_looked_up, "template-resolves"),
         (an_empty_secret_arrives, "ssm-value"), (many_services_fit, "template-size"),
         (a_slow_health_check_is_one_that_aws_takes, "resource-model"),
         (a_path_without_a_slash_is_mended_or_refused, "health-path"), (sticky_sessions_on_tls_are_refused, "sticky-tls"),
         (days_of_logs_that_aws_does_not_know_are_refused, "retention-days"), (a_type_that_is_none_is_refused, "type-exists"),
         (a_type_of_another_architecture_is_refused, "type-architecture"),
         (a_type_that_the_zone_lacks_is_refused, "type-in-zone"), (many_secrets_fit_into_the_role, "policy-size"),
         (a_stateful_pod_with_nobody_comes_up, "rolling-room"), (a_claim_grows_and_never_shrinks, "volume-grows"),
         (a_slow_start_is_not_replaced_while_rolling, "health-suspended"),
         (a_network_of_ones_own_with_two_subnets_in_a_zone, "subnet-per-zone"),
         (private_subnets_get_no_public_balancer, "public-needs-gateway"), (a_volume_keeps_its_zone, "volume-zone"),
         (two_environments_share_a_network, "zone-in-vpc-twice"), (names_that_run_together_are_told_apart, "logical-id-once"),
         (one_port_for_tcp_and_udp_with_two_targets, "listener-port-once logical-id-once"),
         (a_lost_answer_to_the_execution_is_asked_again, "execute-token"),
         (a_plan_leaves_a_rolled_back_stack_alone, "rollback-complete"), (a_long_startup_window_is_waited_for, "policy-waits"),
         (staging_gone_leaves_production_its_image, "image-there"), (stacks_of_one_name_are_not_mixed_up, "protected")]
if __name__ == "__main__":
    ONLY = os.environ.get("ONLY", "")
    assert all(one in rules.RULES for _, names in TESTS for one in names.split())
    run_tests(Bed(), [t for t, _ in TESTS if ONLY in t.__name__])
