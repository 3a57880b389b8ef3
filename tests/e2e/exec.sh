#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# exec, cp and port-forward against one pod.
set -u
top=$(realpath "$(dirname "$0")/../..")
[ -n "${I2KIT_ISOLATED:-}" ] || exec "$top/scripts/isolated" "$0" "$@"
i2kit=${I2KIT:-${I2KIT_BUILD:-$top/build}/i2kit}
work=$(mktemp -d)
failed=0
number=0
ok() {
	local status=$1
	shift
	number=$((number + 1))
	[ "$status" = 0 ] && echo "ok $number - $*" && return
	echo "not ok $number - $*"
	failed=1
}
is() { [ "$1" = "$2" ] || { echo "# got '$1', wanted '$2'"; false; }; }
finish() { "$i2kit" -p execs down --volumes >/dev/null 2>&1; rm -rf "$work"; }
trap finish EXIT
cd "$work" || exit 1
cat >i2kit.yml <<END
name: web
containers:
  nginx:
    image: oci:$top/out/images/nginx
    ports: [80]
END
export I2KIT_PROJECT=execs
"$i2kit" up -d --wait --timeout 120s
ok $? "up"

is "$("$i2kit" exec web sh -c 'echo out; echo err >&2; exit 7' 2>err)" out && is "$(cat err)" err
ok $? "exec keeps stdout and stderr apart"
"$i2kit" exec web sh -c 'exit 7'
is $? 7
ok $? "exec passes the exit code on"
"$i2kit" exec web sh -c 'kill -9 $$'
is $? 137
ok $? "exec gives 128 and the signal"
"$i2kit" exec web no-such-program 2>/dev/null
is $? 127
ok $? "exec exits with 127 for a program that is not there"
is "$(head -c 5000000 /dev/zero | "$i2kit" exec -i web wc -c | tr -d ' ')" 5000000
ok $? "exec -i passes all of the input"
is "$("$i2kit" exec web head -c 5000000 /dev/zero | wc -c | tr -d ' ')" 5000000
ok $? "exec passes all of the output"
is "$(script -qec "stty rows 33 cols 101; $i2kit exec -it web sh -c 'tty; stty size'" /dev/null | tr -d '\r' | tail -1)" "33 101"
ok $? "exec -it gives a terminal of our size"
"$i2kit" exec web sh -c 'trap "exit 9" INT; while :; do sleep 0.1; done' &
pid=$!
sleep 1.5
kill -INT $pid
wait $pid
is $? 9
ok $? "Ctrl-C goes to the command"

head -c 3000000 /dev/urandom >file
"$i2kit" cp file web:/tmp/ && "$i2kit" cp web:/tmp/file back && cmp file back
ok $? "cp copies a file there and back"
mkdir -p tree/sub && echo x >tree/sub/x && ln -s x tree/sub/link
"$i2kit" cp tree web:/tmp/tree && "$i2kit" cp web/nginx:/tmp/tree tree2 && diff -r tree tree2
ok $? "cp copies a folder there and back"
"$i2kit" cp web:/no/such/file x 2>/dev/null
is $? 1 && [ ! -e x ]
ok $? "cp of nothing leaves nothing"

"$i2kit" port-forward web :80 >forward &
pid=$!
for i in $(seq 50); do [ -s forward ] && break; sleep 0.1; done
curl -fsS -m 10 "http://$(cut -d' ' -f1 forward)/" | grep -q Hello
ok $? "port-forward reaches the pod"
kill -INT $pid
wait $pid
is $? 0
ok $? "port-forward ends with Ctrl-C"
echo "1..$number"
exit $failed
