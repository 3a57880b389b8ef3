#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/aws-smoke against the fake: it passes, it destroys whatever happened, and it says what is left.

usage: smoke.py I2KIT     (I2KIT_BASE, I2KIT_IMAGES: out/base, out/images)
"""
import os
import shutil
import subprocess

from harness import Bed, run_tests
from first_time import BASE, I2KIT, IMAGES, SHARED, TOP

if shutil.which("aws") is None:
    print("1..0 # SKIP the aws command line is not installed (awscli)")
    raise SystemExit(77)


def smoke(bed, *more, answer=""):
    env = bed.environment(I2KIT_BASE=BASE, XDG_DATA_HOME=SHARED["store"], I2KIT_BUILD=os.path.dirname(I2KIT), TMPDIR=bed.folder)
    bed.world.settings.update(resource_s=0.01, signal_after_s=0.05)
    return subprocess.run([TOP + "/scripts/aws-smoke", "--region", "eu-west-1", "--no-local", "--no-http", "--image",
                           f"oci:{IMAGES}/nginx", *more], text=True, env=env, capture_output=True, timeout=280, input=answer)


def nothing_left(bed):
    world = bed.world
    assert all(s.status == "DELETE_COMPLETE" for s in world.stacks.values())
    assert not world.images and not world.snapshots and not world.parameters and not world.volumes


def a_whole_run_passes_and_leaves_nothing(bed):
    done = smoke(bed, "--yes")
    assert done.returncode == 0 and "passed" in done.stdout and "nothing is left" in done.stdout, done.stdout + done.stderr
    assert ".elb.eu-west-1.amazonaws.com:8080/" in done.stdout, done.stdout
    assert "dollars" in done.stdout.split("ok  ")[0]
    assert bed.world.counts["blocks_got"] and len(bed.world.stacks) == 1
    nothing_left(bed)


def without_a_yes_nothing_is_sent(bed):
    done = smoke(bed, answer="n\n")
    assert done.returncode == 1 and not bed.world.calls, done.stdout


def after_a_failure_all_is_destroyed(bed):
    bed.world.settings["signal"] = "FAILURE"
    done = smoke(bed, "--yes")
    assert done.returncode == 1 and "FAILED" in done.stdout and "nothing is left" in done.stdout, done.stdout + done.stderr
    assert bed.world.stacks
    nothing_left(bed)


def what_could_not_go_is_listed(bed):
    bed.world.settings["undeletable"] = "SmokeBalancer"
    done = smoke(bed, "--yes")
    assert done.returncode == 1 and "LEFT in eu-west-1" in done.stdout and "i2kit-smoke-" in done.stdout, done.stdout


if __name__ == "__main__":
    run_tests(Bed(), [a_whole_run_passes_and_leaves_nothing, without_a_yes_nothing_is_sent, after_a_failure_all_is_destroyed,
                      what_could_not_go_is_listed])
