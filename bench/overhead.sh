#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What `i2kit up -d --wait` takes beyond the VM's own boot, everything cached: its whole time less the time
# from the moment libvirt has started the VM until the guest says it is ready. So QEMU's own start, before the
# VM's first instruction, counts as overhead; what that takes alone, until QEMU answers, is shown beside it.
# usage: bench/overhead.sh [BUILD-FOLDER [ROUNDS]]
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(realpath "${1:-${I2KIT_BUILD:-$top/build}}")
rounds=${2:-${BENCH_ROUNDS:-3}}
[ -n "${I2KIT_ISOLATED:-}" ] || exec "$top/scripts/isolated" "$0" "$build" "$rounds"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
i2kit=$build/i2kit
work=$(mktemp -d)
trap '"$i2kit" -p hello down >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
"$i2kit" build -f "$top/examples/hello" >/dev/null 2>&1
# QEMU on its own: this kernel and memory, from exec to the answer to its first question and its end.
qemu_alone() {
	local start
	start=$(seconds)
	echo '{"execute": "qmp_capabilities"} {"execute": "quit"}' |
		qemu-system-x86_64 -nodefaults -no-user-config -display none -S -machine q35,accel=tcg -m 128 \
			-kernel "$1" -initrd "$2" -device virtio-serial-pci -device virtio-rng-pci -qmp stdio >/dev/null
	since "$start"
}
for round in $(seq 0 "$rounds"); do
	start=$(seconds)
	"$i2kit" up -d --wait "$top/examples/hello" >/dev/null 2>&1
	took=$(since "$start")
	"$i2kit" -p hello ps -o json |
		jq -r --argjson took "$took" '.instances[0].boot | map({(.stage): .ms}) | add | $took - (.ready - .define) / 1000' >"$work/one"
	# The first one only warms the caches.
	[ "$round" = 0 ] || cat "$work/one" >>"$work/overhead"
	if [ "$round" = 0 ]; then
		virsh -q dumpxml i2kit-hello.hello-0 >"$work/xml"
		kernel=$(sed -n 's:.*<kernel>\(.*\)</kernel>.*:\1:p' "$work/xml")
		initrd=$(sed -n 's:.*<initrd>\(.*\)</initrd>.*:\1:p' "$work/xml")
	fi
	"$i2kit" -p hello down >/dev/null 2>&1
	qemu_alone "$kernel" "$initrd" >"$work/one"
	[ "$round" = 0 ] || cat "$work/one" >>"$work/qemu"
done
figure "up beyond the VM's own boot" "$(median <"$work/overhead")" "s"
echo "spread: $(spread <"$work/overhead") s"
figure "of it QEMU's own start, measured alone" "$(median <"$work/qemu")" "s"
