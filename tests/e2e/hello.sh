#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The walking line, in the README's words: manifest in, disk built, VM up, port answered, log line out, a row
# in ps, taken over after the supervisor's death, down.
set -euo pipefail
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
cleanup() { i2kit -p hello down; }

i2kit up -d --wait --timeout 90s "$top/examples/hello"
expect "Hello from hello-0" curl -fsS -m 10 http://127.0.0.1:8080/
expect "Ready" i2kit -p hello ps
[ "$(i2kit -p hello ps -o json | jq -r '.instances[0].ready')" = true ]
expect "GET / HTTP/1.1" i2kit -p hello logs
expect "Linux hello-0" i2kit -p hello exec hello-0 -- uname -a
expect "containers" i2kit -p hello why hello
expect "nginx" i2kit -p hello stats --once
expect "Ready" i2kit -p hello events
expect hello i2kit ps --projects

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

i2kit -p hello down
[ -z "$(virsh -q list --all --name | grep hello)" ]
expect "GET / HTTP/1.1" i2kit -p hello logs
! curl -fsS -m 2 http://127.0.0.1:8080/ >/dev/null 2>&1
