#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From a repeated `up` to the first HTTP 200 of nginx, each way in each round:
#   cold      `i2kit up -d --cold`: the VM boots
#   copy      `i2kit up -d`: it goes on from a template
#   podman    `podman kube play` with crun: containers, no VM
#   floor     the same QEMU machine and kernel with an init that only prints
# Then what a VM has on the host (PSS) either way, alone and beside three others, and what a template takes: room
# and processor time.
# usage: bench/warm.sh [BUILD-FOLDER [ROUNDS]]
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(realpath "${1:-${I2KIT_BUILD:-$top/build}}")
rounds=${2:-${BENCH_ROUNDS:-8}}
if [ -z "${I2KIT_ISOLATED:-}" ]; then
	ninja -C "$build" bench/floor_init >/dev/null
	exec "$top/scripts/isolated" "$0" "$build" "$rounds"
fi
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
unset I2KIT_WARM_BUDGET
i2kit=$build/i2kit
export I2KIT_BASE=${I2KIT_BASE:-$top/out/base} I2KIT_PROJECT=warm
images=${I2KIT_IMAGES:-$top/out/images}
work=$(mktemp -d /var/tmp/i2kit-bench.XXXXXX)
finish() {
	"$i2kit" down >/dev/null 2>&1 || true
	play_down || true
	rm -rf "$work" 2>/dev/null || true
}
trap finish EXIT
cat >"$work/i2kit.yml" <<END
name: nginx
containers:
  nginx:
    image: oci:$images/nginx
    ports: ["8080:80"]
    readinessProbe:
      httpGet: {path: /, port: 80}
END
cd "$work"

prepare_floor() {
	local kernel
	kernel=$(find "$HOME/.cache/i2kit/boot" -name '*.vmlinux' | head -n 1)
	mkdir -p "$work/root"
	cp "$build/bench/floor_init" "$work/root/init"
	(cd "$work/root" && find . | cpio -o -H newc --quiet) >"$work/floor.cpio"
	accelerator=tcg processor=qemu64,+rdrand
	grep -Eqw 'vmx|svm' /proc/cpuinfo && [ -w /dev/kvm ] && accelerator=kvm processor=host
	floor=(qemu-system-x86_64 -machine "q35,accel=$accelerator" -cpu $processor -m 128 -nographic -nodefaults -no-reboot
		-serial stdio -kernel "${kernel:-$I2KIT_BASE/kernel}" -initrd "$work/floor.cpio"
		-append "$(jq -r .cmdline "$I2KIT_BASE/base.json")")
}
floor() { grep -q -m 1 floor < <(timeout 60 "${floor[@]}"); }
floor_is_gone() { while pgrep -f "$work/floor.cpio" >/dev/null; do sleep 0.05; done; }

podman() {
	command podman --root "$work/podman" --runroot "$work/podman.run" --cgroup-manager cgroupfs --runtime crun "$@" \
		2>"$work/podman.log"
}
prepare_podman() {
	local image
	# crun wants nothing of a machine with both versions of cgroups; in this namespace one goes.
	[ ! -e /sys/fs/cgroup/unified ] || umount /sys/fs/cgroup/unified 2>/dev/null || true
	cat >"$work/play.yml" <<-END
	apiVersion: v1
	kind: Pod
	metadata: {name: hello}
	spec:
	  containers:
	    - name: nginx
	      image: localhost/nginx:1
	      imagePullPolicy: Never
	      ports: [{containerPort: 80, hostPort: 8081}]
	END
	image=$(podman pull -q "oci:$images/nginx") && podman tag "$image" localhost/nginx:1 && play
}
play() { podman kube play "$work/play.yml" >/dev/null && answers http://127.0.0.1:8081/ 20; }
play_down() { podman kube play --down "$work/play.yml" >/dev/null; }

up() { "$i2kit" up -d "$@" >/dev/null 2>&1 && answers http://127.0.0.1:8080/; }
down() { "$i2kit" down >/dev/null 2>&1; }
start_of() { "$i2kit" ps -o json | jq -r '[.instances[].start] | unique | join(" ")'; }
timed() { # WAY COMMAND…
	local start way=$1
	shift
	start=$(seconds)
	if "$@"; then
		sample "start to HTTP 200, repeated" "$way" "$(since "$start")" s
	else
		missing "$way" "it did not answer once"
	fi
}
pss() { # MB of each QEMU of ours, the mean
	local pid
	for pid in /run/libvirt/qemu/i2kit-*.pid; do
		awk '/^Pss:/ { print $2 * 1024 / 1e6 }' "/proc/$(cat "$pid")/smaps_rollup"
	done | awk '{ t += $1 } END { printf "%.1f", t / NR }'
}
templates() { find "$HOME/.cache/i2kit/warm" -name stream -printf '%s\n' 2>/dev/null; }

# The template: what it costs to make, all of it: a boot, the pages that are read for later, the file.
up
processors=$(all_processors)
for _ in $(seq 120); do
	[ -z "$(templates)" ] || break
	sleep 0.5
done
[ -n "$(templates)" ] || { missed "no template was made in a minute"; exit $bench_status; }
sleep 1
template_cost=$(after_all "$processors")
down
prepare_floor
has_podman=false
if ! command -v podman >/dev/null || ! command -v crun >/dev/null; then
	missing "podman kube play" "podman or crun is not installed"
elif prepare_podman; then
	has_podman=true
	play_down
else
	missing "podman kube play" "it does not run here: $(tail -n 1 "$work/podman.log" | tr '\t' ' ')"
fi
wrong=0
for _ in $(seq "$rounds"); do
	timed "i2kit up --cold" up --cold
	[ "$(start_of)" = cold ] || wrong=$((wrong + 1))
	down
	timed "i2kit up, from a template" up
	[ "$(start_of)" = warm ] || wrong=$((wrong + 1))
	down
	if $has_podman; then
		timed "podman kube play (no VM)" play
		play_down
	fi
	timed "floor: kernel and an init that prints" floor
	floor_is_gone
done
tables
column() { # WAY: its seconds, a line each
	awk -F'\t' -v way="$1" '$2 == "sample" && $4 == way { print $5 }' "$BENCH_FIGURES"
}
paste <(column "i2kit up --cold") <(column "i2kit up, from a template") | awk '{ printf "%.3f\n", $2 / $1 }' >"$work/ratios"
for way in --cold ""; do
	# shellcheck disable=SC2086 # no word or one
	up $way
	sleep 3
	figure "memory of a VM, $([ -n "$way" ] && echo cold || echo warm)" "$(pss)" MB
	"$i2kit" scale nginx=4 >/dev/null && "$i2kit" wait nginx --timeout 120s >/dev/null
	sleep 3
	figure "of each of four, $([ -n "$way" ] && echo cold || echo warm)" "$(pss)" MB
	down
done
figure "a template on disk" "$(templates | awk '{ printf "%.1f", $1 / 1e6 }' | head -n 1)" MB
figure "processor time that making a template takes" "$template_cost" s
figure "starts that were not as they should be" "$wrong" ""
[ "$wrong" = 0 ] || missed "$wrong starts were cold that should be warm, or the other way"
below "warm beside cold" "$(median <"$work/ratios")" 0.40 times
below "a warm start" "$(column "i2kit up, from a template" | median)" 1.0 s
exit $bench_status
