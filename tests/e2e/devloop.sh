#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The dev loop: live mounts in both modes, up --watch, and that promote wants none of it.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
cleanup() {
	[ -z "${up:-}" ] || kill -KILL "$up" 2>/dev/null
	"$i2kit" -p dev down --volumes >/dev/null 2>&1
	"$i2kit" -p devs down --volumes >/dev/null 2>&1
}
cd "$work" || exit 1
mkdir -p src/deep cloud && echo one >src/a.txt && echo conf >app.conf
for i in $(seq 300); do echo "$i" >"src/deep/f$i"; done
cp -r "$top/out/images/toolbox" image
printf 'provider: {type: aws, region: eu-west-1}\n' >cloud/environment.yml
manifest() {
	cat >i2kit.yml <<END
apiVersion: v1
kind: Pod
metadata: {name: dev}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: oci:image
    command: [sh, -c, 'ls /src/deep | wc -l; cat /etc/app.conf; sleep 1000 & wait']
    volumeMounts:
    - {name: src, mountPath: /src}
    - {name: conf, mountPath: /etc/app.conf}
  volumes:
  - {name: src, hostPath: {path: ./src}}
  - {name: conf, hostPath: {path: ./app.conf, type: File}}
END
}

# inside FILE TEXT: whether it says so in the pod in half a second and the time that exec takes
inside() {
	for _ in 1 2 3 4 5; do
		[ "$("$i2kit" exec dev cat "$1" 2>/dev/null)" = "$2" ] && return
		sleep 0.1
	done
	false
}
check_mounts() {
	for _ in $(seq 50); do
		[ "$("$i2kit" logs dev --no-prefix | wc -l)" -ge 2 ] && break
		sleep 0.1
	done
	is "$("$i2kit" logs dev --no-prefix | head -2 | tr '\n' ' ')" "300 conf "
	ok $? "$1: a pod finds all files when it starts"
	echo two >src/a.txt
	inside /src/a.txt two
	ok $? "$1: a change arrives in the pod"
	mkdir src/new && echo new >src/new/n.txt && rm src/deep/f300
	inside /src/new/n.txt new && { sleep 1; ! "$i2kit" exec dev ls /src/deep/f300 >/dev/null 2>&1; }
	ok $? "$1: new folders arrive, removed files go"
	echo changed >app.conf
	inside /etc/app.conf changed
	ok $? "$1: a single file is live too"
	"$i2kit" ps | grep -q '^dev-0 .*[0-9a-f]\*'
	ok $? "$1: ps marks the pod as dirty"
}
# What promote asks before anything else of a pod (tests/cloud/promote.py): its newest receipt.
gate() {
	local newest
	newest=$(find "$HOME/.local/state/i2kit/receipts/dev" -name '*.json' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
	grep -q '"dirty": *true' "$newest"
}

export I2KIT_PROJECT=dev
manifest
"$i2kit" up -d --wait --timeout 120s
ok $? "up with live mounts"
check_mounts "system mode"
"$i2kit" exec dev sh -c 'echo back >/src/from-pod'
is "$(cat src/from-pod)" back
ok $? "system mode: what the pod writes is here"
gate
ok $? "promote refuses a pod with live mounts"
"$i2kit" down

cat >i2kit.yml <<END
name: dev
containers:
  main: {image: "oci:image", command: [sh, -c, 'trap "exit 0" TERM; echo version \$VERSION; sleep 1000 & wait']}
END
: >out
: >err
"$i2kit" up --watch >>out 2>>err &
up=$!
# wait_for TEXT FILE
wait_for() {
	for _ in $(seq 200); do
		grep -q "$1" "$2" && return
		sleep 0.2
	done
	sed 's/^/# /' out err
	false
}
wait_for 'version' out && wait_for 'dev-0: Ready' err
ok $? "up --watch streams logs"
python3 - <<END
import hashlib, json, os
def load(digest):
    return json.load(open("image/blobs/" + digest.replace(":", "/")))
def store(text):
    data = json.dumps(text).encode()
    digest = hashlib.sha256(data).hexdigest()
    open("image/blobs/sha256/" + digest, "wb").write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}
index = json.load(open("image/index.json"))
manifest = load(index["manifests"][0]["digest"])
config = load(manifest["config"]["digest"])
config["config"].setdefault("Env", []).append("VERSION=2")
manifest["config"].update(store(config))
index["manifests"][0].update(store(manifest))
open("image/index.json.new", "w").write(json.dumps(index))
os.rename("image/index.json.new", "image/index.json")
END
wait_for 'dev: changed' err && wait_for 'version 2' out && wait_for 'dev-1: Ready' err
ok $? "a changed image replaces the pod"
for _ in $(seq 50); do
	"$i2kit" ps | grep -q '^dev-0' || break
	sleep 0.2
done
"$i2kit" ps | grep -q '^dev-1 .*[0-9a-f]\*'
ok $? "the one that replaced it is dirty"
gate
ok $? "promote refuses what --watch replaced"
cp i2kit.yml whole.yml
echo 'broken: [' >>i2kit.yml
wait_for 'runs on' err
ok $? "a manifest that is broken meanwhile is a warning"
cp whole.yml i2kit.yml
"$i2kit" up -d --wait --timeout 60s && ! gate
ok $? "a plain up takes the pod over as it is"
kill -INT $up
wait $up
is $? 0
ok $? "Ctrl-C ends it and the pods"
up=

export I2KIT_PROJECT=devs
manifest
rm -r src/new && echo 300 >src/deep/f300 && echo conf >app.conf
"$i2kit" up -d --wait --timeout 120s --connect qemu:///session
ok $? "up in session mode"
grep -q slirp-fence "/proc/$(pgrep -of 'guest=i2kit-devs')/maps"
ok $? "root's QEMU, which is not root, reads the library that keeps it from this machine"
check_mounts "session mode"
echo replaced >app.new && mv app.new app.conf
inside /etc/app.conf replaced
ok $? "session mode: a file that an editor puts in its place is live too"
mkdir more && echo more >more/m.txt
old=$("$i2kit" ps -o json | jq .supervisorPid)
sed -e 's|- {name: conf, mountPath.*|&\n    - {name: more, mountPath: /more}|' \
	-e '$a\  - {name: more, hostPath: {path: ./more}}' i2kit.yml >i2kit.new && mv i2kit.new i2kit.yml
"$i2kit" up -d --wait --timeout 120s && inside /more/m.txt more
ok $? "a later up gives the pod another folder"
new=$("$i2kit" ps -o json | jq .supervisorPid)
[ "$new" -gt 1 ] && [ "$new" != "$old" ]
ok $? "by a supervisor that begins anew: a fence does not open"
"$i2kit" down
finished
