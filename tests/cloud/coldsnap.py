#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A second opinion on snapshots: coldsnap, Amazon's own client of EBS in another language, against the fake.

usage: coldsnap.py PUSH-DISK     (coldsnap in PATH or out/bench/bin: bench/competitors coldsnap)
"""
import hashlib
import os
import random
import shutil
import subprocess
import sys

from harness import Bed, run_tests

PUSH, BLOCK = sys.argv[1], 524288
OWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../out/bench/bin/coldsnap")
COLDSNAP = OWN if os.path.exists(OWN) else shutil.which("coldsnap")
if COLDSNAP is None:
    print("1..0 # SKIP coldsnap is not installed (bench/competitors coldsnap)")
    sys.exit(0)


def make_disk(bed):
    path, rng = bed.folder + "/disk", random.Random(1)
    with open(path, "wb") as out:
        out.truncate(40 * BLOCK + 12345)
        for index in (0, 3, 4, 17, 39):
            out.seek(index * BLOCK + 77)
            out.write(rng.randbytes(4000))
    return path


def digest(path, size):
    with open(path, "rb") as file:
        return "sha256:" + hashlib.sha256(file.read(size)).hexdigest()


def coldsnap(bed, *words):
    done = subprocess.run([COLDSNAP, *words], env=bed.environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def it_downloads_the_very_disk_that_was_uploaded(bed):
    disk = make_disk(bed)
    size = os.path.getsize(disk)
    done = subprocess.run([PUSH, "shop", "web", disk, digest(disk, size)], env=bed.environment(), capture_output=True,
                          text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    coldsnap(bed, "download", "--no-progress", bed.world.images[done.stdout.split()[0]]["snapshot"],
             bed.folder + "/back")
    assert digest(bed.folder + "/back", size) == digest(disk, size)


def the_fake_takes_what_it_uploads(bed):
    disk = make_disk(bed)
    size = os.path.getsize(disk)
    snapshot = coldsnap(bed, "upload", "--no-progress", "--omit-zero-blocks", disk)
    assert bed.world.counts["blocks_put"] == 5, bed.world.counts
    assert "sha256:" + hashlib.sha256(bed.world.disk(snapshot, size)).hexdigest() == digest(disk, size)


run_tests(Bed(), [it_downloads_the_very_disk_that_was_uploaded, the_fake_takes_what_it_uploads])
