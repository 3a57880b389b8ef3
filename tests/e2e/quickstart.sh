#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# scripts/quickstart in a clean clone, as a user who may install nothing: where all that session mode needs is there, a pod
# answers at the end. Then the same by hand, in the README's words, and `meson install`. It compiles i2kit once; what
# make-base and example-images fetch and compile comes from this machine's cache.
set -u
kept=${QUICKSTART_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/i2kit}
export QUICKSTART_CACHE=$kept
. "$(dirname "$0")/lib/prologue.sh"
[ "$(id -u)" = 0 ] || skip "needs root, to become a user who is not"
isolated "$@"
need git
plain_user
cleanup() { as_pat "" "$home/i2kit/build/i2kit" -p hello down; }
git clone -q "$top" "$home/i2kit" || exit 1
mkdir -p "$home/.cache/i2kit" "$home/bin"
cp -r "$kept/debs" "$kept/built" "$home/.cache/i2kit/"
chown -R 4711:4711 "$home"
# No sudo, whatever this machine has: the first one on the path says no, as it does to who may not.
printf '#!/bin/sh\necho "pat is not in the sudoers file." >&2\nexit 1\n' >"$home/bin/sudo"
chmod 755 "$home/bin/sudo"
PATH=$home/bin:$PATH
pat() { (cd "$home/i2kit" && as_pat "" "$@"); }

check "quickstart ends well" pat scripts/quickstart
cp "$work/out" "$work/said"
check "and said that it goes on in session mode" grep -q "going on in session mode" "$work/said"
check "and showed the pod's answer" grep -q "Hello from hello-0" "$work/said"
check "it runs under the user's own libvirt" pat virsh -q -c qemu:///session domid i2kit-hello.hello-0
for words in ps logs; do
	check "the next words that it names: $words" pat build/i2kit -p hello $words
done
check "and down" pat build/i2kit -p hello down
start=$SECONDS
check "a second run ends well" pat scripts/quickstart
[ $((SECONDS - start)) -lt 60 ]
ok $? "and takes seconds"
pat build/i2kit -p hello down >/dev/null 2>&1
check "where a package is missing it is named" expect "missing: no-such-package" \
	pat sh -c 'echo no-such-package >>scripts/packages/session.txt; scripts/quickstart'

pat bash -c 'echo $$ >../up.pid; I2KIT_BASE=out/base exec build/i2kit up examples/hello' >"$work/up" 2>&1 &
for _ in $(seq 120); do curl -fsS -m 5 http://127.0.0.1:8080/ >"$work/answer" 2>/dev/null && break; sleep 0.5; done
check "by hand it is the same" grep -q "Hello from hello-0" "$work/answer"
kill -TERM "$(cat "$home/up.pid")" # as Ctrl-C
wait $!
ok $? "and ends in order"
check "meson install brings program and base" env DESTDIR="$work/root" meson install -C "$home/i2kit/build" --no-rebuild
check "and the base is found there" test -s "$work/root/usr/local/share/i2kit/base/base.json"
finished
