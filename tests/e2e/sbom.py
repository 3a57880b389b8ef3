#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: sbom.py WORK TOOLS   (run by sbom.sh)"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "lib"))
from oci_layout import Layout  # noqa: E402

WORK, TOOLS = sys.argv[1:]
I2KIT = os.environ["I2KIT"]
BASE = os.environ["I2KIT_BASE"]
FAILED = []
COUNT = 0

ALPINE = """C:Q1abc=
P:musl
V:1.2.4-r2
A:x86_64
S:1
T:the musl c library
L:MIT
o:musl
m:Timo Teräs <timo.teras@iki.fi>
p:so:libc.musl-x86_64.so.1=1
F:lib
R:ld-musl-x86_64.so.1

C:Q1def=
P:busybox
V:1.36.1-r15
A:x86_64
L:GPL-2.0-only
D:so:libc.musl-x86_64.so.1
p:/bin/sh

"""
ALPINE_RELEASE = b'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.19.1\nPRETTY_NAME="Alpine Linux v3.19"\n'
SPEC = """Name: {name}
Version: {version}
Release: 3
{more}
Summary: of the test
License: {licence}
BuildArch: noarch
%description
Nothing.
%files
"""


def check(name, is_good, detail=""):
    global COUNT
    COUNT += 1
    print(f"{'ok' if is_good else 'not ok'} {COUNT} - {name}", flush=True)
    if not is_good:
        FAILED.append(name)
        print("# " + str(detail)[:2000].replace("\n", "\n# "), flush=True)


def run(*words, **how):
    return subprocess.run(words, text=True, capture_output=True, check=False, **how)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def build(name, images, folder):
    """A pod of these images as a disk; its path."""
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/i2kit.yml", "w", encoding="utf-8") as file:
        file.write(f"name: {name}\ncontainers:\n")
        for image in images:
            file.write(f"  {image}: {{image: 'oci:{WORK}/{image}'}}\n")
    done = run(I2KIT, "build", name, "-o", f"{folder}/{name}.img", cwd=folder)
    assert done.returncode == 0, done.stderr
    return f"{folder}/{name}.img"


def sbom(disk, *words):
    done = run(I2KIT, "sbom", disk, *words)
    assert done.returncode == 0, done.stderr
    return done


def packages(disk, image):
    found = json.loads(sbom(disk, "-o", "json").stdout)["packages"]
    return [package for package in found if package["image"] == f"oci:{image}"]


def versions(disk, image):
    return sorted(f"{package['name']} {package['version']}" for package in packages(disk, image))


def make_debian():
    Layout(f"{WORK}/debian", [{"etc/os-release": b'ID=debian\nVERSION_ID="12"\n'},
                              {"var/lib/dpkg/status": read("/var/lib/dpkg/status")}])


def make_distroless():
    """A file a package; one is taken away by a later layer, a folder of packages is hidden as a whole."""
    def control(name, version):
        return f"Package: {name}\nVersion: {version}\nArchitecture: amd64\nDescription: x\n Version: 666\n".encode()
    folder = "var/lib/dpkg/status.d/"
    Layout(f"{WORK}/hidden", [{folder + "old": control("old", "1")},
                              {"var/lib/dpkg/.wh..wh..opq": b"", folder + "base": control("base-files", "12.4")}])
    Layout(f"{WORK}/distroless", [
        {"usr/lib/os-release": b"ID=debian\nVERSION_ID=12\n", folder + "base": control("base-files", "12.4"),
         folder + "base.md5sums": b"0 x\n", folder + "tzdata": control("tzdata", "2024a-0")},
        {folder + ".wh.tzdata": b"", folder + "libc6": control("libc6", "2.36-9")},
        {folder + "libc6": control("libc6", "2.36-9+deb12u4")}])


def make_rpm():
    """Three packages by rpmbuild, in a database by rpm."""
    root = f"{WORK}/rpmroot"
    for name, version, licence, more in (("one", "1.0", "MIT", "Epoch: 7"), ("two", "2.5~rc1", "GPLv2+", "Vendor: Them"),
                                         ("three-dashes", "0", "ASL 2.0", "")):
        with open(f"{WORK}/{name}.spec", "w", encoding="utf-8") as file:
            file.write(SPEC.format(name=name, version=version, licence=licence, more=more))
        done = run("rpmbuild", "-bb", "--quiet", "--define", f"_topdir {WORK}/rpmbuild", f"{WORK}/{name}.spec")
        assert done.returncode == 0, done.stderr
    files = [f"{WORK}/rpmbuild/RPMS/noarch/{name}" for name in sorted(os.listdir(f"{WORK}/rpmbuild/RPMS/noarch"))]
    place = "/usr/lib/sysimage/rpm"
    os.makedirs(root + place)
    done = run("rpm", "--root", root, "--dbpath", place, "-i", "--nodeps", "--justdb", "--nosignature", "--force-debian", *files)
    assert done.returncode == 0, done.stderr
    said = run("rpm", "--root", root, "--dbpath", place, "-qa", "--qf",
               "%{NAME} %|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\n").stdout
    database = read(f"{root}{place}/rpmdb.sqlite")
    Layout(f"{WORK}/rpm", [{"etc/os-release": b"ID=fedora\nVERSION_ID=39\n", place[1:] + "/rpmdb.sqlite": database}])
    Layout(f"{WORK}/torn", [{place[1:] + "/rpmdb.sqlite": database[:9000]}])
    Layout(f"{WORK}/old", [{"var/lib/rpm/Packages": b"\0" * 4096}])
    return sorted(said.splitlines())


def names_are_those_of_the_databases(disk, of_rpm):
    said = run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version}\n").stdout.splitlines()
    wanted = sorted({line.split(" ", 1)[1] for line in said if line.startswith("installed ")})
    check(f"all {len(wanted)} packages of this machine's dpkg", sorted(set(versions(disk, "debian"))) == wanted)
    check("a file for each package, with what later layers took away or replaced",
          versions(disk, "distroless") == ["base-files 12.4", "libc6 2.36-9+deb12u4"], versions(disk, "distroless"))
    check("nothing below a folder that hides what was there", versions(disk, "hidden") == ["base-files 12.4"],
          versions(disk, "hidden"))
    check("apk's", versions(disk, "alpine") == ["busybox 1.36.1-r15", "musl 1.2.4-r2"], versions(disk, "alpine"))
    check("rpm's, in the words of rpm", versions(disk, "rpm") == of_rpm, (versions(disk, "rpm"), of_rpm))
    purls = [package["purl"] for image in ("alpine", "rpm", "distroless") for package in packages(disk, image)]
    check("their purls say system, architecture and release", {
        "pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64&distro=alpine-3.19.1",
        "pkg:rpm/fedora/one@1.0-3?arch=noarch&epoch=7&distro=fedora-39",
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12"} <= set(purls), purls)
    own = json.loads(read(f"{BASE}/sbom.spdx.json"))["packages"]
    base = [package for package in json.loads(sbom(disk, "-o", "json").stdout)["packages"] if package["image"] == "i2kit-base"]
    check("those of the base are what the base says", [(p["name"], p["version"]) for p in base] ==
          [(p["name"], p["versionInfo"]) for p in own])


def documents_are_read_by_others(disk, folder):
    for form in ("spdx", "cyclonedx", "provenance"):
        with open(f"{folder}/pod.{form}.json", "w", encoding="utf-8") as file:
            file.write(sbom(disk, "--format", form).stdout)
    done = run(f"{TOOLS}/pyspdxtools", "-i", f"{folder}/pod.spdx.json")
    check("SPDX's own tools find nothing wrong", done.returncode == 0, done.stdout + done.stderr)
    script = ("import sys; from cyclonedx.validation.json import JsonStrictValidator; from cyclonedx.schema import SchemaVersion; "
              "sys.exit(str(JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(sys.argv[1]).read()) or '') or 0)")
    done = run(f"{TOOLS}/python3", "-c", script, f"{folder}/pod.cyclonedx.json")
    check("CycloneDX's strict schema has nothing to say", done.returncode == 0, done.stderr)


def provenance_names_every_input(disk, layouts):
    said = json.loads(sbom(disk, "--format", "provenance").stdout)
    digest = hashlib.sha256(read(disk)).hexdigest()
    check("the subject is the file's own digest", said["subject"] == [{"name": "all", "digest": {"sha256": digest}}], said["subject"])
    inputs = {"sha256:" + item["digest"]["sha256"] for item in said["predicate"]["buildDefinition"]["resolvedDependencies"]}
    wanted = {layout.digest for layout in layouts} | {digest for layout in layouts for digest in layout.diff_ids}
    check("images and layers are among the inputs", wanted <= inputs, wanted - inputs)


def the_same_anywhere(disk, images):
    again = build("all", images, f"{WORK}/another/place")
    shutil.rmtree(f"{WORK}/data/i2kit/layers", ignore_errors=True)
    same = all(sbom(disk, "--format", form).stdout == sbom(again, "--format", form).stdout
               for form in ("spdx", "cyclonedx", "provenance"))
    check("the same documents of the same pod built elsewhere", same)
    digest = hashlib.sha256(read(disk)).hexdigest()
    check("and by its digest alone", sbom(digest[:12], "--format", "spdx").stdout == sbom(disk, "--format", "spdx").stdout)


def images_of_volumes_too():
    os.makedirs(f"{WORK}/mounted")
    with open(f"{WORK}/mounted/i2kit.yml", "w", encoding="utf-8") as file:
        file.write(f"""apiVersion: v1
kind: Pod
metadata: {{name: mounted}}
spec:
  containers: [{{name: app, image: 'oci:{WORK}/none', volumeMounts: [{{name: data, mountPath: /data}}]}}]
  volumes: [{{name: data, image: {{reference: 'oci:{WORK}/alpine'}}}}]
""")
    done = run(I2KIT, "build", "mounted", "-o", "mounted.img", cwd=f"{WORK}/mounted")
    assert done.returncode == 0, done.stderr
    check("packages of an image that is mounted as a volume", versions(f"{WORK}/mounted/mounted.img", "alpine") ==
          ["busybox 1.36.1-r15", "musl 1.2.4-r2"])


def what_cannot_be_read_is_said():
    disk = build("odd", ["old", "none"], f"{WORK}/odd")
    done = sbom(disk)
    check("an older database of rpm, and an image without any, are named",
          "note: image oci:old: its RPM database var/lib/rpm/Packages is of an older format" in done.stderr and
          "note: image oci:none: it has no database of dpkg, apk or rpm" in done.stderr, done.stderr)
    spdx = sbom(disk, "--format", "spdx").stdout
    check("in the document too", "it has no database of dpkg, apk or rpm" in spdx)
    torn = build("torn", ["torn"], f"{WORK}/torn-pod")
    done = run(I2KIT, "sbom", torn, "-o", "json")
    error = json.loads(done.stdout)["error"]["message"] if done.stdout else ""
    check("a torn database is one error that names image and disk", done.returncode == 1 and
          "image 'oci:torn'" in error and "RPM's database cannot be read" in error, done.stdout + done.stderr)
    with open(f"{WORK}/short.img", "wb") as file:
        file.write(read(disk)[:3 << 20])
    done = run(I2KIT, "sbom", f"{WORK}/short.img")
    check("so is a disk that is cut short", done.returncode == 1 and done.stderr.count("error:") == 1, done.stderr)
    for words, status in ((["no-such"], 1), ([disk, "--format", "xml"], 2), ([], 2)):
        done = run(I2KIT, "sbom", *words)
        check(f"sbom {' '.join(words).replace(WORK, '')} ends with {status}", done.returncode == status, done.stderr)


def hostile_database():
    """One whose packages are a query without an end."""
    path = f"{WORK}/view.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE VIEW Packages AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) "
                         "SELECT x AS hnum, zeroblob(8) AS blob FROM c WHERE x<0")
    Layout(f"{WORK}/view", [{"usr/lib/sysimage/rpm/rpmdb.sqlite": read(path)}])
    done = run("timeout", "30", I2KIT, "sbom", build("view", ["view"], f"{WORK}/view-pod"))
    check("a database whose table is a query without an end", done.returncode == 1 and "no table of packages" in done.stderr,
          (done.returncode, done.stderr))


def many_names(count):
    folder = {f"var/lib/dpkg/status.d/p{i}": f"Package: p{i}\nVersion: 1\n".encode() for i in range(count)}
    Layout(f"{WORK}/many", [folder, {"var/lib/dpkg/status.d/.wh.p7": b""}])
    done = run("timeout", "30", I2KIT, "sbom", build("many", ["many"], f"{WORK}/many-pod"), "-o", "json")
    check(f"a folder of {count} packages is read in one pass", done.returncode == 0 and
          len(json.loads(done.stdout)["packages"]) > count - 1, (done.returncode, done.stderr))


def changed_partition(disk):
    """The table of contents of a disk vouches for nothing that is not there."""
    whole = bytearray(read(disk))
    parts = json.loads(run(I2KIT, "inspect", disk, "-o", "json").stdout)["partitions"]
    whole[next(p["offset"] for p in parts if p["name"] == "i2kit-base") + 400000] ^= 1
    with open(f"{WORK}/changed.img", "wb") as file:
        file.write(whole)
    done = run(I2KIT, "sbom", f"{WORK}/changed.img", "--format", "provenance")
    check("a disk whose base was changed has no provenance", done.returncode == 1 and
          "partition 2 (i2kit-base) was changed" in done.stderr, done.stderr)


def flipped_bits(disk):
    """Whatever is changed in a disk: an answer or one error, never a crash."""
    whole, bad = bytearray(read(disk)), []
    for i in range(40):
        at = (i * 7919 * 4099) % len(whole)
        whole[at] ^= 0xff
        with open(f"{WORK}/flipped.img", "wb") as file:
            file.write(whole)
        whole[at] ^= 0xff
        done = run(I2KIT, "sbom", f"{WORK}/flipped.img")
        if done.returncode not in (0, 1) or "signal" in done.stderr:
            bad.append((at, done.returncode, done.stderr))
    check("40 disks with a byte changed: never a crash", not bad, bad)


def main():
    make_debian()
    make_distroless()
    of_rpm = make_rpm()
    Layout(f"{WORK}/alpine", [{"etc/os-release": ALPINE_RELEASE, "lib/apk/db/installed": ALPINE.encode()}])
    Layout(f"{WORK}/none", [{"x": b"static"}])
    images = ["debian", "distroless", "hidden", "alpine", "rpm"]
    disk = build("all", images, f"{WORK}/here")
    names_are_those_of_the_databases(disk, of_rpm)
    documents_are_read_by_others(disk, f"{WORK}/here")
    more = [Layout(f"{WORK}/again-{i}", [{"file": bytes([i])}, {"other": b"x"}]) for i in range(2)]
    provenance_names_every_input(build("all", ["again-0", "again-1"], f"{WORK}/inputs"), more)
    the_same_anywhere(disk, images)
    images_of_volumes_too()
    what_cannot_be_read_is_said()
    hostile_database()
    many_names(20000)
    changed_partition(disk)
    flipped_bits(build("small", ["rpm", "alpine"], f"{WORK}/small"))
    print(f"1..{COUNT}\n{COUNT - len(FAILED)} passed, {len(FAILED)} failed")
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
