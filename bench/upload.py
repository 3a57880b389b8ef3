#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much of a link an upload to EBS uses, how much a small change sends, how much memory it takes.

usage: upload.py [BUILD-FOLDER [ROUNDS]]     (needs BUILD-FOLDER/tests/cloud/push-disk)

A link of 100 Mbit/s and 20 ms round trip stands between client and fake: a proxy that delays and
meters every byte, since few test machines' kernels have netem. Each round sends the same disk three
ways: as plain HTTP over eight connections (the limit), with i2kit, and, where it is installed, with
`coldsnap upload --omit-zero-blocks` with its own defaults, which sends the same blocks.
"""
import asyncio
import hashlib
import http.client
import os
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
BUILD = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("I2KIT_BUILD", f"{TOP}/build")
PUSH = f"{BUILD}/tests/cloud/push-disk"
SIZE = 48 if os.environ.get("BENCH_QUICK") else 96
ROUNDS = int(sys.argv[2] if len(sys.argv) > 2 else os.environ.get("BENCH_ROUNDS", "3"))
RATE, DELAY, BLOCK = 100e6 / 8, 0.010, 524288
os.environ["PATH"] = f"{TOP}/out/bench/bin:{os.environ['PATH']}"

sys.path.insert(0, f"{TOP}/tests/cloud")
sys.dont_write_bytecode = True

import report  # noqa: E402
from harness import Bed  # noqa: E402


def record(*words):
    """For bench/run, which names the file."""
    if "BENCH_FIGURES" in os.environ:
        with open(os.environ["BENCH_FIGURES"], "a", encoding="utf-8") as file:
            file.write("\t".join([os.environ.get("BENCH_NAME", "upload"), *map(str, words)]) + "\n")


def figure(name, value, unit):
    print(f"{name:52} {value:>10} {unit}")
    record("figure", name, value, unit)


class Link:
    """A proxy: all connections share RATE bytes a second each way; every byte is DELAY late."""

    def __init__(self, host, port):
        self.target, self.free = (host, port), {"up": 0.0, "down": 0.0}
        self.sent = 0
        self.ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True).start()
        self.ready.wait()

    async def serve(self):
        server = await asyncio.start_server(self.accept, "127.0.0.1", 0, backlog=256, limit=1 << 18)
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        async with server:
            await server.serve_forever()

    async def accept(self, reader, writer):
        up_reader, up_writer = await asyncio.open_connection(*self.target)
        await asyncio.gather(self.pump(reader, up_writer, "up"), self.pump(up_reader, writer, "down"),
                             return_exceptions=True)

    async def pump(self, reader, writer, way):
        queue = asyncio.Queue(maxsize=16)   # what is on the way: bounded, as a socket's buffer is

        async def deliver():
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0, due - time.monotonic()))
                if not data:
                    writer.close()
                    return
                writer.write(data)
                await writer.drain()

        task = asyncio.ensure_future(deliver())
        while True:
            data = await reader.read(16384)
            now = time.monotonic()
            self.free[way] = max(self.free[way], now) + len(data) / RATE
            self.sent += len(data) if way == "up" else 0
            await asyncio.sleep(max(0, self.free[way] - now - 0.002))
            await queue.put((self.free[way] + DELAY, data))
            if not data:
                break
        await task


def plain_upload(port, size, connections=8):
    """The limit: the same bytes in requests of the same size, without a word of AWS."""
    blocks, lock = [size // BLOCK], threading.Lock()
    payload = os.urandom(BLOCK)

    def work():
        link = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            with lock:
                if blocks[0] == 0:
                    return
                blocks[0] -= 1
            link.request("PUT", "/_fake/nothing", payload)
            link.getresponse().read()

    start = time.monotonic()
    threads = [threading.Thread(target=work) for _ in range(connections)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    return time.monotonic() - start


def run(argv, env):
    """Runs a client; returns seconds, CPU seconds, its memory at most in MiB, and what it printed."""
    start = time.monotonic()
    child = subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak = 0
    while os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        try:    # wait4's ru_maxrss counts the parent's memory from before exec
            with open(f"/proc/{child.pid}/status") as status:
                peak = max([peak] + [int(line.split()[1]) for line in status if line.startswith("VmHWM")])
        except OSError:
            pass
        time.sleep(0.02)
    elapsed = time.monotonic() - start
    _, status, usage = os.wait4(child.pid, 0)
    text = child.stdout.read()
    assert status == 0, text + child.stderr.read()
    return elapsed, usage.ru_utime + usage.ru_stime, peak / 1024, text.split()


class Upload:
    """One client's upload of DISK: its figures."""

    def __init__(self, bed, link, argv):
        calls, puts, known, link.sent = len(bed.world.calls), len(bed.world.put_times), set(bed.world.snapshots), 0
        env = bed.environment(AWS_ENDPOINT_URL=f"http://127.0.0.1:{link.port}")
        self.elapsed, self.cpu, self.memory, self.words = run(argv, env)
        self.calls, self.sent = len(bed.world.calls) - calls, link.sent
        times = bed.world.put_times[puts:]
        new = next(s for name, s in bed.world.snapshots.items() if name not in known)
        self.blocks, self.snapshot = len(times), new.id
        self.share = len(times) * BLOCK / (times[-1] - new.started) / RATE * 100


def i2kit(bed, link, disk):
    with open(disk, "rb") as f:
        digest = "sha256:" + hashlib.sha256(f.read()).hexdigest()
    return Upload(bed, link, [PUSH, "bench", "web", disk, digest, "none"])


def coldsnap(bed, link, disk, *more):
    return Upload(bed, link, ["coldsnap", "upload", "--no-progress", "--omit-zero-blocks", *more, disk])


def fresh(bed):
    """No snapshot, image or state of the round before."""
    disk = os.path.join(bed.folder, "disk")
    bed.clean()
    bed.world.settings.update(snapshot_pending_s=0, image_pending_s=0)
    rng = random.Random(1)
    with open(disk, "wb") as out:
        for _ in range(SIZE * 2):
            out.write(rng.randbytes(BLOCK))
        out.truncate(SIZE * 3 * BLOCK)    # a third of the disk is zeros
    return disk


def change(disk):
    with open(disk, "r+b") as out:
        for i in (3, 50, 51):
            out.seek(i * BLOCK + 100)
            out.write(b"changed")


def sample(way, upload):
    table = "upload to EBS through 100 Mbit/s and 20 ms: "
    for what, value, unit in (
            ("the blocks, of the link", f"{upload.share:.1f}", "%"),
            ("start to end", f"{upload.elapsed:.2f}", "s"),
            ("CPU time", f"{upload.cpu:.2f}", "s"),
            ("memory at most", f"{upload.memory:.1f}", "MiB"),
            ("requests", upload.calls, "requests"),
            ("bytes sent", f"{upload.sent / (1 << 20):.1f}", "MiB")):
        record("sample", table + what, way, value, unit)
    print(f"{way:12} {upload.share:5.1f} % of the link, {upload.elapsed:5.2f} s, CPU {upload.cpu:.2f} s, "
          f"{upload.memory:.0f} MiB, {upload.calls} requests, {upload.sent / (1 << 20):.1f} MiB sent")


def one_round(bed, link, has_coldsnap):
    disk = fresh(bed)
    limit = plain_upload(link.port, SIZE << 20)
    share = (SIZE << 20) / limit / RATE * 100
    record("sample", "upload to EBS through 100 Mbit/s and 20 ms: the blocks, of the link",
           "plain HTTP, eight connections", f"{share:.1f}", "%")
    print(f"plain HTTP   {share:5.1f} % of the link, {limit:5.2f} s")
    ours = i2kit(bed, link, disk)
    sample("i2kit", ours)
    theirs = None
    if has_coldsnap:
        theirs = coldsnap(bed, link, disk)
        sample("coldsnap", theirs)
    return disk, ours, theirs


def small_change(bed, link, disk, theirs):
    """What goes over the link when three blocks changed since the last upload; returns i2kit's."""
    change(disk)
    ours = i2kit(bed, link, disk)
    figure("three blocks changed, i2kit sends", f"{ours.sent / BLOCK:.2f}", "blocks")
    figure("three blocks changed, i2kit takes", f"{ours.elapsed:.2f}", "s")
    if theirs:    # it knows a parent, but not which blocks that has
        again = coldsnap(bed, link, disk, "--parent-snapshot-id", theirs.snapshot)
        figure("three blocks changed, coldsnap with the parent sends", f"{again.sent / BLOCK:.2f}", "blocks")
        figure("three blocks changed, coldsnap with the parent takes", f"{again.elapsed:.2f}", "s")
    return ours


def goals(rounds, delta):
    """The goals, each with what was found: the reason by which one is missed is said."""
    share = statistics.median(ours.share for ours in rounds)
    memory = max(ours.memory for ours in rounds)
    yield share >= 90, f"the blocks use {share:.1f} % of the link, not 90 %"
    yield memory < 64, f"memory is {memory:.0f} MiB, not below 64 MiB"
    yield delta.blocks <= 6 and delta.sent <= 6 * BLOCK, \
        f"three changed blocks send {delta.sent / BLOCK:.1f} blocks, not at most 6"


def main():
    bed = Bed()
    link = Link("127.0.0.1", bed.server.server_address[1])
    has_coldsnap = shutil.which("coldsnap") is not None
    if not has_coldsnap:
        print("missing: coldsnap: it is not installed")
        record("missing", "coldsnap", "it is not installed (bench/competitors coldsnap compiles it)")
    rounds = []
    for _ in range(ROUNDS):
        disk, ours, theirs = one_round(bed, link, has_coldsnap)
        rounds.append(ours)
    missed = [why for good, why in goals(rounds, small_change(bed, link, disk, theirs)) if not good]
    if "BENCH_FIGURES" in os.environ:
        report.print_tables(report.read(os.environ["BENCH_FIGURES"]), os.environ.get("BENCH_NAME", "upload"))
    for why in missed:
        print(f"missed: {why}")
        record("missed", why)
    return 1 if missed else 0


sys.exit(main())
