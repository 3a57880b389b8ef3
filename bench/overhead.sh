#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What `i2kit up -d --wait` takes beyond the VM's own boot, everything cached: its whole time less the time
# from the moment libvirt has started the VM until the guest says it is ready.
# usage: bench/overhead.sh [BUILD-FOLDER [ROUNDS]]
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(realpath "${1:-${I2KIT_BUILD:-$top/build}}")
rounds=${2:-${BENCH_ROUNDS:-3}}
[ -n "${I2KIT_ISOLATED:-}" ] || exec "$top/scripts/isolated" "$0" "$build" "$rounds"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
i2kit=$build/i2kit
work=$(mktemp -d)
trap '"$i2kit" -p hello down >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
"$i2kit" build -f "$top/examples/hello" >/dev/null 2>&1
for round in $(seq 0 "$rounds"); do
	start=$(seconds)
	"$i2kit" up -d --wait "$top/examples/hello" >/dev/null 2>&1
	took=$(since "$start")
	"$i2kit" -p hello ps -o json |
		jq -r --argjson took "$took" '.instances[0].boot | map({(.stage): .ms}) | add | $took - (.ready - .define) / 1000' >"$work/one"
	# The first one only warms the caches.
	[ "$round" = 0 ] || cat "$work/one" >>"$work/overhead"
	"$i2kit" -p hello down >/dev/null 2>&1
done
figure "up beyond the VM's own boot" "$(median <"$work/overhead")" "s"
echo "spread: $(spread <"$work/overhead") s"
