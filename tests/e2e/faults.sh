#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Hostile surroundings: libvirtd restarted and hanging, the network removed, a guest that hangs, QEMU killed with its
# image gone, the disk full, two ups at once,
# the supervisor killed at several moments, the plan lost, a guest that was taken over.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
# It kills libvirtd and mounts: never but in a process namespace of its own.
case $HOME in /tmp/i2kit-isolated.*) ;; *) echo "not isolated" >&2 && exit 1 ;; esac
export I2KIT_PROJECT=faults
data=$HOME/.local/share/i2kit
cleanup() {
	"$i2kit" down --volumes
	umount "$data/volumes" 2>/dev/null
}
cd "$work" || exit 1
cat >web.yml <<END
name: web
containers:
  nginx:
    image: oci:$top/out/images/nginx
    ports: ["8080:80"]
    environment: ["ROUND=0"]
    readinessProbe:
      httpGet: {path: /, port: 80}
END
cat >disk.yml <<END
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: store}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 400Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: disk}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: tool
    image: oci:$top/out/images/toolbox
    command: [sleep, "100000"]
    volumeMounts: [{name: store, mountPath: /store}]
  volumes: [{name: store, persistentVolumeClaim: {claimName: store}}]
END
# kill_supervisor: never `kill 0` when there is none.
supervisor() { "$i2kit" ps -o json | jq -r '.supervisorPid // empty'; }
kill_supervisor() {
	local pid
	pid=$(supervisor)
	[ -n "$pid" ] && [ "$pid" -gt 1 ] && kill -9 "$pid"
}
answers() { curl -fsS -m "${1:-5}" http://127.0.0.1:8080/ | grep -q 'Hello from web-'; }
says() { # says TEXT SECONDS: an event with it comes
	local _
	for _ in $(seq "$2"); do
		timeout 5 "$i2kit" events 2>/dev/null | grep -q "$1" && return 0
		sleep 1
	done
	"$i2kit" events | tail -n 15 | sed 's/^/# /'
	return 1
}
vms() { virsh -q list --name | grep -c '^i2kit-faults'; }
whole() { timeout 20 "$i2kit" exec disk -- sh -c 'wc -c </store/big' | grep -q 62914560; }

mkdir -p "$data/volumes" && mount -t tmpfs -o size=48m tmpfs "$data/volumes"
"$i2kit" up -d --wait --timeout 180s -f web.yml -f disk.yml
ok $? "two pods run"

echo "# libvirtd restarted"
kill "$(cat /run/libvirtd.pid)"
says LibvirtLost 10 && answers
ok $? "libvirtd ends: the supervisor says so, the port answers"
sleep 1
libvirtd -d
says LibvirtBack 20 && answers && [ "$(vms)" = 2 ]
ok $? "libvirtd is back: connected again, no VM was lost or made twice"

echo "# an up while libvirtd restarts"
kill "$(cat /run/libvirtd.pid)"
sleep 1
timeout 100 "$i2kit" up -d --wait --timeout 90s -f web.yml -f disk.yml >up.out 2>&1 &
up=$!
sleep 3
libvirtd -d
wait $up || { sed 's/^/# /' up.out && false; }
ok $? "up waits for a libvirtd that is about to be back"

echo "# libvirtd hangs"
kill -STOP "$(cat /run/libvirtd.pid)"
sleep 3
answers && timeout 5 "$i2kit" ps >/dev/null
ok $? "libvirtd hangs: the port and ps answer"
kill -CONT "$(cat /run/libvirtd.pid)"

echo "# the network is removed"
virsh -q net-destroy i2kit-faults >/dev/null
for _ in $(seq 20); do answers 2 2>/dev/null && break; sleep 0.5; done
answers && virsh -q net-list --name | grep -q '^i2kit-faults$'
ok $? "the project's network is removed: it is made again, the port answers"

echo "# a guest hangs"
vm=$(pgrep -f 'qemu-system.*guest=i2kit-faults\.web-0' | head -1)
kill -STOP "$vm"
says 'does not answer any more' 40
ok $? "a guest that hangs is not ready any more"
kill -CONT "$vm"
for _ in $(seq 30); do answers 2 2>/dev/null && break; sleep 1; done
answers && [ "$(vms)" = 2 ]
ok $? "it answers again, and clients reach it"

echo "# disk full"
timeout 150 "$i2kit" exec disk -- sh -c 'dd if=/dev/zero of=/store/big bs=1M count=60 && sync' >dd.out 2>&1 &
dd=$!
says 'its disk cannot be written' 60
ok $? "the disk is full: the VM pauses, and it is said"
answers
ok $? "the other pod goes on"
mount -o remount,size=400m "$data/volumes"
says Resumed 20 && wait $dd
ok $? "there is room again: it goes on, and the write ends well"
whole
ok $? "nothing that was written is lost"

echo "# image deleted under a running pod"
image=$("$i2kit" ps -o json | jq -r '.instances[] | select(.pod == "web") | .imageDigest')
rm -f "$data/disks/${image#sha256:}".*
answers
ok $? "the image is deleted: the pod runs on"
vm=$(pgrep -f 'qemu-system.*guest=i2kit-faults\.web-0' | head -1)
[ -n "$vm" ] && kill -9 "$vm"
says 'the disk image .* is gone' 20
ok $? "its QEMU is killed: what is missing is said"
"$i2kit" up -d --wait --timeout 120s -f web.yml -f disk.yml >/dev/null 2>&1 && answers
ok $? "up builds it again and the pod is back"

echo "# two ups at once"
sed 's/ROUND=0/ROUND=1/' web.yml >one.yml
sed 's/ROUND=0/ROUND=2/' web.yml >two.yml
"$i2kit" up -d --wait --timeout 150s -f one.yml -f disk.yml >one.out 2>&1 &
one=$!
sleep 1.5
"$i2kit" up -d --wait --timeout 150s -f two.yml -f disk.yml >two.out 2>&1
ok $? "the second of two ups ends well"
wait $one
ok $? "the first one too"
cat one.out two.out | grep -Eq 'another i2kit \(process [0-9]+\) works'
ok $? "one waited and said for whom"
"$i2kit" exec web -- sh -c 'echo $ROUND' | grep -q 2
ok $? "what runs is the later one's"

echo "# the supervisor killed at several moments of a replacement"
round=3
for pause in 0.3 3 6; do
	sed "s/ROUND=0/ROUND=$round/" web.yml >now.yml
	"$i2kit" up -d -f now.yml -f disk.yml >/dev/null 2>&1
	sleep $pause
	kill_supervisor
	"$i2kit" up -d --wait --timeout 150s -f now.yml -f disk.yml >kill.out 2>&1
	status=$?
	for _ in $(seq 20); do
		[ "$(vms)" = 2 ] && break
		sleep 1
	done
	[ $status = 0 ] && [ "$(vms)" = 2 ] && answers 20 && "$i2kit" exec web -- sh -c 'echo $ROUND' | grep -q $round
	ok $? "killed $pause s after the change: the next up finishes it, one VM each"
	round=$((round + 1))
done
whole
ok $? "the volume's file is still whole"

echo "# the clock jumps"
# What asks for the wall clock gets it with an offset that the test changes; other clocks go on.
cat >jump.c <<'END'
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *now)
{
	long offset = 0;
	int status = (int)syscall(SYS_clock_gettime, id, now);
	FILE *file = id == CLOCK_REALTIME ? fopen(getenv("JUMP_FILE"), "re") : NULL;
	if (file != NULL && fscanf(file, "%ld", &offset) == 1)
		now->tv_sec += offset;
	if (file != NULL)
		fclose(file);
	return status;
}
END
"${CC:-cc}" -shared -fPIC -o jump.so jump.c
export JUMP_FILE=$work/offset
kill_supervisor
echo 7200 >offset
LD_PRELOAD=$work/jump.so "$i2kit" up -d --wait --timeout 60s -f now.yml -f disk.yml >/dev/null 2>&1 && answers
ok $? "two hours ahead: the pods that run are taken over, and the port answers"
echo -7200 >offset
vm=$(pgrep -f 'qemu-system.*guest=i2kit-faults\.web-0' | head -1)
[ -n "$vm" ] && kill -9 "$vm"
came=1
for _ in $(seq 40); do
	answers 2 2>/dev/null && came=0 && break
	sleep 1
done
ok $came "four hours back: a VM that dies comes back after its pause, not after four hours"
"$i2kit" exec web -- sh -c 'echo after the jump >/proc/1/fd/1'
sleep 1
"$i2kit" logs --tail 1 web | grep -q 'after the jump'
ok $? "the newest line is shown as the newest"
"$i2kit" events -o json | jq -se 'map(.type) | index("BackOff") as $gone | $gone != null and $gone < rindex("Ready")' >/dev/null
ok $? "events stand in the order in which they came"
kill_supervisor
"$i2kit" up -d --wait --timeout 60s -f now.yml -f disk.yml >/dev/null 2>&1 && [ "$(vms)" = 2 ] && answers
ok $? "with the right time again: the same VMs go on"

echo "# the host sleeps"
before=$(virsh -q list --uuid --id | sort)
exec 5<>/dev/tcp/127.0.0.1/8080
printf 'GET / HTTP/1.1\r\nHost: a\r\n\r\n' >&5
timeout 5 head -n 1 <&5 | grep -q 200
asleep=$(pgrep -f 'qemu-system.*guest=i2kit-faults\.')" $(supervisor)"
# shellcheck disable=SC2086
kill -STOP $asleep && sleep 15 && kill -CONT $asleep
answers 5
ok $? "after 15 s of sleep the port answers"
printf 'GET / HTTP/1.0\r\nHost: a\r\n\r\n' >&5
timeout 5 cat <&5 | grep -q 'Hello from web-'
ok $? "a connection of before goes on"
exec 5<&-
says 'stood still' 8
[ "$("$i2kit" ps -o json | jq '[.instances[] | select(.ready)] | length')" = 2 ] &&
	[ "$(virsh -q list --uuid --id | sort)" = "$before" ]
ok $? "both pods are ready, in the same VMs"
behind=$(($(date +%s) - $("$i2kit" exec disk -- date +%s)))
[ "${behind#-}" -le 2 ] || echo "# it is $behind s behind"
[ "${behind#-}" -le 2 ]
ok $? "the guest has the right time"

echo "# a guest that was taken over"
socket=$(virsh dumpxml i2kit-faults.disk-0 | sed -n "s/.*agent=['\"]\([^'\"]*\)['\"].*/\1/p")
kill_supervisor
[ -S "$socket" ] && mv "$socket" "$socket.real"
timeout 300 python3 "$top/tests/e2e/evil_guest.py" "$socket" >evil.out 2>&1 &
evil=$!
touch before
"$i2kit" up -d -f now.yml -f disk.yml >/dev/null 2>&1
pid=$(supervisor)
wait $evil
ok $? "every attack was let in and answered"
sed 's/^/# /' evil.out
[ -n "$pid" ] && [ "$(supervisor)" = "$pid" ] && answers
ok $? "the supervisor lives, and serves the other pod"
rss=$(awk '/VmRSS/ {print $2}' "/proc/${pid:-self}/status")
echo "# the supervisor has $rss KiB"
[ "$rss" -lt 65536 ]
ok $? "it did not grow"
find "$HOME" "$XDG_RUNTIME_DIR" -newer before -type f ! -path '*/logs/faults/*' ! -path '*/projects/faults/*' \
	! -path '*/receipts/*' ! -path '*/refs/*' ! -path '*/volumes/*' ! -path '*/libvirt/*' ! -name '*.lock' >stray
[ ! -e /tmp/evil ] && [ ! -s stray ]
ok $? "no file was written outside its logs"
sed 's/^/# stray: /' stray
[ "$(du -sk "$data/logs/faults/disk-0" | cut -f1)" -lt 70000 ]
ok $? "its logs stay within their quota"
{ "$i2kit" events; "$i2kit" ps; "$i2kit" why disk; } >shown 2>&1
! grep -q $'[\x1b\x07]' shown
ok $? "no control sequence of it reaches a terminal"
rm -f "$socket"
mv "$socket.real" "$socket"
for _ in $(seq 45); do
	timeout 10 "$i2kit" exec disk -- true 2>/dev/null && break
	sleep 1
done
whole
ok $? "with its true guest back it works as before"

echo "# the plan is lost"
kill_supervisor
rm -rf "$HOME/.local/state/i2kit/projects/faults"
"$i2kit" down >down.out 2>&1 && grep -q 'had no plan any more' down.out && [ "$(vms)" = 0 ]
ok $? "down ends VMs that nothing but libvirt knows of"
finished
