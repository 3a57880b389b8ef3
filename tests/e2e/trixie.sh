#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: trixie.sh [RELEASE]
#
# Pods on Debian 13, under its libvirt 11 and QEMU 10, in a tree that scripts/in-release makes: hello.sh as root in system
# mode, session.sh as a user without privilege and as a member of group libvirt, warm_map.sh. The program is the one of this machine, as
# that of the packages is. `trixie.sh noble`: the same on Ubuntu 24.04, where its archive is reached.
set -u
. "$(dirname "$0")/lib/prologue.sh"
[ "$(id -u)" = 0 ] || skip "needs root"
in_work
need mmdebstrap
release=${1:-trixie}
inside() { "$top/scripts/in-release" "$release" build,unit,run,systemd env I2KIT_BUILD="$(dirname "$i2kit")" I2KIT_BASE="$I2KIT_BASE" "$@"; }
newer() { inside sh -c 'libvirtd --version; qemu-system-x86_64 --version | head -n 1'; }
check "a tree of $release with what runs pods" newer
sed 's/^/# /' "$work/out"
for test in hello session warm_map; do
	check "$test on $release" inside timeout 300 "tests/e2e/$test.sh"
done
finished
