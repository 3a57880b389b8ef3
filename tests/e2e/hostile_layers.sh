#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# usage: hostile_layers.sh   (I2KIT: the program; default: that of ./build)
top=$(cd "$(dirname "$0")/../.." && pwd)
export I2KIT="${I2KIT:-${I2KIT_BUILD:-$top/build}/i2kit}"
for need in python3 zstd "$I2KIT"; do
	command -v "$need" >/dev/null || { echo "1..0 # SKIP $need is not installed"; exit 77; }
done
[ -f "${I2KIT_BASE:-$top/out/base}/base.json" ] || { echo "1..0 # SKIP scripts/make-base was not run"; exit 77; }
exec python3 "$top/tests/e2e/hostile_layers.py" "$@"
