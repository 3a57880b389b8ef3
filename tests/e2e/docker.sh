#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Pods that change their network: a Docker of Debian in a privileged one, which runs containers of its own, publishes
# their ports and lets them out; WireGuard between two pods; iptables of both kinds.
set -u
. "$(dirname "$0")/lib/prologue.sh"
# Its packages come from the network, of which nothing is left in there.
[ -n "${I2KIT_ISOLATED:-}" ] || [ -d "$images/docker" ] || "$top/scripts/example-images" -o "$images" docker >&2 ||
	skip "the image of Docker cannot be made here"
isolated "$@"
export I2KIT_PROJECT=docker
cleanup() { timeout 60 "$i2kit" down; }
cd "$work" || exit 1
cat >app.yml <<END
apiVersion: v1
kind: Pod
metadata: {name: engine}
spec:
  terminationGracePeriodSeconds: 5
  containers:
  - name: dockerd
    image: oci:$images/docker
    # As the entry point of docker:dind: a group with processes of its own has no groups with limits below it.
    command:
    - sh
    - -c
    - |
      mkdir -p /sys/fs/cgroup/init
      while read -r one; do echo \$one; done </sys/fs/cgroup/cgroup.procs >/tmp/all
      while read -r one; do echo \$one >/sys/fs/cgroup/init/cgroup.procs; done </tmp/all 2>/dev/null
      echo +cpu +memory +pids +io >/sys/fs/cgroup/cgroup.subtree_control
      exec dockerd
    securityContext: {privileged: true}
    ports: [{containerPort: 8081, hostPort: 8081}]
    resources: {limits: {memory: 512Mi, cpu: 2}}
    readinessProbe: {exec: {command: [test, -S, /run/docker.sock]}, periodSeconds: 1, failureThreshold: 100}
---
apiVersion: v1
kind: Pod
metadata: {name: peer}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: tools
    image: oci:$images/docker
    command: [sh, -c, "mkdir /www; echo from the peer >/www/index.html; exec httpd -f -p 80 -h /www"]
    securityContext: {capabilities: {add: [NET_ADMIN]}}
    ports: [{containerPort: 80}]
END
engine() { timeout 120 "$i2kit" exec engine -- sh -c "$1" 2>&1; }
peer() { timeout 60 "$i2kit" exec peer -- sh -c "$1" 2>&1; }

timeout 240 "$i2kit" up -d --wait -f app.yml >up.out 2>&1
ok $? "dockerd of Debian comes up in a privileged pod"
is "$(engine 'docker info -f "{{.Driver}} {{.CgroupVersion}}"')" "overlay2 2"
ok $? "with overlay2, on the pod's own disk"
engine 'mkdir -p /t/bin && cp /bin/busybox /t/bin && tar -C /t -c . | docker import - tiny' >import.out
is "$(engine 'docker run --rm tiny /bin/busybox echo a container in a pod')" "a container in a pod"
ok $? "an image is imported and runs"
engine 'docker run -d --name web -p 8081:80 --memory 32m tiny /bin/busybox sh -c "busybox mkdir /w; echo from inside >/w/index.html; exec busybox httpd -f -p 80 -h /w"' >run.out
for _ in 1 2 3 4 5 6 7 8 9 10; do
	curl -fsS -m 2 http://127.0.0.1:8081/ >page 2>/dev/null && break
	sleep 1
done
is "$(cat page)" "from inside"
ok $? "its published port is reached from this machine"
address=$("$i2kit" ps -o json | jq -r '.. | objects | select(.name? == "peer-0") | .address' | head -n 1)
is "$(engine "docker run --rm tiny /bin/busybox wget -qO- http://$address/")" "from the peer"
ok $? "and it reaches another pod"

for kind in nft legacy; do
	peer "iptables-$kind -t nat -A POSTROUTING -s 10.9.0.0/24 -j MASQUERADE && iptables-$kind -A INPUT -p tcp --dport 81 -m conntrack --ctstate NEW -j REJECT &&
		ip6tables-$kind -A INPUT -p tcp --dport 81 -j DROP && iptables-$kind -t nat -S && iptables-$kind -S" >tables.out
	grep -q -- '-A POSTROUTING -s 10.9.0.0/24 -j MASQUERADE' tables.out && grep -q 'ctstate NEW -j REJECT' tables.out
	ok $? "iptables-$kind has nat, conntrack and REJECT"
done
is "$(engine 'docker run --rm --cap-add NET_ADMIN -v /usr:/usr -v /lib64:/lib64 -v /lib:/lib -v /sbin:/sbin tiny /usr/sbin/nft add table inet inner && echo good')" good
ok $? "a container in the pod has nftables of its own"

for pod in engine peer; do
	$pod 'umask 077; wg genkey >/key; wg pubkey </key' >$pod.pub
	$pod 'ip link add wg0 type wireguard && wg set wg0 listen-port 51820 private-key /key' >>wg.out
done
here=$("$i2kit" ps -o json | jq -r '.. | objects | select(.name? == "engine-0") | .address' | head -n 1)
engine "wg set wg0 peer $(cat peer.pub) endpoint $address:51820 allowed-ips 10.99.0.2/32 && ip addr add 10.99.0.1/24 dev wg0 && ip link set wg0 up" >>wg.out
peer "wg set wg0 peer $(cat engine.pub) endpoint $here:51820 allowed-ips 10.99.0.1/32 && ip addr add 10.99.0.2/24 dev wg0 && ip link set wg0 up" >>wg.out
is "$(engine 'docker run --rm --network host tiny /bin/busybox wget -qO- http://10.99.0.2/')" "from the peer"
ok $? "WireGuard carries a connection between two pods"
engine 'wg show wg0 latest-handshakes' | grep -Eq '[1-9][0-9]{6,}$'
ok $? "after a handshake"
finished
