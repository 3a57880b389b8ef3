#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Images as people have them: numeric and named users, read-only roots, no shell, file capabilities, set-uid
# programs, holes, 100,000 files, odd names; on a Debian image, on one with musl and on one with nothing but a program.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
need gcc musl-gcc python3
cleanup() { "$i2kit" -p kinds down --volumes; }
cd "$work" || exit 1
export I2KIT_PROJECT=kinds

cat >who.c <<'END'
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(int count, char **words)
{
	char line[256], caps[64] = "?";
	FILE *status = fopen("/proc/self/status", "r");
	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, "CapEff:\t", 8) == 0)
			snprintf(caps, sizeof(caps), "%.16s", line + 8);
	printf("%d %d %d %s %s\n", getuid(), geteuid(), getgid(), caps, access("/", W_OK) == 0 ? "writable" : "read-only");
	fflush(stdout);
	if (count > 1 && strcmp(words[1], "stay") == 0)
		for (;;)
			pause();
	return 0;
}
END
gcc -static -O1 -o who who.c && musl-gcc -O1 -o who-musl who.c || exit 1
python3 - "$top" "$images" <<'END'
import gzip, hashlib, io, json, os, struct, sys, tarfile
top, images = sys.argv[1:3]
sys.path.insert(0, top + "/scripts/lib"); sys.dont_write_bytecode = True
from oci import Layout

def entries_to_tar(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, errors="surrogateescape") as tar:
        for name, fields in entries:
            info = tarfile.TarInfo(name)
            fields = dict(fields)
            data = fields.pop("data", b"")
            info.mode, info.size = 0o644, len(data)
            for key in fields:
                setattr(info, key, fields[key])
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()

who = open("who", "rb").read()
# VFS_CAP_REVISION_2, effective, CAP_NET_BIND_SERVICE; pax keeps bytes as text
capability = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0).decode("latin-1")
account = [("etc/passwd", {"data": b"root:x:0:0::/root:/bin/sh\napp:x:1234:2345::/home/app:/bin/sh\n"}),
           ("etc/group", {"data": b"root:x:0:\napp:x:2345:\nextra:x:77:app\n"})]
special = account + [
    ("opt/who", {"data": who, "mode": 0o755}),
    ("opt/set-uid", {"data": who, "mode": 0o4755, "uid": 0}),
    ("opt/capable", {"data": who, "mode": 0o755, "pax_headers": {"SCHILY.xattr.security.capability": capability}}),
    ("opt/zeros", {"data": bytes(32 << 20)}),
    ("odd/with space", {}), ("odd/new\nline", {}), ("odd/-dash", {}), ("odd/\u00fcml\u00e4ut", {}), ("odd/" + "x" * 250, {}),
    ("odd/byte\udcff", {})]
special += [(f"many/{i // 1000:03}/{i % 1000:03}", {}) for i in range(100000)]

def layers_of(folder):
    blob = lambda digest: open(os.path.join(folder, "blobs", *digest.split(":")), "rb").read()
    manifest = json.loads(blob(json.load(open(f"{folder}/index.json"))["manifests"][0]["digest"]))
    if "manifests" in manifest:
        manifest = json.loads(blob(manifest["manifests"][0]["digest"]))
    for layer in manifest["layers"]:
        data = blob(layer["digest"])
        yield gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data

class Raw:
    def __init__(self, data): self.data = data
    def tar(self): return self.data

def make(name, layers, config):
    layout = Layout(os.path.abspath(name))
    layout.image("1", [(Raw(data), "layer") for data in layers], config)
    layout.finish()

path = ["PATH=/usr/local/bin:/usr/bin:/bin"]
make("debian", [*layers_of(f"{images}/vote"), entries_to_tar(special)], {"Cmd": ["/opt/who", "stay"], "User": "app", "Env": path})
def read(name): return open(name, "rb").read()
musl = account + [("lib/ld-musl-x86_64.so.1", {"data": read("/lib/ld-musl-x86_64.so.1"), "mode": 0o755}),
                  ("who", {"data": read("who-musl"), "mode": 0o755}), ("set-uid", {"data": read("who-musl"), "mode": 0o4755}),
                  ("capable", {"data": read("who-musl"), "mode": 0o755, "pax_headers": {"SCHILY.xattr.security.capability": capability}})]
make("musl", [entries_to_tar(musl)], {"Entrypoint": ["/who", "stay"], "User": "app"})
make("bare", [entries_to_tar(account + [("who", {"data": who, "mode": 0o755})])], {"Entrypoint": ["/who", "stay"]})
END
[ -d debian ] && [ -d bare ] && [ -d musl ]
ok $? "the images are made"

cat >i2kit.yml <<END
name: kinds
terminationGracePeriodSeconds: 1
containers:
  named: {image: "oci:debian"}
  number: {image: "oci:debian", securityContext: {runAsUser: 4321, runAsGroup: 5432}}
  rooted: {image: "oci:debian", securityContext: {runAsUser: 0, readOnlyRootFilesystem: true}}
  musl: {image: "oci:musl"}
  musl-number: {image: "oci:musl", securityContext: {runAsUser: 4321, runAsGroup: 5432, readOnlyRootFilesystem: true}}
  bare: {image: "oci:bare", securityContext: {runAsUser: 7, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}}
END
"$i2kit" up -d --wait --timeout 120s
ok $? "up"
sleep 1
line() { "$i2kit" logs "kinds/$1" | sed 's/^[^|]*| //' | head -n 1; }
is "$(line named)" "1234 1234 2345 0000000000000000 read-only"
ok $? "USER by name"
is "$(line number)" "4321 4321 5432 0000000000000000 read-only"
ok $? "a user by number"
is "$(line rooted)" "0 0 0 00000000a80425fb read-only"
ok $? "root with Docker's capabilities, and a root that is read-only"
is "$(line bare)" "7 7 0 0000000000000000 read-only"
ok $? "a program alone, without a shell or a library"
is "$(line musl)" "1234 1234 2345 0000000000000000 read-only" && is "$(line musl-number)" "4321 4321 5432 0000000000000000 read-only"
ok $? "users by name and by number on musl"
is "$("$i2kit" exec kinds/musl /capable)" "1234 1234 2345 0000000000000400 read-only" &&
	is "$("$i2kit" exec kinds/musl /set-uid | cut -d' ' -f1-3)" "1234 0 2345"
ok $? "file capabilities and set-uid programs on musl"
! "$i2kit" exec kinds/bare sh -c true 2>/dev/null && "$i2kit" cp kinds/bare:/who copy && cmp copy who
ok $? "cp from an image without a shell"

run() { "$i2kit" exec kinds/named "$@"; }
is "$(run id -Gn 2>/dev/null || run id -G)" "app extra" || is "$(run id -G)" "2345 77"
ok $? "the user has the groups of /etc/group"
is "$(run /opt/capable)" "1234 1234 2345 0000000000000400 read-only"
ok $? "file capabilities work"
is "$(run /opt/set-uid | cut -d' ' -f1-3)" "1234 0 2345"
ok $? "set-uid programs work"
is "$(run sh -c 'find /many -type f | wc -l')" 100000
ok $? "100,000 files are there"
is "$(run sh -c 'cd /odd && ls | wc -c; ls -d ./-dash "with space" ./*ml*ut ./byte* | wc -l; wc -c </opt/zeros')" "$(printf '%s\n4\n33554432' \
	$((10 + 1 + 8 + 1 + 5 + 1 + 9 + 250 + 1 + 6)))"
ok $? "odd names and a large file of zeros"
run sh -c 'dd if=/dev/zero of=/tmp/sparse bs=1 count=1 seek=1G 2>/dev/null && [ "$(du -k /tmp/sparse | cut -f1)" -lt 100 ]'
ok $? "a file with holes takes no room"
finished
