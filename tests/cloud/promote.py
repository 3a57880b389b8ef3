#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`i2kit promote` and the verbs around it, from manifest to stack, against the fake AWS.

usage: promote.py I2KIT RECORD-RECEIPT [PART PARTS]     (I2KIT_BASE, I2KIT_IMAGES: out/base, out/images)
"""
import hashlib
import json
import os
import signal
import subprocess
import sys
import time

from harness import Bed, run_tests
from shop import BASE, I2KIT, IMAGES, RECORD, SHARED, STACK, TOP, environment, good, i2kit, launch_data, live, promote, ready, stack, write


def what_was_never_ready_is_refused_before_anything_is_sent(bed):
    write(bed, greeting="never")
    done = promote(bed)
    assert done.returncode == 1 and "pod 'web'" in done.stderr and "never ready" in done.stderr, done.stderr
    assert bed.world.calls == ["sts:GetCallerIdentity"], bed.world.calls


def a_plan_of_images_alone_sends_nothing(bed):
    write(bed, greeting="planned")
    said = good(promote(bed, "--only-images", "--plan"))
    assert "image of web:" in said and "to send" in said and "nothing to change" not in said, said
    said = json.loads(good(promote(bed, "--only-images", "--plan", "-o", "json")))
    assert said["images"][0]["bytesToSend"] > 0 and "image" not in said["images"][0], said
    assert not bed.world.snapshots and not bed.world.images, (bed.world.snapshots, bed.world.images)


def who_we_are_is_asked_before_disks_are_built(bed):
    """With a manifest whose image is not there: nobody has looked for it."""
    write(bed)
    bed.file("app/i2kit.yml", "kind: Pod\napiVersion: v1\nmetadata: {name: web}\n"
             "spec: {containers: [{name: web, image: 'oci:/nonexistent'}]}\n")
    for region, keys, said in (("eu-west-1", False, "no AWS credentials"), (None, True, "region")):
        bed.file("app/environment.yml", f"name: test\nprovider: {{type: aws{', region: ' + region if region else ''}}}\n")
        for verb in (["promote", "--yes"], ["promote", "--plan"], ["diff"]):
            done = subprocess.run([I2KIT, *verb, "-f", "i2kit.yml", "-p", "shop"], cwd=bed.folder + "/app", text=True,
                                  env=bed.environment(keys, I2KIT_BASE=BASE, AWS_REGION=""), capture_output=True,
                                  timeout=60)
            assert done.returncode == 1 and said in done.stderr and "nonexistent" not in done.stderr, done.stderr
    assert not bed.world.calls, bed.world.calls


def who_could_be_the_instance_must_say_so(bed):
    """No fence holds NET_ADMIN: refused before anything is built, until the manifest says that it may."""
    write(bed)
    pod = ("kind: Pod\napiVersion: v1\nmetadata: {{name: web{}}}\n"
           "spec: {{containers: [{{name: vpn, image: 'oci:/nonexistent', securityContext: {{capabilities: {{add: [NET_ADMIN]}}}}}}]}}\n")
    bed.file("app/i2kit.yml", pod.format(""))
    for verb in (["promote", "--yes"], ["promote", "--plan"], ["promote", "--yes", "--force"]):
        done = i2kit(bed, *verb, "-f", "i2kit.yml")
        assert done.returncode == 1 and "container 'vpn' could take the credentials of the instance (NET_ADMIN)" in done.stderr, done.stderr
        assert "metadata: [vpn]" in done.stderr, done.stderr
    bed.file("app/i2kit.yml", pod.format(", annotations: {i2kit/metadata: vpn}"))
    done = i2kit(bed, "promote", "--yes", "-f", "i2kit.yml")
    assert done.returncode == 1 and "nonexistent" in done.stderr and "credentials" not in done.stderr, done.stderr


def a_dirty_or_partial_receipt_is_refused(bed):
    write(bed)
    ready(bed, 1, 2, "dirty")
    done = promote(bed)
    assert done.returncode == 1 and "1 of 2 replicas" in done.stderr and "live mounts" in done.stderr
    assert bed.world.calls == ["sts:GetCallerIdentity"], bed.world.calls


def receipts_travel_and_count_where_their_key_is_trusted(bed):
    write(bed)
    ready(bed)
    there = {"XDG_STATE_HOME": bed.folder + "/there/state", "XDG_CONFIG_HOME": bed.folder + "/there/config"}

    def run(*words, **where):
        return subprocess.run([I2KIT, *words, "-p", "shop"], cwd=bed.folder + "/app", text=True, timeout=240,
                              env={**environment(bed), **where}, capture_output=True)

    good(run("receipt", "export", "receipts.jsonl"))
    assert good(run("receipt", "export")) == open(bed.folder + "/app/receipts.jsonl").read()
    key = good(run("receipt", "key")).strip()
    done = run("promote", "-f", "i2kit.yml", "--yes", **there)
    assert done.returncode == 1 and "never ready" in done.stderr, done.stderr
    done = run("receipt", "import", "receipts.jsonl", **there)
    assert done.returncode == 1 and "receipts.jsonl:1" in done.stderr and f"receipt trust {key}" in done.stderr, done.stderr
    assert run("receipt", "trust", "AAAA", **there).returncode == 1
    good(run("receipt", "trust", key, "the build machine", **there))
    changed = open(bed.folder + "/app/receipts.jsonl").read().replace('"replicas":2', '"replicas":9')
    bed.file("app/changed.jsonl", changed)
    done = run("receipt", "import", "changed.jsonl", **there)
    assert done.returncode == 1 and "changed after it was signed" in done.stderr, done.stderr
    good(run("receipt", "import", "receipts.jsonl", **there))
    good(run("promote", "-f", "i2kit.yml", "--yes", **there))
    assert stack(bed).status == "CREATE_COMPLETE"


def a_forced_release_says_so(bed):
    write(bed, greeting="forced")
    good(promote(bed, "--force"))
    assert '"receipt":"forced"' in good(i2kit(bed, "status", "-o", "json"))


def what_ran_here_runs_there(bed):
    write(bed)
    pod = ready(bed)
    good(promote(bed))
    assert stack(bed).status == "CREATE_COMPLETE"
    image = list(bed.world.images.values())[0]
    assert launch_data(bed)["ImageId"] == image["id"]
    disk = f"{SHARED['store']}/i2kit/disks/{pod['imageDigest'][7:]}.img"
    stored = bed.world.disk(image["snapshot"], os.path.getsize(disk))
    assert "sha256:" + hashlib.sha256(stored).hexdigest() == pod["imageDigest"]
    status = json.loads(good(i2kit(bed, "status", "-o", "json")))
    assert status["pods"][0]["receipt"].startswith("ready 2/2 tcg"), status
    assert [i["imageDigest"] for i in status["instances"]] == [pod["imageDigest"]] * 2
    good(i2kit(bed, "status"))
    again = good(promote(bed))
    assert "nothing to change" in again and "there already" in again, again


def secrets_go_by_reference(bed):
    write(bed)
    ready(bed)
    good(promote(bed))
    body = json.dumps(stack(bed).template.body)
    encoded = "dmVyeS1zZWNyZXQtdG9rZW4="
    assert "very-secret" not in body and encoded not in body
    named = [n for n in bed.world.parameters if "/secrets/key/token/" in n]
    assert len(named) == 1 and bed.world.parameters[named[0]] == ("SecureString", encoded)
    document = json.loads(launch_data(bed)["UserData"]["Fn::Base64"])["i2kit"]
    assert document["config"]["secrets"]["key"]["token"]["ref"] == "ssm:" + named[0]
    assert document["instance"]["cloud"]["signal"] == {"stack": STACK, "resource": "WebGroup"}


def a_long_configuration_goes_by_reference(bed):
    write(bed, page="x" * 30000)
    ready(bed)
    good(promote(bed))
    document = json.loads(launch_data(bed)["UserData"]["Fn::Base64"])["i2kit"]
    names = document["configRef"]["parameters"]
    text = "".join(bed.world.parameters[n][1] for n in names)
    assert hashlib.sha256(text.encode()).hexdigest() == document["configRef"]["sha256"]
    assert json.loads(text)["configMaps"]["page"]["index.html"]["text"] == "x" * 30000


def a_changed_variable_replaces_instances_and_sends_no_disk(bed):
    write(bed)
    ready(bed)
    good(promote(bed))
    before = live(bed)
    blocks = bed.world.counts["blocks_put"]
    write(bed, greeting="changed")
    done = promote(bed, "--force")
    assert "modify" in good(done) and "WebLaunch" in done.stdout
    assert stack(bed).status == "UPDATE_COMPLETE"
    assert bed.world.counts["blocks_put"] == blocks
    assert not before & live(bed) and len(live(bed)) == 2


def a_failed_creation_names_its_first_cause_and_the_next_run_mends_it(bed):
    write(bed)
    ready(bed)
    bed.world.settings["signal"] = "FAILURE"
    done = promote(bed)
    assert done.returncode == 1 and "WebGroup CREATE_FAILED" in done.stderr, done.stderr
    assert "cannot bind port 80" in done.stderr and "rolled back" in done.stderr, done.stderr
    assert stack(bed).status == "ROLLBACK_COMPLETE"
    bed.world.settings["signal"] = "SUCCESS"
    good(promote(bed))
    assert stack(bed).status == "CREATE_COMPLETE"


def a_failed_update_leaves_the_old_release(bed):
    write(bed)
    ready(bed)
    good(promote(bed))
    old = launch_data(bed)["UserData"]
    bed.world.settings["signal"] = "FAILURE"
    write(bed, greeting="broken")
    done = promote(bed, "--force")
    assert done.returncode == 1 and "WebGroup UPDATE_FAILED" in done.stderr, done.stderr
    assert stack(bed).status == "UPDATE_ROLLBACK_COMPLETE" and launch_data(bed)["UserData"] == old
    assert len(json.loads(good(i2kit(bed, "releases", "-o", "json")))) == 1


def a_stuck_rollback_is_ended_by_the_next_run(bed):
    write(bed)
    ready(bed)
    good(promote(bed))
    bed.world.settings.update(signal="FAILURE", rollback_fails=True)
    write(bed, greeting="stuck")
    assert promote(bed, "--force").returncode == 1
    assert stack(bed).status == "UPDATE_ROLLBACK_FAILED"
    bed.world.settings.update(signal="SUCCESS", rollback_fails=False)
    good(promote(bed, "--force"))
    assert stack(bed).status == "UPDATE_COMPLETE"


def killed_while_the_stack_comes_up_the_next_run_finishes(bed):
    write(bed)
    ready(bed)
    bed.world.settings["resource_s"] = 0.3
    child = subprocess.Popen([I2KIT, "promote", "-f", "i2kit.yml", "--yes", "-p", "shop"],
                             cwd=bed.folder + "/app", env=environment(bed),
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.time() + 60
    while time.time() < deadline and "CREATE_IN_PROGRESS" not in [s.status for s in bed.world.stacks.values()]:
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert "nothing to change" in good(promote(bed))
    assert stack(bed).status == "CREATE_COMPLETE"


def killed_after_the_plan_the_next_run_starts_anew(bed):
    write(bed)
    ready(bed)
    refused = i2kit(bed, "promote", "-f", "i2kit.yml")
    assert refused.returncode == 2 and "--yes" in refused.stderr, refused.stderr
    assert not [s for s in bed.world.stacks.values() if s.status != "DELETE_COMPLETE"]


def a_plan_that_was_left_behind_is_no_obstacle(bed):
    """As kill -9 between change set and execution leaves it."""
    import botocore.session
    write(bed)
    ready(bed)
    cf = botocore.session.Session().create_client(
        "cloudformation", region_name="eu-west-1", endpoint_url=bed.url, aws_access_key_id="AKIDFAKE",
        aws_secret_access_key="fake/secret+key")
    cf.create_change_set(StackName=STACK, ChangeSetName="left", ChangeSetType="CREATE", TemplateBody=json.dumps(
        {"Resources": {"Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/x"}}}}))
    assert stack(bed).status == "REVIEW_IN_PROGRESS"
    good(promote(bed))
    assert stack(bed).status == "CREATE_COMPLETE" and "WebGroup" in stack(bed).template.resources


def zones_choose_among_subnets_and_are_not_dropped(bed):
    write(bed)
    ready(bed)
    provider = "name: test\nprovider: {type: aws, region: eu-west-1, availability_zones: [eu-west-1a, eu-west-1c]%s}\n"
    bed.file("app/environment.yml", provider % "")
    done = promote(bed)
    assert done.returncode == 1 and "availability_zones" in done.stderr, done.stderr
    bed.file("app/environment.yml", provider % ", vpc: vpc-0fake")
    good(promote(bed))
    group = stack(bed).template.resources["WebGroup"]["Properties"]
    assert group["VPCZoneIdentifier"] == ["subnet-0a", "subnet-0c"], group


def a_plan_changes_nothing(bed):
    write(bed)
    ready(bed)
    shown = good(i2kit(bed, "promote", "-f", "i2kit.yml", "--plan"))
    assert "WebGroup" in shown and "AWS::AutoScaling::AutoScalingGroup" in shown
    assert not bed.world.images and not bed.world.snapshots and not bed.world.parameters
    assert not [s for s in bed.world.stacks.values() if s.status != "DELETE_COMPLETE"]


def a_rollback_brings_the_earlier_release_back(bed):
    write(bed)
    ready(bed)
    good(promote(bed))
    first = launch_data(bed)["UserData"]
    write(bed, greeting="second")
    good(promote(bed, "--force"))
    assert launch_data(bed)["UserData"] != first
    good(i2kit(bed, "rollback", "--yes"))
    assert launch_data(bed)["UserData"] == first
    releases = json.loads(good(i2kit(bed, "releases", "-o", "json")))
    assert [r["by"] for r in releases] == ["promote", "promote", "rollback to 1"], releases
    good(i2kit(bed, "releases"))


def a_difference_is_named_without_values(bed):
    write(bed)
    ready(bed)
    good(promote(bed))
    same = i2kit(bed, "diff", "-f", "i2kit.yml")
    assert same.returncode == 0 and "no difference" in same.stdout, same.stdout + same.stderr
    write(bed, greeting="other-value", page="another page")
    done = i2kit(bed, "diff", "-f", "i2kit.yml", "-o", "json")
    assert done.returncode == 1, done.stderr
    found = {d["what"]: (d["here"], d["cloud"]) for d in json.loads(done.stdout)}
    assert set(found) == {"ready on this machine", "config", "containers.nginx.env.GREETING",
                          "configMaps.page.index.html.text"}, found
    assert "other-value" not in done.stdout
    good(i2kit(bed, "promote", "-f", "i2kit.yml", "--yes", "--force"))


def a_protected_stack_is_not_deleted(bed):
    write(bed)
    ready(bed)
    provider = "name: test\nprovider: {type: aws, region: eu-west-1, termination_protection: %s}\n"
    bed.file("app/environment.yml", provider % "true")
    shown = good(i2kit(bed, "promote", "-f", "i2kit.yml", "--plan"))
    assert "TerminationProtection" in shown and not bed.world.stacks, shown
    bed.world.settings["signal"] = "FAILURE"
    assert promote(bed).returncode == 1 and stack(bed).status == "ROLLBACK_COMPLETE" and not stack(bed).is_protected
    bed.world.settings["signal"] = "SUCCESS"
    good(promote(bed))
    assert stack(bed).is_protected and "nothing to change" in good(promote(bed))
    before = len(bed.world.calls)
    done = i2kit(bed, "destroy", "--yes", "--images", "--volumes")
    assert done.returncode == 1 and "termination protection" in done.stderr and "termination_protection: false" in done.stderr, done.stderr
    assert not [c for c in bed.world.calls[before:] if "Delete" in c or "Deregister" in c], bed.world.calls[before:]
    bed.file("app/environment.yml", "name: test\nprovider: {type: aws, region: eu-west-1}\n")
    write(bed, greeting="second")
    good(promote(bed, "--force"))
    assert stack(bed).is_protected, "what the file does not say is left as it is"
    bed.file("app/environment.yml", provider % "false")
    assert "TerminationProtection" in good(promote(bed, "--force")) and not stack(bed).is_protected
    assert len(json.loads(good(i2kit(bed, "releases", "-o", "json")))) == 2
    good(i2kit(bed, "destroy", "--yes"))


def cloud_logs(bed, *words):
    return good(i2kit(bed, "logs", "-e", "environment.yml", *words))


def fill_logs(bed, now):
    """Streams are POD/CONTAINER/INSTANCE, as the guest calls them."""
    group = bed.world.log_groups.setdefault("/i2kit/" + STACK, {})
    group["web/nginx/i-1"] = [{"timestamp": now - 7200000, "message": "old"},
                              {"timestamp": now - 3000, "message": "w1"},
                              {"timestamp": now - 1000, "message": "GET / 200\x1b[31m"}]
    group["web/side/i-1"] = [{"timestamp": now - 1500, "message": "side"}]
    group["web2/nginx/i-3"] = [{"timestamp": now - 1400, "message": "another pod"}]
    group["db/x/i-2"] = [{"timestamp": now - 2000, "message": "d1"}, {"timestamp": now, "message": "d2"}]
    return group


def logs_of_the_cloud_are_shown(bed):
    write(bed)
    ready(bed)
    good(promote(bed))
    now = int(time.time() * 1000)
    fill_logs(bed, now)
    bed.world.settings["log_page"] = 2
    assert cloud_logs(bed, "--since", "1h", "web/nginx") == "web/nginx/i-1 | w1\nweb/nginx/i-1 | GET / 200\\x1b[31m\n"
    assert cloud_logs(bed, "--no-prefix", "-c", "nginx", "--since", "1h", "web") == "w1\nGET / 200\\x1b[31m\n"
    # Of several pods all lines come, by time; `web` is not `web2`.
    assert cloud_logs(bed, "--no-prefix", "web", "db").split("\n") == [
        "old", "w1", "d1", "side", "GET / 200\\x1b[31m", "d2", ""]
    assert cloud_logs(bed, "--no-prefix", "-c", "nginx") == "old\nw1\nanother pod\nGET / 200\\x1b[31m\n"
    assert cloud_logs(bed, "--no-prefix", "--tail", "1", "web", "db") == "side\nGET / 200\\x1b[31m\nd2\n"
    assert cloud_logs(bed, "--tail", "0") == ""
    until = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime((now - 2000) // 1000)) + f".{(now - 2000) % 1000:03}Z"
    assert cloud_logs(bed, "--no-prefix", "--until", until) == "old\nw1\nd1\n"
    assert "no lines" in i2kit(bed, "logs", "-e", "environment.yml", "nobody").stderr
    line = json.loads(cloud_logs(bed, "-o", "json", "--tail", "1", "db"))
    assert (line["stream"], line["text"]) == ("db/x/i-2", "d2"), line


def logs_name_a_place_as_other_verbs_do(bed):
    write(bed)
    nothing = i2kit(bed, "logs", "-e", "environment.yml")
    assert nothing.returncode == 1 and "there is no i2kit-shop-test in the cloud" in nothing.stderr, nothing.stderr
    ready(bed)
    good(promote(bed))
    assert "no lines" in i2kit(bed, "logs", "-e", "environment.yml").stderr
    fill_logs(bed, int(time.time() * 1000))
    for words, said in ((("-e", "environment.yml", "--region", "us-east-1"), "eu-west-1"),
                        (("-e", "environment.yml", "--profile", "nobody"), "'nobody' is in neither"),
                        (("--region", "us-east-1"), "--region goes with --environment"),
                        (("-e", "environment.yml", "--previous"), "do not say where a container's run begins"),
                        (("-e", "environment.yml", "-l", "a=b"), "exclude each other"),
                        (("-e", "environment.yml", "--tail", "x"), "no number of lines"),
                        (("-e", "environment.yml", "-f", "--until", "1m"), "exclude each other")):
        done = i2kit(bed, "logs", *words)
        assert done.returncode != 0 and said in done.stderr, (words, done.stderr)


def followed_logs_lose_no_late_line_and_show_none_twice(bed):
    write(bed)
    ready(bed)
    good(promote(bed))
    now = int(time.time() * 1000)
    group = fill_logs(bed, now)
    with subprocess.Popen([I2KIT, "logs", "-e", "environment.yml", "-p", "shop", "-f", "--tail", "1", "--no-prefix",
                           "web", "db"], cwd=bed.folder + "/app", text=True, env=environment(bed),
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as run:
        assert [run.stdout.readline() for _ in range(3)][2] == "d2\n"
        # An instance sends its lines when it can: younger ones of another are there already.
        group["web/nginx/i-4"] = [{"timestamp": now - 500, "message": "late"}]
        assert run.stdout.readline() == "late\n"
        group["db/x/i-2"].append({"timestamp": now + 10, "message": "new"})
        assert run.stdout.readline() == "new\n"
        run.send_signal(signal.SIGINT)
        assert run.stdout.read() == ""
    assert run.returncode == 0, run.returncode


def what_an_instance_booted_is_its_own_word(bed):
    write(bed)
    pod = ready(bed)
    good(promote(bed))
    one, other = sorted(live(bed))
    group, now = bed.world.log_groups.setdefault("/i2kit/" + STACK, {}), int(time.time() * 1000) + 60000
    group[f"web/.booted/{one}"] = [{"timestamp": now, "message": "i2kit: booted " + pod["imageDigest"]}]
    group[f"web/nginx/{other}"] = [{"timestamp": now, "message": "i2kit: booted sha256:" + "f" * 64}]
    told = {i["id"]: i["bootedDigest"] for i in json.loads(good(i2kit(bed, "status", "-o", "json")))["instances"]}
    assert told == {one: pod["imageDigest"], other: None}, told
    assert "booted digest equal" in good(i2kit(bed, "status"))
    group[f"web/.booted/{other}"] = [{"timestamp": now, "message": "i2kit: booted sha256:" + "f" * 64}]
    lie = i2kit(bed, "status")
    assert lie.returncode == 1 and "BOOTED ANOTHER DISK" in lie.stdout and other in lie.stderr, lie.stderr


def what_is_not_proved_ends_with_1(bed):
    """A stranger's receipt, no word of what was booted, another image, a pod of no release."""
    write(bed)
    ready(bed)
    good(promote(bed))
    good(i2kit(bed, "status"))
    stranger = environment(bed, XDG_CONFIG_HOME=bed.folder + "/stranger")

    def seen_by_a_stranger():
        return subprocess.run([I2KIT, "status", "-e", "environment.yml", "-p", "shop"], cwd=bed.folder + "/app", text=True,
                              env=stranger, capture_output=True, timeout=60)
    seen = seen_by_a_stranger()
    key = good(i2kit(bed, "receipt", "key")).strip()
    assert seen.returncode == 1 and "UNKNOWN KEY" in seen.stdout and key in seen.stderr and "key trust" in seen.stderr, seen
    written = open(bed.folder + "/app/environment.yml").read()
    bed.file("app/environment.yml", written + f"trusted_keys: ['{key} Ada']\n")
    assert ", by Ada" in good(seen_by_a_stranger())
    bed.file("app/environment.yml", written + "trusted_keys: [AAAA]\n")
    assert "not the public key of receipts" in seen_by_a_stranger().stderr
    bed.file("app/environment.yml", written)
    bed.file("app/.i2kit/trusted_keys", f"# ours\n{key}\n")
    assert f", by {key[:12]}" in good(seen_by_a_stranger())
    bed.file("app/.i2kit/trusted_keys", "\nx\n")
    assert ".i2kit/trusted_keys:2: " in seen_by_a_stranger().stderr
    os.unlink(bed.folder + "/app/.i2kit/trusted_keys")
    one = sorted(live(bed))[0]
    instance = bed.world.instances[one]
    instance["launched"] -= 400
    silent = i2kit(bed, "status")
    assert silent.returncode == 1 and one in silent.stderr and "never said" in silent.stderr, silent
    instance["launched"] += 400
    digest = instance["tags"]["i2kit:image-sha256"]
    instance["tags"]["i2kit:image-sha256"] = "sha256:" + "e" * 64
    swapped = i2kit(bed, "status")
    assert swapped.returncode == 1 and "which is not the release's" in swapped.stderr, swapped
    instance["tags"]["i2kit:image-sha256"] = digest
    good(i2kit(bed, "status"))


def scope(bed, name, project="shop"):
    """The same manifests in another environment."""
    environment_file = f"{name}.yml"
    bed.file("app/" + environment_file, f"name: {name}\nprovider: {{type: aws, region: eu-west-1}}\n")

    def run(*words):
        return subprocess.run([I2KIT, *words, "-e", environment_file, "-p", project], cwd=bed.folder + "/app",
                              text=True, env=environment(bed), capture_output=True, timeout=240)
    return run


def images_stay_while_any_environment_needs_them(bed):
    write(bed)
    ready(bed)
    staging, production = scope(bed, "staging"), scope(bed, "production")
    for run in (staging, production):
        good(run("promote", "-f", "i2kit.yml", "--yes"))
    assert len(json.loads(good(staging("status", "-o", "json")))["instances"]) == 2
    good(staging("destroy", "--images", "--yes"))
    assert len(bed.world.images) == 1 and len(bed.world.snapshots) == 1
    assert len(json.loads(good(production("status", "-o", "json")))["instances"]) == 2
    write(bed, greeting="newer")            # the same image: a rollback needs it, too
    good(production("promote", "-f", "i2kit.yml", "--yes", "--force"))
    good(production("destroy", "--images", "--yes"))
    assert not bed.world.images and not bed.world.snapshots and not bed.world.parameters


def one_name_is_not_one_stack(bed):
    """"shop" + "a-b" and "shop-a" + "b" have the stack i2kit-shop-a-b."""
    write(bed)
    ready(bed)
    ours, other = scope(bed, "a-b"), scope(bed, "b", "shop-a")
    good(ours("promote", "-f", "i2kit.yml", "--yes"))
    for words in (["promote", "-f", "i2kit.yml", "--yes", "--force"], ["status"], ["destroy", "--yes"], ["releases"],
                  ["rollback", "1", "--yes"], ["logs"]):
        done = other(*words)
        assert done.returncode == 1 and "is of project 'shop', environment 'a-b'" in done.stderr, (words, done.stderr)
    assert len(live(bed)) == 2


STATEFUL = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec:
  serviceName: db
  selector: {{matchLabels: {{app: db}}}}
  template:
    metadata: {{labels: {{app: db}}}}
    spec:
      containers:
      - name: nginx
        image: oci:{images}/nginx
        ports: [{{containerPort: 80}}]
        volumeMounts: [{{name: data, mountPath: /data}}]
  volumeClaimTemplates:
  - metadata: {{name: data}}
    spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: {size}}}}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: db}}
spec: {{clusterIP: None, selector: {{app: db}}, ports: [{{port: 80}}]}}
"""


def stateful(bed, size="2Gi", more=""):
    bed.file("app/i2kit.yml", STATEFUL.format(images=IMAGES, size=size))
    bed.file("app/environment.yml", "name: test\nprovider: {type: aws, region: eu-west-1, vpc: vpc-0fake%s}\n" % more)


def a_claim_grows_and_does_not_shrink(bed):
    stateful(bed)
    good(promote(bed, "--force"))
    assert [v["tags"]["i2kit:claim"] for v in bed.world.volumes.values()] == ["data-db-0"]
    before = list(bed.world.volumes)
    calls = len(bed.world.calls)
    stateful(bed, "1Gi")
    done = promote(bed, "--force")
    assert done.returncode == 1 and "does not shrink" in done.stderr and "data-db-0" in done.stderr, done.stderr
    sent = [c for c in bed.world.calls[calls:] if not c.split(":")[1].startswith(("Describe", "Get", "Filter"))]
    assert not sent, sent
    stateful(bed, "3Gi")
    good(promote(bed, "--force"))
    assert list(bed.world.volumes) == before and list(bed.world.volumes.values())[0]["size"] == 3


def a_rollback_keeps_what_a_claim_has_grown_to(bed):
    stateful(bed, "2Gi")
    good(promote(bed, "--force"))
    stateful(bed, "3Gi", more=", log_retention_days: 30")
    good(promote(bed, "--force"))
    done = i2kit(bed, "rollback", "1", "--yes")
    assert "data-db-0 was smaller" in good(done) + done.stderr and "3 GiB" in done.stdout + done.stderr, done.stderr
    assert stack(bed).status == "UPDATE_COMPLETE" and list(bed.world.volumes.values())[0]["size"] == 3
    assert "rollback to 1" in good(i2kit(bed, "releases", "-o", "json"))
    good(i2kit(bed, "rollback", "2", "--yes"))
    assert stack(bed).template.resources["DataXdbX0Volume"]["Properties"]["Size"] == 3
    assert stack(bed).template.resources["Logs"]["Properties"]["RetentionInDays"] == 30


def changed_tags_of_the_stack_are_a_change_that_replaces_nothing(bed):
    write(bed)
    ready(bed)
    good(promote(bed))
    before = live(bed)
    bed.file("app/environment.yml", "name: test\nprovider: {type: aws, region: eu-west-1, tags: {team: shop}}\n")
    assert "Tags" in good(promote(bed)) and stack(bed).tags["team"] == "shop" and live(bed) == before
    told = {e["LogicalResourceId"] for e in stack(bed).events if e["ResourceStatus"] == "UPDATE_COMPLETE"}
    assert {"WebGroup", "WebBalancer", "WebRole", "PrivateZone", "Vpc", "Logs"} <= told and "WebLaunch" not in told, told
    assert "nothing to change" in good(promote(bed))


def a_volume_pins_its_zone(bed):
    stateful(bed, more=", availability_zones: [eu-west-1b]")
    good(promote(bed, "--force"))
    before = dict(bed.world.volumes)
    stateful(bed, "3Gi")
    good(promote(bed, "--force"))
    assert list(bed.world.volumes) == list(before) and list(bed.world.volumes.values())[0]["zone"] == "eu-west-1b"
    assert stack(bed).template.resources["DbGroup"]["Properties"]["VPCZoneIdentifier"] == ["subnet-0b"]
    stateful(bed, "3Gi", more=", availability_zones: [eu-west-1a]")
    done = promote(bed, "--force")
    assert done.returncode == 1 and "eu-west-1b" in done.stderr and "no subnet" in done.stderr, done.stderr


def a_claim_comes_back_from_what_its_removal_left(bed):
    stateful(bed)
    good(promote(bed, "--force"))
    good(i2kit(bed, "destroy", "--yes"))
    left = [s.id for s in bed.world.snapshots.values() if s.tags.get("i2kit:claim") == "data-db-0"]
    assert len(left) == 1 and not bed.world.volumes
    told = good(i2kit(bed, "promote", "-f", "i2kit.yml", "--plan"))
    shown = i2kit(bed, "promote", "-f", "i2kit.yml", "--plan")
    assert f"provider.restore: {{data-db-0: {left[0]}}}" in shown.stdout + shown.stderr, told
    for size, more, word in (("1Gi", left[0], "of a volume of 2"), ("2Gi", "snap-0bad", "snap-0bad"),
                             ("2Gi", "vol-1", "no snapshot's id")):
        stateful(bed, size, more=", restore: {data-db-0: %s}" % more)
        done = promote(bed, "--force")
        assert done.returncode == 1 and word in done.stderr and not bed.world.volumes, done.stderr
    stateful(bed, more=", restore: {data-db-0: %s}" % left[0])
    good(promote(bed, "--force"))
    assert [v["snapshot"] for v in bed.world.volumes.values()] == [left[0]]
    before = list(bed.world.volumes)
    stateful(bed, "3Gi")                   # the line is gone; the volume stays as it was made
    good(promote(bed, "--force"))
    assert list(bed.world.volumes) == before
    good(i2kit(bed, "destroy", "--yes", "--volumes"))
    assert not [s for s in bed.world.snapshots.values() if "i2kit:claim" in s.tags]


def what_aws_would_not_take_as_it_is_arrives_all_the_same(bed):
    write(bed, greeting="{{{{resolve:ssm:/x}}}} \u00e9", page="${{AWS::Region}} {{{{ x }}}}")
    bed.file("app/i2kit.yml", open(bed.folder + "/app/i2kit.yml").read().replace(
        'stringData: {token: "very-secret-token"}', 'stringData: {token: ""}'))
    good(promote(bed, "--force"))
    text = launch_data(bed)["UserData"]["Fn::Base64"]
    assert text.isascii() and "{{" not in text
    config = json.loads(text)["i2kit"]["config"]
    assert config["containers"]["nginx"]["env"][0]["value"] == "{{{{resolve:ssm:/x}}}} \u00e9"
    assert config["secrets"]["key"]["token"] == {"base64": ""}


def a_lost_answer_to_the_execution_is_no_error(bed):
    write(bed)
    ready(bed)
    bed.world.faults = [{"service": "cloudformation", "action": "ExecuteChangeSet", "truncate": True, "count": 1}]
    good(promote(bed))
    assert stack(bed).status == "CREATE_COMPLETE"


def half_a_record_is_not_taken_for_another(bed):
    write(bed)
    ready(bed)
    bed.world.parameters[f"/i2kit/{STACK}/releases/000001/part-00"] = ("String", "half of something else")
    good(promote(bed))
    first = launch_data(bed)["UserData"]
    write(bed, greeting="second")
    good(promote(bed, "--force"))
    good(i2kit(bed, "rollback", "1", "--yes"))
    assert launch_data(bed)["UserData"] == first
    torn = [n for n in bed.world.parameters if "/releases/000001/" in n and not n.endswith("/meta")
            and "part-" not in n][0]
    bed.world.parameters[torn] = ("String", "x")
    done = i2kit(bed, "rollback", "1", "--yes")
    assert done.returncode == 1 and "not whole" in done.stderr, done.stderr


def a_plan_leaves_a_dead_stack_alone(bed):
    write(bed)
    ready(bed)
    bed.world.settings["signal"] = "FAILURE"
    assert promote(bed).returncode == 1
    assert stack(bed).status == "ROLLBACK_COMPLETE"
    calls = len(bed.world.calls)
    shown = i2kit(bed, "promote", "-f", "i2kit.yml", "--plan")
    assert shown.returncode == 0 and "made anew" in shown.stderr, shown.stderr
    assert stack(bed).status == "ROLLBACK_COMPLETE"
    assert all(c.split(":")[1].startswith(("Describe", "Get")) for c in bed.world.calls[calls:]), bed.world.calls[calls:]


def a_plan_says_bytes_money_and_configuration(bed):
    write(bed)
    ready(bed)
    plan = json.loads(good(i2kit(bed, "promote", "-f", "i2kit.yml", "--plan", "-o", "json")))
    assert plan["new"] and plan["images"][0]["bytesToSend"] > 1000000 and plan["dollarsAMonth"] > 10, plan
    good(promote(bed))
    write(bed, greeting="changed")
    plan = json.loads(good(i2kit(bed, "promote", "-f", "i2kit.yml", "--plan", "-o", "json")))
    assert plan["images"][0]["bytesToSend"] == 0
    assert [c["path"] for c in plan["configuration"]] == ["containers.nginx.env.GREETING"]
    assert {c["resource"] for c in plan["changes"]} >= {"WebLaunch", "WebGroup"}, plan["changes"]
    assert "changed" not in json.dumps(plan["configuration"])


def a_promote_asks_before_it_sends(bed):
    write(bed)
    ready(bed)
    refused = i2kit(bed, "promote", "-f", "i2kit.yml")
    assert refused.returncode == 2 and "--yes" in refused.stderr, refused.stderr
    assert not bed.world.snapshots and not bed.world.images and not bed.world.stacks and not bed.world.parameters


def values_are_checked_before_the_upload(bed):
    write(bed)
    ready(bed)
    provider = "name: test\nprovider: {type: aws, region: eu-west-1, %s}\n"
    for line, word in (("log_retention_days: 13", "13 days"), ("instance_type: t4g.small", "x86_64"),
                       ("instance_type: t9.huge", "t9.huge"), ("tags: {aws:x: y}", "aws:x"),
                       ("tags: {a: 'b*'}", "does not take"), ("vpc: vpc-0none", "vpc-0none")):
        bed.file("app/environment.yml", provider % line)
        done = promote(bed)
        assert done.returncode == 1 and word in done.stderr, (line, done.stderr)
    assert not bed.world.snapshots and not bed.world.stacks


def a_large_template_goes_through_a_bucket(bed):
    many = "---".join("""
apiVersion: v1
kind: Service
metadata: {name: s%d}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{name: a, port: 80}, {name: b, port: 8%03d, targetPort: 80}]}
""" % (n, n) for n in range(20))
    write(bed)
    bed.file("app/i2kit.yml", open(bed.folder + "/app/i2kit.yml").read() + "---" + many)
    good(promote(bed, "--force"))
    assert stack(bed).status == "CREATE_COMPLETE" and len(bed.world.buckets) == 1
    name, bucket = list(bed.world.buckets.items())[0]
    assert name == "i2kit-templates-123456789012-eu-west-1"
    assert {"PublicAccessBlock", "BucketEncryption"} <= set(bucket["configuration"]), bucket


def destroy_leaves_nothing(bed):
    write(bed)
    ready(bed)
    good(promote(bed))
    good(i2kit(bed, "destroy", "--images", "--yes"))
    assert not bed.world.images and not bed.world.snapshots and not bed.world.parameters
    assert not live(bed)
    assert i2kit(bed, "status").returncode == 1


def destroy_says_what_could_not_go(bed):
    write(bed)
    ready(bed)
    good(promote(bed))
    bed.world.settings["undeletable"] = "WebBalancer"
    done = i2kit(bed, "destroy", "--yes")
    assert done.returncode == 1 and "WebBalancer DELETE_FAILED" in done.stderr, done.stderr


ONLY = os.environ.get("ONLY")
TESTS = [
    a_plan_of_images_alone_sends_nothing,
    what_was_never_ready_is_refused_before_anything_is_sent, who_we_are_is_asked_before_disks_are_built, who_could_be_the_instance_must_say_so, a_dirty_or_partial_receipt_is_refused,
    receipts_travel_and_count_where_their_key_is_trusted, a_forced_release_says_so, what_ran_here_runs_there, secrets_go_by_reference,
    a_long_configuration_goes_by_reference, a_changed_variable_replaces_instances_and_sends_no_disk,
    a_failed_creation_names_its_first_cause_and_the_next_run_mends_it,
    a_failed_update_leaves_the_old_release, a_stuck_rollback_is_ended_by_the_next_run,
    killed_while_the_stack_comes_up_the_next_run_finishes,
    killed_after_the_plan_the_next_run_starts_anew, a_plan_that_was_left_behind_is_no_obstacle,
    zones_choose_among_subnets_and_are_not_dropped,
    a_plan_changes_nothing,
    a_rollback_brings_the_earlier_release_back, a_difference_is_named_without_values,
    a_protected_stack_is_not_deleted, logs_of_the_cloud_are_shown, logs_name_a_place_as_other_verbs_do,
    followed_logs_lose_no_late_line_and_show_none_twice, what_an_instance_booted_is_its_own_word, what_is_not_proved_ends_with_1,
    images_stay_while_any_environment_needs_them, one_name_is_not_one_stack, a_claim_grows_and_does_not_shrink,
    a_rollback_keeps_what_a_claim_has_grown_to, changed_tags_of_the_stack_are_a_change_that_replaces_nothing,
    a_volume_pins_its_zone, a_claim_comes_back_from_what_its_removal_left,
    what_aws_would_not_take_as_it_is_arrives_all_the_same, a_lost_answer_to_the_execution_is_no_error,
    half_a_record_is_not_taken_for_another, a_plan_leaves_a_dead_stack_alone,
    a_plan_says_bytes_money_and_configuration, a_promote_asks_before_it_sends, values_are_checked_before_the_upload,
    a_large_template_goes_through_a_bucket, destroy_leaves_nothing,
    destroy_says_what_could_not_go]
PART, PARTS = (int(a) for a in sys.argv[3:5]) if len(sys.argv) > 4 else (0, 1)
run_tests(Bed(), [t for n, t in enumerate(TESTS) if (not ONLY or ONLY in t.__name__) and n % PARTS == PART])
