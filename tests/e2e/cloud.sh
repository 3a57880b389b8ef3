#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The cloud without a cloud: uploads, credentials, templates, stacks and the verbs against the strict fake of
# AWS, which Amazon's own clients drive as well. No VM: rehearse.sh boots what comes out. The tests mostly
# wait, so they run side by side.
set -euo pipefail
. "$(dirname "$0")/lib/prologue.sh"
if ! "$top/scripts/cloud-tools"; then
	echo "cfn-lint and moto cannot be fetched: what needs them is skipped"
fi
export PATH="$top/out/cloud-tools/bin:$PATH"
for program in aws cfn-lint moto_server; do
	echo "$program: $(command -v "$program" || echo missing)"
done
meson test -C "$(dirname "$i2kit")" --no-rebuild --num-processes 8 --print-errorlogs --timeout-multiplier 3 \
	cloud-upload cloud-credentials cloud-template cloud-fake-speaks-aws cloud-fake-refuses cloud-moto cloud-first-time cloud-permissions cloud-smoke \
	cloud-attacks cloud-clouds-yaml cloud-openstack-login cloud-openstack-images cloud-promote-0 cloud-promote-1 cloud-promote-2
