#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: image.sh [ROUNDS]   (I2KIT: the program; needs scripts/example-images large, skopeo, tar2sqfs)
#
# Building the disk of an image of some 250 MB, side by side with `skopeo copy` and `tar2sqfs` of the
# same layers with the same compressor (zstd 3, 128 KiB blocks), alternating, on the same machine:
# cold; after a change of the small top layer; with nothing changed. Prints medians and ratios, and
# fails when a target is missed: cold ≤ 1.0, top layer ≤ 0.1 of cold, nothing changed < 50 ms.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
i2kit=${I2KIT:-${I2KIT_BUILD:-$top/build}/i2kit}
rounds=${1:-5}
work=$(mktemp -d "${TMPDIR:-/var/tmp}/i2kit-bench.XXXXXX")
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
[ -f "$top/out/images/large/index.json" ] || "$top/scripts/example-images" large

# The same image with another top layer.
python3 - "$top/out/images/large" "$work/changed" <<'END'
import gzip, hashlib, io, json, os, shutil, sys, tarfile
source, target = sys.argv[1:]
shutil.copytree(source, target)
def blob(content):
    digest = hashlib.sha256(content).hexdigest()
    with open(f"{target}/blobs/sha256/{digest}", "wb") as file:
        file.write(content)
    return "sha256:" + digest, len(content)
def read(digest):
    with open(f"{target}/blobs/sha256/{digest[7:]}", "rb") as file:
        return json.load(file)
index = json.load(open(f"{target}/index.json"))
manifest = read(index["manifests"][0]["digest"])
config = read(manifest["config"]["digest"])
out = io.BytesIO()
with tarfile.open(fileobj=out, mode="w") as tar:
    entry = tarfile.TarInfo("app/page.html")
    text = b"version 2\n" * 50000
    entry.size = len(text)
    tar.addfile(entry, io.BytesIO(text))
config["rootfs"]["diff_ids"][-1] = "sha256:" + hashlib.sha256(out.getvalue()).hexdigest()
layer = manifest["layers"][-1]
layer["digest"], layer["size"] = blob(gzip.compress(out.getvalue(), mtime=0))
manifest["config"]["digest"], manifest["config"]["size"] = blob(json.dumps(config).encode())
entry = index["manifests"][0]
entry["digest"], entry["size"] = blob(json.dumps(manifest).encode())
json.dump(index, open(f"{target}/index.json", "w"))
END
for name in large changed; do
	[ $name = large ] && folder=$top/out/images/large || folder=$work/changed
	printf 'name: bench\ncontainers:\n  app:\n    image: oci:%s\n' "$folder" >"$work/$name.yml"
done
layers=$(python3 -c '
import json, sys
root = sys.argv[1]
digest = json.load(open(root + "/index.json"))["manifests"][0]["digest"]
print(*[layer["digest"][7:] for layer in json.load(open(f"{root}/blobs/sha256/{digest[7:]}"))["layers"]])' "$top/out/images/large")

reference="" cold="" same=""
seconds() { # COMMAND…: appends its time in ms to $times
	local start
	start=$(date +%s%N)
	"$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
	echo $((($(date +%s%N) - start) / 1000000))
}
reference() {
	rm -rf "$work/copy" "$work/sqfs"
	mkdir "$work/sqfs"
	skopeo --insecure-policy copy -q "oci:$top/out/images/large" "oci:$work/copy:latest"
	for layer in $layers; do
		tar2sqfs -q -f -c zstd -X level=3 -j "$(nproc)" "$work/sqfs/$layer" <"$work/copy/blobs/sha256/$layer"
	done
}
build() { XDG_DATA_HOME=$work/data "$i2kit" build -f "$work/$1.yml" --progress=none; }
median() { sort -n | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

for _ in $(seq "$rounds"); do
	chmod -R u+w "$work/data" 2>/dev/null || true
	rm -rf "$work/data"
	sync
	seconds reference >>"$work/reference"
	sync
	seconds build large >>"$work/cold"
	seconds build large >>"$work/same"
	seconds build changed >>"$work/top"
done
for name in reference cold same; do
	declare "$name=$(median <"$work/$name")"
	echo "$name: ${!name} ms ($(sort -n "$work/$name" | tr '\n' ' '))"
done
echo "top layer: $(median <"$work/top") ms ($(sort -n "$work/top" | tr "\n" " "))"
awk -v r="$reference" -v c="$cold" -v t="$(median <"$work/top")" -v s="$same" 'BEGIN {
	printf "cold / reference: %.2f   top layer / cold: %.3f   nothing changed: %d ms\n", c / r, t / c, s
	exit !(c <= r && t <= c / 10 && s < 50)
}'
