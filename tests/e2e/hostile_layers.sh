#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: hostile_layers.sh   (I2KIT: the program; default: that of ./build)
. "$(dirname "$0")/lib/prologue.sh"
need python3 xz zstd "$i2kit"
[ -f "$I2KIT_BASE/base.json" ] || skip "scripts/make-base was not run"
I2KIT=$i2kit exec python3 "$top/tests/e2e/hostile_layers.py" "$@"
