#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# From manifest to the first HTTP 200 of nginx on the forwarded port, each way in each round:
#   floor     the same QEMU machine and kernel with an init that only prints: no way to start a VM is faster
#   i2kit     `i2kit up -d`
#   podman    `podman kube play` with crun: containers, no VM
#   linuxkit  `linuxkit run qemu`, with the same accelerator: with nginx as init (bench/linuxkit_images.py), and with
#             LinuxKit's own init, runc and containerd where they were built (out/linuxkit-upstream: bench/run)
# Repeated: the image is there, everything was started before. Cold: nothing is there but the OCI layout of
# the image: it is unpacked or built first.
# usage: bench/start.sh [BUILD-FOLDER [ROUNDS]]
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(realpath "${1:-${I2KIT_BUILD:-$top/build}}")
rounds=${2:-${BENCH_ROUNDS:-5}}
cold_rounds=$(((rounds + 1) / 2))
if [ -z "${I2KIT_ISOLATED:-}" ]; then
	ninja -C "$build" bench/floor_init >/dev/null
	exec "$top/scripts/isolated" "$0" "$build" "$rounds"
fi
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
i2kit=$build/i2kit
images=${I2KIT_IMAGES:-$top/out/images}
base=${I2KIT_BASE:-$top/out/base}
export I2KIT_BASE=$base
work=$(mktemp -d /var/tmp/i2kit-bench.XXXXXX)
vm="" registry=""

finish() {
	[ -z "$registry" ] || kill "$registry" 2>/dev/null || true
	stop_linuxkit
	"$i2kit" -p hello down >/dev/null 2>&1 || true
	play_down || true
	rm -rf "$work" 2>/dev/null || true
}

accelerator=tcg
grep -Eqw 'vmx|svm' /proc/cpuinfo && [ -w /dev/kvm ] && accelerator=kvm
processor=qemu64,+rdrand
[ $accelerator = tcg ] || processor=host

# The floor: it boots what i2kit boots, by the same way, with the same command line.
prepare_floor() {
	"$i2kit" build -f "$top/examples/hello" >/dev/null 2>&1
	"$i2kit" up -d "$top/examples/hello" >/dev/null 2>&1 && "$i2kit" -p hello down >/dev/null 2>&1
	kernel=$(find "$HOME/.cache/i2kit/boot" -name '*.vmlinux' | head -n 1)
	[ -n "$kernel" ] || kernel=$base/kernel
	mkdir -p "$work/root"
	cp "$build/bench/floor_init" "$work/root/init"
	(cd "$work/root" && find . | cpio -o -H newc --quiet) >"$work/floor.cpio"
}

floor() {
	# Done at the word, not when the machine has switched itself off.
	grep -q -m 1 floor < <(timeout 60 qemu-system-x86_64 -machine "q35,accel=$accelerator" -cpu $processor -m 128 \
		-nographic -nodefaults -no-reboot -serial stdio -kernel "$kernel" -initrd "$work/floor.cpio" \
		-append "$(jq -r .cmdline "$base/base.json")")
}

# Its machine has said its word and switches itself off, which is not to slow down what comes next.
floor_is_gone() {
	while pgrep -f "$work/floor.cpio" >/dev/null; do sleep 0.05; done
}

up() {
	"$i2kit" up -d "$top/examples/hello" >/dev/null 2>&1
	answers http://127.0.0.1:8080/
}
up_down() { "$i2kit" -p hello down >/dev/null 2>&1; }
up_forget() { rm -rf "$HOME/.local/share/i2kit" "$HOME/.cache/i2kit/boot"; }

podman() {
	command podman --root "$work/podman" --runroot "$work/podman.run" --cgroup-manager cgroupfs --runtime crun "$@" \
		2>"$work/podman.log"
}
prepare_podman() {
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
	pull && play
}
pull() {
	local image
	image=$(podman pull -q "oci:$images/nginx") && podman tag "$image" localhost/nginx:1
}
play() { podman kube play "$work/play.yml" >/dev/null && answers http://127.0.0.1:8081/ 20; }
play_down() { podman kube play --down "$work/play.yml" >/dev/null; }
play_forget() { podman rmi -f "$(podman images -q localhost/nginx:1)" >/dev/null; }
play_cold() { pull && play; }

upstream=$top/out/linuxkit-upstream
prepare_linuxkit() {
	python3 "$top/bench/linuxkit_images.py" "$work/layout" "$base" "$images/nginx"
	serve_images "$work" 5000
	linuxkit_document 5000 hello "$work/layout" "$base" >"$work/hello.yml"
	linuxkit_build hello && linuxkit_run hello 256
}
# As LinuxKit's examples do it: the network by onboot, nginx as a service under containerd.
prepare_own_init() {
	local image
	for image in kernel init runc containerd busybox; do
		skopeo copy -q --insecure-policy --dest-tls-verify=false "oci:$upstream:$image" "docker://127.0.0.1:5000/own/$image:1" || return
	done
	skopeo copy -q --insecure-policy --dest-tls-verify=false "oci:$images/nginx" docker://127.0.0.1:5000/own/nginx:1 || return
	cat >"$work/own.yml" <<-END
	kernel: {image: "127.0.0.1:5000/own/kernel:1", cmdline: "$(jq -r .cmdline "$base/base.json")"}
	init: ["127.0.0.1:5000/own/init:1", "127.0.0.1:5000/own/runc:1", "127.0.0.1:5000/own/containerd:1"]
	onboot:
	  - name: network
	    image: 127.0.0.1:5000/own/busybox:1
	    net: host
	    capabilities: [CAP_NET_ADMIN, CAP_SYS_MODULE]
	    binds: ["/lib/modules:/lib/modules"]
	    command: [/bin/sh, -c, "busybox modprobe virtio_net; busybox ip addr add 10.0.2.15/24 dev eth0; busybox ip link set eth0 up; busybox ip route add default via 10.0.2.2"]
	services:
	  - name: nginx
	    image: 127.0.0.1:5000/own/nginx:1
	    net: host
	    capabilities: [CAP_NET_BIND_SERVICE, CAP_CHOWN, CAP_SETUID, CAP_SETGID, CAP_DAC_OVERRIDE]
	END
	linuxkit_build own && linuxkit_run own 1024
}
linuxkit_build() { # DOCUMENT
	(cd "$work" && linuxkit build --no-sbom --format kernel+initrd --name "$1" "$1.yml") >"$work/linuxkit.log" 2>&1
}
linuxkit_run() { # DOCUMENT MEMORY
	(cd "$work" && exec setsid linuxkit run qemu --accel $accelerator --mem "$2" --publish 8082:80 --networking user "$1" \
		</dev/null >"$work/linuxkit.out" 2>&1) &
	vm=$!
	answers http://127.0.0.1:8082/ 90 || { stop_linuxkit; return 1; }
}
stop_linuxkit() {
	[ -z "$vm" ] || kill -- "-$vm" 2>/dev/null || true
	[ -z "$vm" ] || wait "$vm" 2>/dev/null || true
	vm=""
}
linuxkit_cold() { rm -rf "$HOME/.linuxkit" "$work/$1"-* && linuxkit_build "$1" && linuxkit_run "$@"; }
# What it said last, and what its VM did.
linuxkit_words() { cat "$work/linuxkit.log" "$work/linuxkit.out" 2>/dev/null | tail -n 1 | tr '\t\r' '  '; }

timed() { # TABLE WAY COMMAND…
	local start table=$1 way=$2
	shift 2
	start=$(seconds)
	if "$@"; then
		sample "$table" "$way" "$(since "$start")" s
	else
		missing "$way" "it did not answer once"
	fi
}

trap finish EXIT
prepare_floor
has_podman=false has_linuxkit=false
if ! command -v podman >/dev/null || ! command -v crun >/dev/null; then
	missing "podman kube play" "podman or crun is not installed"
elif prepare_podman; then
	has_podman=true
	play_down
else
	missing "podman kube play" "it does not run here: $(tail -n 1 "$work/podman.log" | tr '\t' ' ')"
fi
if ! command -v linuxkit >/dev/null; then
	missing "linuxkit" "the program could not be had (bench/competitors says why)"
elif ! command -v docker-registry >/dev/null || ! command -v skopeo >/dev/null; then
	missing "linuxkit" "docker-registry or skopeo is not installed"
elif prepare_linuxkit; then
	has_linuxkit=true
	stop_linuxkit
else
	missing "linuxkit" "it does not run here: $(linuxkit_words)"
fi
has_own_init=false
if $has_linuxkit && [ ! -f "$upstream/index.json" ]; then
	missing "LinuxKit's own init" "it was not built (I2KIT_LINUXKIT_SOURCE names no checkout of linuxkit)"
elif $has_linuxkit && prepare_own_init; then
	has_own_init=true
	stop_linuxkit
elif $has_linuxkit; then
	missing "LinuxKit's own init" "it does not run here: $(linuxkit_words)"
fi

title="start to HTTP 200, repeated"
for round in $(seq "$rounds"); do
	timed "$title" "floor: kernel and an init that prints" floor
	floor_is_gone
	timed "$title" "i2kit up" up
	up_down
	if $has_podman; then
		timed "$title" "podman kube play (no VM)" play
		play_down
	fi
	if $has_linuxkit; then
		timed "$title" "linuxkit run qemu, init is nginx" linuxkit_run hello 256
		stop_linuxkit
	fi
	if $has_own_init && [ "$round" -le 3 ]; then # the longest way
		timed "$title" "linuxkit run qemu, its own init" linuxkit_run own 1024
		stop_linuxkit
	fi
done
title="start to HTTP 200, cold"
for _ in $(seq "$cold_rounds"); do
	up_forget
	timed "$title" "i2kit up" up
	up_down
	if $has_podman; then
		play_forget
		timed "$title" "podman pull and kube play (no VM)" play_cold
		play_down
	fi
	if $has_linuxkit; then
		timed "$title" "linuxkit build and run qemu, init is nginx" linuxkit_cold hello 256
		stop_linuxkit
	fi
	if $has_own_init; then
		timed "$title" "linuxkit build and run qemu, its own init" linuxkit_cold own 1024
		stop_linuxkit
	fi
done
tables
megabytes() { cat "$@" | wc -c | awk '{ printf "%.1f", $1 / 1e6 }'; }
disk=$(find "$HOME/.local/share/i2kit/disks" -name '*.img' -printf '%b\n' | head -n 1)
figure "disk of the nginx pod (kernel, base, layers)" "$(awk -v b="$disk" 'BEGIN { printf "%.1f", b * 512 / 1e6 }')" MB
if $has_linuxkit; then
	figure "linuxkit's kernel and initrd, init is nginx" "$(megabytes "$work/hello-kernel" "$work/hello-initrd.img")" MB
fi
if $has_own_init; then
	figure "linuxkit's kernel and initrd, its own init" "$(megabytes "$work/own-kernel" "$work/own-initrd.img")" MB
fi
figure "LinuxKit's image in the paper" 60 MB
