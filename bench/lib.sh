# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the benches: source it.

# figure NAME VALUE UNIT: prints a figure and hands it to bench/run.
figure() {
	printf '%-44s %10s %s\n' "$1" "$2" "$3"
	if [ -n "${BENCH_FIGURES:-}" ]; then
		printf '%s\t%s\t%s\t%s\n' "${BENCH_NAME:-bench}" "$1" "$2" "$3" >>"$BENCH_FIGURES"
	fi
}

# median: of numbers on stdin, one a line
median() {
	sort -g | awk '{ v[NR] = $1 } END { if (NR) printf "%.4g\n", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# spread: "min–max" of numbers on stdin
spread() {
	sort -g | awk 'NR == 1 { a = $1 } { b = $1 } END { printf "%.4g–%.4g\n", a, b }'
}

# ratio A B: A / B with two decimals
ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f\n", a / b; else print "nan" }'
}

# seconds: a clock with microseconds
seconds() {
	printf '%s\n' "$EPOCHREALTIME"
}

# since START: seconds passed
since() {
	awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", b - a }'
}

# answers URL [SECONDS]: waits until it answers 200, looking every 10 ms
answers() {
	local _
	for _ in $(seq $((${2:-60} * 100))); do
		curl -fsS -o /dev/null --max-time 2 "$1" 2>/dev/null && return 0
		sleep 0.01
	done
	return 1
}
