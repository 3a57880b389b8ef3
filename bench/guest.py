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


def init_archive(folder, program):
    """A part of an initrd with this C program as /init."""
    with open(f"{folder}/init.c", "w", encoding="utf-8") as file:
        file.write(program)
    subprocess.run(["cc", "-O2", "-static", "-o", f"{folder}/init", f"{folder}/init.c"], check=True)
    with open(f"{folder}/init", "rb") as file:
        return v.cpio_file("init", file.read()).replace(b"000081a4", b"000081ed", 1)


def cpu_seconds(vm):
    """QEMU's; says more than the clock where others want the processors too."""
    with open(f"/proc/{vm.process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def boot_floor(workshop, image):
    folder = tempfile.mkdtemp(dir=workshop.folder)
    v.make_disk(folder, BASE, nginx_pod(image), image.layers)
    with open(f"{folder}/initrd", "wb") as file:
        file.write(init_archive(folder, FLOOR))
    with v.VM(folder, BASE, kernel=workshop.kernel) as vm:
        return vm.wait_console("FLOOR"), cpu_seconds(vm)


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


def goal(good, missed):
    """A goal, and how it is missed when it is."""
    if not good:
        print(f"missed: {missed}")
        record("missed", missed)
    return good


def bench_boot(workshop, image, runs):
    """Floor and pod take turns, and are compared pair by pair: what disturbs one disturbs the other."""
    floors, pods = [], []
    for _ in range(runs):
        floors.append(boot_floor(workshop, image))
        vm, peer, took = boot_pod(workshop, image)
        pods.append((took, cpu_seconds(vm)))
        peer.close()
        vm.__exit__()
    for one, other in zip(floors, pods):
        record("sample", "start of a VM", "floor: start → init prints", one[0], "s")
        record("sample", "start of a VM", "nginx pod: start → containers run", other[0], "s")
        record("sample", "start of a VM, processor time of QEMU", "floor: start → init prints", one[1], "s")
        record("sample", "start of a VM, processor time of QEMU", "nginx pod: start → containers run", other[1], "s")
    ratios = []
    for kind, name in enumerate(("by the clock", "processor time of QEMU")):
        for who, values in (("floor: start → init prints", floors), ("nginx pod: start → containers run", pods)):
            values = [value[kind] for value in values]
            show(f"{who}, {name}, s", f"{statistics.median(values):.2f}",
                 f"{min(values):.2f}–{max(values):.2f}, n={runs}", False)
        pairs = [pod[kind] / floor[kind] for floor, pod in zip(floors, pods)]
        ratios.append(statistics.median(pairs))
        show(f"ratio, {name}", f"{ratios[-1]:.2f}", f"at most 1.30; {min(pairs):.2f}–{max(pairs):.2f}", False)
    return goal(ratios[0] <= 1.3, f"the pod starts in {ratios[0]:.2f} times the floor, at most 1.30 is the goal")


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
        light = goal(used <= 45, f"{used:.1f} MiB in use, at most 45 is the goal")
        return goal(trip < 50, f"an exec takes {trip:.0f} ms, under 50 is the goal") and light


class Rate:
    """MB/s by the clock and by QEMU's processor time, from now to stop()."""

    def __init__(self, vm, received):
        self.vm, self.received, self.began, self.cpu = vm, received, time.monotonic(), cpu_seconds(vm)

    def stop(self, received):
        size = (received - self.received) / 1e6
        return size / (time.monotonic() - self.began), size / max(cpu_seconds(self.vm) - self.cpu, 0.01)


LINE = "x" * 119
LINES = 500 * 1000


def log_rate(workshop):
    """One program writes all lines: starting one for each few would be measured instead."""
    image = workshop.image("toolbox")
    script = f"i=0; while [ $i -lt 1000 ]; do echo {LINE}; i=$((i+1)); done >/tmp/l; all=; i=0; " \
             "while [ $i -lt 500 ]; do all=\"$all /tmp/l\"; i=$((i+1)); done; cat $all; echo end; sleep 1000"
    pod = v.pod_document("web", [v.container("main", [0], image.config, command=["sh", "-c", script])])
    with workshop.boot(pod, image, kernel=workshop.kernel) as vm:
        peer = v.Peer(vm)

        def count(payload):
            """Python is not to be the slow end: no line is looked at; what came before is acknowledged."""
            size, sequence = struct.unpack_from("<IQ", payload)
            peer.log_bytes += len(payload)
            peer.send(v.LOG_ACK, struct.pack("<Q", sequence - (size - 19 - len("main"))))

        peer.take_log = count
        peer.send(v.RELEASE, v.release(pod))
        peer.until(lambda: peer.log_bytes > 1 << 20)
        rate = Rate(vm, peer.log_bytes)
        peer.until(lambda: peer.log_bytes >= LINES * 118, 120)
        return *rate.stop(peer.log_bytes), sum(e["lines"] for e in peer.events if e["type"] == "loss")


PORT_WRITER = """#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
static char bytes[65536];
int main(void)
{
	char path[256];
	int port = -1;
	(void)mount("devtmpfs", "/dev", "devtmpfs", 0, 0);
	FILE *modules = fopen("/etc/i2kit/modules", "r");
	while (modules && fgets(path, sizeof(path), modules)) {
		path[strcspn(path, "\\n")] = 0;
		syscall(SYS_finit_module, open(path, O_RDONLY), "", 0);
	}
	for (int i = 0; port < 0; i = (i + 1) % 8, usleep(1000)) {
		(void)snprintf(path, sizeof(path), "/dev/vport%dp1", i);
		port = open(path, O_RDWR);
	}
	struct pollfd wait = {.fd = port, .events = POLLOUT};
	do
		(void)poll(&wait, 1, -1), usleep(1000);
	while (!(wait.revents & POLLOUT) || (wait.revents & POLLHUP));
	int file = open("/tmp/file", O_RDWR | O_CREAT, 0600);
	for (int i = 0; i < 2; i++)
		(void)!write(file, bytes, sizeof(bytes));
	for (int i = 0; i < 500; i++) {
		ssize_t size;
		(void)lseek(file, 0, SEEK_SET);
		while ((size = read(file, bytes, sizeof(bytes))) > 0)
			for (char *at = bytes; size > 0;) {
				ssize_t put = write(port, at, size);
				at += put > 0 ? put : 0;
				size -= put > 0 ? put : 0;
			}
	}
	for (;;)
		(void)pause();
}
"""


def port_rate(workshop):
    """The ceiling: a lone process copies a file in memory to the port, in writes of 64 KiB."""
    image = workshop.image("toolbox")
    folder = tempfile.mkdtemp(dir=workshop.folder)
    v.make_disk(folder, BASE, v.pod_document("web", [v.container("main", [0], image.config)]), image.layers)
    with open(f"{folder}/initrd", "ab") as file:
        file.write(init_archive(folder, PORT_WRITER))
    with v.VM(folder, BASE, kernel=workshop.kernel) as vm, socket.socket(socket.AF_UNIX) as peer:
        while peer.connect_ex(vm.socket_path) != 0:
            time.sleep(0.01)
        received, rate = 0, None
        while received < 500 * 131072 - (1 << 20):
            received += len(peer.recv(1 << 20))
            if rate is None and received > 1 << 20:
                rate = Rate(vm, received)
        return rate.stop(received)


def bench_logs(workshop, runs):
    lines, ports, lost = [], [], 0
    for _ in range(min(runs, 3)):
        *rate, gone = log_rate(workshop)
        lines.append(rate)
        lost += gone
        ports.append(port_rate(workshop))
    rate, per_cpu = (statistics.median(values) for values in zip(*lines))
    port, port_per_cpu = (statistics.median(values) for values in zip(*ports))
    show("log lines of 120 bytes through the channel, MB/s", f"{rate:.1f}", f"at least 20; {lost} lines lost")
    show("ceiling: a file to the port and nothing else, MB/s", f"{port:.1f}", f"lines reach {rate / port:.2f} of it")
    show("log lines, MB in a second of QEMU's processor", f"{per_cpu:.1f}", f"the ceiling: {port_per_cpu:.1f}", False)
    fast = goal(rate >= 20, f"{rate:.1f} MB/s of log lines, at least 20 is the goal")
    return goal(lost == 0, f"{lost} log lines were lost") and fast


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
            return goal(memory <= 80, f"nginx needs {memory} MiB, 80 is the goal")
    return goal(False, "nginx serves in no VM up to 128 MiB")


def main():
    runs = int(sys.argv[2] if len(sys.argv) > 2 else os.environ.get("BENCH_ROUNDS", "5"))
    with v.Workshop(BASE, IMAGES) as workshop:
        image = workshop.image("nginx")
        results = [bench_boot(workshop, image, runs), bench_running(workshop, image), bench_logs(workshop, runs),
                   bench_smallest(workshop, image)]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
