#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The policies of `i2kit doctor --cloud` are enough, and nothing in them is more than is used: whole lives of projects
under them, against the fake's evaluation of IAM.

usage: permissions.py I2KIT     (I2KIT_BASE, I2KIT_IMAGES: out/base, out/images)
"""
import json
import os
import re
import sys

from harness import Bed, run_tests
import first_time
from first_time import Shop, WEB, database, deployment, service
import kms
from policy import Need, Needs, Policies

ROLE, BOUNDARY = "arn:aws:iam::123456789012:role/stacks", "arn:aws:iam::123456789012:policy/pods"
USED = {"allowed": set(), "used": set()}
# Only a long template brings these.
LONG = {"s3:GetObject", "s3:CreateBucket", "s3:PutBucketPublicAccessBlock", "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration", "s3:PutObject"}


def policy(shop, name):
    done = shop.run("doctor", "--cloud", "--policy", name)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def good(done):
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    return done


def stack_policies(shop):
    """What makes the stack: with its network, where it makes one."""
    own = [] if "vpc" in shop.provider else [policy(shop, "stack-network")]
    return [policy(shop, "stack"), *own]


def restrict(shop, *names):
    found = Policies([d for n in names for d in (stack_policies(shop) if n == "stack" else [policy(shop, n)])])
    shop.bed.world.policies["AKIDFAKE"] = found
    return found


def remember(policies):
    """What has been used in any life."""
    allowed = {a for s in policies.statements for a in (s["Action"] if isinstance(s["Action"], list) else [s["Action"]])}
    USED["allowed"] |= allowed
    USED["used"] |= allowed - policies.unused()


def life(shop):
    """Everything that i2kit does to a project in the cloud."""
    world = shop.bed.world
    good(shop.run("promote", "-f", "i2kit.yml", "--plan", "--force"))
    good(shop.promote("--verify", "sample"))
    shop.write(deployment(env=[{"name": "A", "value": "b"}]), database(), WEB[1])
    shop.ships()
    good(shop.run("status"))
    good(shop.run("releases"))
    world.log_groups.setdefault("/i2kit/" + shop.stack().name, {})
    good(shop.run("logs"))
    assert shop.run("diff", "-f", "i2kit.yml").returncode in (0, 1)
    good(shop.run("rollback", "1", "--yes"))
    shop.write(deployment(env=[{"name": "A", "value": "d"}]), database(size="11Gi"), WEB[1])
    shop.ships()
    # Another port, another probe, another secret, other days of logs.
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "key"}, "stringData": {"token": "x"}}
    web = deployment(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "key", "key": "token"}}}],
                     readinessProbe={"httpGet": {"path": "/other", "port": 80}, "periodSeconds": 20})
    last = [secret, web, database(size="11Gi"), service(ports=[(80, 80, "TCP"), (81, 81, "TCP")], type="LoadBalancer")]
    shop.write(*last, log_retention_days=7)
    shop.ships()
    shop.write(*last[:3], service(type="LoadBalancer"))
    shop.ships()
    shop.write(tags={"team": "shop"})      # of whatever takes tags, and replaces nothing
    shop.ships()
    assert all(v["tags"]["team"] == "shop" for v in world.volumes.values())
    world.settings.update(signal="FAILURE", rollback_fails=True)
    shop.write(deployment(env=[{"name": "A", "value": "c"}]), *last[2:])
    assert shop.promote().returncode == 1       # which reads a console
    world.settings.update(signal="SUCCESS", rollback_fails=False)
    shop.ships()
    good(shop.run("destroy", "--yes", "--images"))
    assert not world.counts.get("denied"), world.calls[-3:]


def fresh(bed, *documents, **provider):
    first_time.SHARED["images"].clear()
    first_time.SHARED["snapshots"].clear()
    shop = Shop(bed, *documents, **provider)
    bed.world.settings["volume_waits"] = False
    return shop


def one_who_promotes_needs_no_more_than_the_two_policies(bed):
    shop = fresh(bed, deployment(), database(), WEB[1])
    policies = restrict(shop, "caller", "stack")
    life(shop)
    remember(policies)


def with_a_role_the_caller_makes_nothing_of_the_stack(bed):
    shop = fresh(bed, deployment(), database(), WEB[1], role=ROLE, permissions_boundary=BOUNDARY)
    bed.world.settings["boundary"] = BOUNDARY
    policies = restrict(shop, "caller")
    bed.world.roles[ROLE] = Policies(stack_policies(shop))
    text = json.dumps(policy(shop, "caller"))
    assert "CreateVpc" not in text and "iam:CreateRole" not in text and ROLE in text
    life(shop)
    assert shop.bed.world.stacks and not bed.world.counts.get("denied")
    remember(policies)
    remember(bed.world.roles[ROLE])
    shop = Shop(bed, *WEB, environment="other", role=ROLE)
    bed.world.settings["boundary"] = None
    bed.world.policies.clear()
    shop.provider["permissions_boundary"] = BOUNDARY
    shop.write()
    bed.world.roles[ROLE] = Policies(stack_policies(shop))
    del shop.provider["permissions_boundary"]
    shop.write()
    done = shop.promote()
    assert done.returncode == 1 and "iam:CreateRole" in done.stderr, done.stderr
    trust = policy(shop, "stack-trust")["Statement"][0]
    assert trust["Principal"] == {"Service": "cloudformation.amazonaws.com"} and trust["Action"] == "sts:AssumeRole"


def in_a_network_that_is_there_nothing_of_networks_is_allowed(bed):
    page = {"name": "page", "public": True, "containers": {"c": {"image": first_time.container()["image"], "ports": ["http:80:http:80"]}}}
    shop = fresh(bed, *WEB, page, vpc="vpc-0fake", hosted_zone="example.com", instance_type="m5.large", balancer="shared",
                 termination_protection=True)
    policies = restrict(shop, "caller", "stack")
    assert "ec2:CreateVpc" not in json.dumps(policy(shop, "stack"))
    assert shop.run("doctor", "--cloud", "--policy", "stack-network").returncode == 1
    shop.ships()
    shop.write(subnets=["subnet-0a", "subnet-0b"], termination_protection=False, domain="till.example.com")
    shop.ships()
    assert "PagePort80TcpRule" in shop.stack().physical
    good(shop.run("destroy", "--yes"))
    assert not bed.world.counts.get("denied")
    remember(policies)


def names_are_written_by_instances_and_swept_by_the_caller(bed):
    """Each of the pods' roles is evaluated as well, by the fake's own agent (tests/fake_aws/agent.py)."""
    shop = fresh(bed, *first_time.NAMED, internal="names")
    policies = restrict(shop, "caller", "stack")
    shop.ships()
    assert len(first_time.resolved(bed, "api")) == 2
    bed.world.settings["killed"] = True
    good(shop.run("status"))
    good(shop.run("destroy", "--yes"))
    assert "zone-empty" in bed.world.refused and not bed.world.counts.get("denied")
    used = policies.used
    assert {"route53:ListResourceRecordSets", "route53:ChangeResourceRecordSets"} <= {a for _, a in used}
    # Nobody writes other kinds of records by hand.
    need = Need("route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", **{
        "route53:ChangeResourceRecordSetsRecordTypes": ["TXT"], "route53:ChangeResourceRecordSetsActions": ["UPSERT"]})
    assert not policies.allows(need)
    remember(policies)


def with_a_key_of_ones_own_it_is_used_by_who_needs_it(bed):
    shop = fresh(bed, deployment(), database(), WEB[1], kms_key="alias/shop")
    key = first_time.key_of(bed, shop)
    bed.world.settings.update(encrypts=True, default_key=key.arn)
    policies = restrict(shop, "caller", "stack")
    assert "alias/shop" in json.dumps(policy(shop, "caller")) and shop.run("doctor", "--cloud", "--policy", "key").returncode == 0
    life(shop)
    remember(policies)
    # Nobody else's keys, nor this one by other ways.
    other = Needs(bed.world).key(kms.Key(bed.world, "alias/till").arn, "Decrypt", "CreateGrant", "Encrypt", via="ec2")
    assert not any(policies.allows(need) for need in other)
    shop.write(kms_key=key.arn)
    boundary = Policies([policy(shop, "boundary")])
    assert boundary.allows(Needs(bed.world).key(key.arn, "Decrypt", via="ssm")[0])
    assert not boundary.allows(Needs(bed.world).key(key.arn, "Decrypt", via="ec2")[0])
    assert not boundary.allows(Needs(bed.world).key(key.arn, "Encrypt", via="ssm")[0])
    assert policy(shop, "caller") != policies and key.arn in json.dumps(policy(shop, "stack"))
    for statement in policy(shop, "stack")["Statement"]:
        if "kms:CreateGrant" in statement["Action"]:
            assert statement["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


def a_key_that_lets_no_service_in_is_found_out(bed):
    shop = fresh(bed, *WEB, kms_key="alias/shop")
    key = first_time.key_of(bed, shop)
    whole, key.statements = key.statements, []
    done = shop.promote()
    assert done.returncode == 1 and "Logs" in done.stderr and "not allowed to be used" in done.stderr, done.stderr
    key.statements = [s for s in whole if "Service" in s["Principal"]]
    done = shop.promote()
    assert done.returncode == 1 and "WebGroup" in done.stderr and "Client.InternalError" in done.stderr, done.stderr
    key.statements = whole
    shop.ships()


def private_networks_are_made_and_changed(bed):
    shop = fresh(bed, deployment(), database(), WEB[1], private_network="nat")
    assert "CreateNatGateway" in json.dumps(policy(shop, "stack-network"))
    policies = restrict(shop, "caller", "stack")
    for network in ("nat", "nat-per-zone", "endpoints"):
        shop.write(private_network=network)
        shop.ships()
    shop.write(deployment(), WEB[1])    # without a claim one endpoint fewer
    shop.ships()
    good(shop.run("destroy", "--yes"))
    assert not bed.world.counts.get("denied")
    remember(policies)


def a_long_template_needs_its_bucket(bed):
    ports = [(8000 + n, 8000 + n, "TCP") for n in range(6)]
    shop = fresh(bed, deployment(), *[service(f"s{n}", ports) for n in range(12)])
    policies = restrict(shop, "caller", "stack")
    shop.ships()
    assert not policies.unused() & LONG, policies.unused() & LONG
    remember(policies)


def another_project_is_out_of_reach(bed):
    shop = fresh(bed, *WEB)
    shop.ships()
    shop.bed.world.policies["AKIDFAKE"] = Policies([
        json.loads(json.dumps(d).replace("shop", "till")) for d in [policy(shop, "caller"), *stack_policies(shop)]])
    for verb in (["destroy", "--yes"], ["rollback", "--yes"], ["logs"]):
        done = shop.run(*verb)
        assert done.returncode == 1 and "permission" in done.stderr + done.stdout, (verb, done.stderr)
    assert shop.stack().status == "CREATE_COMPLETE" and bed.world.counts["denied"]


def what_is_missing_is_named(bed):
    shop = fresh(bed, *WEB)
    whole = [policy(shop, "caller"), *stack_policies(shop)]
    text = json.dumps(whole[0]).replace('"ebs:PutSnapshotBlock", ', "")
    bed.world.policies["AKIDFAKE"] = Policies([json.loads(text), *whole[1:]])
    done = shop.promote()
    assert done.returncode == 1 and "ebs:PutSnapshotBlock" in done.stderr, done.stderr
    bed.world.policies["AKIDFAKE"] = Policies([whole[0], whole[2], json.loads(json.dumps(whole[1]).replace("iam:CreateRole", "iam:No"))])
    done = shop.promote()
    assert done.returncode == 1 and "iam:CreateRole" in done.stderr, done.stderr


def pods_stay_within_the_boundary(bed):
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "v"}}
    shop = fresh(bed, deployment(envFrom=[{"secretRef": {"name": "s"}}]), secret, database(), WEB[1],
                 service("db", [(5432, 80, "TCP")], pod="db", clusterIP="None"), permissions_boundary=BOUNDARY, internal="names")
    made = shop.ships()
    boundary = Policies([policy(shop, "boundary")])
    stack = shop.stack()
    from resolve import Resolver
    resolver = Resolver(bed.world, stack, stack.template, stack.physical)
    tag = {"aws:ResourceTag/i2kit:project": "shop", "aws:ResourceTag/i2kit:pod": "db", "aws:RequestedRegion": "eu-west-1",
           "route53:ChangeResourceRecordSetsRecordTypes": ["A"], "route53:ChangeResourceRecordSetsActions": ["UPSERT"]}
    checked, used = 0, set()
    for name, resource in made.items():
        if resource["Type"] != "AWS::IAM::Role":
            continue
        assert resource["Properties"]["PermissionsBoundary"] == BOUNDARY
        document = resolver.value(resource["Properties"]["Policies"][0]["PolicyDocument"])
        for statement in document["Statement"]:
            for action in statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]:
                for arn in statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]:
                    need = Need(action, arn.replace("*", "x"), **{k: v for k, v in tag.items()})
                    assert boundary.allows(need), (name, str(need))
                    checked += 1
                used.add(action)
    assert checked >= 5
    # Both are made of what the guest may call at all (wire/instance_calls.h): nothing is in one alone.
    allowed = {action for statement in policy(shop, "boundary")["Statement"] for action in (
        statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])}
    assert used == allowed, used ^ allowed
    assert not boundary.allows(Need("s3:GetObject", "arn:aws:s3:::secrets/x"))
    assert not boundary.allows(Need("iam:CreateUser", "*"))
    assert not boundary.allows(Need("route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", **{
        "route53:ChangeResourceRecordSetsRecordTypes": ["NS"], "route53:ChangeResourceRecordSetsActions": ["UPSERT"]}))


def every_policy_fits_where_it_goes(bed):
    """A managed policy has at most 6,144 characters, white space not counted."""
    for more in ({}, {"role": ROLE}, {"vpc": "vpc-0fake"}, {"kms_key": "alias/shop", "termination_protection": True, "private_network": "nat"}, {"instance_profile": "mine"}):
        shop = Shop(bed, *WEB, **more)
        names = ["caller", "stack", "stack-trust", "boundary", *(["key"] if "kms_key" in more else []),
                 *([] if "vpc" in more else ["stack-network"])]
        for name in names:
            size = len(re.sub(r"\s", "", json.dumps(policy(shop, name))))
            assert size <= 6144, (more, name, size)
    assert shop.run("doctor", "--cloud", "--policy", "all").returncode == 2


def doctor_says_who_we_are(bed):
    shop = Shop(bed, *WEB)
    done = good(shop.run("doctor", "--cloud", "-o", "json"))
    said = json.loads(done.stdout)
    assert said["level"] == "ok" and "123456789012" in said["text"]
    assert set(said["policies"]) == {"caller", "stack", "stack-network", "stack-trust", "boundary"}
    bed.world.keys.clear()
    done = shop.run("doctor", "--cloud")
    assert done.returncode == 1 and done.stdout.startswith("broken"), done.stdout[:200]


def nothing_is_allowed_that_nobody_needs(bed):
    left = USED["allowed"] - USED["used"]
    # What is called when something changes that these lives do not change is excused one by one.
    assert left <= EXCUSED, sorted(left - EXCUSED)
    assert EXCUSED <= USED["allowed"], sorted(EXCUSED - USED["allowed"])


EXCUSED = {"ec2:ModifyVpcEndpoint",             # other subnets of an endpoint
           "cloudformation:DeleteChangeSet",     # a change set that failed, or that is left behind
           "elasticloadbalancing:ModifyListener"}        # another certificate
ONLY = os.environ.get("ONLY", "")
if __name__ == "__main__":
    run_tests(Bed(), [t for t in [one_who_promotes_needs_no_more_than_the_two_policies, with_a_role_the_caller_makes_nothing_of_the_stack,
                      in_a_network_that_is_there_nothing_of_networks_is_allowed, names_are_written_by_instances_and_swept_by_the_caller,
                      with_a_key_of_ones_own_it_is_used_by_who_needs_it,
                      a_key_that_lets_no_service_in_is_found_out, private_networks_are_made_and_changed, a_long_template_needs_its_bucket,
                      another_project_is_out_of_reach, what_is_missing_is_named, pods_stay_within_the_boundary,
                      every_policy_fits_where_it_goes, doctor_says_who_we_are, nothing_is_allowed_that_nobody_needs] if ONLY in t.__name__])
