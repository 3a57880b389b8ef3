#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What `i2kit sbom` says of disks, beside what dpkg and rpm themselves say of the same databases; SPDX and CycloneDX
# are read by those who made them.
. "$(dirname "$0")/lib/prologue.sh"
need python3 rpmbuild "$i2kit"
in_work
"$top/scripts/sbom-tools" || exit 1
I2KIT=$i2kit XDG_DATA_HOME=$work/data python3 "$top/tests/e2e/sbom.py" "$work" "$top/out/sbom-tools/bin"
