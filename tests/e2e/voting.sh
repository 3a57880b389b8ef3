#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The voting application of examples/voting: a vote cast through one port shows up through another,
# after the death of each VM in turn, and after down and up.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
cd "$top/examples/voting" || exit 1
cleanup() { "$i2kit" down --volumes; }

# vote WHAT VOTER: one voter's vote counts once, however often it is sent
vote() {
	curl -fsS -m 30 -o /dev/null -b "voter=$(printf '%032d' "$2")" -d "vote=$1" http://127.0.0.1:5000/
}
count() { curl -fsS -m 30 http://127.0.0.1:5001/json | python3 -c "import json,sys; print(json.load(sys.stdin)['$1'])"; }
# shows N: the result page comes to N votes for a within 80 s.
shows() {
	local i
	for i in $(seq 160); do
		[ "$(count a 2>/dev/null)" = "$1" ] && return 0
		sleep 0.5
	done
	echo "# result: $(curl -sS -m 5 http://127.0.0.1:5001/json 2>&1), wanted a=$1"
	return 1
}
# kill_vm INSTANCE: the VM's process dies at once.
kill_vm() {
	local pid
	pid=$(pgrep -f "qemu-system.*guest=[^,]*$1[,-]" | head -1)
	[ -n "$pid" ] && kill -9 "$pid"
}

"$i2kit" up -d --wait --timeout 240s
ok $? "up: all five services become ready"
vote a 1 && shows 1
ok $? "a vote through port 5000 shows up through port 5001"
votes=1
for instance in vote-0 worker-0 redis-0 result-0 db-0; do
	kill_vm "$instance"
	ok $? "$instance: its VM is killed"
	votes=$((votes + 1))
	for try in 1 2 3 4 5 6; do vote a "$votes" 2>/dev/null && break; sleep 2; done
	shows "$votes"
	ok $? "$instance: a vote after its death is counted"
done
"$i2kit" down
ok $? "down"
"$i2kit" up -d --wait --timeout 240s && shows "$votes"
ok $? "the database has kept its votes over down and up"
finished
