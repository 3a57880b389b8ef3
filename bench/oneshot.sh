#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The whole of `i2kit run IMAGE -- true`, everything cached, beside the own boot of a VM of that image: from when
# libvirt is asked for it until the guest says that its container runs, as `ps` has it of an `up` before it.
# usage: bench/oneshot.sh [BUILD-FOLDER [ROUNDS]]
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(realpath "${1:-${I2KIT_BUILD:-$top/build}}")
rounds=${2:-${BENCH_ROUNDS:-5}}
[ -n "${I2KIT_ISOLATED:-}" ] || exec "$top/scripts/isolated" "$0" "$build" "$rounds"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
i2kit=$build/i2kit
image=oci:$top/out/images/toolbox
work=$(mktemp -d)
trap '"$i2kit" -p oneshot down >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cd "$work"
printf 'name: toolbox\ncontainers:\n  toolbox:\n    image: %s\n    command: [sleep, "1000"]\n' "$image" >i2kit.yml
for round in $(seq 0 "$rounds"); do
	"$i2kit" -p oneshot up -d --wait >/dev/null 2>&1
	"$i2kit" -p oneshot ps -o json | jq '.instances[0].boot | map({(.stage): .ms}) | add | .containers / 1000' >boot
	"$i2kit" -p oneshot down >/dev/null 2>&1
	start=$(seconds)
	"$i2kit" run "$image" -- true
	since "$start" >run
	# The first round only warms the caches.
	[ "$round" = 0 ] && continue
	sample "run IMAGE -- true" "the VM's own boot" "$(cat boot)" s
	sample "run IMAGE -- true" "i2kit run IMAGE -- true" "$(cat run)" s
	ratio "$(cat run)" "$(cat boot)" >>ratios
	# What the run leaves to do behind us is not the next one's.
	while "$i2kit" ls -o json | grep -q '"run-'; do sleep 0.1; done
done
tables
figure "run IMAGE -- true / the VM's own boot" "$(median <ratios)" ""
below "run IMAGE -- true" "$(median <ratios)" 1.15 "x"
exit "$bench_status"
