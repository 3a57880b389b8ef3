#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From manifest to the first HTTP 200 on the forwarded port, image cached: i2kit, beside the bare floor (the
# same QEMU machine and kernel with an init that only prints), and podman kube play where it runs.
# usage: bench/start.sh BUILD-FOLDER [ROUNDS]
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(realpath "${1:?usage: bench/start.sh BUILD-FOLDER [ROUNDS]}")
rounds=${2:-3}
if [ -z "${I2KIT_ISOLATED:-}" ]; then
	ninja -C "$build" bench/floor_init >/dev/null
	exec "$top/scripts/isolated" "$0" "$build" "$rounds"
fi
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
i2kit=$build/i2kit
work=$(mktemp -d)
trap '"$i2kit" -p hello down >/dev/null 2>&1 || true; rm -rf "$work"' EXIT

"$i2kit" build "$top/examples/hello" >/dev/null 2>&1
# The floor boots what i2kit boots: kernel and command line out of the disk itself.
kernel=$(find "${XDG_CACHE_HOME:-$HOME/.cache}/i2kit" -name '*kernel*' -o -name 'vmlinux*' | head -n 1)
mkdir -p "$work/root"
cp "$build/bench/floor_init" "$work/root/init"
(cd "$work/root" && find . | cpio -o -H newc --quiet) >"$work/floor.cpio"

floor_once() {
	local start
	start=$(seconds)
	timeout 60 qemu-system-x86_64 -accel tcg,tb-size=32 -machine q35 -m 128 -nographic -nodefaults -no-reboot \
		-serial stdio -kernel "$kernel" -initrd "$work/floor.cpio" -append "console=ttyS0 quiet panic=-1" |
		grep -q -m 1 floor
	since "$start"
}

i2kit_once() {
	local start
	start=$(seconds)
	"$i2kit" up -d "$top/examples/hello" >/dev/null 2>&1
	answers http://127.0.0.1:8080/
	since "$start"
	"$i2kit" -p hello down >/dev/null 2>&1
}

: >"$work/floor" && : >"$work/i2kit"
for _ in $(seq "$rounds"); do
	floor_once >>"$work/floor"
	i2kit_once >>"$work/i2kit"
done
floor=$(median <"$work/floor")
ours=$(median <"$work/i2kit")
figure "floor: kernel and an init that prints" "$floor" "s"
figure "i2kit up: first HTTP 200" "$ours" "s"
figure "ratio to the floor" "$(ratio "$ours" "$floor")" "x"
echo "spread: floor $(spread <"$work/floor"), i2kit $(spread <"$work/i2kit") s"
