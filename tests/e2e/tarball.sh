#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The tarballs, for distributions without packages of ours: two builds in two folders are equal; unpacked below /usr/local of
# another release, from which apt and dpkg were taken away, the program runs and builds a disk; and so does one that is compiled
# there as on Fedora and Arch, with the options of doc/install.md and the base from the tarball. Without optimisation, which takes
# half the time.
set -u
. "$(dirname "$0")/lib/prologue.sh"
[ "$(id -u)" = 0 ] || skip "needs root"
in_work
need mmdebstrap xz
trees=$top/out/tarball
rm -rf "$trees" "$top/out/elsewhere"
mkdir -p "$trees"
cleanup() { rm -rf "$trees" "$top/out/elsewhere"; }

export DEB_BUILD_OPTIONS=noopt
check "the tarballs are built" "$top/scripts/release" --unsigned --only tar "$trees/first"
check "and again in another folder" "$top/scripts/release" --unsigned --only tar "$work/a/longer/way/second"
check "both builds are equal, byte for byte" cmp "$trees/first/SHA256SUMS" "$work/a/longer/way/second/SHA256SUMS"
! tar -tJf "$trees"/first/i2kit-0*-linux-x86_64.tar.xz | grep -v '^i2kit/'
ok $? "all is below one folder"

cp -r "$top/examples/hello" "$trees/hello"
sed -i "s|oci:../../out/images|oci:$images|" "$trees/hello/i2kit.yml"
cat >"$trees/inside" <<'END'
set -e
# What neither Fedora nor Arch has.
rm -rf /usr/bin/apt* /usr/bin/dpkg* /etc/apt /var/lib/dpkg /etc/debian_version
cd "$1/first"
sha256sum --check --quiet SHA256SUMS
tar --strip-components=1 -C /usr/local -xf i2kit-0*-linux-x86_64.tar.xz
tar --strip-components=1 -C /usr/local -xf i2kit-base-*-x86_64.tar.xz
cd /root
# disk PROGRAM: builds one, and proves it
disk() {
	"$1" doctor >/tmp/doctor 2>&1 || true
	grep -q "/usr/local/share/i2kit/base" /tmp/doctor || { cat /tmp/doctor; exit 1; }
	"$1" build -f "$2/hello" --json >/tmp/built
	"$1" verify "$(sed -n 's/.*"digest":"\(sha256:[0-9a-f]*\)".*/\1/p' /tmp/built | head -n 1)"
}
disk /usr/local/bin/i2kit "$1"
[ -s /usr/local/share/man/man1/i2kit.1 ] || [ -s /usr/local/share/man/man1/i2kit.1.gz ]
cd "$2"
meson setup out/elsewhere -Dguest=false -Dshared_squashfs=true -Dtests=false -Dbuildtype=plain
meson compile -C out/elsewhere
I2KIT_BASE=/usr/local/share/i2kit/base disk out/elsewhere/i2kit "$1"
if scripts/setup 2>/tmp/said; then exit 1; fi
grep -q "fedora.txt" /tmp/said
END
check "without apt and dpkg: the tarballs run, and what is compiled there too, with the base of a release" \
	"$top/scripts/in-release" trixie build,unit,run,systemd sh "$trees/inside" "$trees" "$top"
finished
