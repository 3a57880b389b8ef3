#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Routes in AWS: what an ALB answers is what HAProxy answers here, and promote against the strict fake. Beside cloud.sh,
# so that both have their time.
set -eu
. "$(dirname "$0")/lib/prologue.sh"
command -v haproxy >/dev/null || skip "haproxy is not installed"
meson test -C "$(dirname "$i2kit")" --no-rebuild --num-processes 2 --print-errorlogs --timeout-multiplier 3 \
	cloud-routes cloud-routes-promoted
