#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# depends_on and networks: VMs boot side by side, containers wait; pods that share no network do not find one another.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
cleanup() { "$i2kit" -p one down; "$i2kit" -p chain down; "$i2kit" -p apart down; "$i2kit" -p alone down; }
cd "$work" || exit 1
pod() { # NAME COMMAND MORE
	cat <<-Y
		name: $1
		publish: false
		terminationGracePeriodSeconds: 1
		containers:
		  c:
		    image: oci:$top/out/images/toolbox
		    command: [sh, -c, '$2']
		    ports: ["80:80"]
		    readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}
		$3
		---
	Y
}
serve='date +%s.%N >/began; mkdir -p /w; echo $HOSTNAME >/w/index.html; exec httpd -f -p 80 -h /w'
{
	pod web "$serve" 'depends_on: {api: healthy}'
	pod api "$serve" 'depends_on: {db: {condition: service_healthy}}'
	pod db "sleep 4; $serve" ''
} >chain.yml
sed 's/^depends_on.*//' chain.yml | awk '/^name: db/ {on = 1} on' >one.yml

start=$(date +%s%N)
"$i2kit" -p one up -d --wait --timeout 180s -f one.yml
ok $? "one pod is up"
one=$(($(date +%s%N) - start))
start=$(date +%s%N)
"$i2kit" -p chain up -d --wait --timeout 180s -f chain.yml >up.out 2>&1
ok $? "a chain of three is up"
chain=$(($(date +%s%N) - start))
echo "# one $((one / 1000000)) ms, chain $((chain / 1000000)) ms"
began() { "$i2kit" -p chain exec "$1" -- cat /began; }
awk -v db="$(began db)" -v api="$(began api)" -v web="$(began web)" 'BEGIN { exit !(db < api && api < web) }'
ok $? "its containers started one after the other"
"$i2kit" -p chain events -o json 2>/dev/null | grep -q 'waits for db to be healthy' || "$i2kit" -p chain events | grep -q 'waits for'
ok $? "events say what they waited for"
"$i2kit" -p chain down
# One that never becomes healthy: the supervisor is killed meanwhile, and the next one holds on.
{
	pod web "$serve" 'depends_on: {db: healthy}'
	pod db "while [ ! -e /go ]; do sleep 0.2; done; $serve" ''
} >held.yml
"$i2kit" -p chain up -d -f held.yml
for _ in $(seq 100); do
	"$i2kit" -p chain ps -o json | jq -e '[.instances[] | select(.pod == "db").state] == ["Running"]' >/dev/null && break
	sleep 0.3
done
sleep 2
"$i2kit" -p chain why web | grep -q 'waits for db to be healthy (its last probe: '
ok $? "why says what it waits for, and that one's last probe"
is "$("$i2kit" -p chain ps -o json | jq -r '.instances[] | select(.pod == "web").state')" Booting
ok $? "its VM is there, its containers are not"
kill -9 "$("$i2kit" -p chain ps -o json | jq .supervisorPid)"
"$i2kit" -p chain up -d -f held.yml
sleep 3
"$i2kit" -p chain why web | grep -q 'waits for db to be healthy'
ok $? "the next supervisor holds it too"
"$i2kit" -p chain exec db -- touch /go
"$i2kit" -p chain up -d --wait --timeout 60s -f held.yml >up.out 2>&1
ok $? "and lets it go"
"$i2kit" -p chain restart db >/dev/null && "$i2kit" -p chain ps -o json | jq -e '[.instances[] | select(.pod == "web").state] == ["Ready"]' >/dev/null
ok $? "what runs is not held again"
"$i2kit" -p chain down

apart() {
	pod web "$serve" 'networks: [front]'
	pod api "$serve" 'networks: {front: {aliases: [backend]}, back: {internal: true}}'
	pod db "$serve" 'networks: [back]'
}
apart >apart.yml
ask() { # POD HOST
	"$i2kit" -p apart exec "$1" -- sh -c "timeout 4 wget -q -O - http://$2/" 2>/dev/null
}
address() { "$i2kit" -p apart ps -o json | jq -r --arg pod "$1" '.instances[] | select(.pod == $pod).address'; }
look() {
	is "$(ask web api)" api-0
	ok $? "$1: a pod reaches one of its network"
	is "$(ask web backend)" api-0
	ok $? "$1: by its alias too"
	is "$(ask api db)$(ask db api)" db-0api-0
	ok $? "$1: one in two networks reaches, and is reached by, both"
	is "$(ask web db)$(ask web db-0)$(ask db web)" ""
	ok $? "$1: who shares none is not reached"
	is "$("$i2kit" -p apart exec web -- sh -c 'grep -c -w db /etc/hosts; env | grep -c ^DB_')" $'0\n0'
	ok $? "$1: nor found"
}
"$i2kit" -p apart up -d --wait --timeout 180s -f apart.yml
ok $? "system mode: three pods in two networks are up"
look "system mode"
is "$(ask web "$(address db)")$(ask db "$(address web)")" ""
ok $? "system mode: nor by its address"
"$i2kit" -p apart down
"$i2kit" -p apart up --connect qemu:///session -d --wait --timeout 180s -f apart.yml
ok $? "session mode: the same"
look "session mode"
"$i2kit" -p apart down
finished
