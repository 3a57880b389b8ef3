#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How much of a link an upload to EBS uses, how much a small change sends, how much memory it takes.

usage: upload.py [BUILD-FOLDER [MEGABYTES]]     (needs BUILD-FOLDER/tests/cloud/push-disk)

A link of 100 Mbit/s and 20 ms round trip stands between client and fake: a proxy that delays and
meters every byte, since few test machines' kernels have netem. The limit is
measured side by side: one plain HTTP upload of as many bytes over eight connections.
"""
import asyncio
import hashlib
import http.client
import os
import random
import subprocess
import sys
import threading
import time

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
BUILD = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("I2KIT_BUILD", f"{TOP}/build")
PUSH = f"{BUILD}/tests/cloud/push-disk"
SIZE = int(sys.argv[2]) if len(sys.argv) > 2 else 48 if os.environ.get("BENCH_QUICK") else 96
RATE, DELAY, BLOCK = 100e6 / 8, 0.010, 524288

sys.path.insert(0, f"{TOP}/tests/cloud")
sys.dont_write_bytecode = True

from harness import Bed  # noqa: E402


def record(*words):
    """For bench/run, which names the file."""
    if "BENCH_FIGURES" in os.environ:
        with open(os.environ["BENCH_FIGURES"], "a", encoding="utf-8") as file:
            file.write("\t".join([os.environ.get("BENCH_NAME", "upload"), *map(str, words)]) + "\n")


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


def push(bed, disk, url, *more):
    with open(disk, "rb") as f:
        digest = "sha256:" + hashlib.sha256(f.read()).hexdigest()
    env = bed.environment(AWS_ENDPOINT_URL=url)
    start = time.monotonic()
    child = subprocess.Popen([PUSH, "bench", "web", disk, digest, *more], env=env, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True)
    peak = 0
    while child.poll() is None:     # wait4's ru_maxrss counts the parent's memory from before exec
        try:
            with open(f"/proc/{child.pid}/status") as status:
                peak = max([peak] + [int(line.split()[1]) for line in status if line.startswith("VmHWM")])
        except OSError:
            pass
        time.sleep(0.05)
    text = child.stdout.read()
    assert child.returncode == 0, text
    return time.monotonic() - start, text.split(), peak / 1024


def main():
    bed = Bed()
    bed.world.settings["snapshot_pending_s"] = 0
    bed.world.settings["image_pending_s"] = 0
    link = Link("127.0.0.1", bed.server.server_address[1])
    disk = os.path.join(bed.folder, "disk")
    rng = random.Random(1)
    with open(disk, "wb") as out:
        for _ in range(SIZE * 2):
            out.write(rng.randbytes(BLOCK))
        out.truncate(1 << 30)
    limit = plain_upload(link.port, SIZE << 20)
    elapsed, words, memory = push(bed, disk, f"http://127.0.0.1:{link.port}", "none")
    puts = bed.world.put_times
    started = min(s.started for s in bed.world.snapshots.values())
    rate = len(puts) * BLOCK / (puts[-1] - started)
    print(f"link              {RATE * 8 / 1e6:.0f} Mbit/s, {DELAY * 2000:.0f} ms round trip")
    print(f"plain HTTP        {limit:.2f} s, {(SIZE << 20) / limit / RATE * 100:.1f} % of the link")
    print(f"i2kit, blocks     {rate / RATE * 100:.1f} % of the link, "
          f"{rate / ((SIZE << 20) / limit) * 100:.1f} % of plain HTTP")
    print(f"i2kit, the whole  {elapsed:.2f} s from start to image ({SIZE} MiB, hashing and waiting included)")
    print(f"memory            {memory:.0f} MiB at most")
    with open(disk, "r+b") as out:
        for i in (3, 50, 51):
            out.seek(i * BLOCK + 100)
            out.write(b"changed")
    link.sent = 0
    again, words, _ = push(bed, disk, f"http://127.0.0.1:{link.port}", "none")
    print(f"3 blocks changed  {words[3]} blocks sent, {link.sent / BLOCK:.2f} blocks of traffic, {again:.2f} s")
    table = "upload to EBS through 100 Mbit/s and 20 ms, of the link"
    record("sample", table, "plain HTTP, eight connections", f"{(SIZE << 20) / limit / RATE * 100:.1f}", "%")
    record("sample", table, "i2kit, the blocks", f"{rate / RATE * 100:.1f}", "%")
    record("figure", f"from start to image, {SIZE} MiB of blocks", f"{elapsed:.2f}", "s")
    record("figure", "memory at most", f"{memory:.0f}", "MiB")
    record("figure", "blocks of traffic for three changed", f"{link.sent / BLOCK:.2f}", "blocks")
    good = rate / RATE >= 0.9 and memory < 64 and int(words[3]) <= 6 and link.sent <= 6 * BLOCK
    print("goal met" if good else "GOAL MISSED")
    return 0 if good else 1


sys.exit(main())
