#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: bench/chain.sh [BUILD-FOLDER [ROUNDS]]
#
# `up --wait` of one service and of a chain of three that wait for one another (depends_on: service_healthy), as a Compose
# file, by turns: VMs boot side by side and only containers wait. Each of the three is healthy half a second after it began.
# Three boots need three times the processor: with fewer processors than VMs that alone is more than one boot. So each
# round also brings up the same three without depends_on: what the chain adds to that is what waiting costs, on any machine.
# The same file with podman-compose (containers, no VMs), where that is installed and can run.
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(realpath "${1:-${I2KIT_BUILD:-$top/build}}")
rounds=${2:-${BENCH_ROUNDS:-5}}
[ -n "${I2KIT_ISOLATED:-}" ] || exec "$top/scripts/isolated" "$0" "$build" "$rounds"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
export I2KIT_BASE=${I2KIT_BASE:-$top/out/base}
# Every VM boots: no template of one may come between two rounds.
export I2KIT_WARM_BUDGET=0
i2kit=$build/i2kit
work=$(mktemp -d /var/tmp/i2kit-bench.XXXXXX)
cd "$work"
image=oci:$top/out/images/toolbox
service() { # NAME WAITS-FOR
	cat <<-Y
		  $1:
		    image: $image
		    command: [sh, -c, 'mkdir /w; echo ok >/w/index.html; sleep 0.5; exec httpd -f -p 80 -h /w']
		    healthcheck: {test: [CMD, wget, -qO-, "http://127.0.0.1/"], interval: 1s}
		    stop_grace_period: 1s
		    restart: always
	Y
	[ -z "${2:-}" ] || printf '    depends_on: {%s: {condition: service_healthy}}\n' "$2"
}
mkdir one three chain
{ echo services: && service db; } >one/compose.yaml
{ echo services: && service web && service api && service db; } >three/compose.yaml
{ echo services: && service web api && service api db && service db; } >chain/compose.yaml
finish() {
	for way in one three chain; do
		"$i2kit" -p $way down >/dev/null 2>&1 || true
		if [ -n "${compose:-}" ]; then (cd $way && $compose down -t 0) >/dev/null 2>&1 || true; fi
	done
	rm -rf "$work"
}
trap finish EXIT

# brings_up WAY: seconds, and processor time of all processes, into files
brings_up() {
	local before start
	before=$(all_processors)
	start=$(seconds)
	"$i2kit" -p "$1" up -d --wait --timeout 180s -f "$1/compose.yaml" >/dev/null 2>&1
	since "$start" >"$1.s"
	"$i2kit" -p "$1" down >/dev/null 2>&1
	after_all "$before" >"$1.cpu"
}

# Containers beside it, where a container can be started here at all.
compose=
if command -v podman-compose >/dev/null && podman pull -q "$image" >pulled 2>/dev/null; then
	image=$(cat pulled)
	mkdir -p podman && { echo services: && service web api && service api db && service db; } >podman/compose.yaml
	if (cd podman && podman-compose up -d && podman-compose down -t 0) >/dev/null 2>&1; then
		compose=podman-compose
	else
		missing podman-compose "its containers do not start here"
	fi
else
	missing podman-compose "it is not installed, or cannot have the image"
fi

table="up --wait, three services that wait for one another"
for round in $(seq 0 "$rounds"); do
	for way in one three chain; do brings_up $way; done
	# The first round only warms the caches.
	[ "$round" = 0 ] && continue
	for way in one three chain; do
		sample "$table" "$way" "$(cat $way.s)" s
		sample "$table: processor time of all processes" "$way" "$(cat $way.cpu)" s
	done
	ratio "$(cat chain.s)" "$(cat one.s)" >>ratios
	ratio "$(cat three.s)" "$(cat one.s)" >>ratios.three
	ratio "$(cat chain.s)" "$(cat three.s)" >>ratios.waiting
	ratio "$(cat chain.cpu)" "$(cat three.cpu)" >>ratios.cpu
	if [ -n "$compose" ]; then
		start=$(seconds)
		(cd podman && $compose up -d) >/dev/null 2>&1
		sample "$table" "podman-compose (no VM)" "$(since "$start")" s
		(cd podman && $compose down -t 0) >/dev/null 2>&1
	fi
done
tables
figure "a chain of three / one service" "$(median <ratios)" ""
figure "three side by side / one service, $(nproc) processors" "$(median <ratios.three)" ""
figure "a chain of three / three side by side" "$(median <ratios.waiting)" ""
figure "a chain of three / three side by side, processor time" "$(median <ratios.cpu)" ""
if [ "$(nproc)" -ge 4 ] && [ -w /dev/kvm ]; then
	below "a chain of three beside one service" "$(median <ratios)" 1.3 times
else
	echo "here $(nproc) processors emulate three: what waiting adds is the figure that counts"
	below "a chain of three beside three side by side" "$(median <ratios.waiting)" 1.3 times
fi
exit "$bench_status"
