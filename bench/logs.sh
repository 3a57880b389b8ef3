#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The log store: lines from five pods at once, written and read back merged.
# usage: bench/logs.sh BUILD-FOLDER
set -euo pipefail
build=$(realpath "${1:?usage: bench/logs.sh BUILD-FOLDER}")
ninja -C "$build" bench/log_load >/dev/null
XDG_DATA_HOME=$(mktemp -d)
export XDG_DATA_HOME
trap 'rm -rf "$XDG_DATA_HOME"' EXIT
for pods in 1 5 25; do
	printf '%2d pods: ' "$pods"
	"$build/bench/log_load" "bench-$pods" "$pods" 200
done
