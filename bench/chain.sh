#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/chain.sh [BUILD-FOLDER [ROUNDS]]
#
# `up --wait` of one pod and of a chain of three that wait for one another (depends_on: healthy), alternating: VMs boot
# side by side and only containers wait. Each of the three is healthy half a second after it began.
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(realpath "${1:-$top/build}")
rounds=${2:-${BENCH_ROUNDS:-5}}
[ -n "${I2KIT_ISOLATED:-}" ] || exec "$top/scripts/isolated" "$0" "$build" "$rounds"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
export I2KIT_BASE=${I2KIT_BASE:-$top/out/base}
work=$(mktemp -d /var/tmp/i2kit-bench.XXXXXX)
cd "$work"
pod() { # NAME MORE
	cat <<-Y
		name: $1
		publish: false
		terminationGracePeriodSeconds: 1
		containers:
		  c:
		    image: oci:$top/out/images/toolbox
		    command: [sh, -c, 'mkdir /w; sleep 0.5; exec httpd -f -p 80 -h /w']
		    ports: ["80:80"]
		    readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}
		$2
		---
	Y
}
pod db '' >one.yml
{ pod web 'depends_on: {api: healthy}'; pod api 'depends_on: {db: healthy}'; pod db ''; } >chain.yml
finish() {
	for way in one chain; do "$build/i2kit" -p $way down >/dev/null 2>&1 || true; done
	rm -rf "$work"
}
trap finish EXIT
for way in one chain; do "$build/i2kit" -p $way up --build-only -f $way.yml >/dev/null 2>&1; done
for _ in $(seq "$rounds"); do
	declare -A took=()
	for way in one chain; do
		begin=$(date +%s%N)
		"$build/i2kit" -p $way up -d --wait --timeout 180s -f $way.yml >/dev/null 2>&1
		took[$way]=$(($(date +%s%N) - begin))
		"$build/i2kit" -p $way down >/dev/null 2>&1
		sample "up --wait, three pods that wait for one another" "$way" "$(awk -v n="${took[$way]}" 'BEGIN { printf "%.2f", n / 1e9 }')" s
	done
	awk -v a="${took[chain]}" -v b="${took[one]}" 'BEGIN { printf "%.3f\n", a / b }' >>ratios
done
tables
below "a chain of three beside one pod" "$(median <ratios)" 1.3 times
exit $bench_status
