#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Forwarding: the balancer beside the direct way, socat, passt and haproxy, all in the same minute.
# i2kit-N balances between N backends, as table I(b) of the paper has 1, 5 and 25 replicas.
# The backends sit behind a veth pair in a network namespace of their own, as VMs sit behind a bridge.
# usage: bench/network.sh [BUILD-FOLDER [ROUNDS]]
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(realpath "${1:-${I2KIT_BUILD:-$top/build}}")
rounds=${2:-${BENCH_ROUNDS:-5}}
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
if [ -z "${I2KIT_BENCH_INSIDE:-}" ]; then
	ninja -C "$build" bench/traffic >/dev/null
	exec env I2KIT_BENCH_INSIDE=1 unshare --user --map-root-user --net --mount --pid --fork --kill-child \
		--mount-proc "$0" "$build" "$rounds"
fi
traffic=$build/bench/traffic
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ip link set lo up
unshare --net sleep 100000 &
backend_ns=$!
while [ "$(readlink /proc/$backend_ns/ns/net)" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link add veth0 type veth peer name veth1 netns $backend_ns
ip addr add 10.99.0.1/24 dev veth0
ip link set veth0 up
inside() { nsenter --net=/proc/$backend_ns/ns/net "$@"; }
inside ip addr add 10.99.0.2/24 dev veth1
inside ip link set veth1 up
inside ip link set lo up
backends=()
for i in $(seq 25); do
	inside "$traffic" serve 10.99.0.2 $((7000 + i)) &
	backends+=("10.99.0.2:$((7000 + i))")
done
for n in 1 5 25; do
	"$traffic" balance $((8000 + n)) "${backends[@]:0:$n}" &
done
names=(direct i2kit-1 i2kit-5 i2kit-25)
declare -A where=([direct]="10.99.0.2 7001" [i2kit-1]="127.0.0.1 8001" [i2kit-5]="127.0.0.1 8005"
	[i2kit-25]="127.0.0.1 8025")
if command -v socat >/dev/null; then
	socat -b 131072 TCP-LISTEN:9001,bind=127.0.0.1,fork,reuseaddr,nodelay TCP:10.99.0.2:7001,nodelay 2>/dev/null &
	names+=(socat)
	where[socat]="127.0.0.1 9001"
else
	missing socat "it is not installed"
fi
if command -v haproxy >/dev/null; then
	cat >"$work/haproxy.cfg" <<-END
	global
		nbthread 1
	defaults
		mode tcp
		option splice-auto
		timeout client 1m
		timeout server 1m
		timeout connect 1s
	listen bench
		bind 127.0.0.1:9002
		server one 10.99.0.2:7001
	END
	haproxy -q -f "$work/haproxy.cfg" &
	names+=(haproxy)
	where[haproxy]="127.0.0.1 9002"
else
	missing haproxy "it is not installed"
fi
# passt as a TCP forwarder between two namespaces is pasta: its splice path.
if command -v pasta >/dev/null; then
	ip route add default via 10.99.0.2 dev veth0
	pasta --quiet --foreground --config-net -t 9003 -- "$traffic" serve 0.0.0.0 9003 >"$work/pasta.log" 2>&1 &
	names+=(pasta)
	where[pasta]="127.0.0.1 9003"
else
	missing pasta "it is not installed"
fi
sleep 1

for name in "${names[@]}"; do
	read -r host port <<<"${where[$name]}"
	if ! timeout 10 "$traffic" latency "$host" "$port" 100 >/dev/null 2>&1; then
		missing "$name" "not reachable through it here"
		unset "where[$name]"
	fi
done

# measure TITLE: all ways one after another, round after round.
measure() {
	local host port
	for _ in $(seq "$rounds"); do
		for name in "${names[@]}"; do
			[ -n "${where[$name]:-}" ] || continue
			read -r host port <<<"${where[$name]}"
			sample "throughput, $1" "$name" "$("$traffic" throughput "$host" "$port" 1)" MB/s
			sample "round trip, $1" "$name" "$("$traffic" latency "$host" "$port" 2000)" µs
			sample "connect and first byte, $1" "$name" "$("$traffic" connect "$host" "$port" 200)" µs
		done
	done 2>/dev/null
}
measure "$(nproc) processors shared by client, forwarder, server"
# pasta does not cross the veth pair, so a limit there says nothing about it.
unset 'where[pasta]'
if inside tc qdisc add dev veth1 root tbf rate 4gbit burst 2m latency 20ms 2>/dev/null; then
	measure "backends behind a link of 500 MB/s"
else
	missing "a link of 500 MB/s" "no traffic control here"
fi
tables
