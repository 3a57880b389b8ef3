#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The packages: two builds in two folders are equal, lintian has nothing to say, one signature proves them, and the
# same files, installed on Debian 12 and on Debian 13, build the same disk. Compiled without optimisation, which takes
# half the time.
set -uo pipefail
. "$(dirname "$0")/lib/prologue.sh"
[ "$(id -u)" = 0 ] || skip "needs root"
in_work
need mmdebstrap lintian minisign dpkg-buildpackage
trees=$top/out/package
rm -rf "$trees"
mkdir -p "$trees"
cleanup() { rm -rf "$trees"; }

minisign -G -W -p "$work/i2kit.pub" -s "$work/key" >/dev/null
export DEB_BUILD_OPTIONS=noopt
check "the packages build" env I2KIT_SIGNING_KEY="$work/key" "$top/scripts/release" --only deb "$trees/first"
check "and again in another folder" "$top/scripts/release" --unsigned --only deb "$work/a/longer/way/second"
check "both builds are equal, byte for byte" cmp "$trees/first/SHA256SUMS" "$work/a/longer/way/second/SHA256SUMS"
check "the signature is good" minisign -V -q -p "$work/i2kit.pub" -m "$trees/first/SHA256SUMS"
check "what was signed is there" sh -c "cd '$trees/first' && sha256sum --check --quiet SHA256SUMS"
echo >>"$trees/first/SHA256SUMS"
check "a changed list is refused" sh -c "! minisign -V -q -p '$work/i2kit.pub' -m '$trees/first/SHA256SUMS'"
check "a release without a key says so" expect "I2KIT_SIGNING_KEY names no key" "$top/scripts/release" "$work/none"
lintian_is_silent() {
	local said
	said=$(lintian --allow-root --fail-on none --suppress-tags hardening-no-fortify-functions "$trees"/first/*.deb)
	[ -z "$said" ] || { echo "$said"; false; }
}
check "lintian finds neither error nor warning" lintian_is_silent

cp -r "$top/examples/hello" "$trees/hello"
mkdir -p "$trees/out/images"
cp -r "$images/nginx" "$trees/out/images/"
sed -i "s|oci:../../out/images|oci:../out/images|" "$trees/hello/i2kit.yml"
cat >"$trees/inside" <<'END'
set -e
cd "$1"
apt-get update -qq
apt-get install -y -qq --no-install-recommends ./first/i2kit_*.deb ./first/i2kit-base_*.deb >/tmp/apt 2>&1 ||
	{ tail -n 20 /tmp/apt; exit 1; }
cd /root
i2kit version
[ -s /usr/share/bash-completion/completions/i2kit ] && man -w i2kit 2>/dev/null || [ -s /usr/share/man/man1/i2kit.1.gz ]
i2kit doctor >/tmp/doctor 2>&1 || true
cat /tmp/doctor
grep -q "/usr/share/i2kit/base" /tmp/doctor
i2kit build -f "$1/hello" --json >/tmp/built
cat /tmp/built
i2kit verify "$(sed -n 's/.*"digest":"\(sha256:[0-9a-f]*\)".*/\1/p' /tmp/built | head -n 1)"
grep -o '"digest":"sha256:[0-9a-f]*"' /tmp/built >"$1/digest-$I2KIT_RELEASE"
apt-get purge -y -qq i2kit i2kit-base >/dev/null 2>&1
[ ! -e /usr/share/i2kit ] && [ ! -e /usr/bin/i2kit ]
END
for release in bookworm trixie; do
	check "on $release it installs, runs doctor, builds and verifies a disk, and goes without a trace" \
		"$top/scripts/in-release" "$release" - sh "$trees/inside" "$trees"
done
check "the disk is the same on both" cmp "$trees/digest-bookworm" "$trees/digest-trixie"
check "there is one" grep -q sha256 "$trees/digest-trixie"
finished
