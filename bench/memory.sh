#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Memory of 1, 10, 20, 30 and 40 nginx pods, as in table I(a) of the paper, which had 78 MB for each: what is
# in use inside the guest, what QEMU has on the host (PSS: shared pages are divided among those who share
# them), and what the whole machine lost, supervisor, libvirt and page cache of the disks included.
# usage: bench/memory.sh [BUILD-FOLDER [PODS…]]
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(realpath "${1:-${I2KIT_BUILD:-$top/build}}")
shift || true
[ $# -gt 0 ] || { [ -n "${BENCH_QUICK:-}" ] && set -- 1 5 10; } || set -- 1 10 20 30 40
[ -n "${I2KIT_ISOLATED:-}" ] || exec "$top/scripts/isolated" "$0" "$build" "$@"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
export I2KIT_PROJECT=memory I2KIT_BASE=${I2KIT_BASE:-$top/out/base}
i2kit=$build/i2kit
work=$(mktemp -d)
trap '"$i2kit" down >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
manifest() { # REPLICAS
	cat >"$work/i2kit.yml" <<-END
	name: nginx
	replicas: $1
	containers:
	  nginx:
	    image: oci:${I2KIT_IMAGES:-$top/out/images}/nginx
	    ports: ["8080:80"]
	    readinessProbe:
	      httpGet: {path: /, port: 80}
	END
}
available_mb() { awk '/MemAvailable/ { printf "%.0f\n", $2 * 1024 / 1e6 }' /proc/meminfo; }
ready() { "$i2kit" ps -o json 2>/dev/null | jq '[.instances[] | select(.ready)] | length' || echo 0; }
wait_ready() { # PODS: ten seconds each, and a minute
	local _
	for _ in $(seq $(($1 * 10 + 60))); do
		[ "$(ready)" -lt "$1" ] || return 0
		sleep 1
	done
	return 1
}
# MB of each QEMU, a line each
host_pss() {
	local pid
	for pid in /run/libvirt/qemu/i2kit-*.pid; do
		awk '/^Pss:/ { printf "%.1f\n", $2 * 1024 / 1e6 }' "/proc/$(cat "$pid")/smaps_rollup"
	done
}

# PODS: the supervisor's CPU while nothing happens, over 20 s
idle() {
	local pid from to
	[ "$1" -ge 10 ] || return 0
	pid=$("$i2kit" ps -o json | jq -r .supervisorPid)
	from=$(awk '{ print $14 + $15 }' "/proc/$pid/stat") # ticks of 10 ms
	sleep 20
	to=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
	figure "$1 pods: the idle supervisor" "$(awk -v t=$((to - from)) 'BEGIN { printf "%.2f", t / 20 }')" "% of a CPU"
}

manifest 1
"$i2kit" build -f "$work" >/dev/null 2>&1
before=$(available_mb)
each="memory of each nginx pod"
for what in "guest, in use" "QEMU on the host, PSS" "the whole"; do
	sample "$each: $what" "the paper" 78 MB
done
for pods; do
	manifest "$pods"
	start=$(seconds)
	"$i2kit" up -d -f "$work" >/dev/null 2>&1
	if ! wait_ready "$pods"; then
		missing "$pods pods" "only $(ready) became ready"
		break
	fi
	took=$(since "$start")
	sleep 5
	whole=$((before - $(available_mb)))
	"$i2kit" stats --once -o json >"$work/stats"
	guest=$(jq '.instances[].memoryUsedBytes / 1e6' "$work/stats" | median)
	host=$(host_pss | median)
	sample "$each: guest, in use" "$pods pods" "$guest" MB
	sample "$each: QEMU on the host, PSS" "$pods pods" "$host" MB
	sample "$each: the whole" "$pods pods" "$(awk -v w=$whole -v n="$pods" 'BEGIN { printf "%.1f", w / n }')" MB
	figure "$pods pods: the whole" "$whole" MB
	figure "$pods pods: until all were ready" "$took" s
	idle "$pods"
done
tables
supervisor=$("$i2kit" ps -o json | jq -r .supervisorPid)
figure "the supervisor of them all, resident" "$(awk '/VmRSS/ { printf "%.1f", $2 * 1024 / 1e6 }' "/proc/$supervisor/status")" MB
