#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Warm starts: what was up once goes on from a template the next time, in both modes. Clones share neither random
# numbers, ids, addresses nor a wrong clock; what is damaged, unwanted or too old is a cold start and no failure.
set -u
# shellcheck disable=SC2034 # for the prologue: templates are made
warm=1
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
if [ "$(id -u)" = 0 ] && [ -z "${I2KIT_WARM_SESSION:-}" ]; then
	plain_user
	mkdir -p $home/tree/build $home/tree/out/images $home/tree/tests/e2e/lib
	cp "$i2kit" $home/tree/build/
	cp -r "$I2KIT_BASE" $home/tree/out/base
	cp -r "$images/nginx" $home/tree/out/images/
	cp "$0" $home/tree/tests/e2e/warm.sh
	cp "$(dirname "$0")/lib/prologue.sh" $home/tree/tests/e2e/lib/
	chown -R 4711:4711 $home
fi
cleanup() { "$i2kit" down --volumes; }
mkdir -p "$work/app" && cd "$work/app" || exit 1
cat >i2kit.yml <<Y
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  replicas: 1
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: nginx
        image: oci:$top/out/images/nginx
        ports: [{containerPort: 80}]
        env: [{name: TOKEN, value: only-in-the-release}]
        resources: {limits: {ephemeral-storage: 64Mi}}
        readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}
        volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 16Mi}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: once, image: "oci:$top/out/images/nginx", command: ["true"]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
Y
cache=${XDG_CACHE_HOME:-$HOME/.cache}/i2kit/warm
# seen TEXT SECONDS: until the events have it
seen() {
	local i
	for ((i = 0; i < $2 * 5; i++)); do
		"$i2kit" events 2>/dev/null | grep -q "$1" && return
		sleep 0.2
	done
	"$i2kit" events | tail -20
	return 1
}
start_of() { "$i2kit" ps -o json | jq -r ".instances[] | select(.name == \"$1\") | .start"; }
ready() { timeout 60 "$i2kit" wait web --timeout 60s; }
inside() { "$i2kit" exec "$1" -- sh -c "$2"; }
# differ COMMAND: what the two clones answer is not the same, and neither is empty
differ() {
	local a b
	a=$(inside web-1 "$1") b=$(inside web-2 "$1")
	[ -n "$a" ] && [ -n "$b" ] && [ "$a" != "$b" ] || { echo "# '$1': '$a' and '$b'"; false; }
}
right_time() {
	local one
	for one in web-1 web-2; do
		local off=$(($(inside $one 'date +%s') - $(date +%s)))
		[ $off -ge -2 ] && [ $off -le 2 ] || { echo "# $one is $off s off"; return 1; }
	done
}
# What no VM may have brought along: a template has no release, so no part of one.
no_secret() { ! grep -qa only-in-the-release "$cache"/*/stream; }
modes() { is "$(stat -c %a "$cache" "$cache"/*/ "$cache"/*/stream | tr '\n' ' ')" "700 700 600 "; }
answers() { curl -s -o /dev/null --max-time 5 "http://127.0.0.1:80/"; }

check 'it comes up, cold: there is no template' "$i2kit" up -dw --timeout 60s
check 'and says so' is "$(start_of web-0)" cold
check 'why says why' expect 'start: cold, there is no template of it yet' "$i2kit" why web-0
check 'when nothing happens, a template is made' seen ' Template ' 40
check 'for its user alone' modes
check 'without anything of the release' no_secret
check 'doctor lists it' expect '1 templates' "$i2kit" doctor
inside web-0 'echo kept >/data/file; sync'
check 'two more replicas' "$i2kit" scale web=3
check 'are ready' ready
check 'the first went on from it' is "$(start_of web-1)" warm
check 'and so did the second' is "$(start_of web-2)" warm
check 'they have random numbers of their own' differ 'head -c 16 /dev/urandom | od -An -tx1'
check 'and ids of their own' differ 'cat /proc/sys/kernel/random/boot_id'
check 'and addresses of programs' differ 'grep stack /proc/self/maps'
check 'and names' differ 'hostname; cat /etc/hostname'
check 'and cards' differ 'cat /sys/class/net/e*/address'
check 'and disks' differ 'echo $HOSTNAME$(hostname) >/data/me; cat /data/me'
check 'and the right time' right_time
check 'their scratch disk is there' inside web-1 'df / | grep -q overlay && dd if=/dev/zero of=/blob bs=1M count=20 2>/dev/null'
check 'their logs are their own' bash -c "[ \$('$i2kit' logs web-1 2>/dev/null | grep -c kube-probe) -lt 60 ]"
check 'why tells' expect 'start: warm' "$i2kit" why web-1
check 'events tell' expect 'goes on from template' "$i2kit" events
check 'ps tells' expect 'START' "$i2kit" ps -o wide
if [ "$(id -u)" = 0 ]; then
	uuid=$("$i2kit" ps -o json | jq -r '.instances[] | select(.name == "web-0") | .uuid')
	virsh -q destroy "$uuid" >/dev/null 2>&1
	sleep 2
	check 'one that crashed comes again' ready
	check 'warm' is "$(start_of web-0)" warm
	check 'with what was on its disk' is "$(inside web-0 'cat /data/file')" kept
	# What is whole and is no state of QEMU's; a damaged one is refused before (tests/local/template_test.c).
	for one in "$cache"/*/; do
		head -c 1000000 /dev/urandom >"$one/stream"
		jq ".streamBytes = 1000000 | .streamDigest = \"sha256:$(sha256sum <"$one/stream" | cut -d' ' -f1)\"" "$one/key.json" >"$work/key"
		cat "$work/key" >"$one/key.json"
	done
	uuid=$("$i2kit" ps -o json | jq -r '.instances[] | select(.name == "web-1") | .uuid')
	virsh -q destroy "$uuid" >/dev/null 2>&1
	sleep 2
	check 'a template that is no good is no failure' ready
	check 'but a cold start' is "$(start_of web-1)" cold
	check 'and said' seen 'WarmFailed.*does not go on' 5
	check 'down' "$i2kit" down
	check 'up --cold' "$i2kit" up -dw --cold --timeout 60s
	check 'is cold' is "$(start_of web-0)" cold
	check 'prune' "$i2kit" prune
	check 'takes the templates away' is "$(ls "$cache")" ""
else
	check 'down' "$i2kit" down
	check 'up again' "$i2kit" up -dw --timeout 60s
	check 'is warm' is "$(start_of web-0)" warm
	check 'with what was on its disk' is "$(inside web-0 'cat /data/file')" kept
fi
if [ "$(id -u)" = 0 ]; then
	"$i2kit" down --volumes >/dev/null 2>&1
	as_pat '' I2KIT_ISOLATED=1 I2KIT_BASE=$home/tree/out/base bash $home/tree/tests/e2e/warm.sh >"$work/session" 2>&1
	ok $? 'the same as a user, in session mode'
	sed 's/^/# /' "$work/session"
fi
finished
