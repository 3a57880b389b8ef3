#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: layer_files.py   ($I2KIT: the program; default: i2kit from PATH)

What a layer's tar says of its files is what the converted layer has: sparse and huge files, 100,000
in one layer, odd names, capabilities, set-uid, attributes, links, devices. Written as a tar, built by
i2kit, unpacked by squashfs-tools and compared. As root, which may set all of that."""

import glob
import hashlib
import io
import os
import shutil
import stat
import struct
import subprocess
import sys
import tarfile
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import hostile_layers as layers  # noqa: E402

# Names are bytes; tarfile wants them as text with surrogates.
ODD_NAMES = [b"with space", b"new\nline", b"tab\there", b"-dash", b"quote'\"", b"back\\slash", b"star*?[a]", b"\xff\xfe bytes",
             "compos\u00e9".encode(), "decompose\u0301".encode(), "\U0001f980".encode(), b"x" * 255, b"a:b", b".hidden", b"$(x)",
             b"trailing ", b"..."]
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)  # cap_net_bind_service=ep
SPARSE_SIZE = 1 << 30


def name_of(raw):
    return raw.decode("utf-8", "surrogateescape")


def entry(name, **fields):
    info, content = layers.entry(name, **{"mtime": 1600000000, **fields})
    return info, content


def sparse(name, size, pieces):
    """As GNU tar writes it with --sparse --format=posix (GNU sparse 1.0)."""
    text = f"{len(pieces)}\n" + "".join(f"{at}\n{len(data)}\n" for at, data in pieces)
    body = text.encode() + bytes(-len(text) % 512) + b"".join(data for _, data in pieces)
    info, _ = entry("GNUSparseFile.0/" + name, content=body)
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": name,
                        "GNU.sparse.realsize": str(size)}
    return info, body


def special_entries():
    directory = tarfile.DIRTYPE
    yield entry("odd", kind=directory, mode=0o755)
    for number, raw in enumerate(ODD_NAMES):
        yield entry("odd/" + name_of(raw), content=b"%d" % number)
    yield entry("modes", kind=directory, mode=0o1777)
    for mode in (0o000, 0o4755, 0o2755, 0o6711, 0o1644, 0o7777, 0o400):
        yield entry(f"modes/{mode:04o}", content=b"x", mode=mode)
    yield entry("modes/setgid", kind=directory, mode=0o2770, uid=1000, gid=1001)
    for owner in (0, 1, 65534, 65536, 4294967294):
        yield entry(f"owner-{owner}", content=b"x", uid=owner, gid=owner)
    info, content = entry("capable", content=b"program", mode=0o755)
    info.pax_headers = {"SCHILY.xattr.security.capability": CAPABILITY.decode("utf-8", "surrogateescape"),
                        "SCHILY.xattr.user.empty": "", "SCHILY.xattr.user.note": "text"}
    yield info, content
    info, content = entry("kept", kind=directory, mode=0o755)
    info.pax_headers = {"SCHILY.xattr.user.note": "folder", "SCHILY.xattr.trusted.overlay.opaque": "y"}
    yield info, content
    yield entry("hard", content=b"shared")
    yield entry("hard-2", kind=tarfile.LNKTYPE, linkname="hard")
    yield entry("soft", kind=tarfile.SYMTYPE, linkname="t" * 4000, mode=0o777)
    yield entry("pipe", kind=tarfile.FIFOTYPE, mode=0o640)
    yield entry("null", kind=tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666)
    yield entry("empty", content=b"")
    yield sparse("sparse", SPARSE_SIZE, [(0, b"a" * 4096), (SPARSE_SIZE - 4096, b"z" * 4096)])
    yield sparse("all-hole", 1 << 30, [])


def convert(work, name):
    """The converted layer's path, and what the build said."""
    before = set(glob.glob(work + "/data/i2kit/layers/*"))
    status, error, memory, seconds = layers.build(work, name)
    found = sorted(set(glob.glob(work + "/data/i2kit/layers/*")) - before)
    layers.report(status == 0 and len(found) == 1 and memory < layers.MEMORY_MAX, f"{name}: converted",
                  f"status {status}, {memory >> 20} MiB: {error}")
    print(f"# {memory >> 20} MiB, {seconds:.1f} s, {os.path.getsize(found[0]) if found else 0} bytes")
    return found[0] if found else None


def unpack(squashfs, folder):
    run = subprocess.run(["unsquashfs", "-n", "-d", folder, squashfs], capture_output=True, text=True, check=False)
    layers.report(run.returncode == 0, "squashfs-tools reads it whole", run.stdout[-500:] + run.stderr[-500:])


def attributes(path):
    return {name: os.getxattr(path, name, follow_symlinks=False) for name in os.listxattr(path, follow_symlinks=False)
            if not name.startswith("security.selinux")}


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def expected(info, content):
    """What lstat and the file's bytes are to be."""
    kinds = {tarfile.REGTYPE: stat.S_IFREG, tarfile.DIRTYPE: stat.S_IFDIR, tarfile.SYMTYPE: stat.S_IFLNK,
             tarfile.FIFOTYPE: stat.S_IFIFO, tarfile.CHRTYPE: stat.S_IFCHR}
    xattrs = {key[len("SCHILY.xattr."):]: value.encode("utf-8", "surrogateescape")
              for key, value in info.pax_headers.items()
              if key.startswith("SCHILY.xattr.") and not key.startswith("SCHILY.xattr.trusted.overlay.")}
    return kinds[info.type] | info.mode, info.uid, info.gid, xattrs, content


def differences(folder, entries):
    wrong = []
    for info, content in entries:
        if info.type == tarfile.LNKTYPE or "GNU.sparse.name" in info.pax_headers:
            continue
        path = os.path.join(os.fsencode(folder), info.name.encode("utf-8", "surrogateescape"))
        mode, uid, gid, xattrs, content = expected(info, content)
        try:
            have = os.lstat(path)
        except OSError as problem:
            wrong.append(f"{info.name!a}: {problem}")
            continue
        if (have.st_mode, have.st_uid, have.st_gid) != (mode, uid, gid):
            wrong.append(f"{info.name!a}: {have.st_mode:o} {have.st_uid}:{have.st_gid}, not {mode:o} {uid}:{gid}")
        if attributes(path) != xattrs:
            wrong.append(f"{info.name!a}: {attributes(path)}, not {xattrs}")
        if not stat.S_ISLNK(mode) and int(have.st_mtime) != info.mtime:
            wrong.append(f"{info.name!a}: time {have.st_mtime}")
        if stat.S_ISREG(mode) and open(path, "rb").read() != content:
            wrong.append(f"{info.name!a}: other bytes")
        if stat.S_ISLNK(mode) and os.readlink(path) != os.fsencode(info.linkname):
            wrong.append(f"{info.name!a}: leads to {os.readlink(path)!a}")
        if stat.S_ISCHR(mode) and (os.major(have.st_rdev), os.minor(have.st_rdev)) != (info.devmajor, info.devminor):
            wrong.append(f"{info.name!a}: device {have.st_rdev:x}")
    return wrong


def check_special(work):
    entries = list(special_entries())
    layers.make(work, "special", iter(entries))
    squashfs, folder = convert(work, "special"), work + "/special.out"
    unpack(squashfs, folder)
    wrong = differences(folder, entries)
    layers.report(not wrong, f"{len(entries)} odd files have names, modes, owners, attributes and bytes of the tar",
                  "\n".join(wrong[:20]))
    names = sorted(os.listdir(os.fsencode(folder + "/odd")))
    layers.report(names == sorted(ODD_NAMES), "no name was normalised, added or lost", str(names))
    layers.report(os.path.samefile(folder + "/hard", folder + "/hard-2") and os.stat(folder + "/hard").st_nlink == 2,
                  "hard links are links")
    with open(folder + "/sparse", "rb") as file:
        start, size = file.read(8192), file.seek(0, 2)
        file.seek(-8192, 2)
        end = file.read()
    layers.report(size == SPARSE_SIZE and start == b"a" * 4096 + bytes(4096) and end == bytes(4096) + b"z" * 4096,
                  "a sparse file has its size, its ends and its hole")
    layers.report(os.path.getsize(folder + "/all-hole") == 1 << 30 and os.path.getsize(squashfs) < 1 << 20,
                  "holes of 2 GiB take less than 1 MiB", f"{os.path.getsize(squashfs)} bytes")


def check_huge(work):
    """Larger than the store's blocks, the pieces of the reader and 32 bits of fragments."""
    block = hashlib.sha256(b"huge").digest() * 4096
    parts = [block[number % 31:] + block[:number % 31] for number in range(31)]
    digest = hashlib.sha256()
    size = 0

    class Source(io.RawIOBase):
        """More than a GiB that no one holds."""

        def __init__(self):
            super().__init__()
            self.at, self.rest = 0, b""

        def readable(self):
            return True

        def readinto(self, into):
            if not self.rest and self.at < (5 << 28) // len(block):
                self.rest = parts[self.at % 31]
                self.at += 1
            count = min(len(into), len(self.rest))
            into[:count], self.rest = self.rest[:count], self.rest[count:]
            digest.update(into[:count])
            return count

    size = (5 << 28) // len(block) * len(block)
    info, _ = entry("huge")
    info.size = size
    image = layers.Image(work + "/huge")
    path = work + "/huge.layer"
    with open(path, "wb") as file:
        out = layers.Hashing(file)
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT, bufsize=1 << 20) as tar:
            tar.addfile(info, io.BufferedReader(Source(), 1 << 20))
    image.finish(path, out.hash.hexdigest(), "layer.v1.tar")
    squashfs = convert(work, "huge")
    got = hashlib.sha256()
    run = subprocess.Popen(["unsquashfs", "-cat", squashfs, "huge"], stdout=subprocess.PIPE)
    while piece := run.stdout.read(1 << 20):
        got.update(piece)
    layers.report(run.wait() == 0 and got.digest() == digest.digest(), "a file of 1.25 GiB has its bytes")


def check_many(work):
    layers.make_many(work, "many", 100_000, 300)
    squashfs = convert(work, "many")
    run = subprocess.run(["unsquashfs", "-l", squashfs], capture_output=True, text=True, check=True)
    names = {line.split("/", 1)[1] for line in run.stdout.splitlines() if "/file-" in line}
    wanted = {"d%d/file-%07d" % (number % 300, number) for number in range(100_000)}
    layers.report(names == wanted, "100,000 files are all there", f"{len(names)} names")


def check_hole(work):
    """Nothing but a number, and a minute of the host's processor if each zero were looked at."""
    layers.make(work, "hole", iter([sparse("hole", 60 << 30, [])]))
    start = time.monotonic()
    squashfs = convert(work, "hole")
    seconds = time.monotonic() - start
    layers.report(seconds < 60, "a hole of 60 GiB takes no minute", f"{seconds:.1f} s")
    run = subprocess.run(["unsquashfs", "-lls", squashfs, "hole"], capture_output=True, text=True, check=True)
    layers.report(str(60 << 30) in run.stdout, "and has its size", run.stdout)


def main():
    work = tempfile.mkdtemp(prefix="i2kit-files.", dir=os.environ.get("TMPDIR", "/var/tmp"))
    os.environ.update(XDG_DATA_HOME=work + "/data", XDG_CACHE_HOME=work + "/cache")
    os.environ.setdefault("I2KIT_BASE", layers.TOP + "/out/base")
    try:
        check_special(work)
        check_many(work)
        check_hole(work)
        check_huge(work)
    finally:
        subprocess.run(["chmod", "-R", "u+w", work], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(work)
    print(f"1..{sum(layers.done.values())}")
    return 1 if layers.done["not ok"] else 0


if __name__ == "__main__":
    sys.exit(main())
