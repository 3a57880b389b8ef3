#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What is shown of pods that do not come up: one that eats more memory than it may, one whose program is not in
# its image, a VM too small for its kernel, a base that is damaged; and that waiting for them ends.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
export I2KIT_PROJECT=why
cleanup() { timeout 60 "$i2kit" down; }
cd "$work" || exit 1
cat >bad.yml <<END
apiVersion: v1
kind: Pod
metadata: {name: hog}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: hog
    image: oci:$images/toolbox
    command: [sh, -c, "sleep 1; head -c 100m /dev/zero | tail -c 90m | wc -c"]
    resources: {limits: {memory: 20Mi}}
---
apiVersion: v1
kind: Pod
metadata: {name: typo}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: typo
    image: oci:$images/toolbox
    command: [/usr/bin/slepe, "1000"]
END
cat >good.yml <<END
name: good
containers:
  good:
    image: oci:$images/toolbox
    command: [sleep, "1000"]
END

timeout 120 "$i2kit" up -d --wait -f bad.yml >up.out 2>&1
is $? 1 && grep -q "pod 'typo' keeps ending" up.out && grep -q 'hint: i2kit why POD' up.out
ok $? "up --wait without a timeout ends when a pod keeps ending, and says where to look"
# The kernel kills it at once, or it hangs at its limit, and the guest ends it after twenty seconds.
for _ in $(seq 90); do "$i2kit" why hog | grep -q OOMKilled && break; sleep 1; done
check "why shows a container that ran out of memory" expect "last: OOMKilled, exit code 137" "$i2kit" why hog
check "and what to do about it" expect "raise resources.limits.memory" "$i2kit" why hog
check "why shows a program that is not in the image" expect "/usr/bin/slepe" "$i2kit" why typo
check "and what to do about it" expect "compare its command with what the image has" "$i2kit" why typo
"$i2kit" ps | grep -Eq '^typo-0 +CrashLoopBackOff '
ok $? "ps says CrashLoopBackOff of a pod that never started"
check "cp from a container that is not running says so" expect "container 'typo' does not run" "$i2kit" cp typo:/etc/passwd .
"$i2kit" down >/dev/null 2>&1

timeout 60 "$i2kit" up -d --wait --memory 64M -f good.yml >up.out 2>&1
is $? 1 && grep -q "pod 'good' keeps ending" up.out
ok $? "up --wait ends when a VM keeps ending"
check "why shows a VM too small for its kernel" expect "too small for the kernel: --memory 128M" "$i2kit" why good
"$i2kit" down >/dev/null 2>&1

sed s/toolbox/redis/ good.yml >other.yml # nobody has built its disk with the base that is whole
cp -rL "$I2KIT_BASE" base
head -c 65536 /dev/urandom | dd of=base/initrd-base.cpio conv=notrunc 2>/dev/null
! timeout 60 "$i2kit" up -d --base base -f other.yml >up.out 2>&1 && grep -q 'is not what base.json says' up.out
ok $? "a base that was damaged is refused"
old=$(sha256sum <"$I2KIT_BASE/initrd-base.cpio")
new=$(sha256sum <base/initrd-base.cpio)
sed -i "s/${old%% *}/${new%% *}/" base/base.json
timeout 60 "$i2kit" up -d --wait --base base -f other.yml >up.out 2>&1
is $? 1 && grep -q "pod 'good' keeps ending" up.out
ok $? "one that says so of itself is not, and its VM keeps ending"
check "why shows the kernel's last words" expect "Kernel panic" "$i2kit" why good
check "and what to do" expect "its console says why; a base of your own" "$i2kit" why good
finished
