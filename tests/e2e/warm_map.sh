#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# VMs that go on from a template map its memory: by themselves where QEMU opens that file for reading alone (8.2 and
# later), else when asked to. What they write is each one's own, the file stays what it was, and what cannot be mapped is
# copied.
set -u
# shellcheck disable=SC2034 # for the prologue: templates are made
warm=1
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
cleanup() { "$i2kit" down; }
mkdir -p "$work/app" && cd "$work/app" || exit 1
cat >i2kit.yml <<Y
name: web
containers:
  nginx:
    image: oci:$images/nginx
    ports: [80]
    readinessProbe: {httpGet: {path: /, port: 80}, periodSeconds: 1}
Y
cache=$HOME/.cache/i2kit/warm
version=$(qemu-system-x86_64 --version | sed -n 's/.*version \([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
read -r major minor <<<"$version"
read_only=$((major > 8 || (major == 8 && minor >= 2)))
# template WITH: until there is one, with the memory in a file of its own or not
template() {
	local _
	for _ in $(seq 450); do
		if [ -n "$(find "$cache" -name key.json 2>/dev/null)" ]; then
			[ "$1" = "$(find "$cache" -mindepth 2 -name memory | wc -l)" ] && return
			break
		fi
		sleep 0.2
	done
	find "$cache" -ls
	"$i2kit" events | tail -5
	return 1
}
field() { "$i2kit" ps -o json | jq -r "[.instances[] | .$1] | unique | map(tostring) | join(\" \")"; }
inside() { "$i2kit" exec "$1" -- sh -c "$2"; }
differ() {
	local a b
	a=$(inside web-0 "$1") b=$(inside web-1 "$1")
	[ -n "$a" ] && [ -n "$b" ] && [ "$a" != "$b" ] || { echo "# '$1': '$a' and '$b'"; false; }
}
up() { "$i2kit" up -dw --timeout 120s; }
# All that a VM may write: memory that was the template's, and free memory.
use_memory() { inside "$1" 'head -c 20000000 /dev/zero | tr "\0" x >/dev/shm/x && sync && echo 3 >/proc/sys/vm/drop_caches 2>/dev/null; sha256sum </dev/shm/x'; }
memory_digest() { sha256sum "$cache"/*/memory; }
# What QEMU may do with the file.
opened() {
	local pid
	for pid in /run/libvirt/qemu/i2kit-*.pid; do
		awk '/\/warm-memory\// && $2 ~ /^rw-p/ { n++ } END { exit !n }' "/proc/$(cat "$pid")/maps" || return 1
		[ "$1" = 0 ] || ! tr '\0' ' ' <"/proc/$(cat "$pid")/cmdline" | grep -v '"readonly":true,"rom":"off"' || return 1
	done
}

[ "$read_only" = 1 ] || export I2KIT_WARM_MEMORY=map
check 'it comes up' up
check 'a template with its memory in a file is made' template 1
check 'prune counts it' expect template "$i2kit" prune --dry-run
before=$(memory_digest)
check 'down' "$i2kit" down
check 'up again' up
check 'and two of it' "$i2kit" scale web=2
check 'are ready' timeout 90 "$i2kit" wait web --timeout 90s
check 'warm' is "$(field start)" warm
check 'and map its memory' is "$(field sharesMemory)" true
check 'privately, and QEMU cannot write to it where it knows how' opened "$read_only"
check 'why tells' expect 'whose memory it shares' "$i2kit" why web-1
check 'events tell' expect 'whose memory it maps' "$i2kit" events
check 'they have random numbers of their own' differ 'head -c 16 /dev/urandom | od -An -tx1'
check 'and ids' differ 'cat /proc/sys/kernel/random/boot_id'
check 'and cards' differ 'cat /sys/class/net/e*/address'
check 'one uses its memory' use_memory web-0
check 'so does the other' use_memory web-1
check 'the template is what it was' is "$(memory_digest)" "$before"
check 'nothing else is left of it' is "$(ls "$HOME/.cache/i2kit/warm-memory")" ""
check 'down' "$i2kit" down
for one in "$cache"/*/memory; do
	printf damaged | dd of="$one" bs=1 seek=8192 conv=notrunc status=none
done
check 'memory that is damaged is no failure' up
check 'but a cold start' is "$(field start)" cold
check 'and said' expect "the template's memory is damaged" "$i2kit" events
check 'the next template is copied' template 0
check 'down' "$i2kit" down
check 'up' up
check 'warm' is "$(field start)" warm
check 'with memory of its own' is "$(field sharesMemory)" false
check 'prune' "$i2kit" prune
check 'forgets that mapping did not work' is "$(ls "$cache")" ""
finished
