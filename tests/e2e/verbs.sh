#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The verbs that fingers expect: of some pods, by kubectl's names, and what they print for programs.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
need jq
export I2KIT_PROJECT=verbs
cleanup() { "$i2kit" down --volumes; }
cd "$work" || exit 1
web() { # web NAME PORT
	cat <<-END
	apiVersion: apps/v1
	kind: Deployment
	metadata: {name: $1}
	spec:
	  selector: {matchLabels: {app: $1}}
	  template:
	    metadata: {labels: {app: $1}}
	    spec:
	      containers:
	      - name: nginx
	        image: oci:$images/nginx
	        readinessProbe: {httpGet: {path: /, port: 80}}
	---
	apiVersion: v1
	kind: Service
	metadata: {name: $1-http}
	spec: {type: LoadBalancer, selector: {app: $1}, ports: [{port: $2, targetPort: 80}]}
	---
	END
}
{ web web 8080; web side 8090; } >i2kit.yml
names() { "$i2kit" ps -q "$@" | sort | paste -sd' '; }

is "$("$i2kit" up --build-only -o json | jq -r .pod | paste -sd' ')" "web side"
ok $? "up --build-only says what it built"
out=$("$i2kit" wait -o json 2>/dev/null)
is "$(jq -r .error.kind <<<"$out")" not-found
ok $? "an error is an object for whoever asked for one"
"$i2kit" up wbe >up.out 2>&1
[ $? = 2 ] && grep -q "did you mean 'web'" up.out
ok $? "up of a pod that is not there names the nearest"

check "up of one pod" timeout 300 "$i2kit" up -d --wait web
is "$(names)" web-0
ok $? "starts it alone"
is "$("$i2kit" port web 80)" 127.0.0.1:8080
ok $? "port says where it is published"
check "up of the other one" timeout 300 "$i2kit" up -d --wait side
is "$(names)" "side-0 web-0"
ok $? "leaves the first one as it was"
is "$("$i2kit" ps -o jsonpath='{.instances[?(@.state=="Ready")].restarts}')" "0 0"
ok $? "and a jsonpath picks from it"
is "$(names deploy/side)" side-0
ok $? "ps takes kubectl's names"
is "$("$i2kit" exec svc/web-http -- cat /etc/hostname)" web-0
ok $? "exec, too, and a Service means its pods"
check "pause" "$i2kit" pause web
is "$("$i2kit" ps web | awk 'END { print $2 }')" Paused
ok $? "shows"
! curl -fsS -m 2 http://127.0.0.1:8080/ >/dev/null 2>&1
ok $? "and nothing answers"
check "unpause" "$i2kit" unpause
curl -fsS -m 10 http://127.0.0.1:8080/ >/dev/null
ok $? "goes on where it was"
check "kill with a signal" "$i2kit" kill -s HUP web/nginx
check "kill of an instance" "$i2kit" kill side-0
check "has it come again" timeout 300 "$i2kit" wait side
[ "$("$i2kit" ps -o jsonpath='{.instances[?(@.name=="side-0")].vmRestarts}')" = 1 ]
ok $? "once"
"$i2kit" ps -w -o json web >watch.out 2>/dev/null &
watcher=$!
for _ in $(seq 20); do [ -s watch.out ] && break; sleep 0.5; done
is "$("$i2kit" debug web sh -c 'busybox | head -1 | cut -c1-7; hostname' </dev/null | paste -sd' ')" "BusyBox web-0"
ok $? "debug has tools there that the image has not"
[ -z "$("$i2kit" exec web sh -c 'ls -d /busybox*' 2>/dev/null)" ]
ok $? "and takes them away"
check "stop" "$i2kit" stop web
is "$(names)" side-0
ok $? "takes the VM away before it returns"
is "$("$i2kit" ps web | awk 'END { print $2 }')" Stopped
ok $? "and the pod stays"
is "$("$i2kit" ps -a -o jsonpath='{.gone[*]}')" web-0
ok $? "ps -a remembers who has logs"
check "start" timeout 300 "$i2kit" start --wait
is "$(names)" "side-0 web-0"
ok $? "brings it back"
kill "$watcher"
[ "$(jq -r '.instances[0].state // "none"' watch.out | uniq | head -1)" = Ready ] && [ "$(wc -l <watch.out)" -gt 2 ]
ok $? "ps --watch told each change"
"$i2kit" console web 2>&1 | grep -qi 'linux version\|i2kit'
ok $? "console shows the kernel's words"
timeout 5 "$i2kit" attach web </dev/null >attach.out 2>&1 &
sleep 1
curl -fsS http://127.0.0.1:8080/ >/dev/null
wait $!
grep -q 'GET / HTTP' attach.out
ok $? "attach follows the log"
check "scale in kubectl's words" timeout 300 "$i2kit" scale --wait --replicas 2 deployment/web
is "$(names web)" "web-0 web-1"
ok $? "has two"
check "down of one" timeout 120 "$i2kit" down web
is "$(names)" side-0
ok $? "leaves the other one"
! curl -fsS -m 2 http://127.0.0.1:8080/ >/dev/null 2>&1 && curl -fsS -m 5 http://127.0.0.1:8090/ >/dev/null
ok $? "and its port"
unit=/etc/systemd/system/i2kit-verbs.service
check "up --boot" timeout 300 "$i2kit" up -d --wait --boot side
[ -L "/etc/systemd/system/multi-user.target.wants/i2kit-verbs.service" ] && [ -s $unit ]
ok $? "leaves a unit that is wanted"
kill -9 "$("$i2kit" ps -o jsonpath='{.supervisorPid}')"
virsh -q list --name | grep '^i2kit-verbs' | xargs -n1 virsh destroy >/dev/null
check "its command, after all was gone" bash -c "$(sed -n 's/^ExecStart=//p' $unit)"
check "brings the pods back" timeout 300 "$i2kit" wait
curl -fsS -m 60 http://127.0.0.1:8090/ >/dev/null
ok $? "and their ports"
is "$("$i2kit" down -o json | jq -rc .removed)" '["side"]'
ok $? "down of all says what it removed"
[ ! -e $unit ] && [ ! -L /etc/systemd/system/multi-user.target.wants/i2kit-verbs.service ]
ok $? "and the unit is gone"
finished
