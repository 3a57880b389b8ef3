# SPDX-License-Identifier: Apache-2.0
"""usage: linuxkit_images.py FOLDER BASE NGINX-LAYOUT

Makes an OCI layout with two images for LinuxKit, `kernel` and `init`, for where LinuxKit's own cannot
be had: the kernel of i2kit's base, and as the root file system nginx's image with an init that loads
virtio, sets the address of QEMU's user network and becomes nginx. That is less than LinuxKit's own
init does (no containerd, no runc, no DHCP): its time is a floor for LinuxKit's."""

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile

INIT = """#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmpfs /run
ln -s /proc/self/fd/1 /dev/stdout; ln -s /proc/self/fd/2 /dev/stderr
while read -r module; do insmod "$module"; done </etc/i2kit/modules 2>/dev/null
ip link set lo up; ip addr add 10.0.2.15/24 dev eth0; ip link set eth0 up; ip route add default via 10.0.2.2
exec nginx -g "daemon off;"
"""


class Layout:
    def __init__(self, folder):
        self.folder = folder
        self.index = []
        os.makedirs(f"{folder}/blobs/sha256")

    def put(self, data):
        name = hashlib.sha256(data).hexdigest()
        with open(f"{self.folder}/blobs/sha256/{name}", "wb") as out:
            out.write(data)
        return {"digest": "sha256:" + name, "size": len(data)}

    def image(self, name, layers):
        packed = [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **self.put(gzip.compress(layer, 1, mtime=0))}
                  for layer in layers]
        config = {"os": "linux", "architecture": "amd64", "config": {},
                  "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]}}
        kind = "application/vnd.oci.image.manifest.v1+json"
        manifest = {"schemaVersion": 2, "mediaType": kind, "layers": packed,
                    "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **self.put(json.dumps(config).encode())}}
        self.index.append({"mediaType": kind, "platform": {"os": "linux", "architecture": "amd64"},
                           "annotations": {"org.opencontainers.image.ref.name": name}, **self.put(json.dumps(manifest).encode())})

    def finish(self):
        with open(f"{self.folder}/index.json", "w", encoding="utf-8") as out:
            json.dump({"schemaVersion": 2, "manifests": self.index}, out)
        with open(f"{self.folder}/oci-layout", "w", encoding="utf-8") as out:
            out.write('{"imageLayoutVersion": "1.0.0"}')


def tar(files):
    out = io.BytesIO()
    folders = set()     # the kernel makes no file whose folder it has not seen
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data, mode in files:
            parts = name.split("/")
            for folder in ("/".join(parts[:i]) for i in range(1, len(parts))):
                if folder not in folders:
                    entry = tarfile.TarInfo(folder)
                    entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                    archive.addfile(entry)
                    folders.add(folder)
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), mode
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def layers_of(layout):
    def blob(digest):
        with open(f"{layout}/blobs/{digest.replace(':', '/')}", "rb") as file:
            return file.read()
    with open(f"{layout}/index.json", encoding="utf-8") as file:
        manifest = json.loads(blob(json.load(file)["manifests"][0]["digest"]))
    for layer in manifest["layers"]:
        data = blob(layer["digest"])
        yield gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def modules(base):
    with open(f"{base}/initrd-base.cpio", "rb") as file:
        cpio = file.read()

    def content(name):
        return subprocess.run(["cpio", "-i", "--quiet", "--to-stdout", name], input=cpio, stdout=subprocess.PIPE, check=True).stdout
    names = content("etc/i2kit/modules").decode().split()
    # Not in /lib, which is a link in the image.
    yield "etc/i2kit/modules", "".join(f"/etc/i2kit/{os.path.basename(name)}\n" for name in names).encode(), 0o644
    for name in names:
        yield f"etc/i2kit/{os.path.basename(name)}", content(name.lstrip("/")), 0o644


def main():
    folder, base, nginx = sys.argv[1:]
    layout = Layout(folder)
    with open(f"{base}/kernel", "rb") as file:
        layout.image("kernel", [tar([("kernel", file.read(), 0o644), ("kernel.tar", tar([]), 0o644)])])
    layout.image("init", [*layers_of(nginx), tar([("init", INIT.encode(), 0o755), *modules(base)])])
    layout.finish()


if __name__ == "__main__":
    main()
