# SPDX-License-Identifier: Apache-2.0
"""A pod's VM under bare QEMU, with the host's end of the agent channel: for what must be tried in a
real guest and needs no libvirt. Disks are made with sfdisk and tar2sqfs from OCI layouts."""

import base64
import concurrent.futures
import ctypes
import gzip
import hashlib
import json
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import traceback
import uuid

HELLO, RELEASE, HOSTS, LOG, LOG_ACK, EVENT, STATS, STATS_REQUEST = range(1, 9)
EXEC_START, EXEC_STDIN, EXEC_STDOUT, EXEC_STDERR, EXEC_RESIZE, EXEC_SIGNAL, EXEC_EXIT, WINDOW = range(9, 17)
TIME, _, SHUTDOWN, TUNNEL_OPEN, TUNNEL_DATA, TUNNEL_CLOSE, FILE_PUSH, _, PING, PONG, FILE_TOUCH = range(17, 28)
MAGIC = b"i2kit\x7f\r\n"
ALIGN = 512 << 10


def run(argv, **options):
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{argv[0]}: {done.stderr.decode()[-1000:]}")
    return done.stdout


class Image:
    """An OCI layout folder: its layers as squashfs files, and its config."""

    def __init__(self, folder, cache):
        blob = lambda digest: os.path.join(folder, "blobs", *digest.split(":"))
        load = lambda digest: json.load(open(blob(digest), encoding="utf-8"))
        manifest = load(json.load(open(f"{folder}/index.json", encoding="utf-8"))["manifests"][0]["digest"])
        if "manifests" in manifest:
            manifest = load(manifest["manifests"][0]["digest"])
        self.config = load(manifest["config"]["digest"]).get("config", {})
        self.layers = [self.convert(blob(layer["digest"]), layer["digest"], cache) for layer in manifest["layers"]]

    @staticmethod
    def convert(path, layer_digest, cache):
        out = os.path.join(cache, layer_digest.split(":")[1] + ".sqfs")
        if not os.path.exists(out):
            with open(path, "rb") as file:
                data = file.read()
            if data[:2] == b"\x1f\x8b":
                data = gzip.decompress(data)
            elif data[:4] == b"\x28\xb5\x2f\xfd":
                data = run(["zstd", "-dc"], input=data)
            run(["tar2sqfs", "-q", "-f", "-c", "zstd", out + ".part"], input=data)
            os.rename(out + ".part", out)
        return out


def unpack_kernel(bzimage, out):
    """The ELF inside, as direct boot through PVH takes it (LZ4 legacy frames, as Debian packs it)."""
    lz4 = ctypes.CDLL("liblz4.so.1")
    with open(bzimage, "rb") as file:
        data = file.read()
    at = data.index(b"\x02\x21\x4c\x18") + 4
    block = ctypes.create_string_buffer(8 << 20)
    with open(out, "wb") as file:
        while True:
            size = struct.unpack_from("<I", data, at)[0]
            done = lz4.LZ4_decompress_safe(data[at + 4:at + 4 + size], block, size, len(block))
            if done <= 0:
                break
            file.write(block.raw[:done])
            at += 4 + size
            if done < len(block):
                break
    return out


def cpio_file(name, data):
    """An initrd part with one file and its folders."""
    out = bytearray()

    def entry(path, mode, body=b""):
        head = "070701" + "".join(f"{n:08x}" for n in (0, mode, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(path) + 1, 0))
        out.extend(head.encode() + path.encode() + b"\0")
        out.extend(b"\0" * (-len(out) % 4))
        out.extend(body)
        out.extend(b"\0" * (-len(out) % 4))

    folders = name.split("/")[:-1]
    for depth in range(1, len(folders) + 1):
        entry("/".join(folders[:depth]), 0o40755)
    entry(name, 0o100644, data)
    entry("TRAILER!!!", 0)
    return bytes(out)


def make_disk(folder, base, pod, squashfs_files):
    """disk.img and initrd in folder; fills in the pod document's base and layers."""
    parts = [("i2kit-base", f"{base}/base.sqfs")]
    parts += [(f"i2kit-layer-{i:03}", path) for i, path in enumerate(squashfs_files)]
    script, offset, placed = "label: gpt\nfirst-lba: 64\n", ALIGN, []
    for name, path in parts:
        with open(path, "rb") as file:
            data = file.read()
        size = (len(data) + ALIGN - 1) // ALIGN * ALIGN
        ident = str(uuid.UUID(bytes=hashlib.sha256(data).digest()[:16], version=4))
        script += f'start={offset // 512}, size={size // 512}, name="{name}", uuid={ident}, type=L\n'
        placed.append((name, ident, offset, data))
        offset += size
    disk = f"{folder}/disk.img"
    with open(disk, "wb") as file:
        file.truncate(offset + ALIGN)
    run(["sfdisk", "-q", disk], input=script.encode(), env=dict(os.environ, PATH="/usr/sbin:/usr/bin:/sbin:/bin"))
    with open(disk, "r+b") as file:
        for _, _, where, data in placed:
            file.seek(where)
            file.write(data)
    pod["base"] = {"name": placed[0][0], "uuid": placed[0][1], "digest": "sha256:0"}
    pod["layers"] = [{"name": name, "uuid": ident} for name, ident, _, _ in placed[1:]]
    with open(f"{base}/initrd-base.cpio", "rb") as file:
        initrd = file.read()
    with open(f"{folder}/initrd", "wb") as file:
        file.write(initrd + b"\0" * (-len(initrd) % 4) + cpio_file("etc/i2kit/pod.json", json.dumps(pod).encode()))


def release(pod, config=None, instance=None):
    config = {"version": 1, "labels": {}, "annotations": {}, "containers": {}, "volumes": [], "configMaps": {},
              "secrets": {}, **(config or {})}
    instance = {"version": 1, "project": "test", "pod": pod["pod"], "instance": pod["pod"] + "-0", "replica": 0,
                "uid": str(uuid.uuid4()), "imageDigest": "sha256:0", "configDigest": "sha256:0", "where": "local",
                "network": {"method": "static", "address": "10.0.2.15/24", "gateway": "10.0.2.2", "dns": ["10.0.2.3"]},
                "hosts": [], "serviceEnv": [], "volumes": {}, "timeNs": time.time_ns(),
                "entropy": base64.b64encode(os.urandom(64)).decode(), **(instance or {})}
    return json.dumps({"i2kit": {"config": config, "instance": instance}}).encode()


class VM:
    """QEMU, started; use as a context."""

    def __init__(self, folder, base, memory=128, forward=None, extra=(), kernel=None, has_channel=True, network=None,
                 has_virtio_disk=True, cmdline=None, machine="q35"):
        self.folder = folder
        if cmdline is None:
            with open(f"{base}/base.json", encoding="utf-8") as file:
                cmdline = json.load(file)["cmdline"]
        self.socket_path = f"{folder}/agent.sock"
        self.console_path = f"{folder}/console.log"
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{host}-:{guest}" for host, guest in (forward or {}).items())
        argv = ["qemu-system-x86_64", "-accel", "tcg,tb-size=64", "-machine", f"{machine},hpet=off", "-cpu", "qemu64,+rdrand", "-m", str(memory),
                "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-kernel", kernel or f"{base}/kernel",
                "-initrd", f"{folder}/initrd", "-append", cmdline, "-serial", f"file:{self.console_path}",
                "-qmp", f"unix:{folder}/qmp.sock,server=on,wait=off"]
        if has_virtio_disk and os.path.exists(f"{folder}/disk.img"):
            argv += ["-drive", f"file={folder}/disk.img,if=none,id=d0,format=raw,readonly=on",
                     "-device", "virtio-blk-pci,drive=d0,serial=root"]
        if has_channel:
            argv += ["-device", "virtio-serial-pci", "-chardev", f"socket,id=c0,path={self.socket_path},server=on,wait=off",
                     "-device", "virtserialport,chardev=c0,name=org.i2kit.agent.0"]
        argv += ["-netdev", network or f"user,id=n0{forwards}", "-device", "virtio-net-pci,netdev=n0,romfile=", *extra]
        self.started = time.monotonic()
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def qmp(self, command):
        """One command to QEMU itself: "system_powerdown" is the power button."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(f"{self.folder}/qmp.sock")
            with monitor.makefile("rw") as lines:
                lines.readline()
                for execute in ("qmp_capabilities", command):
                    lines.write(json.dumps({"execute": execute}) + "\n")
                    lines.flush()
                    while "return" not in json.loads(lines.readline()):
                        pass

    def console(self):
        with open(self.console_path, "rb") as file:
            return file.read().decode("utf-8", "replace")

    def wait_console(self, text, timeout=60):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.process.poll() is None:
            if os.path.exists(self.console_path) and text in self.console():
                return time.monotonic() - self.started
            time.sleep(0.005)
        raise TimeoutError(f"no '{text}' on the console:\n{self.console()[-2000:]}")


class Peer:
    """The host's end of the channel."""

    def __init__(self, vm, timeout=60, acknowledge=True):
        self.vm = vm
        self.acknowledge = acknowledge
        self.events, self.lines, self.stats, self.others = [], [], [], []
        self.buffer = bytearray()
        self.partial = {}
        self.received = 0
        self.log_bytes = 0
        self.next_stream = 1
        deadline = time.monotonic() + timeout
        self.nonce = os.urandom(16)
        while True:
            try:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.connect(vm.socket_path)
                break
            except OSError:
                self.socket.close()
                if time.monotonic() > deadline or vm.process.poll() is not None:
                    raise
                time.sleep(0.01)
        self.send(HELLO, MAGIC + self.nonce)
        self.hello = None
        self.until(lambda: self.hello is not None, timeout)

    def close(self):
        self.socket.close()

    def send(self, kind, payload=b"", stream=0):
        out = bytearray()
        while len(payload) > 65536:
            out += struct.pack("<IBBH", 65536, kind, 1, stream) + payload[:65536]
            payload = payload[65536:]
        out += struct.pack("<IBBH", len(payload), kind, 0, stream) + payload
        self.socket.sendall(out)

    def send_json(self, kind, value, stream=0):
        self.send(kind, json.dumps(value).encode(), stream)

    def find_hello(self):
        at = self.buffer.find(MAGIC + self.nonce)
        if at < 8:
            return False
        del self.buffer[:at - 8]
        size = struct.unpack_from("<I", self.buffer)[0]
        if len(self.buffer) < 8 + size:
            return False
        self.hello = json.loads(bytes(self.buffer[8 + 24:8 + size]))
        del self.buffer[:8 + size]
        return True

    def take_log(self, payload):
        offset, highest = 0, 0
        while offset < len(payload):
            size, sequence, wall, source, flags, name_size = struct.unpack_from("<IQqBBB", payload, offset)
            start = offset + 23
            name = payload[start:start + name_size].decode()
            text = payload[start + name_size:offset + 4 + size]
            if flags & 2:  # raw output: each line's sequence is that at its end; longer ones are cut as the host cuts them
                at = sequence - len(text)
                for line in re.findall(b"[^\n]{0,16384}\n|[^\n]{1,16384}", text):
                    at += len(line)
                    self.lines.append((at, name, source, int(line[-1:] != b"\n"), line.removesuffix(b"\n")))
            else:
                self.lines.append((sequence, name, source, flags, text))
            self.log_bytes += len(text) + 1 - (flags >> 1 & 1)
            highest = max(highest, sequence)
            offset += 4 + size
        if self.acknowledge:
            self.send(LOG_ACK, struct.pack("<Q", highest))

    def take(self, kind, stream, payload):
        if kind == LOG:
            self.take_log(payload)
        elif kind == EVENT:
            event = json.loads(payload)
            event["at"] = time.monotonic() - self.vm.started
            self.events.append(event)
        elif kind == STATS:
            self.stats.append(json.loads(payload))
        else:
            self.others.append((kind, stream, bytes(payload)))

    def decode(self):
        if self.hello is None and not self.find_hello():
            return
        at = 0
        while len(self.buffer) - at >= 8:
            size, kind, flags, stream = struct.unpack_from("<IBBH", self.buffer, at)
            assert size <= 65536 and 1 <= kind <= 27, (size, kind)
            if len(self.buffer) - at - 8 < size:
                break
            payload = bytes(self.buffer[at + 8:at + 8 + size])
            at += 8 + size
            key = (kind, stream)
            whole = self.partial.pop(key, b"") + payload
            if flags & 1:
                self.partial[key] = whole
            else:
                self.take(kind, stream, whole)
        del self.buffer[:at]

    def step(self, timeout):
        if not select.select([self.socket], [], [], timeout)[0]:
            return
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionResetError:
            data = b""
        if not data:
            raise ConnectionError("the VM is gone:\n" + self.vm.console()[-2000:])
        self.received += len(data)
        self.buffer += data
        self.decode()

    def until(self, condition, timeout=30):
        deadline = time.monotonic() + timeout
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"events: {self.events[-6:]}\nlines: {self.lines[-8:]}\n{self.vm.console()[-2000:]}")
            self.step(min(left, 0.2))

    def find_event(self, **fields):
        for event in self.events:
            if all(event.get(key) == value for key, value in fields.items()):
                return event
        return None

    def wait_event(self, timeout=30, **fields):
        self.until(lambda: self.find_event(**fields) is not None, timeout)
        return self.find_event(**fields)

    def text_of(self, container, source=None):
        return [line[4].decode("utf-8", "replace") for line in self.lines
                if line[1] == container and (source is None or line[2] == source)]

    def exec(self, argv, container=None, stdin=None, timeout=20, **fields):
        """(exit message, stdout, stderr)"""
        stream = self.next_stream
        self.next_stream += 1
        request = {"argv": argv, "tty": False, "stdin": stdin is not None, **fields}
        if container:
            request["container"] = container
        self.others = [other for other in self.others if other[1] != stream]
        self.send_json(EXEC_START, request, stream)
        if stdin is not None:
            if stdin:
                self.send(EXEC_STDIN, stdin, stream)
            self.send(EXEC_STDIN, b"", stream)
        seen, out = 0, {EXEC_STDOUT: b"", EXEC_STDERR: b""}
        result = []

        def pump():
            mine = [other for other in self.others if other[1] == stream]
            self.others = [other for other in self.others if other[1] != stream]
            for kind, _, payload in mine:
                if kind in out:
                    out[kind] += payload
                    self.send(WINDOW, struct.pack("<I", len(payload)), stream)
                elif kind == EXEC_EXIT:
                    result.append(json.loads(payload))
            return bool(result)

        self.until(pump, timeout)
        return result[0], out[EXEC_STDOUT], out[EXEC_STDERR]


def container(name, layers, config, **fields):
    return {"name": name, "image": name, "imageDigest": "sha256:0", "layers": layers, "config": config, **fields}


def pod_document(name, containers, init=(), **fields):
    return {"version": 1, "pod": name, "namespace": "default", "workload": "Deployment", "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 5, **fields, "initContainers": list(init), "containers": list(containers)}


class Workshop:
    """A scratch folder with converted images; removed at the end."""

    def __init__(self, base, images):
        self.base = base
        self.images = images
        self.folder = tempfile.mkdtemp(prefix="i2kit-guest-")
        self.cache = os.path.join(self.folder, "layers")
        os.makedirs(self.cache)
        self.images_made = {}
        self.kernel = self.find_kernel()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def find_kernel(self):
        """Unpacked, as `up` boots it: a second less each time."""
        try:
            return unpack_kernel(f"{self.base}/kernel", f"{self.folder}/vmlinux")
        except (OSError, ValueError):
            return f"{self.base}/kernel"

    def image(self, name):
        if name not in self.images_made:
            self.images_made[name] = Image(os.path.join(self.images, name), self.cache)
        return self.images_made[name]

    def boot(self, pod, image, **options):
        folder = tempfile.mkdtemp(dir=self.folder)
        make_disk(folder, self.base, pod, image.layers)
        return VM(folder, self.base, **{"kernel": self.kernel, **options})


def run_tests(functions, base, images, wanted):
    """TAP of the test_… functions whose names have a wanted word; two at once, most of them wait."""
    tests = [(name[5:].replace("_", " "), fn) for name, fn in functions.items() if name.startswith("test_")]
    tests = [(name, fn) for name, fn in tests if not wanted or any(word in name for word in wanted)]
    for path in (f"{base}/initrd-base.cpio", f"{images}/toolbox/index.json"):
        if not os.path.exists(path):
            print(f"1..0 # SKIP {path} is missing: run scripts/make-base and scripts/example-images")
            return 77
    print(f"1..{len(tests)}", flush=True)

    def one(fn):
        began = time.monotonic()
        try:
            fn(workshop)
            return f"# {time.monotonic() - began:.1f} s", None
        except Exception:  # pylint: disable=broad-except
            return "", traceback.format_exc()

    failed = 0
    jobs = int(os.environ.get("I2KIT_TEST_JOBS", min(2, os.cpu_count() or 1)))
    with Workshop(base, images) as workshop, concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        workshop.image("toolbox")
        for number, ((name, _), (note, trace)) in enumerate(zip(tests, pool.map(one, [fn for _, fn in tests])), 1):
            print(f"{'not ok' if trace else 'ok'} {number} - {name} {note}".rstrip(), flush=True)
            for line in (trace or "").splitlines():
                print(f"# {line}", flush=True)
            failed += trace is not None
    return 1 if failed else 0
