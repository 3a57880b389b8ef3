#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: linuxkit_images.py FOLDER

Makes an OCI layout with the images of tests/image/golden/linuxkit.yml: kernel, init, init2, app,
plain. The same bytes every time."""
import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

TYPES = {"f": tarfile.REGTYPE, "d": tarfile.DIRTYPE, "l": tarfile.SYMTYPE, "h": tarfile.LNKTYPE, "c": tarfile.CHRTYPE}
index = []
folder_name = []


def put(data):
    name = hashlib.sha256(data).hexdigest()
    with open(f"{folder_name[0]}/blobs/sha256/{name}", "wb") as out:
        out.write(data)
    return {"digest": "sha256:" + name, "size": len(data)}


def tar(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for entry in entries:
            info, data = tarfile.TarInfo(entry["name"]), entry.get("data", b"")
            info.size, info.mode, info.mtime = len(data), entry.get("mode", 0o644), entry.get("mtime", 1600000000)
            info.uid, info.gid = entry.get("uid", 0), entry.get("gid", 0)
            info.type, info.linkname = TYPES[entry.get("t", "f")], entry.get("link", "")
            info.devmajor, info.devminor = entry.get("major", 0), entry.get("minor", 0)
            info.pax_headers = entry.get("pax", {})
            archive.addfile(info, io.BytesIO(data) if info.type == tarfile.REGTYPE else None)
    return out.getvalue()


def image(name, layers, config):
    packed = [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **put(gzip.compress(x, 1, mtime=0))} for x in layers]
    diff_ids = ["sha256:" + hashlib.sha256(x).hexdigest() for x in layers]
    whole = {"os": "linux", "architecture": "amd64", "config": config, "rootfs": {"type": "layers", "diff_ids": diff_ids}}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **put(json.dumps(whole).encode())},
                "layers": packed}
    index.append({"mediaType": manifest["mediaType"], "platform": {"os": "linux", "architecture": "amd64"},
                  "annotations": {"org.opencontainers.image.ref.name": name}, **put(json.dumps(manifest).encode())})


def folder(name, **more):
    return {"name": name, "t": "d", "mode": 0o755, **more}


def images():
    modules = tar([folder("lib"), folder("lib/modules"), folder("lib/modules/6.1"), {"name": "lib/modules/6.1/x.ko", "data": b"mod"}])
    yield "kernel", ([tar([{"name": "kernel", "data": b"KERNEL" * 1000, "mode": 0o755}, {"name": "kernel.tar", "data": modules},
                          {"name": "other", "data": b"x"}, {"name": "ucode.cpio", "data": b"ucode"}])], {})
    yield "init", ([tar([folder("."), folder("./bin"), {"name": "./bin/init", "data": b"#!/bin/sh\n", "mode": 0o755},
                        folder("./etc", mode=0o700), {"name": "./etc/hosts", "data": b"old"}, {"name": "./etc/hostname", "data": b"h"},
                        folder("./lib"), folder("./lib/apk"), folder("./lib/apk/db"),
                        {"name": "./lib/apk/db/installed", "data": b"P:one\n"}, {"name": "./bin/sh", "t": "h", "link": "bin/init"},
                        {"name": "./sbin", "t": "l", "link": "bin"}])], {})
    yield "init2", ([tar([folder("lib/"), folder("lib/apk/"), folder("lib/apk/db/"), {"name": "lib/apk/db/installed", "data": b"P:two\n"},
                         {"name": "etc/mtab", "t": "l", "link": "/proc/self/mounts", "mtime": 5},
                         {"name": "dev/null", "t": "c", "major": 1, "minor": 3, "mode": 0o666}])], {})
    deep = "very/" + "long-folder-name/" * 9 + "file"
    base = tar([folder("usr"), folder("usr/bin"), {"name": "usr/bin/app", "data": b"app" * 5000, "mode": 0o4755, "uid": 1000, "gid": 70000},
                {"name": "usr/bin/gone", "data": b"1"}, {"name": "etc/keep", "data": b"k"}, folder("var"), folder("var/lib"),
                {"name": "var/lib/x", "data": b"x"}, {"name": deep, "data": b"deep"},
                {"name": "usr/bin/cap", "data": b"c", "mode": 0o755, "pax": {"SCHILY.xattr.user.test": "hello"}}])
    upper = tar([folder("usr"), folder("usr/bin"), {"name": "usr/bin/.wh.gone"}, {"name": "usr/bin/app2", "t": "h", "link": "usr/bin/new"},
                 {"name": "usr/bin/new", "data": b"new"}, {"name": "etc/keep", "data": b"changed", "mode": 0o600},
                 {"name": "ünïcode", "data": b"u"}])
    label = {"capabilities": ["CAP_NET_ADMIN", "CAP_CHOWN"], "binds": ["/a:/b", "/var/run:/run:ro"], "env": ["L=1"], "readonly": True,
             "net": "new", "runtime": {"mkdir": ["/m"], "bindNS": {"net": "/run/n"}}, "tmpfs": ["/tmp:size=1m,ro"],
             "rlimits": ["nofile,100,unlimited"]}
    yield "app", ([base, upper], {"Entrypoint": ["/usr/bin/app"], "Cmd": ["--x", "<&>"], "Env": ["PATH=/usr/bin", "A=\u2028b"],
                                 "WorkingDir": "/srv", "User": "1000", "Labels": {"org.mobyproject.config": json.dumps(label)}})
    yield "plain", ([base], {"Cmd": ["/usr/bin/app"], "Env": ["PATH=/bin"]})


def make(top, named):
    """Writes the layout TOP with the images NAME: (layers, config)."""
    os.makedirs(f"{top}/blobs/sha256")
    folder_name[:] = [top]
    for name, (layers, config) in dict(named).items():
        image(name, layers, config)
    with open(f"{top}/index.json", "w", encoding="utf-8") as out:
        json.dump({"schemaVersion": 2, "manifests": index}, out)
    with open(f"{top}/oci-layout", "w", encoding="utf-8") as out:
        out.write('{"imageLayoutVersion":"1.0.0"}')


if __name__ == "__main__":
    make(sys.argv[1], images())
