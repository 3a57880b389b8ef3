#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Where each MB of an nginx pod's VM goes on the host (PSS: what several share is divided among them), with 1, 10
# and 40 of them, that went on from a template as the host has it, or as I2KIT_WARM_MEMORY says (copy, map).
# usage: bench/density.sh [BUILD-FOLDER [PODS…]]
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(realpath "${1:-${I2KIT_BUILD:-$top/build}}")
shift || true
[ $# -gt 0 ] || { [ -n "${BENCH_QUICK:-}" ] && set -- 1 4; } || set -- 1 10 40
[ -n "${I2KIT_ISOLATED:-}" ] || exec "$top/scripts/isolated" "$0" "$build" "$@"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
unset I2KIT_WARM_BUDGET
export I2KIT_PROJECT=density I2KIT_BASE=${I2KIT_BASE:-$top/out/base}
i2kit=$build/i2kit
goal=100
work=$(mktemp -d /var/tmp/i2kit-bench.XXXXXX)
trap '"$i2kit" down >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cat >"$work/i2kit.yml" <<END
name: nginx
containers:
  nginx:
    image: oci:${I2KIT_IMAGES:-$top/out/images}/nginx
    ports: ["8080:80"]
    readinessProbe:
      httpGet: {path: /, port: 80}
END
cd "$work"

# parts MEMORY-BYTES: a line "PART MB" for each part of each QEMU, by what its mappings are
parts() {
	local pid
	for pid in /run/libvirt/qemu/i2kit-*.pid; do
		awk -v memory="$1" '
			function hex(text,   i, n) {
				n = 0
				for (i = 1; i <= length(text); i++) n = n * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
				return n
			}
			/^[0-9a-f]+-[0-9a-f]+ / {
				split($1, at, "-"); size = hex(at[2]) - hex(at[1])
				if (size >= memory && size < memory + 4194304 || $6 ~ /\/warm\//) part = "memory of the guest"
				else if ($2 ~ /^rwx/) part = "translated code"
				else if ($6 == "[heap]") part = "heap"
				else if ($6 ~ /^\// && $2 ~ /^r-/) part = "program and libraries"
				else if ($6 ~ /^\//) part = "data of program and libraries"
				else part = "other anonymous: arenas, stacks, tables"
			}
			/^Pss:/ { sum[part] += $2; all += $2 }
			/^Anonymous:/ && part == "memory of the guest" { own += $2 }
			END {
				for (part in sum) printf "%s\t%.2f\n", part, sum[part] * 1024 / 1e6
				printf "of that the pod'\''s own\t%.2f\n", own * 1024 / 1e6
				printf "the whole\t%.2f\n", all * 1024 / 1e6
			}' "/proc/$(cat "$pid")/smaps"
	done
}
means() { awk -F'\t' -v n="$1" '{ t[$1] += $2 } END { for (p in t) printf "%s\t%.1f\n", p, t[p] / n }' | sort -t$'\t' -k2 -rg; }
ready() { "$i2kit" ps -o json 2>/dev/null | jq '[.instances[] | select(.ready)] | length' || echo 0; }
wait_ready() { # PODS: four seconds each, and a minute
	local _
	for _ in $(seq $(($1 * 4 + 60))); do
		[ "$(ready)" -lt "$1" ] || return 0
		sleep 1
	done
	return 1
}
has_template() { find "$HOME/.cache/i2kit/warm" -name key.json 2>/dev/null | grep -q .; }

"$i2kit" up -dw --timeout 120s >/dev/null 2>&1
for _ in $(seq 240); do
	has_template && break
	sleep 0.5
done
has_template || missing "warm starts" "no template was made in two minutes"
sleep 1
memory=$("$i2kit" ps -o json | jq '.instances[0].memoryBytes')
"$i2kit" down >/dev/null 2>&1
"$i2kit" up -dw --timeout 120s >/dev/null 2>&1
for pods; do
	"$i2kit" scale "nginx=$pods" >/dev/null 2>&1
	if ! wait_ready "$pods"; then
		missing "$pods pods" "only $(ready) became ready"
		break
	fi
	sleep 5
	parts "$memory" | means "$pods" >"$work/parts"
	while IFS=$'\t' read -r part mb; do
		figure "$pods pods: $part" "$mb" MB
	done <"$work/parts"
	figure "$pods pods: started warm" "$("$i2kit" ps -o json | jq '[.instances[] | select(.start == "warm")] | length')" ""
	last=$(awk -F'\t' '$1 == "the whole" { print $2 }' "$work/parts")
done
below "a pod's VM on the host, ${pods} of them" "${last:-none}" "$goal" MB
exit $bench_status
