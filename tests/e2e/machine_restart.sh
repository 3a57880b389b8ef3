#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: machine_restart.sh [RELEASE]
#
# `up --boot` under a real systemd: it is process 1 of Debian 13 (libvirt 11) in namespaces of its own. A pod is brought up
# with --boot, the machine is restarted, and the pod answers again without a word from anybody; after `down` and another
# restart nothing comes.
set -u
. "$(dirname "$0")/lib/prologue.sh"
lists=build,unit,run,systemd
if [ "${1:-}" != inside ]; then
	[ "$(id -u)" = 0 ] || skip "needs root"
	in_work
	need mmdebstrap
	check "a tree of ${1:-trixie} with systemd" "$top/scripts/in-release" "${1:-trixie}" $lists true || finished
	"$top/scripts/in-release" "${1:-trixie}" $lists env I2KIT_BUILD="$(dirname "$i2kit")" I2KIT_BASE="$I2KIT_BASE" \
		bash tests/e2e/machine_restart.sh inside
	exit
fi

in_work
machine= # the process that waits for the machine
cleanup() {
	if [ -n "$machine" ]; then
		kill -9 "$machine"
		wait "$machine"
	fi
	find "$cgroup" -depth -type d -exec rmdir {} \;
	umount /run/i2kit-cgroups
}
# A cgroup of its own, whose namespace has it as its root.
mkdir /run/i2kit-cgroups && mount -t cgroup2 none /run/i2kit-cgroups || exit 1
cgroup=/run/i2kit-cgroups/$(basename "$work")
mkdir "$cgroup" || exit 1
# Nothing of /tmp is cleaned or covered, where this source tree may lie; and nobody writes into it.
ln -sf /dev/null /etc/systemd/system/tmp.mount
ln -sf /dev/null /etc/tmpfiles.d/tmp.conf
cat >"$work/start" <<END
mount -o remount,bind,ro "$top"
umount -R -l /sys
mount -t sysfs sysfs /sys
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs tmpfs /run
exec env -i container=i2kit PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init
END
start_machine() {
	(
		echo $BASHPID >"$cgroup/cgroup.procs"
		exec unshare --pid --net --mount --uts --ipc --cgroup --fork --kill-child --mount-proc --propagation private \
			sh "$work/start"
	) >"$work/console" 2>&1 &
	machine=$!
	for _ in $(seq 120); do
		init=$(pgrep -P "$machine") && [ -n "$init" ] &&
			case $(on_it systemctl is-system-running 2>/dev/null) in running | degraded) return 0 ;; esac
		sleep 0.5
	done
	tail -n 20 "$work/console"
	return 1
}
on_it() { nsenter -t "$init" -a env HOME=/root PATH="$PATH" I2KIT_BASE="$I2KIT_BASE" "$@"; }
power_off() {
	on_it systemctl poweroff
	wait "$machine"
	machine=
}
answers() {
	local i
	for i in $(seq "$1"); do
		on_it curl -fsS -m 5 http://127.0.0.1:8080/ 2>/dev/null | grep -q "Hello from hello-0" && return
		sleep 0.5
	done
	on_it systemctl status --no-pager i2kit-hello.service
	on_it journalctl --no-pager -n 20 -u i2kit-hello.service
	return 1
}

check "the machine starts" start_machine || finished
sed 's/^/# /' <(on_it systemctl --version | head -n 1) <(on_it virsh --version)
check "up --boot" on_it timeout 180 "$i2kit" up -d --wait --boot "$top/examples/hello"
check "the pod answers" answers 20
check "systemd knows its unit, and wants it" on_it systemctl is-enabled i2kit-hello.service
check "the machine goes down in order" power_off
check "and starts again" start_machine
check "the pod answers, and nobody has typed a word" answers 240
check "its unit is active" on_it systemctl is-active i2kit-hello.service
check "ps knows it" expect "Ready" on_it "$i2kit" -p hello ps
check "down" on_it timeout 60 "$i2kit" -p hello down
check "takes the unit away" on_it sh -c '! systemctl cat i2kit-hello.service'
power_off
check "after one more restart" start_machine
sleep 3
[ -z "$(on_it virsh -q list --all --name | grep i2kit)" ]
ok $? "nothing comes"
power_off
finished
