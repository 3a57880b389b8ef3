#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: guest.py [BUILD-FOLDER [RUNS]]

What the guest costs, side by side with the bare floor: the same QEMU machine and kernel with an init
that only prints. Start until all containers of an nginx pod run, memory with nginx idle, the smallest
VM that serves, exec round trip, log throughput. $I2KIT_BASE and $I2KIT_IMAGES as for tests/e2e/guest.py."""

import os
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests/guest"))
sys.dont_write_bytecode = True

import vm as v  # noqa: E402

BASE = os.environ.get("I2KIT_BASE", f"{TOP}/out/base")
IMAGES = os.environ.get("I2KIT_IMAGES", f"{TOP}/out/images")
FLOOR = """#include <sys/mount.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>
int main(void)
{
	(void)mkdir("/dev", 0755);
	(void)mount("devtmpfs", "/dev", "devtmpfs", 0, 0);
	int fd = open("/dev/console", O_WRONLY);
	(void)!write(fd, "FLOOR\\n", 6);
	for (;;)
		(void)pause();
}
"""


def floor_init(folder):
    source = f"{folder}/floor.c"
    with open(source, "w", encoding="utf-8") as file:
        file.write(FLOOR)
    subprocess.run(["cc", "-O2", "-static", "-o", f"{folder}/init", source], check=True)
    with open(f"{folder}/init", "rb") as file:
        body = file.read()
    archive = v.cpio_file("init", body).replace(b"000081a4", b"000081ed", 1)
    with open(f"{folder}/initrd", "wb") as file:
        file.write(archive)


def boot_floor(workshop, image):
    folder = tempfile.mkdtemp(dir=workshop.folder)
    v.make_disk(folder, BASE, nginx_pod(image), image.layers)
    floor_init(folder)
    with v.VM(folder, BASE, kernel=workshop.kernel) as vm:
        return vm.wait_console("FLOOR")


def nginx_pod(image):
    return v.pod_document("web", [v.container("nginx", list(range(len(image.layers))), image.config)])


def boot_pod(workshop, image, **options):
    pod = nginx_pod(image)
    vm = workshop.boot(pod, image, kernel=workshop.kernel, **options)
    try:
        peer = v.Peer(vm)
        peer.send(v.RELEASE, v.release(pod))
        event = peer.wait_event(type="boot", stage="containers", timeout=60)
        return vm, peer, event["at"]
    except BaseException:
        vm.__exit__()
        raise


def record(*words):
    """For bench/run, which names the file."""
    if "BENCH_FIGURES" in os.environ:
        with open(os.environ["BENCH_FIGURES"], "a", encoding="utf-8") as file:
            file.write("\t".join([os.environ.get("BENCH_NAME", "guest"), *map(str, words)]) + "\n")


def show(name, value, limit, kept=True):
    print(f"{name:<52} {value:>10}   {limit}", flush=True)
    if kept:
        what, _, unit = name.rpartition(", ")
        record("figure", what, value, unit)


def bench_boot(workshop, image, runs):
    floors, pods = [], []
    for _ in range(runs):
        floors.append(boot_floor(workshop, image))
        vm, peer, took = boot_pod(workshop, image)
        pods.append(took)
        peer.close()
        vm.__exit__()
    floor, pod = statistics.median(floors), statistics.median(pods)
    for one, other in zip(floors, pods):
        record("sample", "start of a VM", "floor: start → init prints", one, "s")
        record("sample", "start of a VM", "nginx pod: start → containers run", other, "s")
    show("floor: start → init prints, s", f"{floor:.2f}", f"{min(floors):.2f}–{max(floors):.2f}, n={runs}", False)
    show("nginx pod: start → containers run, s", f"{pod:.2f}", f"{min(pods):.2f}–{max(pods):.2f}, n={runs}", False)
    show("ratio", f"{pod / floor:.2f}", "at most 1.30", False)
    return pod / floor <= 1.3


def bench_running(workshop, image):
    vm, peer, _ = boot_pod(workshop, image)
    with vm:
        time.sleep(2)
        peer.send(v.STATS_REQUEST, struct.pack("<I", 1000))
        peer.until(lambda: peer.stats)
        used = peer.stats[0]["memory"]["usedBytes"] / (1 << 20)
        show("memory in use, nginx idle, 128 MiB VM, MiB", f"{used:.1f}", "at most 45")
        peer.exec(["true"])
        times = []
        for _ in range(20):
            began = time.monotonic()
            peer.exec(["true"])
            times.append((time.monotonic() - began) * 1000)
        trip = statistics.median(times)
        show("exec round trip, ms", f"{trip:.0f}", f"under 50; {min(times):.0f}–{max(times):.0f}")
        return used <= 45 and trip < 50


def bench_logs(workshop):
    image = workshop.image("toolbox")
    line = "x" * 119
    script = f"i=0; while [ $i -lt 1000 ]; do echo {line}; i=$((i+1)); done >/tmp/l; " \
             "i=0; while [ $i -lt 500 ]; do cat /tmp/l; i=$((i+1)); done; echo end; sleep 1000"
    pod = v.pod_document("web", [v.container("main", [0], image.config, command=["sh", "-c", script])])
    with workshop.boot(pod, image, kernel=workshop.kernel) as vm:
        peer = v.Peer(vm)
        wire_bytes = 23 + len("main") + len(line)

        def count(payload):
            """Python is not to be the slow end: no line is looked at; what came before is acknowledged."""
            peer.log_bytes += len(payload) * (len(line) + 1) // wire_bytes
            first = struct.unpack_from("<Q", payload, 4)[0]
            peer.send(v.LOG_ACK, struct.pack("<Q", first - 1))

        peer.take_log = count
        peer.send(v.RELEASE, v.release(pod))
        peer.until(lambda: peer.log_bytes > 1 << 20)
        began, before = time.monotonic(), peer.log_bytes
        peer.until(lambda: peer.log_bytes >= 495 * 120 * 1000, 120)
        rate = (peer.log_bytes - before) / (time.monotonic() - began) / 1e6
        lost = sum(e["lines"] for e in peer.events if e["type"] == "loss")
    show("log lines of 120 bytes through the channel, MB/s", f"{rate:.1f}", f"at least 20; {lost} lines lost")
    return rate >= 20 and lost == 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serves(port):
    """nginx listens a little after its process runs."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20).status == 200
        except OSError:
            time.sleep(0.1)
    return False


def bench_smallest(workshop, image):
    for memory in (80, 88, 96, 104, 112, 128):
        port = free_port()
        try:
            vm, peer, _ = boot_pod(workshop, image, memory=memory, forward={port: 80})
        except (TimeoutError, ConnectionError, OSError):
            continue
        with vm:
            try:
                ok = peer.exec(["true"])[0] == {"code": 0} and serves(port)
            except (TimeoutError, ConnectionError, OSError):
                ok = False
        if ok:
            show("smallest VM in which nginx serves, MiB", memory, "80")
            return memory <= 80
    return False


def main():
    runs = int(sys.argv[2] if len(sys.argv) > 2 else os.environ.get("BENCH_ROUNDS", "5"))
    with v.Workshop(BASE, IMAGES) as workshop:
        image = workshop.image("nginx")
        results = [bench_boot(workshop, image, runs), bench_running(workshop, image), bench_logs(workshop),
                   bench_smallest(workshop, image)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
