#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run: one command in a VM of its own, of an image and of a pod, and what is left of it.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
cleanup() { "$i2kit" -p runs down --volumes; }
cd "$work" || exit 1
chmod 755 "$work"
box=oci:$images/toolbox
unset I2KIT_PROJECT

# nothing_left: no VM, project, network, plan or log of a run is there, when its grace of 30 s is over
nothing_left() {
	local i left
	for i in $(seq 400); do
		left=$(
			virsh -q list --all --name | grep run-
			virsh -q net-list --all --name | grep run-
			find "${XDG_STATE_HOME:-$HOME/.local/state}/i2kit/projects" "${XDG_DATA_HOME:-$HOME/.local/share}/i2kit/logs" \
				-maxdepth 1 -name 'run-*' 2>/dev/null
		)
		[ -n "$left" ] || return 0
		sleep 0.1
	done
	echo "# left: $left"
	false
}

is "$("$i2kit" run "$box" -- sh -c 'echo out; echo err >&2; exit 7' 2>err)" out && grep -qx err err
ok $? "run keeps stdout and stderr apart"
nothing_left
ok $? "nothing is left when the command is over"
"$i2kit" run "$box" -- sh -c 'exit 7' 2>/dev/null
is $? 7
ok $? "run passes the exit code on"
is "$(echo hello | "$i2kit" run "$box" cat 2>/dev/null)" hello
ok $? "what is piped in reaches the command"
is "$(head -c 3000000 /dev/zero | "$i2kit" run "$box" -- sh -c 'cat; cat' | wc -c)" 3000000
ok $? "megabytes go through, and the last of them comes before the VM goes"
"$i2kit" run "$box" -- no-such-program 2>err
is $? 127 && grep -q no-such-program err
ok $? "a program that is not there is 127, and named"

echo 'A=from file' >vars
echo 'shared' >here
is "$(B=ours "$i2kit" run --env-file vars -e B -e C='$$x' -v "$work:/mnt:ro" -w /mnt -u 1000 --name run-named \
	"$box" -- sh -c 'echo "$A|$B|$C|$(cat here)|$(id -u)|$PWD"' 2>/dev/null)" 'from file|ours|$$x|shared|1000|/mnt'
ok $? "-e, --env-file, -v, -w and -u are docker's"
is "$("$i2kit" run --entrypoint echo "$box" -- a b 2>/dev/null)" "a b"
ok $? "--entrypoint stands before the words"
is "$(script -qec "stty rows 33 cols 101; $i2kit run -it --rm $box sh -c 'tty >/dev/null && stty size'" /dev/null </dev/null | tr -d '\r' | tail -1)" "33 101"
ok $? "at a terminal the command has one, of our size"

"$i2kit" run --name run-signal "$box" -- sh -c 'trap "exit 9" INT; echo up; while :; do sleep 0.1; done' >up 2>/dev/null &
pid=$!
for i in $(seq 300); do grep -q up up && break; sleep 0.1; done
"$i2kit" ls 2>/dev/null | grep -q run-signal && "$i2kit" -p run-signal ps 2>/dev/null | grep -q toolbox
ok $? "while it runs it is in ls and ps"
kill -INT $pid
wait $pid
is $? 9
ok $? "Ctrl-C goes to the command"
"$i2kit" run --name run-killed "$box" -- sleep 1000 2>/dev/null &
pid=$!
for i in $(seq 300); do "$i2kit" -p run-killed ps 2>/dev/null | grep -q toolbox && break; sleep 0.1; done
sleep 2
kill -KILL $pid
wait $pid 2>/dev/null
nothing_left
ok $? "kill -9 of the client leaves nothing"
"$i2kit" run --name run-booting "$box" -- sleep 1000 2>/dev/null &
pid=$!
for i in $(seq 300); do virsh -q list --name | grep -q run-booting && break; sleep 0.05; done
kill -INT $pid
wait $pid
is $? 130 && nothing_left
ok $? "Ctrl-C while it boots ends it, and leaves nothing"

"$i2kit" run --keep --name run-kept "$box" -- sh -c 'echo to be read; exit 3' >/dev/null 2>&1
is $? 3 && "$i2kit" -p run-kept logs toolbox | grep -q 'to be read' && "$i2kit" -p run-kept ps -o json | grep -q '"exitCode": 3'
ok $? "--keep keeps the output and how it ended"
"$i2kit" -p run-kept down >/dev/null 2>&1
nothing_left
ok $? "down removes what was kept"

mkdir shop
cat >shop/i2kit.yml <<END
name: runs
---
name: web
containers:
  nginx:
    image: oci:$images/nginx
    env: {COLOUR: green}
    ports: [80]
---
kind: Pod
apiVersion: v1
metadata: {name: task}
spec:
  volumes: [{name: shared, emptyDir: {}}]
  initContainers:
  - name: first
    image: $box
    command: [sh, -c, echo ready > /shared/state]
    volumeMounts: [{name: shared, mountPath: /shared}]
  containers:
  - name: main
    image: $box
    command: [sh, -c, sleep 1000]
    env: [{name: COLOUR, value: red}]
    envFrom: [{secretRef: {name: db, optional: true}}]
    volumeMounts: [{name: shared, mountPath: /shared}]
END
cd shop || exit 1
is "$("$i2kit" run task -- sh -c 'echo $COLOUR $(cat /shared/state)' 2>../err)" "red ready"
ok $? "a pod runs with its environment and volumes, after its init containers"
echo PASSWORD=hush >../dev.env
is "$("$i2kit" run --secret-file db=../dev.env task -- sh -c 'echo $PASSWORD' 2>../err)" hush
ok $? "and with a Secret that is given"
mkdir ../composed && printf 'A=x\n' >../composed/vars
printf 'services:\n  one: {image: "%s", command: [sleep, "1"], environment: {SEEN: "${A-none}"}}\n' "$box" >../composed/compose.yaml
is "$(cd ../composed && "$i2kit" run --env-file vars one -- sh -c 'echo $A $SEEN' 2>../err)" "x none"
ok $? "--env-file is the container's, and fills in nothing of a Compose file"
"$i2kit" run --secret db.PASSWORD=x "$box" true 2>&1 | grep -q 'for a pod of the manifests'
ok $? "which an image has no use for"
"$i2kit" -p runs ls 2>/dev/null | grep -q '^runs .*up'
is $? 1
ok $? "a project that was not up is not up afterwards"
"$i2kit" up -d --wait --timeout 120s web >/dev/null 2>&1
is "$("$i2kit" run task -- wget -qO- http://web/healthz 2>../err)" ok
ok $? "it reaches the services of its project"
is "$("$i2kit" run --network runs "$box" -- wget -qO- http://web/healthz 2>../err)" ok
ok $? "--network brings an image into a project that is up"
(
	"$i2kit" run --name task-1 task -- sleep 30 >/dev/null 2>&1 &
	echo $! >../pid
	wait
)  &
for i in $(seq 100); do "$i2kit" ps 2>/dev/null | grep -q task-1 && break; sleep 0.1; done
"$i2kit" up -d web >/dev/null 2>&1
sleep 1
"$i2kit" ps -o json | grep -q '"kind": "Run"' && "$i2kit" ps | grep -q task-1
ok $? "ps shows it, and an up beside it leaves it"
kill -KILL "$(cat ../pid)"
for i in $(seq 100); do "$i2kit" ps 2>/dev/null | grep -q task-1 || break; sleep 0.1; done
"$i2kit" ps | grep -q web && ! "$i2kit" ps | grep -q task-1
ok $? "it leaves the project as it was"
"$i2kit" run --network none "$box" -- sh -c 'wget -T 2 -qO- http://192.0.2.1/ || echo closed' 2>/dev/null | grep -q closed
ok $? "--network none lets nothing out"
"$i2kit" run -v data:/data "$box" true 2>&1 | grep -q 'no named volumes'
ok $? "a named volume is answered with the way out"
finished
