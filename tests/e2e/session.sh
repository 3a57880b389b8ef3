#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# qemu:///session: everything as a user without any privilege. Names, Services on the port the pods
# themselves listen on, StatefulSet and headless names, the host, scale, down. Then qemu:///system as a member of
# group libvirt.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
if [ "$(id -u)" = 0 ]; then
	# The tree may lie below a folder that only root enters, so he gets a copy.
	plain_user
	mkdir -p $home/tree/build $home/tree/out/images
	cp "$i2kit" $home/tree/build/
	cp -r "$I2KIT_BASE" $home/tree/out/base
	for image in nginx redis toolbox; do cp -r "$images/$image" $home/tree/out/images/; done
	mkdir -p $home/tree/tests/e2e/lib && cp "$0" $home/tree/tests/e2e/session.sh
	cp "$(dirname "$0")/lib/prologue.sh" $home/tree/tests/e2e/lib/
	chown -R 4711:4711 $home
	as_pat "$(getent group libvirt | cut -d: -f3)" I2KIT_ISOLATED=1 I2KIT_BASE=$home/tree/out/base bash $home/tree/tests/e2e/session.sh
	exit
fi
mkdir -p "$HOME/app" && cd "$HOME/app" || exit 1
cleanup() { "$i2kit" down --volumes; }
cat >i2kit.yml <<Y
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: nginx
        image: oci:$top/out/images/nginx
        ports: [{containerPort: 80}]
        readinessProbe: {httpGet: {path: /, port: 80}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 8080, targetPort: 80, name: http}]}
---
# On the very port that web listens on itself, in all its VMs too.
apiVersion: v1
kind: Service
metadata: {name: web80}
spec: {selector: {app: web}, ports: [{port: 80, name: http}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 1
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
      - name: redis
        image: oci:$top/out/images/redis
        ports: [{containerPort: 6379}]
        readinessProbe: {tcpSocket: {port: 6379}}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 6379}]}
---
apiVersion: v1
kind: Service
metadata: {name: cache}
spec: {selector: {app: db}, ports: [{name: redis, port: 6379}, {name: udp, port: 6380, protocol: UDP}]}
---
apiVersion: v1
kind: Pod
metadata: {name: tool, annotations: {i2kit/egress: "any, host"}}
spec:
  containers:
  - name: tool
    image: oci:$top/out/images/toolbox
    command: [sleep, "100000"]
---
apiVersion: v1
kind: Pod
metadata: {name: shut, annotations: {i2kit/egress: web}}
spec:
  containers:
  - name: tool
    image: oci:$top/out/images/toolbox
    command: [sleep, "100000"]
Y
pod=tool
inside() { timeout 20 "$i2kit" exec $pod -- sh -c "$1"; }
ask() { inside "printf 'GET / HTTP/1.0\r\n\r\n' | nc -w 5 $1 $2"; }
ping_redis() { inside "echo PING | nc -w 5 $1 6379" | grep -q PONG; }

"$i2kit" up -d --wait --timeout 180s
ok $? "four pods become ready, two of them listening on a Service's port"
[ "$("$i2kit" ps -o json | jq -r '.session')" = true ]
ok $? "it is session mode"
"$i2kit" exec web -- sh -c 'df -m / | awk "NR == 2 { exit \$2 < 9000 }" && dd if=/dev/zero of=/fill bs=1M count=100 && rm /fill' 2>/dev/null &&
	[ -n "$(find "$HOME/.local/state/i2kit" -name 'web-0.raw')" ]
ok $? "a pod writes to its own disk"
curl -fsS -m 10 http://127.0.0.1:8080/ | grep -q 'Hello from web-0'
ok $? "a published port answers"
ask web 8080 | grep -q 'Hello from web-0'
ok $? "a Service answers under its name and its own port"
ask web80 80 | grep -q 'Hello from web-0'
ok $? "a Service answers on the port of its pods"
ping_redis cache && ping_redis cache.default.svc.cluster.local
ok $? "the long name is as good"
ping_redis db-0.db && ping_redis db && ping_redis db-0
ok $? "StatefulSet and headless names"
inside 'nslookup -type=srv _redis._tcp.cache.default.svc.cluster.local; nslookup cache.default.svc.cluster.local' | grep -q '127\.77\.'
ok $? "Services are found by DNS"
inside 'echo $CACHE_SERVICE_HOST $CACHE_PORT_6379_TCP' | grep -Eq '^127\.77\.[0-9.]+ tcp://127\.77\.[0-9.]+:6379$'
ok $? "service environment variables"
"$i2kit" events | grep -q 'no pod reaches UDP port 6380'
ok $? "that UDP is not led between pods is said"
mkdir www && echo 'the host itself' >www/index.html
python3 -m http.server -d www --bind 127.0.0.1 9911 >/dev/null 2>&1 &
server=$!
sleep 0.5
ask host.i2kit.internal 9911 | grep -q 'the host itself'
ok $? "host.i2kit.internal is the loopback of this machine for a pod that may reach it"
pod=shut
ask web 8080 | grep -q 'Hello from web-0' && ask web-0 80 | grep -q 'Hello from web-0'
ok $? "an egress policy lets a pod reach the Service it names, and its instances"
! ping_redis cache 2>/dev/null && ! ping_redis db-0 2>/dev/null
ok $? "and no other"
! ask host.i2kit.internal 9911 2>/dev/null | grep -q 'the host itself' && ! ask 10.0.2.200 9911 2>/dev/null | grep -q 'the host itself'
ok $? "nor this machine, which is off unless asked for"
pod=tool
kill $server
"$i2kit" scale --wait db=2 && ping_redis db-1.db
ok $? "a replica that comes later has its name in pods that run already"
pid=$("$i2kit" ps -o json | jq -r '.supervisorPid // empty')
[ -n "$pid" ] && [ "$pid" -gt 1 ] && kill -9 "$pid"
"$i2kit" up -d --wait --timeout 120s && ask web80 80 | grep -q 'Hello from web-0'
ok $? "after the supervisor's death the next one carries on"
"$i2kit" down --volumes && [ -z "$(virsh -q -c qemu:///session list --name)" ]
ok $? "down leaves no VM"

# A member of group libvirt may use system mode; QEMU then runs as him, beside a libvirtd that is root.
mkdir -p "$HOME/shared" "$HOME/app2" && cd "$HOME/app2" && echo mine >"$HOME/shared/file"
cat >i2kit.yml <<Y
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 64Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: keep}
spec:
  containers:
  - name: nginx
    image: oci:$top/out/images/nginx
    ports: [{containerPort: 80, hostPort: 8085}]
    volumeMounts: [{name: data, mountPath: /data}, {name: live, mountPath: /live}]
    readinessProbe: {httpGet: {path: /, port: 80}}
  volumes:
  - {name: data, persistentVolumeClaim: {claimName: data}}
  - {name: live, hostPath: {path: $HOME/shared}}
Y
if virsh -q -c qemu:///system uri >/dev/null 2>&1; then
	"$i2kit" up -d --wait --timeout 120s --connect qemu:///system && curl -fsS -m 10 -o /dev/null http://127.0.0.1:8085/
	ok $? "system mode as a user: a published port answers"
	"$i2kit" exec keep -- sh -c 'df -m / | awk "NR == 2 { exit \$2 < 9000 }" && dd if=/dev/zero of=/fill bs=1M count=100' 2>/dev/null
	ok $? "and a pod writes to its own disk"
	[ "$("$i2kit" exec keep -- sh -c 'echo kept >/data/k; cat /live/file')" = mine ]
	ok $? "and a live mount"
	"$i2kit" restart keep && "$i2kit" up -d --wait --timeout 120s --connect qemu:///system &&
		[ "$("$i2kit" exec keep -- cat /data/k)" = kept ] && [ -r "$HOME/.local/state/i2kit/projects/app2/console/keep-0.log" ]
	ok $? "and a volume over a restart; the console's log stays readable"
	"$i2kit" down --volumes && ! find "$HOME" ! -user pat ! -path "$HOME/shared/*" | grep .
	ok $? "down leaves nothing, and nothing of the user's has another owner"
else
	ok 0 "system mode as a user # SKIP this libvirtd does not let group libvirt in"
fi
finished
