#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/before.sh OLD-TREE [ROUNDS]
#
# This tree beside an older one, alternating, so that a change that was not meant to cost anything is seen to: `up` to
# the first HTTP 200 and what QEMU's processor time was until then, a disk built from nothing, `up` with nothing to
# do, and validating 10,000 lines. Each tree has its own build/ and out/base; images are this tree's.
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
[ $# -ge 1 ] || { sed -n '3s/^# //p' "$0" >&2; exit 2; }
old=$(realpath "$1")
rounds=${2:-${BENCH_ROUNDS:-5}}
[ -n "${I2KIT_ISOLATED:-}" ] || exec "$top/scripts/isolated" "$0" "$old" "$rounds"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
work=$(mktemp -d /var/tmp/i2kit-bench.XXXXXX)
mkdir "$work/project"
cp "$top/examples/hello/"*.yml "$work/project/"
sed -i "s#oci:[^ \"]*images/#oci:$top/out/images/#" "$work/project/"*.yml

choose() { # before|now: whose programs, base and folders
	tree=$top
	[ "$1" = now ] || tree=$old
	i2kit=$tree/build/i2kit
	export I2KIT_BASE=$tree/out/base
	export XDG_CACHE_HOME=$work/$1/cache XDG_DATA_HOME=$work/$1/data XDG_STATE_HOME=$work/$1/state
	mkdir -p "$XDG_CACHE_HOME" "$XDG_DATA_HOME" "$XDG_STATE_HOME"
	cd "$work/project"
}

finish() {
	for way in before now; do
		choose $way
		"$i2kit" -p project down >/dev/null 2>&1 || true
	done
	rm -rf "$work"
}
trap finish EXIT

qemu_seconds() {
	local pid
	pid=$(pgrep -f 'guest=i2kit-project' | head -n 1)
	awk -v hz="$(getconf CLK_TCK)" '{ printf "%.2f\n", ($14 + $15) / hz }' "/proc/$pid/stat"
}

lines() {
	for i in $(seq 500); do
		printf -- '---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web-%d\nspec:\n  selector:\n    matchLabels:\n      app: web-%d\n' "$i" "$i"
		printf '  template:\n    metadata:\n      labels:\n        app: web-%d\n    spec:\n      containers:\n        - name: web\n' "$i"
		printf '          image: example.com/web:%d\n          env:\n            - name: A\n              value: "%d"\n' "$i" "$i"
	done
}
lines >"$work/many.yml"

measure() { # before|now
	local start
	choose "$1"
	rm -rf "$XDG_DATA_HOME/i2kit" "$XDG_CACHE_HOME/i2kit"
	start=$(seconds)
	"$i2kit" build >/dev/null 2>"$work/build.log" || cat "$work/build.log" >&2
	sample "a disk from nothing" "$1" "$(since "$start")" s
	start=$(seconds)
	"$i2kit" -p project up -d >/dev/null 2>"$work/up.log" || cat "$work/up.log" >&2
	answers http://127.0.0.1:8080/ 120
	sample "up to HTTP 200" "$1" "$(since "$start")" s
	sample "QEMU's processor time until then" "$1" "$(qemu_seconds)" s
	start=$(seconds)
	"$i2kit" -p project up -d >/dev/null 2>&1
	sample "up with nothing to do" "$1" "$(since "$start")" s
	"$i2kit" -p project down >/dev/null 2>&1
	start=$(seconds)
	"$i2kit" validate "$work/many.yml" >/dev/null 2>&1
	sample "validating 10,000 lines" "$1" "$(since "$start")" s
}

for round in $(seq "$rounds"); do
	if [ $((round % 2)) -eq 1 ]; then measure before && measure now; else measure now && measure before; fi
done
tables
