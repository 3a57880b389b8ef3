#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How many pods of the paper's nginx example fit on this machine: one after another until PODS (40) run or
# the memory is used up; then what they and the supervisor take while nothing happens.
# usage: bench/pods.sh BUILD-FOLDER [PODS [IDLE-SECONDS]]
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(realpath "${1:?usage: bench/pods.sh BUILD-FOLDER [PODS [IDLE-SECONDS]]}")
pods=${2:-40}
idle=${3:-20}
[ -n "${I2KIT_ISOLATED:-}" ] || exec "$top/scripts/isolated" "$0" "$build" "$pods" "$idle"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
export I2KIT_PROJECT=pods
i2kit=$build/i2kit
work=$(mktemp -d)
trap '"$i2kit" down >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cat >"$work/i2kit.yml" <<END
name: nginx
replicas: $pods
containers:
  nginx:
    image: oci:$top/out/images/nginx
    ports: ["8080:80"]
    readinessProbe:
      httpGet: {path: /, port: 80}
END
available() { awk '/MemAvailable/ {print $2}' /proc/meminfo; }
cpu_of() { awk '{print $14 + $15}' "/proc/$1/stat"; } # ticks of 10 ms
count() { "$i2kit" ps -o json | jq '[.instances[] | select(.ready)] | length'; }

"$i2kit" build "$work" >/dev/null 2>&1
before=$(available)
start=$(seconds)
"$i2kit" up -d "$work" >/dev/null 2>&1
ready=0
for _ in $(seq $((pods * 20))); do
	ready=$(count)
	[ "$ready" -ge "$pods" ] && break
	"$i2kit" events 2>/dev/null | grep -q NoMemory && break
	sleep 1
done
took=$(since "$start")
supervisor=$("$i2kit" ps -o json | jq -r .supervisorPid)
used=$((before - $(available)))
figure "pods that run" "$ready" "pods"
figure "until all were ready" "$took" "s"
figure "memory of one pod on this machine" "$((used / 1024 / (ready > 0 ? ready : 1)))" "MiB"
from=$(cpu_of "$supervisor")
sleep "$idle"
to=$(cpu_of "$supervisor")
figure "supervisor, nothing happening: CPU" "$(awk -v t=$((to - from)) -v s="$idle" 'BEGIN {printf "%.2f", t / s}')" "%"
figure "supervisor: resident" "$(awk '/VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$supervisor/status")" "MiB"
figure "supervisor: resident and its own" "$(awk '/RssAnon/ {printf "%.1f", $2 / 1024}' "/proc/$supervisor/status")" "MiB"
