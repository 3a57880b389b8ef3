#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where containers write what is in no volume: a disk of 10 GiB, or of what ephemeral-storage says, that is a file
# with holes here, new for each VM and gone with it; memory for who says 0; and what is said when one is full.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
export I2KIT_PROJECT=room
cleanup() { timeout 60 "$i2kit" down; }
cd "$work" || exit 1
scratch=${XDG_STATE_HOME:-$HOME/.local/state}/i2kit/projects/room/scratch
cat >app.yml <<END
apiVersion: v1
kind: Pod
metadata: {name: plain}
spec:
  terminationGracePeriodSeconds: 1
  volumes: [{name: free, emptyDir: {}}, {name: memory, emptyDir: {medium: Memory}}]
  containers:
  - name: c
    image: oci:$images/toolbox
    command: [sleep, "1000"]
    volumeMounts: [{name: free, mountPath: /free}, {name: memory, mountPath: /memory}]
---
apiVersion: v1
kind: Pod
metadata: {name: small}
spec:
  terminationGracePeriodSeconds: 1
  volumes: [{name: part, emptyDir: {sizeLimit: 8Mi}}]
  containers:
  - name: c
    image: oci:$images/toolbox
    command: [sleep, "1000"]
    volumeMounts: [{name: part, mountPath: /part}]
    resources: {limits: {ephemeral-storage: 64Mi}}
---
apiVersion: v1
kind: Pod
metadata: {name: memory}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: c
    image: oci:$images/toolbox
    command: [sleep, "1000"]
    resources: {limits: {ephemeral-storage: 0}}
END
in_pod() { timeout 120 "$i2kit" exec "$@"; }
host_kib() { du -k "$scratch/$1.raw" | cut -f1; }

timeout 180 "$i2kit" up -d --wait -f app.yml >up.out 2>&1
ok $? "three pods start"
is "$(stat -c %s "$scratch"/plain-0.raw "$scratch"/small-0.raw | xargs)" "10737418240 67108864"
ok $? "a disk of 10 GiB where nothing is said, of the limit where one is"
! [ -e "$scratch/memory-0.raw" ]
ok $? "and none where the limit is 0"
[ "$(host_kib plain-0)" -lt 4096 ]
ok $? "it takes next to nothing of the host's"
in_pod plain -- df -m / /free | awk 'NR > 1 && $2 > 9000 { n++ } END { exit n != 2 }'
ok $? "the writable layer and emptyDirs have it"
in_pod plain -- sh -c 'df -T /memory | grep -q tmpfs'
ok $? "emptyDirs of medium Memory do not"

in_pod plain -- sh -c 'dd if=/dev/zero of=/var/data bs=1M count=500 2>/dev/null; sync; stat -c %s /var/data' >size.out 2>&1
is "$(tail -n 1 size.out)" 524288000
ok $? "500 MB fit into a pod of 128 MB of memory"
[ "$(host_kib plain-0)" -gt 400000 ]
ok $? "they are on the host's disk"
in_pod plain -- sh -c 'rm /var/data; sync'
for _ in 1 2 3 4 5 6 7 8 9 10; do
	[ "$(host_kib plain-0)" -gt 40000 ] || break
	sleep 0.5
done
[ "$(host_kib plain-0)" -lt 40000 ]
ok $? "and what is removed is the host's again"

in_pod plain -- sh -c 'touch /var/mark; fallocate -l 9950m /free/big || dd if=/dev/zero of=/free/big bs=1M seek=9949 count=1' >/dev/null 2>&1
in_pod plain -- sh -c 'dd if=/dev/zero of=/var/more bs=1M count=400' >full.out 2>&1
grep -qi 'no space left' full.out
ok $? "a full one says so to its writer"
sleep 3
check "why names what would help" expect "ephemeral-storage" "$i2kit" why plain
in_pod small -- sh -c 'dd if=/dev/zero of=/part/big bs=1M count=9' >full.out 2>&1
grep -qi 'no space left\|quota' full.out
ok $? "a sizeLimit on the disk holds"
in_pod small -- sh -c 'head -c 80m /dev/zero >/big' >/dev/null 2>&1
sleep 3
check "why names it for a small one" expect "MiB): raise resources.limits.ephemeral-storage" "$i2kit" why small
in_pod memory -- sh -c 'head -c 120m /dev/zero >/big' >/dev/null 2>&1
sleep 3
check "why names it for memory" expect "of memory): resources.limits.ephemeral-storage" "$i2kit" why memory

timeout 60 "$i2kit" restart plain --wait >/dev/null 2>&1 || timeout 60 "$i2kit" restart plain >/dev/null 2>&1
timeout 120 "$i2kit" up -d --wait -f app.yml >/dev/null 2>&1
in_pod plain -- sh -c '! [ -e /var/mark ] && ! [ -e /free/big ]'
ok $? "a new VM begins with an empty one"
kill -KILL "$(pgrep -f "supervise room" | head -n 1)" 2>/dev/null
touch "$scratch/gone-0.raw"
timeout 60 "$i2kit" ps >/dev/null
timeout 120 "$i2kit" up -d --wait -f app.yml >/dev/null 2>&1
is "$(find "$scratch" -name 'gone-0*' | wc -l)" 0 && [ -e "$scratch/plain-0.raw" ]
ok $? "a supervisor that comes back throws away disks of VMs that are gone, and no other"
timeout 60 "$i2kit" down >/dev/null 2>&1
is "$(find "$scratch" -type f | wc -l)" 0
ok $? "nothing is left after down"
finished
