#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/image.sh [BUILD-FOLDER [ROUNDS]]   (needs skopeo, tar2sqfs, linuxkit)
#
# Building the disk of an image of some 250 MB, side by side with `skopeo copy` and `tar2sqfs` of the
# same layers with the same compressor (zstd 3, 128 KiB blocks), alternating, on the same machine:
# cold; after a change of the small top layer; with nothing changed. Prints medians and ratios, and
# fails when a target is missed: cold ≤ 1.0, top layer ≤ 0.1 of cold, nothing changed < 50 ms.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
build=$(realpath "${1:-${I2KIT_BUILD:-$top/build}}")
i2kit=$build/i2kit
rounds=${2:-${BENCH_ROUNDS:-5}}
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
work=$(mktemp -d "${TMPDIR:-/var/tmp}/i2kit-bench.XXXXXX")
registry=
trap '[ -z "$registry" ] || kill "$registry"; chmod -R u+w "$work"; rm -rf "$work"' EXIT
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

export I2KIT_BASE=${I2KIT_BASE:-$top/out/base} XDG_DATA_HOME=$work/data
timed() { # WAY COMMAND…
	local way=$1 start
	shift
	start=$(seconds)
	"$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
	took=$(since "$start")
	sample "${table:-disk of an image of 250 MB}" "$way" "$took" s
}
reference() {
	rm -rf "$work/copy" "$work/sqfs"
	mkdir "$work/sqfs"
	skopeo --insecure-policy copy -q "oci:$top/out/images/large" "oci:$work/copy:latest"
	for layer in $layers; do
		tar2sqfs -q -f -c zstd -X level=3 -j "$(nproc)" "$work/sqfs/$layer" <"$work/copy/blobs/sha256/$layer"
	done
}
build() { "$i2kit" build -f "$work/$1.yml" --progress=none; }

has_reference=true
for need in skopeo tar2sqfs; do
	command -v $need >/dev/null || { missing "skopeo and tar2sqfs" "$need is not installed"; has_reference=false; }
done

# linuxkit has no OverlayFS: it packs everything anew. Its images of disks need more of its own images
# than can be had everywhere, so what it makes here is kernel and initrd, with the image as the root file system.
has_linuxkit=false
prepare_linuxkit() {
	local name folder
	serve_images "$work" 5080 || return
	for name in large changed; do
		[ $name = large ] && folder=$top/out/images/large || folder=$work/changed
		python3 "$top/bench/linuxkit_images.py" "$work/lk-$name" "$I2KIT_BASE" "$folder" &&
			linuxkit_document 5080 $name "$work/lk-$name" "$I2KIT_BASE" >"$work/lk-$name.yml" || return
	done
}
linuxkit_build() { linuxkit --cache "$work/lk-cache" build --no-sbom --format kernel+initrd --dir "$work" --name lk "$work/lk-$1.yml"; }
our_document() {
	XDG_DATA_HOME=$work/lk-data "$i2kit" build --linuxkit-file "$work/lk-large.yml" --format kernel+initrd -o "$work/ours" --progress=none
}
linuxkit_rows() {
	chmod -R u+w "$work/lk-data" 2>/dev/null || true
	rm -rf "$work/lk-cache" "$work/lk-data"
	timed "linuxkit build (kernel+initrd), cold" linuxkit_build large
	sample "a LinuxKit document to kernel+initrd" "linuxkit build" "$took" s
	timed "linuxkit build, nothing changed" linuxkit_build large
	timed "linuxkit build, top layer changed" linuxkit_build changed
	table="a LinuxKit document to kernel+initrd" timed "i2kit build --linuxkit-file" our_document
}
if ! command -v linuxkit >/dev/null || ! command -v docker-registry >/dev/null || ! command -v skopeo >/dev/null; then
	missing "linuxkit build" "linuxkit (see bench/competitors), docker-registry or skopeo is not installed"
elif prepare_linuxkit; then
	has_linuxkit=true
else
	missing "linuxkit build" "its registry does not run here"
fi
for round in $(seq "$rounds"); do
	chmod -R u+w "$work/data" 2>/dev/null || true
	rm -rf "$work/data"
	sync
	if $has_reference; then
		timed "skopeo copy, tar2sqfs" reference
		echo "$took" >>"$work/reference"
		sync
	fi
	timed "i2kit build, cold" build large
	echo "$took" >>"$work/cold"
	timed "i2kit build, nothing changed" build large
	echo "$took" >>"$work/same"
	timed "i2kit build, top layer changed" build changed
	echo "$took" >>"$work/top"
	# It takes ten times as long as all of the others: half of the rounds show that.
	! $has_linuxkit || [ "$round" -gt $(((rounds + 1) / 2)) ] || linuxkit_rows
done
tables
disk=$(find "$work/data/i2kit/disks" -name '*.img' -printf '%b\n' | sort -n | tail -n 1)
figure "the disk, kernel and base included" "$(awk -v b="$disk" 'BEGIN { printf "%.0f", b * 512 / 1e6 }')" MB
if $has_reference; then
	figure "tar2sqfs, the layers alone" "$(cat "$work"/sqfs/* | wc -c | awk '{ printf "%.0f", $1 / 1e6 }')" MB
fi
same=$(median <"$work/same") cold=$(median <"$work/cold") changed=$(median <"$work/top")
below "a changed top layer" "$changed" "$(awk -v c="$cold" 'BEGIN { printf "%.3f", c / 10 }')" s
below "nothing changed" "$same" 0.05 s
if $has_reference; then
	below "cold, beside skopeo and tar2sqfs" "$cold" "$(median <"$work/reference")" s
fi
exit $bench_status
