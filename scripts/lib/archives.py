# SPDX-License-Identifier: Apache-2.0
"""Archives whose bytes follow from their content alone: no times, no owners, sorted names."""

import hashlib
import io
import os
import stat
import struct
import subprocess
import tarfile


class Tree:
    """Files by path, in memory: {path: (mode with type, bytes or link target)}."""

    def __init__(self):
        self.entries = {}

    def folder(self, path, mode=0o755):
        path = path.strip("/")
        parent = os.path.dirname(path)
        if parent and parent not in self.entries:
            self.folder(parent)
        self.entries[path] = (stat.S_IFDIR | mode, b"")

    def _parent(self, path):
        parent = os.path.dirname(path)
        if parent and parent not in self.entries:
            self.folder(parent)

    def file(self, path, content, mode=0o644):
        path = path.strip("/")
        self._parent(path)
        if isinstance(content, str):
            content = content.encode()
        self.entries[path] = (stat.S_IFREG | mode, content)

    def link(self, path, target):
        path = path.strip("/")
        self._parent(path)
        self.entries[path] = (stat.S_IFLNK | 0o777, target.encode())

    def copy(self, source, path, mode=None):
        with open(source, "rb") as file:
            self.file(path, file.read(), stat.S_IMODE(os.stat(source).st_mode) if mode is None else mode)

    def add_host_tree(self, root, below=""):
        """Everything of an unpacked package, owners made root."""
        for folder, folders, files in os.walk(root):
            folders.sort()
            relative = os.path.relpath(folder, root)
            prefix = below if relative == "." else os.path.join(below, relative)
            for name in sorted(folders + files):
                path, full = os.path.join(prefix, name), os.path.join(folder, name)
                if os.path.islink(full):
                    self.link(path, os.readlink(full))
                elif os.path.isdir(full):
                    self.folder(path, stat.S_IMODE(os.stat(full).st_mode))
                else:
                    self.copy(full, path)

    def drop(self, predicate):
        for path in [path for path in self.entries if predicate(path)]:
            del self.entries[path]

    def tar(self):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path, (mode, content) in sorted(self.entries.items()):
                entry = tarfile.TarInfo(path)
                entry.mode = stat.S_IMODE(mode)
                if stat.S_ISDIR(mode):
                    entry.type = tarfile.DIRTYPE
                    tar.addfile(entry)
                elif stat.S_ISLNK(mode):
                    entry.type, entry.linkname = tarfile.SYMTYPE, content.decode()
                    tar.addfile(entry)
                else:
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))
        return out.getvalue()

    def cpio(self):
        """newc, as the kernel reads it."""
        out = bytearray()

        def entry(number, path, mode, content):
            name = path.encode() + b"\0"
            fields = [number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0]
            out.extend(b"070701" + b"".join(b"%08X" % field for field in fields) + name)
            out.extend(b"\0" * (-len(out) % 4))
            out.extend(content)
            out.extend(b"\0" * (-len(out) % 4))

        for number, (path, (mode, content)) in enumerate(sorted(self.entries.items()), 1):
            entry(number, path, mode, content)
        entry(0, "TRAILER!!!", 0, b"")
        return bytes(out)

    def squashfs(self, path):
        """Through tar2sqfs, which is deterministic (sqfstar is not)."""
        subprocess.run(["tar2sqfs", "-q", "-f", "-c", "lzo", "-X", "level=9",
                        "--defaults", "uid=0,gid=0,mode=0755,mtime=0", path],
                       input=self.tar(), check=True, stderr=subprocess.PIPE)


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def elf_modinfo(data):
    """{key: [values]} of a kernel module's .modinfo section."""
    shoff, = struct.unpack_from("<Q", data, 40)
    shentsize, shnum, shstrndx = struct.unpack_from("<HHH", data, 58)
    sections = [struct.unpack_from("<IIQQQQ", data, shoff + i * shentsize) for i in range(shnum)]
    names = sections[shstrndx][4]
    found = {}
    for section in sections:
        start = names + section[0]
        if data[start:data.index(b"\0", start)] != b".modinfo":
            continue
        for item in data[section[4]:section[4] + section[5]].split(b"\0"):
            key, sep, value = item.partition(b"=")
            if sep:
                found.setdefault(key.decode(), []).append(value.decode(errors="replace"))
    return found
