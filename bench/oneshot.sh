#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The whole of `i2kit run IMAGE -- true`, everything cached, beside the boot of that very VM: from when libvirt is asked
# for it until the guest says that its container runs. Both are of one VM (its record is kept, that is all that --keep
# does), so that what else the machine does meanwhile counts for both. Likewise the processor time of everything
# (client, supervisor, libvirtd, QEMU), beside that of `up --wait` and `down` of the same image, by turns.
# usage: bench/oneshot.sh [BUILD-FOLDER [ROUNDS]]
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(realpath "${1:-${I2KIT_BUILD:-$top/build}}")
rounds=${2:-${BENCH_ROUNDS:-5}}
[ -n "${I2KIT_ISOLATED:-}" ] || exec "$top/scripts/isolated" "$0" "$build" "$rounds"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
export I2KIT_BASE=${I2KIT_BASE:-$top/out/base}
# Every VM boots: no template of one may come between two rounds.
export I2KIT_WARM_BUDGET=0
i2kit=$build/i2kit
image=oci:$top/out/images/toolbox
work=$(mktemp -d)
finish() {
	for project in once oneshot; do "$i2kit" -p $project down >/dev/null 2>&1 || true; done
	rm -rf "$work"
}
trap finish EXIT
cd "$work"
printf 'name: toolbox\ncontainers:\n  toolbox:\n    image: %s\n    command: [sleep, "1000"]\n' "$image" >i2kit.yml

run_once() {
	local before start
	before=$(all_processors)
	start=$(seconds)
	"$i2kit" run --keep --name once "$image" -- true 2>/dev/null
	since "$start" >run
	"$i2kit" -p once ps -a -o json 2>/dev/null | jq '.instances[0].boot | map({(.stage): .ms}) | add | .containers / 1000' >boot
	"$i2kit" -p once down >/dev/null 2>&1
	after_all "$before" >run.cpu
}

up_once() {
	local before
	before=$(all_processors)
	"$i2kit" -p oneshot up -d --wait >/dev/null 2>&1
	"$i2kit" -p oneshot down >/dev/null 2>&1
	after_all "$before" >up.cpu
}

for round in $(seq 0 "$rounds"); do
	up_once
	run_once
	# The first round only warms the caches.
	[ "$round" = 0 ] && continue
	sample "run IMAGE -- true" "the VM's own boot" "$(cat boot)" s
	sample "run IMAGE -- true" "i2kit run IMAGE -- true" "$(cat run)" s
	sample "run IMAGE -- true, processor time of all processes" "i2kit up --wait, down" "$(cat up.cpu)" s
	sample "run IMAGE -- true, processor time of all processes" "i2kit run IMAGE -- true" "$(cat run.cpu)" s
	ratio "$(cat run)" "$(cat boot)" >>ratios
	ratio "$(cat run.cpu)" "$(cat up.cpu)" >>ratios.cpu
done
tables
figure "run IMAGE -- true / the VM's own boot" "$(median <ratios)" ""
figure "run IMAGE -- true / up and down, processor time" "$(median <ratios.cpu)" ""
below "run IMAGE -- true" "$(median <ratios)" 1.15 "x"
exit "$bench_status"
