#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: hostile_layers.py   ($I2KIT: the program; default: i2kit from PATH)

Builds disks from images whose layers mean harm, or are merely enormous. Each must be refused with an
error that names image and layer, or be handled; never in more than 256 MiB of memory, never with a
file outside the store, never with something half-made left in it."""

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

TOP = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
I2KIT = os.environ.get("I2KIT", "i2kit")
MEMORY_MAX = 256 << 20
done = {"ok": 0, "not ok": 0}


def report(is_good, name, detail=""):
    word = "ok" if is_good else "not ok"
    done[word] += 1
    print(f"{word} {sum(done.values())} - {name}", flush=True)
    if not is_good and detail:
        print("# " + detail.replace("\n", "\n# "), flush=True)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Image:
    """An OCI layout of one layer, which is written as a stream."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder + "/blobs/sha256")

    def blob(self, content):
        with open(f"{self.folder}/blobs/sha256/{sha256(content)}", "wb") as file:
            file.write(content)
        return {"digest": "sha256:" + sha256(content), "size": len(content)}

    def finish(self, layer_file, diff_id, kind):
        with open(layer_file, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = os.path.getsize(layer_file)
        os.rename(layer_file, f"{self.folder}/blobs/sha256/{digest}")
        config = self.blob(json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["x"]},
                                       "rootfs": {"type": "layers", "diff_ids": ["sha256:" + diff_id]}}).encode())
        prefix = "application/vnd.oci.image."
        manifest = self.blob(json.dumps({
            "schemaVersion": 2, "mediaType": prefix + "manifest.v1+json",
            "config": dict(config, mediaType=prefix + "config.v1+json"),
            "layers": [{"mediaType": prefix + kind, "digest": "sha256:" + digest, "size": size}]}).encode())
        with open(self.folder + "/index.json", "w", encoding="utf-8") as file:
            json.dump({"schemaVersion": 2, "manifests": [dict(manifest, mediaType=prefix + "manifest.v1+json")]}, file)
        with open(self.folder + "/oci-layout", "w", encoding="utf-8") as file:
            file.write('{"imageLayoutVersion":"1.0.0"}')


class Hashing:
    """A file that also hashes what is written."""

    def __init__(self, file):
        self.file, self.hash = file, hashlib.sha256()

    def write(self, content):
        self.hash.update(content)
        return self.file.write(content)


def entry(name, kind=tarfile.REGTYPE, content=b"", **fields):
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(content)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, content


def make(work, name, entries, compress=1):
    image = Image(f"{work}/{name}")
    path = f"{work}/{name}.layer"
    with gzip.GzipFile(path, "wb", compresslevel=compress, mtime=0) as packed:
        out = Hashing(packed)
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT, bufsize=1 << 20) as tar:
            for info, content in entries:
                tar.addfile(info, io.BytesIO(content))
                tar.members.clear()
    image.finish(path, out.hash.hexdigest(), "layer.v1.tar+gzip")


def make_many(work, name, count, folders):
    """A tar of empty files; its headers are patched by hand, since tarfile takes minutes."""
    image = Image(f"{work}/{name}")
    path = f"{work}/{name}.layer"
    header = bytearray(tarfile.TarInfo("").tobuf(tarfile.USTAR_FORMAT))
    header[148:156] = b" " * 8
    rest = sum(header)
    with gzip.GzipFile(path, "wb", compresslevel=1, mtime=0) as packed:
        out, pieces = Hashing(packed), []
        for i in range(count):
            text = b"d%d/file-%07d" % (i % folders, i)
            checksum = b"%06o\0 " % (rest + sum(text))
            pieces.append(text + bytes(100 - len(text)) + bytes(header[100:148]) + checksum + bytes(header[156:]))
            if len(pieces) == 2000:
                out.write(b"".join(pieces))
                pieces.clear()
        out.write(b"".join(pieces) + bytes(1024))
    image.finish(path, out.hash.hexdigest(), "layer.v1.tar+gzip")


def pack_zeros(path, size, packer):
    """A tar of one file of zeros, packed to next to nothing; the digest of the tar."""
    info = tarfile.TarInfo("junk/layer.tar")
    info.size = size
    digest = hashlib.sha256()
    with open(path, "wb") as file:
        run = subprocess.Popen(packer, stdin=subprocess.PIPE, stdout=file)
        for piece in [info.tobuf(tarfile.PAX_FORMAT)] + [b"\0" * (1 << 20)] * (size >> 20) + [b"\0" * 1024]:
            digest.update(piece)
            run.stdin.write(piece)
        run.stdin.close()
        run.wait()
    return digest.hexdigest()


def make_bomb(work, name, size, packer=("zstd", "-q", "-c", "-19", "--long=27"), kind="layer.v1.tar+zstd"):
    image = Image(f"{work}/{name}")
    path = f"{work}/{name}.layer"
    image.finish(path, pack_zeros(path, size, packer), kind)


def stored_bytes(work):
    folder = f"{work}/data/i2kit/blobs/sha256"
    return sum(os.path.getsize(f"{folder}/{name}") for name in os.listdir(folder))


def build(work, name, image=None):
    """(status, stderr, peak memory in bytes, seconds)"""
    with open(f"{work}/{name}.yml", "w", encoding="utf-8") as file:
        file.write(f"name: hostile\ncontainers:\n  app:\n    image: {image or f'oci:{work}/{name}'}\n")
    start = time.monotonic()
    run = subprocess.Popen([I2KIT, "build", "-f", f"{work}/{name}.yml", "--progress=none"], stderr=subprocess.PIPE,
                           stdout=subprocess.DEVNULL, text=True)
    error = run.stderr.read()
    _, status, usage = os.wait4(run.pid, 0)
    run.returncode = status
    return os.waitstatus_to_exitcode(status), error, usage.ru_maxrss * 1024, time.monotonic() - start


def leftovers(work):
    found = []
    for folder in ("tmp", "layers", "disks"):
        path = f"{work}/data/i2kit/{folder}"
        found += [f"{folder}/{name}" for name in (os.listdir(path) if os.path.isdir(path) else [])]
    return found


def refused(work, name, word, what):
    before = set(leftovers(work))
    status, error, memory, _ = build(work, name)
    is_named = f"{work}/{name}" in error and "layer sha256:" in error
    report(status == 1 and word in error and is_named and memory < MEMORY_MAX and not set(leftovers(work)) - before,
           what, f"status {status}, {memory >> 20} MiB, left {set(leftovers(work)) - before}: {error}")


def main():
    work = tempfile.mkdtemp(prefix="i2kit-hostile.", dir=os.environ.get("TMPDIR", "/var/tmp"))
    os.environ.update(XDG_DATA_HOME=work + "/data", XDG_CACHE_HOME=work + "/cache")
    os.environ.setdefault("I2KIT_BASE", TOP + "/out/base")
    try:
        make(work, "climb", [entry("ok"), entry("../../../../../../tmp/i2kit-hostile-out", content=b"x")])
        refused(work, "climb", "climbs out", "a name with .. is refused")
        make(work, "inner", [entry("a/../../b", content=b"x")])
        refused(work, "inner", "climbs out", "a name with .. in it is refused")
        make(work, "hard", [entry("passwd", tarfile.LNKTYPE, linkname="../../../../etc/passwd")])
        refused(work, "hard", "climbs out", "a hard link that climbs out is refused")
        make(work, "absent", [entry("passwd", tarfile.LNKTYPE, linkname="/etc/passwd")])
        refused(work, "absent", "hard link", "a hard link to the host's file is refused")
        make(work, "ring", [entry("a", tarfile.SYMTYPE, linkname="b"), entry("b", tarfile.SYMTYPE, linkname="a"),
                            entry("a/x", content=b"x")])
        refused(work, "ring", "symbolic links", "a ring of links is refused")
        make(work, "long", [entry("x" * 300)])
        refused(work, "long", "300 bytes", "a name longer than a file system has is refused")
        make(work, "deep", [entry("d/" * 3000 + "f")])
        refused(work, "deep", "nested", "folders nested too deep are refused")

        make(work, "out", [entry("out", tarfile.SYMTYPE, linkname=work + "/escaped"), entry("out/file", content=b"x"),
                           entry("/" + work + "/absolute", content=b"x"),
                           entry("disk", tarfile.BLKTYPE, devmajor=8, devminor=0, mode=0o666)])
        status, error, _, _ = build(work, "out")
        report(status == 0 and not os.path.exists(work + "/escaped") and not os.path.exists(work + "/absolute"),
               "links out of the layer and absolute names stay inside the disk", error)

        make_bomb(work, "bomb", 4 << 30)
        refused(work, "bomb", "too much", "a bomb (4 GiB of zeros in a few hundred KiB) is refused")
        make_bomb(work, "xz", 1 << 30, ("xz", "-c", "-6"), "layer.v1.tar")
        refused(work, "xz", "too much", "a bomb of 1 GiB in 152 KiB of xz is refused")
        pack_zeros(work + "/saved", 6 << 30, ("zstd", "-q", "-c", "-19", "--long=27"))
        before = stored_bytes(work)
        status, error, memory, seconds = build(work, "saved", f"docker-archive:{work}/saved")
        report(status == 1 and "too much" in error and work + "/saved" in error and memory < MEMORY_MAX and
               stored_bytes(work) == before and not os.listdir(work + "/data/i2kit/tmp"),
               "a saved image of 6 GiB in a few hundred KiB is refused, and nothing of it is kept",
               f"status {status}, {memory >> 20} MiB, kept {stored_bytes(work) - before} bytes: {error}")
        print(f"# {memory >> 20} MiB, {seconds:.1f} s")
        make(work, "chain", [entry("d", tarfile.DIRTYPE), entry("l", tarfile.SYMTYPE, linkname="d/../" * 800)] +
             [entry("l/" * 39 + f"f{i}") for i in range(50000)])
        refused(work, "chain", "too long a way", "names that go through chains of long links are refused")

        make_many(work, "million", 999_000, 997)
        status, error, memory, seconds = build(work, "million")
        report(status == 0 and memory < MEMORY_MAX, "999,000 files are handled in less than 256 MiB",
               f"status {status}, {memory >> 20} MiB: {error}")
        print(f"# {memory >> 20} MiB, {seconds:.1f} s")
        make_many(work, "flat", 400_000, 1)
        status, error, memory, seconds = build(work, "flat")
        report(status == 0 and memory < MEMORY_MAX, "400,000 files in one folder are handled",
               f"status {status}, {memory >> 20} MiB: {error}")
        print(f"# {memory >> 20} MiB, {seconds:.1f} s")
        make_many(work, "more", 1_000_001, 997)
        refused(work, "more", "1000000 files", "more than a million files are refused")
        report(not os.path.exists("/tmp/i2kit-hostile-out"), "nothing was written outside")
    finally:
        subprocess.run(["chmod", "-R", "u+w", work], check=False)
        shutil.rmtree(work)
    print(f"1..{sum(done.values())}")
    return 1 if done["not ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
