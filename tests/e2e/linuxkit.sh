#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: linuxkit.sh   (I2KIT: the program; default: the one in $I2KIT_BUILD or build/)
#
# Builds a LinuxKit document from small images made here and compares the tree, file by file, with
# golden/linuxkit.tree: what linuxkit's own build (v1.8.2) makes of the same document and images.
# Where `linuxkit` is installed and docker-registry and skopeo too, it builds beside us and its tree
# is compared instead. Where $I2KIT_LINUXKIT_SOURCE is a checkout of linuxkit's repository, `linuxkit` is built
# from it, and upstream's own init, which boots a document of ours (linuxkit_upstream.py). Needs
# python3, cpio.
set -u
. "$(dirname "$0")/lib/prologue.sh"
upstream=$top/out/linuxkit-upstream
if [ -n "${I2KIT_LINUXKIT_SOURCE:-}" ] && [ -z "${I2KIT_E2E_NET:-}" ]; then # while there is a network, and a cache of Go's
	"$top/bench/competitors" linuxkit
	rm -rf "$upstream" "$upstream.work"
	python3 "$top/tests/e2e/linuxkit_upstream.py" "$upstream" "$I2KIT_LINUXKIT_SOURCE" "$I2KIT_BASE" || exit 1
fi
own_network "$@"
here=$top/tests/e2e
need python3 cpio gzip "$i2kit"
registry_pid=
cleanup() { [ -z "$registry_pid" ] || kill $registry_pid; }
export HOME=$work/home
unset XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME XDG_RUNTIME_DIR
mkdir -p "$HOME"

python3 "$here/linuxkit_images.py" "$work/layout"
sed "s,registry.test/\([a-z0-9]*\):1,oci:$work/layout:\1," "$here/../image/golden/linuxkit.yml" >"$work/ours.yml"
cd "$work" || exit 1
build() { "$i2kit" build --linuxkit-file ours.yml --format "$1" -o "$2"; }
check "the document is built as a tar" build tar ours.tar
tree() { python3 "$here/linuxkit_tree.py" "$1"; }
compare() { tree ours.tar >ours.tree && diff "$1" ours.tree; }
check "the tree is linuxkit's" compare "$here/../image/golden/linuxkit.tree"
again() { build tar again.tar && cmp ours.tar again.tar; }
check "the same bytes again" again
PATH=$PATH:$top/out/bench/bin
has_linuxkit=false
command -v linuxkit >/dev/null && command -v docker-registry >/dev/null && command -v skopeo >/dev/null && has_linuxkit=true
push() { # LAYOUT REPOSITORY IMAGE…: to the registry
	local layout=$1 to=$2 image
	shift 2
	for image; do
		skopeo copy -q --insecure-policy --dest-tls-verify=false "oci:$layout:$image" "docker://127.0.0.1:5000/$to/$image:1"
	done
}
same_tree() { # DOCUMENT OURS.tar: linuxkit's tree of the document and ours
	linuxkit --mirror http://127.0.0.1:5000 build --no-sbom --format tar --name theirs "$1" && tree theirs.tar >theirs.tree &&
		tree "$2" >our.tree && diff theirs.tree our.tree
}
if $has_linuxkit; then
	printf 'version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:5000"}\n' \
		"$work/registry" >registry.yml
	docker-registry serve registry.yml >/dev/null 2>&1 &
	registry_pid=$!
	sleep 1
	push layout lk kernel init init2 app plain
	sed "s,registry.test/,127.0.0.1:5000/lk/," "$here/../image/golden/linuxkit.yml" >theirs.yml
	check "linuxkit beside us makes the same tree" same_tree theirs.yml ours.tar
else
	# Its Go module is not to be had from every module proxy, and takes minutes to compile.
	ok 0 "linuxkit beside us # SKIP linuxkit, docker-registry or skopeo is not installed: compared with what v1.8.2 made"
fi
check "kernel and initrd" build kernel+initrd boot
initrd() {
	mkdir root && (cd root && tail -c +6 ../boot-initrd.img | gzip -dc | cpio -id --quiet --no-absolute-filenames) &&
		[ "$(head -c 5 boot-initrd.img)" = ucode ] && [ ! -e root/boot ] &&
		[ "$(cat boot-cmdline)" = "console=ttyS0 page_poison=1" ] && [ "$(head -c 6 boot-kernel)" = KERNEL ] &&
		[ "$(readlink root/bin/sh)" = init ] && [ -f root/lib/modules/6.1/x.ko ] &&
		[ "$(cat root/containers/onboot/001-app/rootfs/etc/keep)" = changed ] &&
		[ ! -e root/containers/onboot/001-app/rootfs/usr/bin/gone ]
}
check "the initrd holds the tree, microcode before it, boot/ beside it" initrd
bad() { printf 'init: [x]\nserivces: []\n' >bad.yml; ! "$i2kit" build --linuxkit-file bad.yml 2>err && grep -q "bad.yml:2:1: LinuxKit has no key 'serivces'" err; }
check "a misspelt key is refused with its place" bad
pod() {
	printf 'name: web\ncontainers: {app: {image: "oci:%s/layout:plain", ports: [80]}}\n' "$work" >pod.yml
	"$i2kit" build --linuxkit -f pod.yml >pod.linuxkit.yml && cat pod.linuxkit.yml && grep -q 'linuxkit/kernel:' pod.linuxkit.yml &&
		grep -q 'CAP_NET_BIND_SERVICE' pod.linuxkit.yml
}
check "a pod's document is printed" pod

# --- a disk, booted: Debian's kernel out of the base and an init of our own
base=$I2KIT_BASE
if [ -f "$base/kernel" ] && command -v qemu-system-x86_64 >/dev/null && command -v cc >/dev/null; then
	export I2KIT_BASE=$base
	cat >init.c <<-'C'
		#include <stdio.h>
		#include <string.h>
		#include <sys/mount.h>
		#include <sys/reboot.h>
		#include <unistd.h>
		int main(void)
		{
			char text[64] = "";
			FILE *file = fopen("/containers/services/web/config.json", "r");
			if (file != NULL && fgets(text, sizeof(text), file) != NULL && fgets(text, sizeof(text), file) != NULL)
				printf("\nBOOTED %s", text);
			fflush(stdout);
			reboot(RB_POWER_OFF);
			return 0;
		}
	C
	cc -static -O2 -o init.bin init.c
	python3 - "$here" "$base/kernel" <<'PY'
import runpy, sys
module = runpy.run_path(sys.argv[1] + "/linuxkit_images.py", run_name="images")
module["make"]("boot-layout", {
    "kernel": ([module["tar"]([{"name": "kernel", "data": open(sys.argv[2], "rb").read(), "mode": 0o755}])], {}),
    "init": ([module["tar"]([{"name": "init", "data": open("init.bin", "rb").read(), "mode": 0o755}])], {}),
    "web": ([module["tar"]([{"name": "x", "data": b"x"}])], {"Cmd": ["/x"]})})
PY
	cat >boot.yml <<-YML
		kernel: {image: "oci:$work/boot-layout:kernel", cmdline: "console=ttyS0 quiet panic=-1 no_timer_check", tar: none}
		init: ["oci:$work/boot-layout:init"]
		services: [{name: web, image: "oci:$work/boot-layout:web"}]
	YML
	disk() { "$i2kit" build --linuxkit-file boot.yml --format raw -o one.img && "$i2kit" build --linuxkit-file boot.yml --format raw -o two && cmp one.img two.img; }
	check "a raw disk is made, twice the same" disk
	boots() {
		timeout 120 qemu-system-x86_64 -M q35 -m 512 -nographic -no-reboot -nodefaults -serial stdio "$@" \
			-drive file=one.img,format=raw,if=virtio,snapshot=on </dev/null >console 2>&1
		tail -5 console
		grep -q 'BOOTED .*ociVersion' console
	}
	check "it boots with BIOS to the document's init" boots
	for firmware in /usr/share/OVMF/OVMF_CODE.fd /usr/share/ovmf/OVMF.fd; do
		[ -f "$firmware" ] || continue
		check "it boots with UEFI to the document's init" boots -drive "if=pflash,format=raw,readonly=on,file=$firmware"
		break
	done
fi

# --- booted by LinuxKit's own init, runc and containerd, built from its source
upstream_document() { # WHERE WHAT-FOLLOWS-THE-NAME
	cat <<-YML
		kernel: {image: "$1kernel$2", cmdline: "console=ttyS0 quiet panic=-1 no_timer_check"}
		init: ["$1init$2", "$1runc$2", "$1containerd$2"]
		onboot:
		  - {name: first, image: "$1busybox$2", command: [/bin/sh, -c, "echo ONBOOT as \$(/bin/busybox id -u)"]}
		services:
		  - name: second
		    image: "$1busybox$2"
		    command: [/bin/sh, -c, "echo SERVICE in \$(/bin/busybox cat /proc/self/cgroup) >/dev/console; kill -USR2 1"]
		    pid: host
		    capabilities: [CAP_KILL]
		    devices: [{path: /dev/console, type: c, major: 5, minor: 1, mode: "0600"}]
		onshutdown:
		  - {name: last, image: "$1busybox$2", command: [/bin/sh, -c, "echo ONSHUTDOWN"]}
	YML
}
upstream_boots() { # QEMU-ARGUMENTS…: all three kinds of containers ran, and the machine went off by itself
	timeout 240 qemu-system-x86_64 -M q35 -cpu qemu64,+rdrand -m 1024 -nographic -no-reboot -nodefaults -serial stdio "$@" </dev/null >console 2>&1 ||
		return 1
	grep -a 'onboot 000-first\|ONBOOT\|SERVICE\|ONSHUTDOWN\|panic' console
	grep -aq '^ONBOOT as 0' console && grep -aq '^SERVICE in 0::/' console && grep -aq '^ONSHUTDOWN' console
}
upstream() {
	local format
	upstream_document "oci:$upstream:" "" >upstream.yml
	for format in kernel+initrd raw tar; do
		"$i2kit" build --linuxkit-file upstream.yml --format $format -o up-$format || return
	done
}
if [ -z "${I2KIT_LINUXKIT_SOURCE:-}" ]; then
	ok 0 "upstream's own init boots our build # SKIP I2KIT_LINUXKIT_SOURCE names no checkout of linuxkit"
	finished
fi
check "a document with LinuxKit's init, runc and containerd, built from source, becomes kernel and initrd, raw, tar" upstream
if $has_linuxkit; then
	push "$upstream" upstream kernel init runc containerd busybox
	upstream_document 127.0.0.1:5000/upstream/ :1 >theirs.yml
	check "linuxkit makes the same tree of that document" same_tree theirs.yml up-tar.tar
fi
check "upstream's init boots kernel and initrd: onboot by runc, a service by containerd, onshutdown" \
	upstream_boots -kernel up-kernel+initrd-kernel -initrd up-kernel+initrd-initrd.img -append "$(cat up-kernel+initrd-cmdline)"
check "upstream's init boots the raw disk" upstream_boots -drive file=up-raw.img,format=raw,if=virtio,snapshot=on
finished
