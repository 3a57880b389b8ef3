# shellcheck shell=bash
# What the end-to-end tests share. A test begins with
#
#	. "$(dirname "$0")/lib/prologue.sh"
#	isolated "$@"            # or own_network "$@", or neither
#
# and ends with `finished`. It then has $top (the tree), $i2kit (the program, also the first i2kit on PATH),
# $images, I2KIT_BASE, and $work, an empty folder that is removed at the end, after `cleanup` if the test
# has such a function.

top=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
i2kit=${I2KIT:-${I2KIT_BUILD:-$top/build}/i2kit}
images=${I2KIT_IMAGES:-$top/out/images}
PATH=$(dirname "$i2kit"):$PATH:/usr/sbin:/sbin
export I2KIT_BASE=${I2KIT_BASE:-$top/out/base} PATH
# No VM but a test's own, unless it is about those (warm=1 before this file is read) or begins with an environment of its own.
[ -n "${warm:-}" ] || export I2KIT_WARM_BUDGET=0
number=0
failed=0

# isolated "$@": begins again beside a libvirtd of its own, in namespaces of its own
isolated() {
	[ -n "${I2KIT_ISOLATED:-}" ] || exec "$top/scripts/isolated" "$0" "$@"
	in_work
}

# own_network "$@": begins again where there is only a loopback, and where it may mount
own_network() {
	local flags=(--net --mount)
	if [ -z "${I2KIT_E2E_NET:-}" ]; then
		[ "$(id -u)" = 0 ] || flags+=(--user --map-root-user)
		exec env I2KIT_E2E_NET=1 unshare "${flags[@]}" -- bash "$0" "$@"
	fi
	ip link set lo up
	in_work
}

in_work() {
	work=$(mktemp -d "/tmp/i2kit-$(basename "$0" .sh).XXXXXX")
	trap leave EXIT
}

leave() {
	if declare -F cleanup >/dev/null; then
		cleanup >/dev/null 2>&1 || true
	fi
	chmod -R u+w "$work"
	rm -rf "$work"
}

# plain_user: in this mount namespace alone a user pat without any privilege, with a home, $home, and a runtime folder
plain_user() {
	local file
	home=/run/pat
	for file in passwd group; do
		cp "/etc/$file" "/run/$file"
		echo 'pat:x:4711:4711::/run/pat:/bin/bash' | cut -d: -f"$([ $file = passwd ] && echo 1-7 || echo 1-3)" >>"/run/$file"
		mount --bind "/run/$file" "/etc/$file"
	done
	mkdir -p "$home" /run/user/4711
	chown 4711:4711 "$home" /run/user/4711
	chmod 700 /run/user/4711
}

# as_pat GROUPS COMMAND…: as that user, in the groups too ("": in none), with nothing of our environment
as_pat() {
	local groups=(--clear-groups)
	[ -z "$1" ] || groups=(--groups "$1")
	shift
	setpriv --reuid 4711 --regid 4711 "${groups[@]}" env -i PATH="$PATH" HOME=$home XDG_RUNTIME_DIR=/run/user/4711 "$@"
}

# need PROGRAM…: or the test is skipped
need() {
	local one
	for one; do
		command -v "$one" >/dev/null || skip "$one is not installed"
	done
}

skip() {
	echo "1..0 # SKIP $*"
	exit 77
}

# ok STATUS WHAT: one line of the result
ok() {
	local status=$1
	shift
	number=$((number + 1))
	[ "$status" = 0 ] && echo "ok $number - $*" && return
	echo "not ok $number - $*"
	failed=$((failed + 1))
}

# check WHAT COMMAND…: one line of the result, with the command's output when it fails
check() {
	local what=$1 status
	shift
	"$@" >"$work/out" 2>&1
	status=$?
	ok $status "$what"
	[ $status = 0 ] || tail -c 2000 "$work/out" | tr -d '\033' | sed 's/^/# /'
	return $status
}

# is GOT WANTED
is() { [ "$1" = "$2" ] || { echo "# got '$1', wanted '$2'"; false; }; }

# expect TEXT COMMAND…: the command's output has the text
expect() {
	local text=$1 output
	shift
	output=$("$@" 2>&1) || true
	[[ $output == *"$text"* ]] && return
	printf "# '%s' did not show '%s':\n%s\n" "$*" "$text" "$output"
	return 1
}

finished() {
	echo "1..$number"
	echo "$((number - failed)) passed, $failed failed"
	[ "$failed" = 0 ]
	exit
}
