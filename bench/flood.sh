#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Pods that all write 20 MB in lines of 100 bytes as fast as they can: what comes through to the log store in how
# long, and whether each line is there or counted as lost. Says what the supervisor takes meanwhile.
# usage: bench/flood.sh [BUILD-FOLDER [ROUNDS]]
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(realpath "${1:-${I2KIT_BUILD:-$top/build}}")
rounds=${2:-${BENCH_ROUNDS:-2}}
[ -n "${I2KIT_ISOLATED:-}" ] || exec "$top/scripts/isolated" "$0" "$build" "$rounds"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
export I2KIT_PROJECT=flood I2KIT_BASE=${I2KIT_BASE:-$top/out/base}
i2kit=$build/i2kit
pods=3
lines=200000 # of each pod: well within its quota of the store
times=20     # as often a pod writes its file of lines, in one program: what starts one for each would be measured too
work=$(mktemp -d)
trap '"$i2kit" down >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
for pod in $(seq $pods); do
	cat >"$work/$pod.yml" <<-END
	name: pod$pod
	containers:
	  main:
	    image: oci:${I2KIT_IMAGES:-$top/out/images}/toolbox
	    command: [sleep, "100000"]
	END
done
# SINCE POD: lines there or counted as lost, lines counted as lost
tally() {
	"$i2kit" logs -o json --since "$1" "$2" | python3 -c '
import json, sys
there = lost = 0
for line in map(json.loads, sys.stdin):
	lost += line.get("lostBefore", 0)
	there += line["text"].startswith("0000000")
print(there + lost, lost)'
}
cpu_of() { awk '{ print $14 + $15 }' "/proc/$1/stat"; } # ticks of 10 ms

"$i2kit" up -d --wait --timeout 180s -f "$work" >/dev/null 2>&1
supervisor=$("$i2kit" ps -o json | jq -r .supervisorPid)
for pod in $(seq $pods); do
	# shellcheck disable=SC2016
	"$i2kit" exec "pod$pod" -- sh -c 'yes "$(printf %099d 7)" | head -n '$((lines / times))' >/tmp/lines'
done
title="$pods pods write as fast as they can"
for round in $(seq "$rounds"); do
	begin=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	sleep 1
	from=$(cpu_of "$supervisor")
	start=$(seconds)
	writers=()
	for pod in $(seq $pods); do
		timeout 120 "$i2kit" exec "pod$pod" -- sh -c "cat $(yes /tmp/lines | head -n $times | tr '\n' ' ') >/proc/1/fd/1" &
		writers+=($!)
	done
	wait "${writers[@]}"
	took=$(since "$start")
	to=$(cpu_of "$supervisor")
	for _ in $(seq 5); do
		read -r known lost < <(for pod in $(seq $pods); do tally "$begin" "pod$pod"; done |
			awk '{ k += $1; l += $2 } END { print k, l }')
		[ "$known" -ge $((lines * pods)) ] && break
		sleep 1
	done
	sample "$title" "written" "$(awk -v n=$((lines * pods)) -v s="$took" 'BEGIN { printf "%.2f", n / 1e4 / s }')" MB/s
	sample "$title" "of it in the log store" \
		"$(awk -v n=$((known - lost)) -v s="$took" 'BEGIN { printf "%.2f", n / 1e4 / s }')" MB/s
	figure "round $round: lines counted as lost" "$lost" lines
	figure "round $round: lines neither there nor counted" $((lines * pods - known)) lines
	figure "round $round: supervisor, CPU" "$(awk -v t=$((to - from)) -v s="$took" 'BEGIN { printf "%.0f", t / s }')" %
	[ "$known" = $((lines * pods)) ] || { echo "error: lines are missing that nobody counted" >&2; exit 1; }
done
tables
