#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/pull.sh [BUILD-FOLDER [ROUNDS]]   (needs docker-registry, skopeo, scripts/example-images large)
#
# `i2kit pull` side by side with `skopeo copy` into an OCI layout: the same image of some 90 MB packed,
# from the same registry on loopback, alternating, in a network namespace of its own. Then the same tag
# asked again. Ours also syncs every blob to the disk before it counts.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if [ -z "${I2KIT_BENCH_NET:-}" ]; then
	[ "$(id -u)" = 0 ] && flags="--net" || flags="--user --map-root-user --net"
	# shellcheck disable=SC2086
	exec env I2KIT_BENCH_NET=1 unshare $flags -- bash "$0" "$@"
fi
ip link set lo up
. "$here/lib.sh"
top=$(dirname "$here")
i2kit=$(realpath "${1:-${I2KIT_BUILD:-$top/build}}")/i2kit
image=$top/out/images/large
rounds=${2:-${BENCH_ROUNDS:-7}}
for need in docker-registry skopeo; do
	command -v $need >/dev/null || { missing "skopeo copy" "$need is not installed"; exit 0; }
done
[ -f "$image/index.json" ] || { echo "skipped: no $image; run scripts/example-images large"; exit 0; }
work=$(mktemp -d "${TMPDIR:-/var/tmp}/i2kit-bench-pull.XXXXXX")
registry=
trap '[ -z "$registry" ] || kill $registry; chmod -R u+w "$work"; rm -rf "$work"' EXIT
printf 'version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:5000"}\n' \
	"$work/registry" >"$work/registry.yml"
docker-registry serve "$work/registry.yml" >/dev/null 2>&1 &
registry=$!
answers http://127.0.0.1:5000/v2/ 10
skopeo copy -q --insecure-policy --dest-tls-verify=false "oci:$image" docker://127.0.0.1:5000/large:1
export XDG_DATA_HOME=$work/data HOME=$work
ours() { "$i2kit" pull --progress=none 127.0.0.1:5000/large:1 >/dev/null; }
theirs() { skopeo copy -q --insecure-policy --src-tls-verify=false docker://127.0.0.1:5000/large:1 "oci:$work/copy:1"; }
timed() { # COMMAND FILE
	local start
	sync
	start=$(seconds)
	"$1"
	sample "an image of 88 MiB from a registry" "$2" "$(since "$start")" s
}
for _ in $(seq $rounds); do
	chmod -R u+w "$work/data" 2>/dev/null || true
	rm -rf "$work/data" "$work/copy"
	timed theirs "skopeo copy"
	timed ours "i2kit pull"
	timed ours "i2kit pull, the same tag again"
done
tables
