#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# guest_cloud.py in the suite: VMs under bare QEMU, no libvirt, nothing outside a scratch folder.
exec python3 "$(dirname "$0")/guest_cloud.py" "$@"
