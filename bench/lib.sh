# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the benches: source it. A bench is called as `NAME.sh [BUILD-FOLDER [ROUNDS]]`; bench/run gives
# it the folder, $BENCH_ROUNDS and a file for what it finds.
bench_folder=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
if [ -z "${BENCH_FIGURES:-}" ]; then
	BENCH_FIGURES=$(mktemp)
	export BENCH_FIGURES
fi
PATH=$(dirname "$bench_folder")/out/bench/bin:$PATH
# What is measured boots, and no template is made meanwhile; warm.sh is about those that do not.
export I2KIT_WARM_BUDGET=0

record() {
	local IFS=$'\t'
	printf '%s\n' "${BENCH_NAME:-bench}"$'\t'"$*" >>"$BENCH_FIGURES"
}

# figure NAME VALUE UNIT: prints a figure and hands it to bench/run.
figure() {
	printf '%-52s %10s %s\n' "$1" "$2" "$3"
	record figure "$1" "$2" "$3"
}

# sample TABLE WAY VALUE UNIT: one round of one way. The first way of a table is what the others are
# compared with, round by round; `tables` prints what came together.
sample() {
	echo "$2: $3 $4" >&2
	record sample "$1" "$2" "$3" "$4"
}

# missing WHAT WHY: what could not be compared with, and why; said and kept.
missing() {
	echo "missing: $1: $2"
	record missing "$1" "$2"
}

# missed WHAT: a goal that was not reached: what was found and what it should be. `exit $bench_status` ends a bench.
# shellcheck disable=SC2034 # for who sources this
bench_status=0
missed() {
	echo "missed: $1"
	record missed "$1"
	bench_status=1
}

# below NAME VALUE LIMIT UNIT: a goal
below() {
	awk -v a="$2" -v b="$3" 'BEGIN { exit !(a <= b) }' || missed "$1: $2 $4, at most $3 $4 is the goal"
}

tables() {
	python3 "$bench_folder/report.py" tables "$BENCH_FIGURES" "${BENCH_NAME:-bench}"
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

# all_processors: seconds of processor time of all processes that are here, and of those that were and ended; below
# scripts/isolated those are a bench's own. after_all BEFORE: what came to it since.
all_processors() {
	# The name in brackets may have blanks; behind it come the state and 10 fields that are not it.
	# One that ends while it is being looked at is no fault.
	{ cat /proc/[0-9]*/stat 2>/dev/null || true; } | sed 's/.*) //' |
		awk -v hz="$(getconf CLK_TCK)" '{ n += $12 + $13 + $14 + $15 } END { printf "%.2f\n", n / hz }'
}
after_all() {
	awk -v a="$1" -v b="$(all_processors)" 'BEGIN { printf "%.2f\n", b - a }'
}

# answers URL [SECONDS]: waits until it answers 200, looking every 10 ms
answers() {
	local end=$((SECONDS + ${2:-60}))
	while [ $SECONDS -lt $end ]; do
		curl -fsS -o /dev/null --max-time 2 "$1" 2>/dev/null && return 0
		sleep 0.01
	done
	return 1
}

# serve_images FOLDER PORT: a registry on loopback, its process in $registry
serve_images() {
	printf 'version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:%s"}\n' \
		"$1/registry" "$2" >"$1/registry.yml"
	docker-registry serve "$1/registry.yml" >/dev/null 2>&1 &
	# shellcheck disable=SC2034
	registry=$!
	answers "http://127.0.0.1:$2/v2/" 10
}

# linuxkit_document PORT NAME LAYOUT BASE: puts kernel and init of the layout into the registry as bench/NAME-…;
# prints the LinuxKit document of the two
linuxkit_document() {
	local image
	for image in kernel init; do
		skopeo copy -q --insecure-policy --dest-tls-verify=false "oci:$3:$image" "docker://127.0.0.1:$1/bench/$2-$image:1"
	done
	printf 'kernel: {image: "127.0.0.1:%s/bench/%s-kernel:1", cmdline: "%s"}\ninit: ["127.0.0.1:%s/bench/%s-init:1"]\n' \
		"$1" "$2" "$(jq -r .cmdline "$4/base.json")" "$1" "$2"
}
