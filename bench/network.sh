#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Forwarding: the balancer beside the direct way, socat, passt and haproxy, all in the same minute.
# The backends sit behind a veth pair in a network namespace of their own, as VMs sit behind a bridge.
# usage: bench/network.sh BUILD-FOLDER [ROUNDS]
set -euo pipefail
build=$(realpath "${1:?usage: bench/network.sh BUILD-FOLDER [ROUNDS]}")
rounds=${2:-5}
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
fi
# passt as a TCP forwarder between two namespaces is pasta: its splice path.
if command -v pasta >/dev/null; then
	ip route add default via 10.99.0.2 dev veth0
	pasta --quiet --foreground --config-net -t 9003 -- "$traffic" serve 0.0.0.0 9003 >"$work/pasta.log" 2>&1 &
	names+=(pasta)
	where[pasta]="127.0.0.1 9003"
fi
sleep 1

median() { sort -n | awk '{v[NR]=$1} END {print v[int((NR+1)/2)]}'; }
for name in "${names[@]}"; do
	read -r host port <<<"${where[$name]}"
	if ! timeout 10 "$traffic" latency "$host" "$port" 100 >/dev/null 2>&1; then
		echo "$name: not reachable here, left out" >&2
		unset "where[$name]"
	fi
done

# measure TITLE: all ways one after another, round after round; medians.
measure() {
	rm -f "$work"/*.throughput "$work"/*.latency "$work"/*.connect
	for round in $(seq "$rounds"); do
		for name in "${names[@]}"; do
			[ -n "${where[$name]:-}" ] || continue
			read -r host port <<<"${where[$name]}"
			"$traffic" throughput "$host" "$port" 1 >>"$work/$name.throughput"
			"$traffic" latency "$host" "$port" 2000 >>"$work/$name.latency"
			"$traffic" connect "$host" "$port" 200 >>"$work/$name.connect"
		done
	done 2>/dev/null
	direct=$(median <"$work/direct.throughput")
	direct_us=$(median <"$work/direct.latency")
	echo "$1"
	printf '%-10s %10s %8s %12s %10s %14s\n' way MB/s ratio 'median us' added-us 'connect us'
	for name in "${names[@]}"; do
		[ -n "${where[$name]:-}" ] || continue
		t=$(median <"$work/$name.throughput")
		l=$(median <"$work/$name.latency")
		c=$(median <"$work/$name.connect")
		printf '%-10s %10s %8.2f %12s %10s %14s\n' "$name" "$t" \
			"$(awk "BEGIN {print $t / $direct}")" "$l" "$((l - direct_us))" "$c"
	done
}
measure "as fast as the $(nproc) processors allow (client, forwarder and server share them):"
# pasta does not cross the veth pair, so a limit there says nothing about it.
unset 'where[pasta]'
if inside tc qdisc add dev veth1 root tbf rate 4gbit burst 2m latency 20ms 2>/dev/null; then
	measure "backends behind a link of 500 MB/s (a VM's virtio port under emulation has 300 to 400):"
else
	echo "no traffic control here: the limited link is left out" >&2
fi
