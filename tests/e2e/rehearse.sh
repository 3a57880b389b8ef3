#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Disks booted as EC2 would boot them: what promote stored in the fake AWS, i2kit rehearse, promote --rehearse;
# and the guest's way with user data, secrets, volumes, signals and logs.
set -euo pipefail
top=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
export I2KIT_BASE=${I2KIT_BASE:-$top/out/base} I2KIT=${I2KIT:-${I2KIT_BUILD:-$top/build}/i2kit}
python3 "$top/tests/e2e/rehearse.py"
python3 "$top/tests/e2e/guest_cloud.py"
