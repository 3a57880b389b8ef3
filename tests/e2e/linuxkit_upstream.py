#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: linuxkit_upstream.py LAYOUT SOURCE BASE

Makes an OCI layout with what a LinuxKit document needs to be booted by LinuxKit's own init, for where
its images cannot be had: `init`, `runc` and `containerd` after the Dockerfiles in SOURCE/pkg (a
checkout of linuxkit's repository, built offline out of its vendor folders), `kernel` and its modules out of BASE,
and `busybox` for containers. Debian's busybox, runc and containerd stand in for Alpine's and
upstream's; `ctr` and Alpine's package index are left out. Needs go, cc, ldd, apt-get and dpkg-deb; works in the folder LAYOUT.work."""
import json
import os
import runpy
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
images = runpy.run_path(f"{HERE}/linuxkit_images.py", run_name="images")
PACKAGES = ["busybox-static", "containerd", "runc"]
FOLDERS = ["containers", "dev", "mnt", "proc", "root", "run", "sys", "tmp", "var"]


def run(*argv, **more):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, **more).stdout


def file(name, path, mode=0o755):
    with open(path, "rb") as content:
        return {"name": name, "data": content.read(), "mode": mode}


def link(name, target):
    return {"name": name, "t": "l", "link": target}


def tar(*entries):
    """With each file's folders before it, as Docker's own layers have them."""
    found = {}
    for entry in entries:
        parts = entry["name"].split("/")
        for i in range(1, len(parts)):
            found.setdefault("/".join(parts[:i]), images["folder"]("/".join(parts[:i])))
        found[entry["name"]] = entry
    return images["tar"](found.values())


def tree(name, top):
    """All files below the folder TOP, as NAME/…"""
    for at, _, files in sorted(os.walk(top)):
        for one in sorted(files):
            path = os.path.join(at, one)
            yield file(os.path.normpath(os.path.join(name, os.path.relpath(path, top))), path, os.stat(path).st_mode & 0o777)


def with_libraries(programs):
    """The programs {name: path} and each library they are linked with, once."""
    found = {}
    for name, path in programs.items():
        yield file(name, path)
        for word in run("ldd", path).decode().split():
            if word.startswith("/"):
                found[word] = file(word.lstrip("/"), word)
    yield from found.values()


def build(work, source):
    """Upstream's programs, and Debian's."""
    init = f"{source}/pkg/init"
    go = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=vendor"}
    for program in ("init", "rc.init", "service"):
        run("go", "build", "-o", f"{work}/{program}", f"./cmd/{program}", cwd=init, env=go)
    run("cc", "-static", "-O2", "-o", f"{work}/usermode-helper", f"{init}/usermode-helper.c")
    run("apt-get", "download", *PACKAGES, cwd=work, stderr=subprocess.DEVNULL)
    for package in os.listdir(work):
        if package.endswith(".deb"):
            run("dpkg-deb", "-x", f"{work}/{package}", f"{work}/debian")


def kernel(work, base):
    """As linuxkit/kernel: the kernel, and its modules as a tar. What upstream builds in is a module here."""
    root = f"{work}/root"
    os.makedirs(root)
    with open(f"{base}/initrd-base.cpio", "rb") as initrd:
        cpio = initrd.read()
    run("cpio", "-idu", "--quiet", "--no-absolute-filenames", "lib/modules/*", input=cpio, cwd=root)
    with open(f"{base}/base.json", encoding="utf-8") as index:
        release = json.load(index)["kernelRelease"]
    os.rename(f"{root}/lib/modules", f"{root}/lib/{release}")
    os.makedirs(f"{root}/lib/modules")
    os.rename(f"{root}/lib/{release}", f"{root}/lib/modules/{release}")
    run(f"{work}/debian/bin/busybox", "depmod", "-b", root, release)
    return tar(file("kernel", f"{base}/kernel"), {"name": "kernel.tar", "data": tar(*tree("", root))})


def init(work, source):
    busybox = f"{work}/debian/bin/busybox"
    yield from (images["folder"](name) for name in FOLDERS)
    yield file("init", f"{work}/init")
    yield file("bin/rc.init", f"{work}/rc.init")
    yield link("bin/rc.shutdown", "rc.init")
    yield file("usr/bin/service", f"{work}/service")
    yield file("sbin/usermode-helper", f"{work}/usermode-helper")
    yield link("etc/init.d/005-volumes", "/usr/bin/service")
    yield from tree("etc", f"{source}/pkg/init/etc")
    yield {"name": "etc/passwd", "data": b"root:x:0:0:root:/root:/bin/sh\n"}
    yield {"name": "etc/group", "data": b"root:x:0:\ntty:x:5:\n"}
    yield file("bin/busybox", busybox)
    for name in run(busybox, "--list-full").decode().split():
        if name not in ("bin/busybox", "linuxrc"):
            yield link(name, "/bin/busybox")


def main():
    layout, source, base = map(os.path.abspath, sys.argv[1:])
    work = layout + ".work"
    os.makedirs(work)
    build(work, source)
    debian = f"{work}/debian/usr"
    containerd = with_libraries({f"usr/bin/{n}": f"{debian}/bin/{n}" for n in ("containerd", "containerd-shim-runc-v2")})
    runc = with_libraries({"usr/bin/runc": f"{debian}/sbin/runc"})
    images["make"](layout, {
        "kernel": ([kernel(work, base)], {}),
        "init": ([tar(*init(work, source))], {}),
        "runc": ([tar(*runc, link("etc/init.d/010-onboot", "/usr/bin/service"),
                      link("etc/shutdown.d/010-onshutdown", "/usr/bin/service"))], {}),
        "containerd": ([tar(*containerd, *tree("etc", f"{source}/pkg/containerd/etc"),
                            link("etc/init.d/020-containerd", "/usr/bin/service"))], {}),
        "busybox": ([tar(file("bin/busybox", f"{work}/debian/bin/busybox"), link("bin/sh", "busybox"))], {})})


if __name__ == "__main__":
    main()
