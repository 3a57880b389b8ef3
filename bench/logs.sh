#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The log store: lines from five pods at once, written and read back merged.
# usage: bench/logs.sh [BUILD-FOLDER [ROUNDS]]
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(realpath "${1:-${I2KIT_BUILD:-$top/build}}")
rounds=${2:-${BENCH_ROUNDS:-3}}
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
ninja -C "$build" bench/log_load >/dev/null
XDG_DATA_HOME=$(mktemp -d)
export XDG_DATA_HOME
trap 'rm -rf "$XDG_DATA_HOME"' EXIT
for round in $(seq "$rounds"); do
	for pods in 1 5 25; do
		result=$("$build/bench/log_load" "bench-$round-$pods" "$pods" 200)
		sample "log store, written" "$pods pods" "$(sed -E 's/.*written ([0-9.]+) MB.*/\1/' <<<"$result")" MB/s
		sample "log store, read and merged" "$pods pods" "$(sed -E 's/.*read ([0-9.]+) MB.*/\1/' <<<"$result")" MB/s
		rm -rf "${XDG_DATA_HOME:?}"/*
	done
done
tables
