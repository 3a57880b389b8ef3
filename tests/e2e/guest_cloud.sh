#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The guest's way with user data, secrets, volumes, signals and logs in the cloud. VMs under bare QEMU, no libvirt,
# nothing outside a scratch folder.
exec python3 "$(dirname "$0")/guest_cloud.py" "$@"
