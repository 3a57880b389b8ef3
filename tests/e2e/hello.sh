#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The walking line, in the README's words: manifest in, disk built, VM up, port answered, log line out, a row
# in ps, taken over after the supervisor's death, down.
set -euo pipefail
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
cleanup() { i2kit -p hello down; i2kit -p given down; }

i2kit up -d --wait --timeout 90s "$top/examples/hello"
i2kit -p hello receipt export "$work/receipts" # which waits for what is not written yet
grep -q '"hello"' "$work/receipts"
expect "Hello from hello-0" curl -fsS -m 10 http://127.0.0.1:8080/
expect "Ready" i2kit -p hello ps
[ "$(i2kit -p hello ps -o json | jq -r '.instances[0].ready')" = true ]
expect "GET / HTTP/1.1" i2kit -p hello logs
expect "Linux hello-0" i2kit -p hello exec hello-0 -- uname -a
expect "containers" i2kit -p hello why hello
expect "nginx" i2kit -p hello stats --once
expect "Ready" i2kit -p hello events
expect hello i2kit ps --projects
expect '["hello"]' i2kit ps --projects -o json

echo "found by the same argument, in its folder and from above; by nobody else"
expect "hello-0" i2kit ps "$top/examples/hello"
expect "hello-0" i2kit -C "$top/examples/hello" ps
expect "hello-0" i2kit -C "$top" ps
expect "GET / HTTP/1.1" i2kit logs "$top/examples/hello"
expect "127.0.0.1:8080" i2kit ls
[ "$(i2kit ls -o json | jq -r '.[0] | "\(.project) \(.state) \(.folder)"')" = "hello ready $top/examples/hello" ]
expect "i2kit -p hello ps" i2kit ps "$work"
mkdir -p "$work/other" && cp -r "$top/examples/hello" "$work/other/"
expect "$top/examples/hello, and this is $work/other/hello" i2kit up -d "$work/other/hello"
expect "is up from $top/examples/hello" i2kit down "$work/other/hello"

echo "what became ready has a receipt"
receipt() { find "$HOME/.local/state/i2kit/receipts/hello" -name '*.json' 2>/dev/null; }
for _ in $(seq 40); do # the guest reads its whole disk first
	[ -n "$(receipt)" ] && break
	sleep 0.5
done
[ -n "$(receipt)" ]

echo "each thread of the supervisor is fenced: seccomp, and no new privileges"
pid=$(i2kit -p hello ps -o json | jq .supervisorPid)
[ "$(ls "/proc/$pid/task" | wc -l)" -gt 3 ]
for thread in "/proc/$pid"/task/*/status; do
	grep -qE '^Seccomp:\s*2' "$thread"
	grep -qE '^NoNewPrivs:\s*1' "$thread"
done
echo "root's VM is not root, and has no capability"
qemu=$(pgrep -f 'guest=i2kit-hello.hello-0')
[ "$(stat -c %U "/proc/$qemu")" = libvirt-qemu ]
grep -qE '^CapEff:\s*0+$' "/proc/$qemu/status"

echo "nothing changed: left alone"
uuid=$(i2kit -p hello ps -o json | jq -r '.instances[0].createdAt')
i2kit up -d --wait "$top/examples/hello"
[ "$(i2kit -p hello ps -o json | jq -r '.instances[0].createdAt')" = "$uuid" ]

echo "a killed supervisor: the VM runs on, the next up takes it over"
kill -9 "$(i2kit -p hello ps -o json | jq .supervisorPid)"
expect "Unsupervised" i2kit -p hello ps
i2kit up -d --wait "$top/examples/hello"
expect "Hello from hello-0" curl -fsS -m 10 http://127.0.0.1:8080/
[ "$(i2kit -p hello ps -o json | jq '.instances | length')" = 1 ]

echo "scale up and down"
i2kit -p hello scale --wait hello=2
[ "$(i2kit -p hello ps -o json | jq '[.instances[] | select(.ready)] | length')" = 2 ]
i2kit -p hello scale hello=1

echo "a dead VM is replaced"
virsh -q destroy i2kit-hello.hello-0 >/dev/null
i2kit up -d --wait --timeout 90s "$top/examples/hello"
expect "Hello from hello-0" curl -fsS -m 10 http://127.0.0.1:8080/

echo "an up in the foreground ends when somebody else takes the project down"
i2kit up "$top/examples/hello" >"$work/foreground" 2>&1 &
foreground=$!
timeout 60 sh -c "until grep -q 'ready in' '$work/foreground'; do sleep 0.2; done"
i2kit -p hello down
wait "$foreground"
expect "it was taken down elsewhere" cat "$work/foreground"
[ -z "$(virsh -q list --all --name | grep hello)" ]
expect "GET / HTTP/1.1" i2kit -p hello logs
! curl -fsS -m 2 http://127.0.0.1:8080/ >/dev/null 2>&1

echo "Secrets from outside of the manifests reach the container, and nobody else"
printf 'password=from-a-file\n' >"$work/db.env"
mkdir "$work/keys"
echo CERTIFICATE >"$work/keys/tls.crt"
cat >"$work/pod.yml" <<X
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - name: c
    image: oci:$images/nginx
    envFrom: [{secretRef: {name: db}}]
    volumeMounts: [{name: keys, mountPath: /keys}]
  volumes: [{name: keys, secret: {secretName: tls}}]
X
given=(--secret-file "db=$work/db.env" --secret "tls=$work/keys")
expect "--secret db.KEY=VALUE" i2kit validate -f "$work/pod.yml"
i2kit -p given up -d --wait --timeout 90s -f "$work/pod.yml" "${given[@]}" --log-file "$work/log" >"$work/up.out" 2>&1
# shellcheck disable=SC2016
expect "from-a-file CERTIFICATE" i2kit -p given exec web-0 -- sh -c 'echo "$password $(cat /keys/tls.crt)"'
! grep -E 'from-a-file|CERTIFICATE' "$work/log" "$work/up.out"
i2kit -p given down
