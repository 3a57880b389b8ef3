#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""EBS upload against the strict fake. usage: upload.py PUSH-DISK"""
import hashlib
import os
import random
import signal
import subprocess
import sys
import time

from harness import Bed, run_tests

PUSH = sys.argv[1]
BLOCK = 524288


def make_disk(bed, blocks=40, seed=1, name="disk", every=2):
    path = os.path.join(bed.folder, name)
    rng = random.Random(seed)
    with open(path, "wb") as out:
        out.truncate(blocks * every * BLOCK + 12345)
        for i in range(blocks):
            out.seek(i * every * BLOCK + 1000)
            out.write(rng.randbytes(4000))
    return path


def digest_of(path):
    with open(path, "rb") as f:
        return "sha256:" + hashlib.sha256(f.read()).hexdigest()


def push(bed, path, *more, digest=None, pod="web", **env):
    done = subprocess.run([PUSH, "shop", pod, path, digest or digest_of(path), *more],
                          env=bed.environment(**env), text=True, capture_output=True, timeout=120)
    return done


def pushed(bed, path, *more, **env):
    done = push(bed, path, *more, **env)
    assert done.returncode == 0, done.stderr
    image, there, sent, total, verified, parent = done.stdout.split()
    snapshot = bed.world.images.get(image, {}).get("snapshot")     # None: of another region
    return {"image": image, "snapshot": snapshot, "there": there == "there", "sent": int(sent),
            "total": int(total), "verified": int(verified), "parent": parent}


def check_round_trip(bed, result, path):
    stored = bed.world.disk(result["snapshot"], os.path.getsize(path))
    assert "sha256:" + hashlib.sha256(stored).hexdigest() == digest_of(path)


def what_is_stored_hashes_to_the_disk(bed):
    disk = make_disk(bed)
    result = pushed(bed, disk)
    check_round_trip(bed, result, disk)
    assert result["sent"] == result["total"] == result["verified"] == 40
    assert bed.world.counts["blocks_put"] == 40


def the_image_says_how_it_boots(bed):
    image = bed.world.images if pushed(bed, make_disk(bed, 3)) else None
    image = list(bed.world.images.values())[0]
    assert (image["architecture"], image["virtualization"]) == ("x86_64", "hvm")
    assert image["ena"] and image["boot_mode"] == "uefi-preferred" and image["imds"] == "v2.0"
    assert image["volume_type"] == "gp3" and image["delete"]
    assert image["tags"]["i2kit:verified"] == "full"


def the_same_digest_is_not_sent_again(bed):
    disk = make_disk(bed, 5)
    first = pushed(bed, disk)
    second = pushed(bed, disk)
    assert second["there"] and second["image"] == first["image"]
    assert bed.world.counts["blocks_put"] == 5


def a_small_change_sends_only_what_changed(bed):
    disk = make_disk(bed)
    first = pushed(bed, disk)
    with open(disk, "r+b") as f:
        f.seek(4 * BLOCK)
        f.write(b"changed")
        f.seek(8 * BLOCK)
        f.write(b"\0" * BLOCK)
    second = pushed(bed, disk)
    assert second["sent"] == 2 and second["parent"] == first["snapshot"], second
    check_round_trip(bed, second, disk)


def a_smaller_disk_zeroes_what_its_parent_had(bed):
    first = pushed(bed, make_disk(bed, 20))
    small = make_disk(bed, 10, seed=1, name="small")
    result = pushed(bed, small)
    assert result["parent"] == first["snapshot"]
    check_round_trip(bed, result, small)
    tail = bed.world.disk(result["snapshot"], 60 * BLOCK)[os.path.getsize(small):]
    assert not any(tail)


def a_parent_that_is_gone_means_everything_is_sent(bed):
    disk = make_disk(bed, 6)
    pushed(bed, disk)
    bed.world.faults = [{"service": "ebs", "action": "StartSnapshot", "status": 404,
                         "code": "ResourceNotFoundException", "message": "parent"}]
    with open(disk, "r+b") as f:
        f.write(b"x")
    result = pushed(bed, disk)
    assert result["parent"] == "-" and result["sent"] == 6
    check_round_trip(bed, result, disk)


def a_snapshot_nobody_knows_yet_is_waited_for(bed):
    bed.world.settings["visible_after_s"] = 3
    disk = make_disk(bed, 5)
    check_round_trip(bed, pushed(bed, disk), disk)


def throttles_chokes_resets_and_server_errors_are_survived(bed):
    put = {"service": "ebs", "action": "PutSnapshotBlock"}
    bed.world.faults = [
        {**put, "status": 400, "code": "RequestThrottledException", "count": 4},
        {**put, "status": 400, "code": "ValidationException", "count": 4, "after": 3,
         "message": "Failed to read block data"},
        {**put, "status": 500, "code": "InternalServerException", "count": 2, "after": 2},
        {**put, "status": 503, "code": "ServiceUnavailable", "count": 2, "after": 2},
        {**put, "reset": True, "count": 3, "after": 5},
        {**put, "truncate": True, "count": 1, "after": 5},
        {"service": "ec2", "action": "RegisterImage", "status": 503,
         "code": "RequestLimitExceeded"},
        {"service": "ebs", "action": "CompleteSnapshot", "reset": True}]
    disk = make_disk(bed)
    check_round_trip(bed, pushed(bed, disk), disk)
    assert bed.world.counts["faults"] >= 17, bed.world.counts


def access_denied_ends_it_at_once_and_leaves_nothing(bed):
    bed.world.faults = [{"service": "ebs", "action": "PutSnapshotBlock", "status": 403,
                         "code": "AccessDeniedException", "message": "not allowed", "count": 99}]
    start = time.time()
    done = push(bed, make_disk(bed))
    assert done.returncode == 1 and "ebs:PutSnapshotBlock" in done.stderr, done.stderr
    assert time.time() - start < 8
    assert bed.world.calls.count("ebs:PutSnapshotBlock") <= 8
    assert not bed.world.snapshots


def a_killed_upload_goes_on_where_it_stopped(bed):
    disk = make_disk(bed, 60)
    bed.world.faults = [{"service": "ebs", "action": "PutSnapshotBlock", "after": 35,
                         "delay_s": 30, "count": 99}]
    child = subprocess.Popen([PUSH, "shop", "web", disk, digest_of(disk)], env=bed.environment(),
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.time() + 30
    while bed.world.counts.get("blocks_put", 0) < 36 and time.time() < deadline:
        time.sleep(0.1)
    time.sleep(1.5)
    child.send_signal(signal.SIGKILL)
    child.wait()
    begun = list(bed.world.snapshots)
    bed.world.faults = []
    result = pushed(bed, disk)
    assert [result["snapshot"]] == begun == list(bed.world.snapshots)
    assert result["sent"] < 40, result
    check_round_trip(bed, result, disk)


def an_abandoned_snapshot_is_deleted(bed):
    disk = make_disk(bed, 10)
    bed.world.faults = [{"service": "ebs", "action": "PutSnapshotBlock", "reset": True, "count": 999,
                         "after": 4}]
    child = subprocess.Popen([PUSH, "shop", "web", disk, digest_of(disk)], env=bed.environment(),
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2)
    child.kill()
    child.wait()
    bed.world.faults = []
    assert len(bed.world.snapshots) == 1
    other = make_disk(bed, 4, seed=9, name="other")
    result = pushed(bed, other)
    assert list(bed.world.snapshots) == [result["snapshot"]]


def what_the_cloud_stored_wrongly_is_never_registered(bed):
    bed.world.settings["damage_next"] = True
    done = push(bed, make_disk(bed, 6))
    assert done.returncode == 1 and "is not what was on the disk" in done.stderr, done.stderr
    assert not bed.world.images and not bed.world.snapshots


def a_sample_reads_fewer_blocks(bed):
    result = pushed(bed, make_disk(bed, 300, every=1), "sample")
    assert 16 <= result["verified"] < 100, result


def a_disk_of_another_digest_is_refused(bed):
    done = push(bed, make_disk(bed, 2), digest="sha256:" + "f" * 64)
    assert done.returncode == 1 and "hashes to" in done.stderr
    assert not bed.world.snapshots


def a_long_list_is_read_in_pages(bed):
    bed.world.settings["list_page"] = 7
    assert pushed(bed, make_disk(bed, 30))["verified"] == 30


def a_wrong_clock_is_put_right(bed):
    bed.world.settings["clock_skew_s"] = 3600
    disk = make_disk(bed, 4)
    check_round_trip(bed, pushed(bed, disk), disk)


def each_region_has_its_own_image(bed):
    import server
    disk = make_disk(bed, 3)
    here = pushed(bed, disk)
    other, fake, url = server.start(region="us-east-1")
    there = pushed(bed, disk, AWS_REGION="us-east-1", AWS_ENDPOINT_URL=url)
    assert not there["there"] and list(fake.world.images) == [there["image"]] and here["image"] in bed.world.images
    assert pushed(bed, disk, AWS_REGION="us-east-1", AWS_ENDPOINT_URL=url)["there"]
    other.shutdown()


def what_was_not_compared_is_neither_adopted_nor_built_upon(bed):
    disk = make_disk(bed, 8)
    loose = pushed(bed, disk, "none")
    proved = pushed(bed, disk)
    assert proved["image"] != loose["image"] and proved["parent"] == "-", (loose, proved)
    image = bed.world.images[proved["image"]]
    assert image["snapshot"] == proved["snapshot"] and image["tags"]["i2kit:verified"] == "full"
    assert bed.world.images[loose["image"]]["tags"]["i2kit:verified"] == "none"


def a_registration_whose_answer_was_lost_is_found_again(bed):
    bed.world.faults = [{"service": "ec2", "action": "RegisterImage", "truncate": True, "count": 1}]
    result = pushed(bed, make_disk(bed, 3))
    assert [i["snapshot"] for i in bed.world.images.values()] == [result["snapshot"]]


def an_image_ec2_does_not_know_yet_is_waited_for(bed):
    bed.world.settings["image_visible_after_s"] = 0.05
    pushed(bed, make_disk(bed, 2))


run_tests(Bed(), [
    what_is_stored_hashes_to_the_disk, the_image_says_how_it_boots,
    the_same_digest_is_not_sent_again, a_small_change_sends_only_what_changed,
    a_smaller_disk_zeroes_what_its_parent_had, a_parent_that_is_gone_means_everything_is_sent,
    a_snapshot_nobody_knows_yet_is_waited_for,
    throttles_chokes_resets_and_server_errors_are_survived,
    access_denied_ends_it_at_once_and_leaves_nothing, a_killed_upload_goes_on_where_it_stopped,
    an_abandoned_snapshot_is_deleted, what_the_cloud_stored_wrongly_is_never_registered,
    a_sample_reads_fewer_blocks, a_disk_of_another_digest_is_refused,
    a_long_list_is_read_in_pages, a_wrong_clock_is_put_right, each_region_has_its_own_image,
    an_image_ec2_does_not_know_yet_is_waited_for,
    what_was_not_compared_is_neither_adopted_nor_built_upon,
    a_registration_whose_answer_was_lost_is_found_again])
