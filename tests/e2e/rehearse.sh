#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Disks booted as EC2 would boot them: what promote stored in the fake AWS, i2kit rehearse, promote --rehearse.
set -euo pipefail
. "$(dirname "$0")/lib/prologue.sh"
export I2KIT=$i2kit
python3 "$top/tests/e2e/rehearse.py"
