#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: linuxkit.sh   (I2KIT: the program; default: i2kit from PATH)
#
# Builds a LinuxKit document from small images made here and compares the tree, file by file, with
# golden/linuxkit.tree: what linuxkit's own build (v1.8.2) makes of the same document and images.
# Where `linuxkit` is installed and docker-registry and skopeo too, it builds beside us and its tree
# is compared instead. Needs python3, cpio.
set -u
if [ -z "${I2KIT_E2E_NET:-}" ]; then
	[ "$(id -u)" = 0 ] && flags="--net --mount" || flags="--user --map-root-user --net --mount"
	# shellcheck disable=SC2086
	exec env I2KIT_E2E_NET=1 unshare $flags -- bash "$0" "$@"
fi
ip link set lo up
here=$(cd "$(dirname "$0")" && pwd)
i2kit=${I2KIT:-i2kit}
for need in python3 cpio gzip "$i2kit"; do
	command -v "$need" >/dev/null || { echo "1..0 # SKIP $need is not installed"; exit 77; }
done
work=$(mktemp -d /tmp/i2kit-linuxkit.XXXXXX)
registry_pid=
trap '[ -z "$registry_pid" ] || kill $registry_pid; rm -rf "$work"' EXIT
export HOME=$work/home
unset XDG_DATA_HOME XDG_CONFIG_HOME XDG_CACHE_HOME XDG_RUNTIME_DIR
mkdir -p "$HOME"
passed=0 failed=0
check() {
	local name=$1
	shift
	if "$@" >"$work/out" 2>&1; then
		passed=$((passed + 1)); echo "ok $((passed + failed)) - $name"
	else
		failed=$((failed + 1)); echo "not ok $((passed + failed)) - $name"
		sed 's/^/# /' "$work/out" | tail -40
	fi
}

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
if command -v linuxkit >/dev/null && command -v docker-registry >/dev/null && command -v skopeo >/dev/null; then
	printf 'version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:5000"}\n' \
		"$work/registry" >registry.yml
	docker-registry serve registry.yml >/dev/null 2>&1 &
	registry_pid=$!
	sleep 1
	for image in kernel init init2 app plain; do
		skopeo copy -q --insecure-policy --dest-tls-verify=false "oci:layout:$image" "docker://127.0.0.1:5000/lk/$image:1"
	done
	sed "s,registry.test/,127.0.0.1:5000/lk/," "$here/../image/golden/linuxkit.yml" >theirs.yml
	theirs() {
		linuxkit build --no-sbom --format tar --name theirs theirs.yml && tree theirs.tar >theirs.tree && compare theirs.tree
	}
	check "linuxkit beside us makes the same tree" theirs
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
echo "1..$((passed + failed))"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
