#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# i2kit up: its options, convergence, Ctrl-C once and twice.
set -u
# shellcheck disable=SC2034 # for the prologue: templates are made
warm=1
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
export I2KIT_PROJECT=upto
cleanup() { "$i2kit" down --volumes; }
cd "$work" || exit 1
web() {
	cat <<-END
	name: web
	containers:
	  nginx:
	    image: oci:$top/out/images/nginx
	    ports: ["8080:80"]
	    environment: ["COLOUR=$1"]
	    readinessProbe:
	      httpGet: {path: /, port: 80}
	END
}
tool() {
	cat <<-END
	---
	apiVersion: v1
	kind: Pod
	metadata: {name: tool, labels: {app: tool}}
	spec:
	  terminationGracePeriodSeconds: 120
	  containers:
	  - name: tool
	    image: oci:$top/out/images/vote
	    command:
	    - python3
	    - -c
	    - |
	      import signal, socket
	      signal.signal(signal.SIGTERM, signal.SIG_IGN)
	      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	      s.bind(("", 9000))
	      print("echo is up", flush=True)
	      while True:
	          data, peer = s.recvfrom(2000)
	          s.sendto(data, peer)
	---
	apiVersion: v1
	kind: Service
	metadata: {name: echo}
	spec: {type: LoadBalancer, selector: {app: tool}, ports: [{port: 9000, protocol: UDP}]}
	END
}
{ web red; tool; } >i2kit.yml
ps_of() { "$i2kit" ps -o json | jq -r ".instances[] | select(.pod == \"$1\" and .state != \"Stopping\") | .$2"; }
vm_count() { virsh -q list --name | grep -c upto; }
gone() { # gone SECONDS
	local _
	for _ in $(seq "$1"); do
		[ "$(vm_count)" = 0 ] && return 0
		sleep 1
	done
	return 1
}

"$i2kit" up --build-only >/dev/null 2>&1 && [ "$(vm_count)" = 0 ]
ok $? "--build-only starts nothing"
"$i2kit" up -d --accel kvm >kvm.out 2>&1
[ -w /dev/kvm ] && grep -qE ' (vmx|svm)' /proc/cpuinfo || grep -q 'KVM does not work here' kvm.out
ok $? "--accel kvm says why there is none"
"$i2kit" up -d --wait --timeout 1s >late.out 2>&1
[ $? = 1 ] && grep -q 'not ready in time' late.out
ok $? "--timeout ends the waiting, with what is missing"
"$i2kit" down >/dev/null 2>&1

setsid "$i2kit" up --memory 160M --cpus 2 --publish web:8081:80 --progress=json >up.out 2>up.err &
for _ in $(seq 90); do curl -fsS -m 2 -o page http://127.0.0.1:8081/ 2>/dev/null && break; sleep 1; done
grep -q 'Hello from web-0' page
ok $? "--publish adds a port"
virsh dumpxml i2kit-upto.web-0 >xml
grep -q '>163840<' xml && grep -q '>2</vcpu>' xml
ok $? "--memory and --cpus hold"
for _ in $(seq 60); do grep -q 'echo is up' up.out && break; sleep 1; done
# Not with the shell's own read: it takes a byte at a time, and a datagram comes once.
cat >datagram.py <<PY
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(10)
s.sendto(b"over", ("127.0.0.1", 9000))
assert s.recvfrom(100)[0] == b"over"
PY
python3 datagram.py
ok $? "a UDP port answers"
for _ in $(seq 20); do grep -q 'GET / HTTP' up.out && break; sleep 0.5; done
grep -q 'web-0/nginx *| .*GET / HTTP' up.out
ok $? "in the foreground the logs come with their pod's and container's name"
python3 -c 'import json,sys; [json.loads(line) for line in sys.stdin if line.startswith("{")]' <up.err
ok $? "--progress=json writes lines of JSON"
up=$(pgrep -f 'i2kit up --memory' | head -1)
kill -INT "$up"
sleep 4
kill -0 "$up" 2>/dev/null && [ "$(vm_count)" -ge 1 ]
ok $? "Ctrl-C stops the pods and waits for one that has 120 s"
kill -INT "$up"
gone 10
ok $? "the second Ctrl-C kills it"

echo "# again, with web alone"
web green >i2kit.yml
"$i2kit" up -d --scale web=2 >/dev/null 2>&1
web red >i2kit.yml
"$i2kit" up -d --wait --timeout 60s --scale web=2 >/dev/null 2>&1 && "$i2kit" exec web -- sh -c 'echo $COLOUR' | grep -q red
ok $? "a change while all VMs still boot does not block: the new ones come up"
"$i2kit" up -d --wait --timeout 120s >/dev/null 2>&1
made=$(ps_of web createdAt) image=$(ps_of web imageDigest)
{ web red; tool; } >i2kit.yml
"$i2kit" up -d --wait --timeout 120s >/dev/null 2>&1
[ "$(ps_of web createdAt)" = "$made" ] && [ "$(ps_of tool ready)" = true ]
ok $? "a new pod starts, the unchanged one is left alone"
web blue >i2kit.yml
: >misses
while [ ! -e stop ]; do curl -fsS -m 10 -o /dev/null http://127.0.0.1:8080/ || echo miss >>misses; sleep 0.1; done &
"$i2kit" up -d --wait --timeout 120s >change.out 2>&1
touch stop
wait $!
[ "$(ps_of web imageDigest)" = "$image" ] && [ "$(ps_of web createdAt)" != "$made" ] && ! grep -q layer change.out
ok $? "a change of configuration replaces the VM and builds nothing"
[ ! -s misses ]
ok $? "the new one was ready before the old one left: no request failed"
"$i2kit" exec web -- sh -c 'echo $COLOUR' | grep -q blue
ok $? "the new one has the new configuration"
"$i2kit" ps -o json | jq -e '[.instances[] | select(.pod == "tool" and .state != "Stopping")] == []' >/dev/null
ok $? "a pod that is no longer there stops"
made=$(ps_of web createdAt)
"$i2kit" up -d --wait --timeout 120s --scale web=2 >/dev/null 2>&1
is "$(ps_of web ready | tr '\n' ' ')" "true true " && [[ $(ps_of web createdAt) == *$made* ]]
ok $? "--scale adds a replica and leaves the other alone"
! "$i2kit" up -d --scale wbe=2 >scale.out 2>&1 && grep -q "there is no pod 'wbe'" scale.out
ok $? "--scale of a pod that is not there is an error"
"$i2kit" up -d --connect qemu:///session >other.out 2>&1
grep -q 'runs at qemu:///system, not at qemu:///session' other.out
ok $? "another --connect than the running project's is refused"
"$i2kit" up -d --wait --timeout 180s --firmware bios --bind 127.0.0.2 >/dev/null 2>&1
curl -fsS -m 20 http://127.0.0.2:8080/ | grep -q Hello && ! curl -fsS -m 2 http://127.0.0.1:8080/ >/dev/null 2>&1
ok $? "--bind moves the port of a running project"
for _ in $(seq 40); do [ "$(virsh -q list --name | grep -c web)" = 1 ] && break; sleep 1; done
! virsh dumpxml "$(virsh -q list --name | grep web)" | grep -q '<kernel>'
ok $? "--firmware bios boots the disk itself"
finished
