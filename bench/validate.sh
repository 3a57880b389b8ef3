#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/validate.sh [BUILD-FOLDER [ROUNDS]]
#
# Validating 10,000 lines of manifest, in one file and as one file for each object, alternating with
# kubectl reading the same file without a server (`kubectl label --local`), where there is a kubectl.
# Target: under 0.1 s of one CPU (the wall clock is shown too, and counts whoever else works here).
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
i2kit=${1:-${I2KIT_BUILD:-$top/build}}/i2kit
rounds=${2:-${BENCH_ROUNDS:-9}}
work=$(mktemp -d "${TMPDIR:-/tmp}/i2kit-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

object() {
	cat <<EOF
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-$1
  labels: {app: web-$1}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web-$1
  template:
    metadata:
      labels:
        app: web-$1
    spec:
      containers:
        - name: web
          image: registry.example.com/team/web:1.$1
          args:
            - --listen=:8080
            - --verbose
          ports:
            - name: http
              containerPort: 8080
          env:
            - name: GREETING
              value: "hello $1"
            - name: POD_NAME
              valueFrom:
                fieldRef:
                  fieldPath: metadata.name
          readinessProbe:
            httpGet:
              path: /healthz
              port: http
          resources:
            requests:
              cpu: 100m
              memory: 64Mi
            limits:
              memory: 128Mi
---
apiVersion: v1
kind: Service
metadata:
  name: web-$1
spec:
  selector:
    app: web-$1
  ports:
    - port: $((2000 + $1))
      targetPort: http
EOF
}

count=0
mkdir "$work/many"
while [ "$(wc -l 2>/dev/null <"$work/one.yml" || echo 0)" -lt 10000 ]; do
	count=$((count + 1))
	object $count >"$work/many/$count.yml"
	[ $count -eq 1 ] || echo --- >>"$work/one.yml"
	cat "$work/many/$count.yml" >>"$work/one.yml"
done
echo "$(wc -l <"$work/one.yml") lines, $((2 * count)) objects, $(wc -c <"$work/one.yml") bytes"

# Wall and CPU seconds (user and system) of a command, a line each in files of that name.
measure() { # NAME COMMAND…
	local name=$1 TIMEFORMAT='%R %U %S'
	shift
	{ time "$@" >/dev/null 2>"$work/err"; } 2>"$work/time" || { cat "$work/err" >&2; exit 1; }
	awk -v wall="$work/wall.$name" -v cpu="$work/cpu.$name" \
		'{ print $1 >>wall; print $2 + $3 >>cpu }' "$work/time"
}

for ((i = 0; i < rounds; i++)); do
	measure one "$i2kit" validate "$work/one.yml"
	measure many "$i2kit" validate "$work/many"
	if command -v kubectl >/dev/null; then
		measure kubectl kubectl label --local -f "$work/one.yml" bench=yes -o name
	fi
done
figure "10,000 lines, one file: wall" "$(median <"$work/wall.one")" s
cpu=$(median <"$work/cpu.one")
figure "10,000 lines, one file: CPU" "$cpu" s
figure "10,000 lines, $count files: wall" "$(median <"$work/wall.many")" s
if [ -f "$work/wall.kubectl" ]; then
	figure "kubectl reading the same file: wall" "$(median <"$work/wall.kubectl")" s
	figure "kubectl / i2kit, wall" "$(ratio "$(median <"$work/wall.kubectl")" "$(median <"$work/wall.one")")" times
	figure "kubectl / i2kit, CPU" "$(ratio "$(median <"$work/cpu.kubectl")" "$cpu")" times
fi
below "10,000 lines" "$cpu" 0.1 "s of CPU"
exit $bench_status
