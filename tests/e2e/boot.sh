#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: boot.sh   (I2KIT: the program; default: that of ./build)
#
# One disk, every way to boot it, under plain QEMU without KVM: SeaBIOS on q35 and (as qcow2) on
# i440fx, SeaBIOS from NVMe, OVMF, and the kernel handed over directly. The pod (nginx) must answer
# over HTTP each time; so must one of 130 layers, and one on a base made by a LinuxKit document. And:
# builds by another user in another place, with another umask, time zone, locale and number of cores,
# give the same bytes, and verify notices a changed one.
# Needs qemu-system-x86, qemu-utils, ovmf, mtools, dosfstools, curl, python3; out/base and
# out/images/nginx, toolbox.
set -u
. "$(dirname "$0")/lib/prologue.sh"
own_network "$@"
need qemu-system-x86_64 mkfs.fat mcopy curl python3 "$i2kit"
[ -f "$images/nginx/index.json" ] || skip "scripts/example-images nginx was not run"
ovmf=/usr/share/OVMF/OVMF_CODE_4M.fd
[ -f $ovmf ] || ovmf=/usr/share/OVMF/OVMF_CODE.fd
vm=
cleanup() {
	[ -n "$vm" ] && kill "$vm" 2>/dev/null
	wait
}
result() { # STATUS NAME [LOG]
	ok "$1" "$2"
	[ "$1" = 0 ] || [ -z "${3:-}" ] || tail -c 1500 "$3" | tr -d '\033' | sed 's/^/# /'
}

cat >"$work/web.yml" <<END
name: web
containers:
  nginx:
    image: oci:$images/nginx
    ports: [80]
END
XDG_DATA_HOME=$work/store1 "$i2kit" build -f "$work/web.yml" -o "$work/disk1.img" --progress=none >"$work/out1" ||
	{ echo "Bail out! build failed"; exit 1; }
elsewhere() {
	local base=${I2KIT_BASE:-$top/out/base} as=()
	cd / && umask 077
	chmod 711 "$work" && mkdir -m 777 "$work/theirs" && mkdir -m 755 "$work/moved"
	# Where the image lies is not in the disk.
	cp -r "$images/nginx" "$work/moved" && sed 's,oci:.*,oci:nginx,' "$work/web.yml" >"$work/moved/web.yml"
	chmod -R a+rX "$work/moved"
	# Only where root may become someone, and that one may read all this.
	as=(setpriv --reuid 12345 --regid 12345 --clear-groups)
	if ! "${as[@]}" cat "$work/moved/nginx/index.json" "$base/base.json" "$i2kit" >/dev/null 2>&1; then
		as=()
		echo "# the second build is the same user's"
	fi
	HOME=$work/theirs XDG_DATA_HOME=$work/theirs/store XDG_CACHE_HOME=$work/theirs/cache I2KIT_BASE=$base \
		TZ=Pacific/Kiritimati LC_ALL=tr_TR.UTF-8 ${as[@]+"${as[@]}"} taskset -c 0 \
		"$i2kit" build -f "$work/moved/web.yml" -o "$work/theirs/disk.img" --progress=none >/dev/null
}
i2kit=$(realpath "$(command -v "$i2kit")")
(elsewhere) || { echo "Bail out! the second build failed"; exit 1; }
mv "$work/theirs/disk.img" "$work/disk2.img"
disk=$work/disk1.img
[ "$(sha256sum <"$work/disk1.img")" = "$(sha256sum <"$work/disk2.img")" ]
result $? "another user, folder, place of the image, umask, time zone, locale and number of cores give the same bytes"
# A build id is a digest of debugging information, and so of the folder the source lay in.
if command -v cpio >/dev/null && command -v readelf >/dev/null; then
	cpio -i --quiet --to-stdout init <"$I2KIT_BASE/initrd-base.cpio" >"$work/init" 2>/dev/null
	readelf -h "$work/init" >/dev/null 2>&1 && ! readelf -n "$work/init" 2>/dev/null | grep -q 'Build ID'
	result $? "the base does not depend on where it was built"
fi
grep -q "$(sha256sum <"$disk" | cut -d' ' -f1)" "$work/out1"
result $? "the digest that build prints is the one that sha256sum prints"
export XDG_DATA_HOME=$work/store1
"$i2kit" verify "$disk" --progress=none >"$work/log" 2>&1
result $? "verify builds the disk again, byte for byte" "$work/log"
for offset in 600000 9000000 20000000; do
	cp --sparse=always "$disk" "$work/changed.img"
	printf '\xa5\x5a' | dd of="$work/changed.img" bs=1 seek=$offset conv=notrunc status=none
	! "$i2kit" verify "$work/changed.img" --progress=none >"$work/log" 2>&1
	result $? "verify notices a change at byte $offset"
done

# What a cloud would hand over: a disk labelled cidata.
digest=sha256:$(sha256sum <"$disk" | cut -d' ' -f1)
cat >"$work/user-data" <<END
{"i2kit":{"config":{"version":1,"labels":{},"annotations":{},"containers":{},"volumes":[],"configMaps":{},"secrets":{}},
"instance":{"version":1,"project":"e2e","pod":"web","instance":"web-0","replica":0,
"uid":"00000000-0000-8000-8000-000000000000","imageDigest":"$digest","configDigest":"$digest","where":"rehearsal",
"network":{"method":"static","address":"10.0.2.15/24","gateway":"10.0.2.2","dns":["10.0.2.3"]},
"hosts":[],"serviceEnv":[],"volumes":{}}}}
END
truncate -s 1M "$work/cidata.img"
mkfs.fat -n CIDATA "$work/cidata.img" >/dev/null
mcopy -i "$work/cidata.img" "$work/user-data" ::/user-data

port=18000
boots() { # NAME MEMORY ARGUMENTS…
	local name=$1 memory=$2 start
	answer=
	shift 2
	port=$((port + 1))
	start=$(date +%s%N)
	timeout 120 qemu-system-x86_64 -accel tcg -m "$memory" -nographic -no-reboot -snapshot "$@" \
		-drive "file=$work/cidata.img,if=virtio,format=raw" \
		-nic "user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:$port-:80" >"$work/log" 2>&1 </dev/null &
	vm=$!
	for _ in $(seq 300); do
		answer=$(curl -s -m 2 "http://127.0.0.1:$port/" 2>/dev/null) && [ -n "$answer" ] && break
		kill -0 $vm 2>/dev/null || break
		sleep 0.2
	done
	kill $vm 2>/dev/null
	wait $vm 2>/dev/null
	vm=
	grep -q "Hello from web-0" <<<"$answer"
	result $? "$name: the pod answers" "$work/log"
	echo "# $name: $((($(date +%s%N) - start) / 1000000)) ms to the first answer"
}
virtio="file=$disk,if=virtio,format=raw"
boots "SeaBIOS, q35" 128 -machine q35 -drive "$virtio"
"$i2kit" build -f "$work/web.yml" -o "$work/disk.qcow2" --format qcow2 --progress=none >/dev/null 2>"$work/log"
result $? "qcow2 is written" "$work/log"
boots "SeaBIOS, i440fx, qcow2" 128 -machine pc -drive "file=$work/disk.qcow2,if=virtio,format=qcow2"
boots "SeaBIOS, NVMe" 128 -machine q35 -drive "file=$disk,if=none,id=d,format=raw" -device nvme,drive=d,serial=i2kit,bootindex=0
if [ -f $ovmf ]; then
	boots "OVMF" 256 -machine q35 -drive "if=pflash,format=raw,readonly=on,file=$ovmf" -drive "$virtio"
else
	echo "# OVMF is not installed"
fi
part() { # FILE-IN-TOC: its bytes
	"$i2kit" inspect "$disk" -o json | python3 -c '
import json, sys
found = next(f for f in json.load(sys.stdin)["files"] if f["name"] == sys.argv[2])
with open(sys.argv[1], "rb") as disk:
    disk.seek(found["offset"])
    sys.stdout.buffer.write(disk.read(found["size"]))' "$disk" "$1"
}
part kernel >"$work/kernel"
part initrd >"$work/initrd"
cmdline=$("$i2kit" inspect "$disk" -o json | python3 -c 'import json, sys; print(json.load(sys.stdin)["cmdline"])')
boots "direct kernel" 128 -machine q35 -kernel "$work/kernel" -initrd "$work/initrd" -append "$cmdline" -drive "$virtio"

# Many layers: a page on nginx's in 127 steps. More than 126 take a larger partition table.
python3 - "$images/nginx" "$work/many" <<'PY'
import gzip, hashlib, io, json, shutil, sys, tarfile
source, top = sys.argv[1:]
shutil.copytree(source, top)
def put(data):
    name = hashlib.sha256(data).hexdigest()
    with open(f"{top}/blobs/sha256/{name}", "wb") as file:
        file.write(data)
    return {"digest": "sha256:" + name, "size": len(data)}
def get(item):
    with open(f"{top}/blobs/sha256/{item['digest'][7:]}", "rb") as file:
        return json.load(file)
with open(top + "/index.json", "rb") as file:
    index = json.load(file)
manifest = get(index["manifests"][0])
config = get(manifest["config"])
for i in range(127):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        text = b"Hello from web-0, layer %d\n" % i
        info = tarfile.TarInfo("usr/share/nginx/html/index.html")
        info.size, info.mode = len(text), 0o644
        tar.addfile(info, io.BytesIO(text))
    config["rootfs"]["diff_ids"].append("sha256:" + hashlib.sha256(out.getvalue()).hexdigest())
    manifest["layers"].append({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
                               **put(gzip.compress(out.getvalue(), mtime=0))})
manifest["config"].update(put(json.dumps(config).encode()))
index["manifests"][0].update(put(json.dumps(manifest).encode()))
with open(top + "/index.json", "w") as file:
    json.dump(index, file)
PY
sed "s,oci:.*,oci:$work/many," "$work/web.yml" >"$work/many.yml"
"$i2kit" build -f "$work/many.yml" -o "$work/many.img" --progress=none >/dev/null 2>"$work/log"
result $? "an image of 130 layers is built" "$work/log"
boots "SeaBIOS, 130 layers" 128 -machine q35 -drive "file=$work/many.img,if=virtio,format=raw"
grep -q "layer 126" <<<"$answer"
result $? "the last layer is on top"

# A base of one's own: the default one with LinuxKit components.
if [ -f "$images/toolbox/index.json" ]; then
	cat "${I2KIT_BASE:-$top/out/base}/base.yml" - >"$work/base.yml" <<-END
		onboot:
		  - {name: early, image: "oci:$images/toolbox", command: [sh, -c, "echo onboot-was-here"]}
		files:
		  - {path: etc/motd, contents: "hello"}
	END
	"$i2kit" build -f "$work/web.yml" --base "$work/base.yml" -o "$work/based.img" --progress=none >/dev/null 2>"$work/log"
	result $? "a LinuxKit document is a base" "$work/log"
	"$i2kit" verify "$work/based.img" --base "$work/base.yml" --progress=none >"$work/log" 2>&1
	result $? "and verify builds it again" "$work/log"
	boots "a LinuxKit document as the base" 128 -machine q35 -drive "file=$work/based.img,if=virtio,format=raw"
	grep -aq onboot-was-here "$work/log"
	result $? "its onboot component ran"
	printf 'kernel: {image: "linuxkit/kernel:6.6.71"}\n' >"$work/kernel.yml"
	! "$i2kit" build -f "$work/web.yml" --base "$work/kernel.yml" --progress=none >"$work/log" 2>&1 &&
		grep -q "default base's kernel" "$work/log"
	result $? "another kernel is refused with the way out" "$work/log"
fi
finished
