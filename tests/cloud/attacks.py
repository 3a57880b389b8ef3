#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks on what was promoted, and the command that finds each, against the fake AWS. doc/security.md has the table.

usage: attacks.py I2KIT RECORD-RECEIPT     (I2KIT_BASE, I2KIT_IMAGES: out/base, out/images)
"""
import copy
import json
import os
import secrets
import subprocess
import time

from harness import Bed, run_tests
from shop import I2KIT, IMAGES, STACK, environment, good, i2kit, live, promote, ready, stack, write


def person(bed, name):
    """Somebody else's machine: keys and receipts of their own, the same repository."""
    home = {"XDG_CONFIG_HOME": f"{bed.folder}/{name}/config", "XDG_STATE_HOME": f"{bed.folder}/{name}/state"}

    def run(*words, **more):
        return subprocess.run([I2KIT, *words, "-p", "shop"], cwd=bed.folder + "/app", text=True, timeout=120,
                              env={**environment(bed), **home, **more}, capture_output=True)
    return run


def refused(done, *said):
    assert done.returncode == 1, done.stdout + done.stderr
    for text in said:
        assert text in done.stderr, (text, done.stderr)
    return done


def released(bed, **how):
    """Ready and promoted, found in order."""
    write(bed, **how)
    images, snapshots = dict(bed.world.images), dict(bed.world.snapshots)
    pod = ready(bed)    # which leaves nothing of what was there
    bed.world.images.update(images)
    bed.world.snapshots.update(snapshots)
    good(promote(bed))
    good(i2kit(bed, "status"))
    return pod


# --- approvals


def two_people_approve_the_very_same_bytes(bed):
    write(bed)
    target = open(bed.folder + "/app/environment.yml").read()
    bed.file("app/environment.yml", target + "require_approvals: 2\n")
    ready(bed)
    refused(promote(bed), "nobody has approved this release; 2 must")
    assert not any(c.startswith(("ebs:", "cloudformation:Create")) for c in bed.world.calls), bed.world.calls
    bob = person(bed, "bob")
    for who, name in ((lambda *w: i2kit(bed, *w), "Ada"), (bob, "Bob")):
        bed.file("app/key.pub", good(who("key", "show")))
        good(who("key", "trust", "key.pub", "--name", name))
    made = json.loads(good(i2kit(bed, "approve", "-f", "i2kit.yml", "--yes", "-o", "json")))
    assert made["approvedBy"] == ["Ada"] and made["file"] == f"./.i2kit/releases/{made['release']}.json", made
    refused(promote(bed), "1 of 2 people who are trusted have approved this release: Ada", f"i2kit approve {made['release']}")
    # Not the same person twice, not with another key, and no fewer people because somebody says so.
    refused(i2kit(bed, "approve", "-f", "i2kit.yml", "--yes"), "has approved it already")
    good(i2kit(bed, "key", "new", "--replace"))
    good(i2kit(bed, "key", "trust", good(i2kit(bed, "key", "show")).split()[0], "--name", "Ada"))
    assert json.loads(good(i2kit(bed, "approve", made["release"], "--yes", "-o", "json")))["approvedBy"] == ["Ada"]
    refused(promote(bed, "--require-approvals", "1"), "1 of 2 people")
    # A stranger's name to it is nobody's.
    good(person(bed, "eve")("approve", made["release"], "--yes"))
    refused(promote(bed), "1 of 2 people")
    path = bed.folder + "/app/" + made["file"]
    before = json.load(open(path))
    done = bob("approve", made["release"][:6], "--yes")
    assert done.returncode == 0 and "approved by AN UNKNOWN KEY" in done.stderr and "2 approved" in done.stdout, done
    after = json.load(open(path))
    assert after["release"] == before["release"] and len(after["signatures"]) == len(before["signatures"]) + 1
    refused(promote(bed, "--require-approvals", "3"), "2 of 3 people who are trusted have approved this release: Ada, Bob")
    good(promote(bed))
    # Exactly this: another environment, another configuration and an edited file were not approved.
    bed.file("app/staging.yml", target.replace("name: test", "name: staging") + "require_approvals: 2\n")
    refused(i2kit(bed, "promote", "-e", "staging.yml", "-f", "i2kit.yml", "--yes"), "nobody has approved this release")
    refused(i2kit(bed, "approve", "-e", "staging.yml", made["release"], "--yes"), "is for the environment 'test', not 'staging'")
    write(bed, greeting="another")
    bed.file("app/environment.yml", target)
    ready(bed)
    bed.file("app/environment.yml", target + "require_approvals: 2\n")
    refused(promote(bed), "nobody has approved this release; 2 must")
    refused(promote(bed, "--force"), "nobody has approved this release; 2 must")
    text = open(path).read()
    bed.file("app/" + made["file"], text.replace('"replicas":2', '"replicas":9'))
    refused(bob("approve", made["release"], "--yes"), "it was changed")
    refused(promote(bed), made["file"], "it was changed")


def a_passphrase_stands_before_an_approval(bed):
    write(bed)
    ready(bed)
    good(promote(bed))
    ada = person(bed, "ada")
    good(ada("key", "new", "--passphrase", I2KIT_KEY_PASSPHRASE="correct horse"))
    receipts, approvals = [line.split()[0] for line in good(ada("key", "show")).splitlines()]
    assert receipts != approvals
    good(i2kit(bed, "receipt", "export", "receipts.jsonl"))
    good(ada("receipt", "trust", good(i2kit(bed, "receipt", "key")).strip(), "the build machine"))
    bed.file("app/nul.jsonl", open(bed.folder + "/app/receipts.jsonl").read() + "\0hidden\n")
    refused(ada("receipt", "import", "nul.jsonl"), "nul.jsonl: it is not text")
    good(ada("receipt", "import", "receipts.jsonl"))
    refused(ada("approve", "-f", "i2kit.yml", "--yes", I2KIT_KEY_PASSPHRASE="wrong horse"), "the passphrase is another one")
    assert not os.path.exists(bed.folder + "/app/.i2kit/releases")
    done = ada("approve", "-f", "i2kit.yml", "--yes", I2KIT_KEY_PASSPHRASE="correct horse", )
    name = good(done).split()[0]
    assert json.load(open(f"{bed.folder}/app/.i2kit/releases/{name}.json"))["signatures"][0]["key"] == approvals


def one_person_is_one_approval_with_whatever_keys(bed):
    write(bed)
    target = open(bed.folder + "/app/environment.yml").read()
    ready(bed)
    bed.file("app/environment.yml", target + "require_approvals: 2\n")
    good(i2kit(bed, "key", "trust", good(i2kit(bed, "key", "show")).split()[0]))
    good(i2kit(bed, "key", "trust", good(i2kit(bed, "key", "show")).split()[0], "--name", "Ada "))
    lines = open(bed.folder + "/app/.i2kit/trusted_keys").read().splitlines()
    assert len(lines) == 1 and lines[0].endswith("= Ada"), lines
    # Of several keys all are trusted, or none.
    bed.file("app/two.pub", good(person(bed, "bob")("key", "show")) + lines[0].replace("Ada", "Eve") + "\n")
    refused(i2kit(bed, "key", "trust", "two.pub"), "there already, as 'Ada'")
    assert open(bed.folder + "/app/.i2kit/trusted_keys").read().splitlines() == lines
    done = i2kit(bed, "promote", "-f", "i2kit.yml", "--plan")
    assert done.returncode == 0 and "nobody has approved this release; 2 must" in done.stderr, done
    name = good(i2kit(bed, "approve", "-f", "i2kit.yml", "--yes")).split()[0]
    # The key before it, and the one behind a passphrase, are hers and nobody else's.
    good(i2kit(bed, "key", "new", "--replace"))
    sealed = dict(environment(bed), I2KIT_KEY_PASSPHRASE="correct horse")

    def ada(*words):
        return subprocess.run([I2KIT, *words, "-p", "shop"], cwd=bed.folder + "/app", text=True, env=sealed, capture_output=True, timeout=120)
    done = i2kit(bed, "approve", name, "--yes")
    assert "1 approved" in good(done) and "your key is not among the team's" in done.stderr, done
    good(ada("key", "new", "--passphrase"))
    assert "1 approved" in good(ada("approve", name, "--yes"))
    # A build machine whose receipts count is nobody.
    runner = person(bed, "runner")
    good(i2kit(bed, "receipt", "trust", good(runner("receipt", "key")).strip(), "ci-runner"))
    assert "1 approved" in good(runner("approve", name, "--yes"))
    refused(promote(bed), "1 of 2 people")
    # Nor on her machine what the list says of her keys.
    for key in good(i2kit(bed, "key", "show")).split()[::2]:
        good(i2kit(bed, "key", "trust", key, "--name", "Ada at home"))
    refused(promote(bed), "1 of 2 people")
    # Away with the sealed key: the open one does not take its place.
    config = bed.folder + "/config/i2kit" if os.path.exists(bed.folder + "/config/i2kit") else sealed["XDG_CONFIG_HOME"] + "/i2kit"
    os.rename(config + "/approval.key", config + "/away")
    refused(ada("approve", name, "--yes"), "approval.key is gone")


def a_release_made_by_hand_is_not_approved(bed):
    write(bed)
    ready(bed)
    made = json.loads(good(i2kit(bed, "approve", "-f", "i2kit.yml", "--yes", "-o", "json")))
    path = bed.folder + "/app/" + made["file"]
    document = json.load(open(path))
    document["signatures"] = []
    bob = person(bed, "bob")
    for change in ({}, {"replicas": 9}, {"readyNs": document["release"]["pods"][0]["readyNs"] + 1}):
        edited = copy.deepcopy(document)
        edited["release"]["pods"][0].update(change)
        bed.file("app/" + made["file"], json.dumps(edited))
        refused(bob("approve", made["release"], "--yes"), "nobody who is trusted has signed it")
        done = i2kit(bed, "approve", made["release"], "--yes")
        assert (done.returncode == 0) == (change == {}), (change, done)
    assert json.load(open(path))["signatures"] == []
    # What waits there is not taken for what was ready here: a release of its own is made.
    done = i2kit(bed, "approve", "-f", "i2kit.yml", "--yes", "-o", "json")
    assert json.loads(good(done))["release"] != made["release"] and "not covered: Services and routes" in done.stderr, done


def links_of_a_hostile_repository_are_not_followed(bed):
    write(bed)
    ready(bed)
    key = good(i2kit(bed, "key", "show")).split()[0]
    outside, here = bed.folder + "/outside", bed.folder + "/app/.i2kit"
    os.mkdir(outside)
    os.symlink(outside, here)
    for words in (("key", "trust", key), ("approve", "-f", "i2kit.yml", "--yes")):
        refused(i2kit(bed, *words), ".i2kit: it is a link")
    os.unlink(here)
    os.mkdir(here)
    os.symlink(outside, here + "/releases")
    refused(i2kit(bed, "approve", "-f", "i2kit.yml", "--yes"), "releases: it is a link")
    assert os.listdir(outside) == []
    os.unlink(here + "/releases")
    name = good(i2kit(bed, "approve", "-f", "i2kit.yml", "--yes")).split()[0]
    os.rename(here + "/releases", outside + "/releases")
    os.symlink(outside + "/releases", here + "/releases")
    for which in (name, f".i2kit/releases/{name}.json"):
        refused(i2kit(bed, "approve", which, "--yes"), "releases: it is a link")
    refused(i2kit(bed, "key", "trust", "bob.pub"), "bob.pub: there is no such file, and it is no key")


# --- replay


def replay_an_old_receipt_is_not_promoted_again(bed):
    released(bed, greeting="first")
    released(bed, greeting="second")
    write(bed, greeting="first")
    done = refused(promote(bed), "its receipt is an old one", "i2kit rollback")
    assert "was ready at" in done.stderr
    refused(promote(bed, "--verify", "none"), "its receipt is an old one")
    # Rollback's word, and what is ready anew.
    good(i2kit(bed, "rollback", "--yes"))
    good(i2kit(bed, "status"))
    write(bed, greeting="second")
    good(promote(bed))
    good(i2kit(bed, "status"))
    write(bed, greeting="first")
    refused(promote(bed), "its receipt is an old one")
    good(promote(bed, "--force"))
    assert '"receipt":"forced"' in good(i2kit(bed, "status", "-o", "json"))


def replay_a_stack_that_somebody_set_back(bed):
    """By hand, to a release of before, whose receipts are all good: it is not the newest on record."""
    released(bed, greeting="first")
    old = dict(stack(bed).outputs)
    released(bed, greeting="second")
    new = dict(stack(bed).outputs)
    stack(bed).outputs = old
    seen = refused(i2kit(bed, "status"), "what runs is not release 2, the newest that was recorded")
    assert "WRONG SIGNATURE" not in seen.stdout
    stack(bed).outputs = new
    good(i2kit(bed, "status"))
    # A record of one's own making, or the old one's under a new number: nobody trusted has signed it.
    parameters = bed.world.parameters
    for name in [n for n in parameters if f"/{STACK}/releases/000001/" in n]:
        parameters[name.replace("/000001/", "/000003/")] = parameters[name]
    stack(bed).outputs = old
    refused(i2kit(bed, "status"), "nobody who is trusted here signed the record of release 3")
    meta = f"/i2kit/{STACK}/releases/000003/meta"
    kind, text = parameters[meta]
    parameters[meta] = (kind, text.replace('"note":"promote"', '"note":"rollback to 1"'))
    refused(i2kit(bed, "status"), "nobody who is trusted here signed the record of release 3")


def edited_receipt_and_one_of_another_environment(bed):
    released(bed)
    outputs = stack(bed).outputs
    image, config, tag = outputs["WebRelease"].split(" ", 2)
    for edited, said in ((tag.replace(" 2/2 ", " 9/9 "), "was not signed with its key"),
                         (tag.replace("v2 ready", "v1 ready"), "was not signed with its key"),
                         (tag[:-4] + "AAA=", "was not signed with its key"), ("-", "no receipt"), ("yes", "its receipt is none")):
        outputs["WebRelease"] = f"{image} {config} {edited}"
        refused(i2kit(bed, "status"), said)
    # Staging's, over the very same image and configuration.
    bed.file("app/staging.yml", "name: staging\nprovider: {type: aws, region: eu-west-1}\n")
    good(i2kit(bed, "promote", "-e", "staging.yml", "-f", "i2kit.yml", "--yes"))
    other = next(s for s in bed.world.stacks.values() if s.name == "i2kit-shop-staging").outputs["WebRelease"]
    assert other.startswith(f"{image} {config} ")
    outputs["WebRelease"] = other
    refused(i2kit(bed, "status"), "for another release or environment")


def one_pod_of_two_changes_and_both_are_signed_anew(bed):
    """No attack: what covers all pods must be made anew for those that stay."""
    two = ("kind: Pod\napiVersion: v1\nmetadata: {{name: {0}}}\nspec: {{containers: [{{name: c, image: 'oci:%s/nginx', "
           "env: [{{name: A, value: '{1}'}}]}}]}}\n---\n") % IMAGES
    write(bed)
    for value in ("one", "two"):
        bed.file("app/i2kit.yml", two.format("a", "same") + two.format("b", value))
        good(promote(bed, "--force"))
        good(i2kit(bed, "status"))
    outputs = dict(stack(bed).outputs)
    good(promote(bed, "--force"))
    assert stack(bed).outputs == outputs, "nothing changed, and the stack did"
    # One that does not hold is mended by the next release; CloudFormation changes no outputs by themselves.
    stack(bed).template.body["Outputs"]["ARelease"]["Value"] = stack(bed).outputs["ARelease"] = outputs["ARelease"].replace("v2", "v1")
    refused(i2kit(bed, "status"), "pod 'a'")
    done = promote(bed, "--force")
    assert done.returncode == 0 and "beside another change" in done.stdout + done.stderr, done
    refused(i2kit(bed, "status"), "pod 'a'")
    bed.file("app/i2kit.yml", two.format("a", "same") + two.format("b", "three"))
    good(promote(bed, "--force"))
    good(i2kit(bed, "status"))


def a_team_mate_of_the_file_beside_signed_as_well_as_anybody(bed):
    """No attack: .i2kit/trusted_keys counts for promote as the list in environment.yml does."""
    write(bed)
    bob = person(bed, "bob")
    bed.file("app/bob.pub", good(bob("key", "show")))
    good(i2kit(bed, "key", "trust", "bob.pub", "--name", "Bob"))
    good(bob("promote", "-f", "i2kit.yml", "--yes", "--force"))
    before = dict(stack(bed).outputs)
    done = promote(bed, "--force")
    assert "beside another change" not in good(done) + done.stderr, done
    assert stack(bed).outputs == before and "WRONG" not in good(i2kit(bed, "status"))


def re_signed_by_a_stranger(bed):
    """Everything is made anew by somebody with the cloud's credentials and a key of their own."""
    pod = released(bed)
    eve = person(bed, "eve")
    good(eve("promote", "-f", "i2kit.yml", "--yes", "--force"))
    write(bed, greeting="eve's")
    good(eve("promote", "-f", "i2kit.yml", "--yes", "--force"))
    refused(i2kit(bed, "status"), "whom nobody trusts here")
    assert pod


# --- what instances run from


def verify(bed, *more):
    return i2kit(bed, "status", "--verify", *more)


def copy_of(bed, snapshot, change):
    """Another snapshot with the same tags, whose blocks were changed."""
    made = copy.copy(snapshot)
    made.id, made.blocks, made.tokens = "snap-0" + secrets.token_hex(8), dict(snapshot.blocks), {}
    change(made.blocks)
    bed.world.snapshots[made.id] = made
    return made


def flip(blocks):
    index = sorted(blocks)[len(blocks) // 2]
    blocks[index] = bytes([blocks[index][0] ^ 1]) + blocks[index][1:]


def only(values):
    values = list(values)
    assert len(values) == 1, values
    return values[0]


def what_instances_run_from_is_read_back(bed):
    released(bed)
    image = only(bed.world.images.values())
    blocks = bed.world.snapshots[image["snapshot"]].blocks
    before = bed.world.counts.get("blocks_got", 0)
    seen = json.loads(good(verify(bed, "-o", "json")))["instances"]
    assert len(seen) == 2 and all(i["verified"] and i["verifiedSource"] == image["snapshot"] for i in seen), seen
    assert {i["verifiedBytes"] for i in seen} == {len(blocks) * 524288}
    # Two instances of one snapshot: it is read once.
    assert bed.world.counts["blocks_got"] - before == len(blocks)
    assert " equal" in good(verify(bed))
    before = bed.world.counts["blocks_got"]
    good(i2kit(bed, "status", "--sample", "3"))
    assert bed.world.counts["blocks_got"] - before == 3
    assert i2kit(bed, "status", "--sample", "none").returncode == 2
    # Without the disk here nothing can be said, and that is no proof.
    empty = environment(bed)
    empty.update(XDG_DATA_HOME=bed.folder + "/none", XDG_CACHE_HOME=bed.folder + "/none", XDG_STATE_HOME=bed.folder + "/none")
    done = subprocess.run([I2KIT, "status", "--verify", "-p", "shop"], cwd=bed.folder + "/app", text=True, env=empty, capture_output=True)
    refused(done, "is not on this machine", "2 of 2 instances")
    assert "NOT PROVED" in done.stdout


def swapped_image_with_copied_tags(bed):
    """Another image under the same tags and name; its instances carry the release's tags, and say the right digest."""
    pod = released(bed)
    image = only(bed.world.images.values())
    other = {**image, "id": "ami-0" + secrets.token_hex(8), "snapshot": copy_of(bed, bed.world.snapshots[image["snapshot"]], flip).id}
    bed.world.images[other["id"]] = other
    one = bed.world.instances[sorted(live(bed))[0]]
    one["image"], one["root"] = other["id"], {**one["root"], "snapshot": other["snapshot"]}
    said = [{"timestamp": int(time.time() * 1000), "message": "i2kit: booted " + pod["imageDigest"]}]
    bed.world.log_groups.setdefault("/i2kit/" + STACK, {})[f"web/.booted/{one['id']}"] = said
    # Tags and the guest say what they should: that is their word alone.
    assert "booted digest equal" in good(i2kit(bed, "status"))
    done = refused(verify(bed), one["id"], f"of the snapshot {other['snapshot']} is not what was on the disk", "1 of 2 instances")
    assert "NOT PROVED" in done.stdout and " equal" in done.stdout
    seen = {i["id"]: i["verified"] for i in json.loads(verify(bed, "-o", "json").stdout)["instances"]}
    assert seen.pop(one["id"]) is False and list(seen.values()) == [True]


def a_root_volume_that_was_replaced(bed):
    """CreateReplaceRootVolumeTask leaves the instance its image."""
    released(bed)
    one = bed.world.instances[sorted(live(bed))[0]]
    good_snapshot = bed.world.snapshots[one["root"]["snapshot"]]
    one["root"] = {**one["root"], "snapshot": copy_of(bed, good_snapshot, flip).id}
    good(i2kit(bed, "status"))
    refused(verify(bed), one["id"], "is not what was on the disk")
    # By the same bytes: nothing is wrong with them, but somebody has done that.
    one["root"] = {**one["root"], "snapshot": copy_of(bed, good_snapshot, lambda blocks: None).id}
    refused(verify(bed), one["id"], "and its image")
    one["root"] = {**one["root"], "snapshot": None}
    refused(verify(bed), one["id"], "was made of no snapshot")
    one["root"] = None
    refused(verify(bed), one["id"], "is not known to EC2")


def a_bit_a_block_more_and_one_less_in_the_snapshot(bed):
    released(bed)
    snapshot = bed.world.snapshots[only(bed.world.images.values())["snapshot"]]
    whole = dict(snapshot.blocks)
    flip(snapshot.blocks)
    refused(verify(bed), "is not what was on the disk", "2 of 2 instances")
    snapshot.blocks = {**whole, max(whole) + 1: b"x" * 524288}
    refused(verify(bed), "is not what was on the disk")
    # What should not be there is read whatever the sample is.
    refused(i2kit(bed, "status", "--sample", "1"), "is not what was on the disk")
    snapshot.blocks = {**whole, max(whole) + 1: bytes(524288)}
    good(verify(bed))
    snapshot.blocks = {k: b for k, b in whole.items() if k != min(whole)}
    refused(verify(bed), f"holds {len(whole) - 1} of the disk's {len(whole)} blocks")
    snapshot.blocks = whole
    # A sample finds what it hits, by chance: at last each block is one of three.
    flip(snapshot.blocks)
    found = 0
    for _ in range(60):
        found += i2kit(bed, "status", "--sample", str(max(1, len(whole) // 4))).returncode
    assert 1 <= found < 60, found


def an_image_of_another_account(bed):
    """Its blocks cannot be read: that is no proof, and said of each instance."""
    released(bed)
    one = bed.world.instances[sorted(live(bed))[0]]
    one["root"] = {**one["root"], "snapshot": "snap-0123456789abcdef0"}
    done = refused(verify(bed), one["id"], "does not exist", "1 of 2 instances")
    assert done.stderr.count("instance i-") == 1, done.stderr


TESTS = [two_people_approve_the_very_same_bytes, a_passphrase_stands_before_an_approval,
         one_person_is_one_approval_with_whatever_keys, a_release_made_by_hand_is_not_approved,
         links_of_a_hostile_repository_are_not_followed,
         replay_an_old_receipt_is_not_promoted_again, replay_a_stack_that_somebody_set_back,
         edited_receipt_and_one_of_another_environment, one_pod_of_two_changes_and_both_are_signed_anew,
         a_team_mate_of_the_file_beside_signed_as_well_as_anybody, re_signed_by_a_stranger,
         what_instances_run_from_is_read_back, swapped_image_with_copied_tags, a_root_volume_that_was_replaced,
         a_bit_a_block_more_and_one_less_in_the_snapshot, an_image_of_another_account]
ONLY = os.environ.get("ONLY")
run_tests(Bed(), [t for t in TESTS if not ONLY or ONLY in t.__name__])
