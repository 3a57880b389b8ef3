#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: layer_files.sh   (I2KIT: the program; default: that of ./build)
. "$(dirname "$0")/lib/prologue.sh"
need python3 unsquashfs "$i2kit"
[ -f "$I2KIT_BASE/base.json" ] || skip "scripts/make-base was not run"
[ "$(id -u)" -eq 0 ] || skip "only root may unpack owners, devices and capabilities"
I2KIT=$i2kit exec python3 "$top/tests/e2e/layer_files.py" "$@"
