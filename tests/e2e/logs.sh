#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# logs: order, filters, follow, restarts, load, and what is left after down.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
cleanup() { "$i2kit" down --volumes; }
cd "$work" || exit 1
cat >i2kit.yml <<END
name: talk
containers:
  one:
    image: oci:$top/out/images/toolbox
    command: [sh, -c, 'echo first start; sleep 1000 & wait']
  two:
    image: oci:$top/out/images/toolbox
    command: [sh, -c, 'printf "\\033[2Jevil\\n"; echo loud >&2; sleep 1000 & wait']
END
export I2KIT_PROJECT=logs
"$i2kit" up -d --wait --timeout 120s
ok $? "up"
# Lines may be on their way when the pod is ready already.
for i in $(seq 30); do "$i2kit" logs | grep -q loud && "$i2kit" logs | grep -q first && break; sleep 0.1; done
"$i2kit" logs | grep -q 'talk-0/one | first start'
ok $? "logs show the container before the line"
"$i2kit" logs talk/two --no-prefix | grep -qF '\x1b[2Jevil'
ok $? "control sequences are shown, not obeyed"
is "$("$i2kit" logs -o json talk/two | python3 -c 'import json,sys; print([json.loads(l)["stream"] for l in sys.stdin])')" \
	"['stdout', 'stderr']"
ok $? "JSON tells the streams apart"

# What has started is written down once a second.
for i in $(seq 30); do "$i2kit" logs talk/oen 2>&1 | grep -q "did you mean 'one'" && break; sleep 0.2; done
"$i2kit" logs talk/oen 2>&1 | grep -q "did you mean 'one'"
ok $? "a container that is not there is an error with a suggestion"
"$i2kit" logs talk nope >/dev/null 2>err
is $? 1 && grep -q "has no logs of 'nope'" err
ok $? "one wrong pod among several is an error too"
is "$("$i2kit" logs -c two -n 1 --since 1h talk --no-prefix)" loud
ok $? "-c, -n and --since go together"

store=$HOME/.local/share/i2kit/logs/logs
cp -r "$store/talk-0" "$store/gone-0"
"$i2kit" logs >all 2>err
is $? 0 && ! grep -q gone-0 all && grep -q -- --all err && "$i2kit" logs --all | grep -q gone-0 && "$i2kit" logs gone-0 | grep -q loud
ok $? "of instances that are no more lines come with --all or by name"
is "$("$i2kit" logs deployment/talk/two --no-prefix --until 1h | wc -l)" 0 &&
	"$i2kit" logs pod/talk-0 --until 0s | grep -q loud
ok $? "--until ends there, and kubectl's TYPE/NAME is a name"
"$i2kit" logs rm talk 2>&1 | grep -q 'is up' && is "$("$i2kit" logs rm)" gone-0 && [ ! -e "$store/gone-0" ] &&
	"$i2kit" logs talk/two | grep -q loud
ok $? "logs rm removes what is no more and nothing that is up"

"$i2kit" logs -f --tail 0 >follow &
pid=$!
sleep 0.5
"$i2kit" exec -c one talk sh -c 'echo later > /proc/1/fd/1'
for i in $(seq 30); do grep -q later follow && break; sleep 0.1; done
kill -INT $pid
wait $pid 2>/dev/null
is "$(cat follow)" "talk-0/one | later"
ok $? "-f shows new lines, and --tail 0 no old ones"

"$i2kit" exec -c one talk sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo "n $i"; done > /proc/1/fd/1'
for i in $(seq 100); do "$i2kit" logs talk/one --tail 1 | grep -q 'n 20000' && break; sleep 0.2; done
"$i2kit" logs talk/one --no-prefix | grep '^n ' | awk '$2 != NR {bad = 1} END {exit bad || NR != 20000}'
ok $? "twenty thousand lines arrive whole and in order"

# As fast as two containers can write: 20 MB; what is not kept is counted.
flood() { "$i2kit" exec -c "$1" talk sh -c 'yes "$(printf %099d 7)" | head -n 100000 >/proc/1/fd/1'; }
start=$(date +%s%N)
flood one &
flood two
wait $!
echo "# 20 MB in $((($(date +%s%N) - start) / 1000000)) ms"
count() {
	"$i2kit" logs -o json --since 5m "talk/$1" | python3 -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin]
# A line whose writer was made to wait comes in pieces; its end is one, and may be empty.
ends = [line for line in lines if not line.get("partial") and line["text"].strip("0") in ("", "7")]
print(sum(line.get("lostBefore", 0) for line in lines) + len(ends))'
}
# Of a line that was lost in pieces each piece may count: a few more, and never fewer.
is_whole() { [ "$1" -ge 100000 ] && [ "$1" -le 101000 ]; }
for i in $(seq 30); do is_whole "$(count one)" && is_whole "$(count two)" && break; sleep 0.5; done
is_whole "$(count one)" && is_whole "$(count two)" || { echo "# $(count one) $(count two)"; false; }
ok $? "of a flood from two containers each line is there or counted as lost"

"$i2kit" exec -c one talk sh -c 'kill -TERM 1; kill -KILL 1' 2>/dev/null
"$i2kit" exec -c one talk kill -9 -1 2>/dev/null
for i in $(seq 60); do "$i2kit" logs --previous talk/one | grep -q later && break; sleep 0.5; done
"$i2kit" logs --previous talk/one --no-prefix | grep -q '^later$'
ok $? "--previous shows the run before the restart"
"$i2kit" down
"$i2kit" logs --tail 1000000 talk/one | grep -q later
ok $? "logs survive down"
finished
