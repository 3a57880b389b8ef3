#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The terminal UI over 40 pods that are none (lib/fake_supervisor.py): small, usual and large terminals, poor ones,
# with UTF-8 and without; a storm of resizes; a supervisor that is killed and comes back; tui.yml; all projects.
set -euo pipefail
. "$(dirname "$0")/lib/prologue.sh"
in_work
need tmux python3
export XDG_RUNTIME_DIR=$work/run XDG_STATE_HOME=$work/state XDG_DATA_HOME=$work/data XDG_CONFIG_HOME=$work/config
export LIBVIRT_DEFAULT_URI=test:///default LANG=C.UTF-8
unset LC_ALL NO_COLOR
mkdir -m 700 "$XDG_RUNTIME_DIR"
fake=
cleanup() {
	[ -z "$fake" ] || kill "$fake"
	tm kill-server
}
tm() { tmux -S "$work/tmux" -f /dev/null "$@"; }
supervise() {
	python3 "$top/tests/e2e/lib/fake_supervisor.py" many 40 &
	fake=$!
	for _ in $(seq 100); do
		[ -S "$XDG_RUNTIME_DIR/i2kit/many/control.sock" ] && return
		sleep 0.1
	done
	return 1
}
# start SIZE COMMAND: in a terminal of its own; its exit status is shown at the end
start() {
	tm new-session -d -s t -x "${1%x*}" -y "${1#*x}" "$2; echo rc=\$?; sleep 60"
}
press() {
	local key
	for key; do
		tm send-keys -t t "$key"
		sleep 0.1
	done
}
screen() { tm capture-pane -p -t t; }
see() {
	local _
	for _ in $(seq 100); do
		screen | grep -qF -- "$1" && return 0
		sleep 0.1
	done
	echo "the screen never showed '$1':" >&2
	screen >&2
	return 1
}
finish() {
	press Escape q
	see "rc=0"
	tm kill-session -t t
}
ascii_only() {
	if screen | LC_ALL=C grep -q '[^ -~]'; then
		echo "$1: more than ASCII:" >&2
		screen >&2
		return 1
	fi
}

supervise
tm new-session -d -s stays "sleep 3600"
for size in 40x8 60x20 80x24 200x50; do
	for term in xterm-256color linux screen vt100; do
		for lang in C.UTF-8 C; do
			start "$size" "env TERM=$term LANG=$lang i2kit -p many tui"
			see "[1 pods]"
			if [ $size = 40x8 ]; then press G; else see "CrashLoopBackOff" && see " 137"; fi
			[ $lang$term != C.UTF-8xterm-256color ] || see "◐"
			[ $lang != C ] || ascii_only "$size $term"
			press Enter y e m w 2 3 5 6 7 0 '?' q 1 : s e Tab Escape Z
			see "does nothing on this"
			[ $lang != C ] || ascii_only "$size $term"
			finish
		done
	done
done
echo "ok: sizes and terminals"

start 100x30 "i2kit -p many tui"
see "20/40 ready"
for i in $(seq 200); do
	tm resize-window -t t -x $((1 + RANDOM % 220)) -y $((1 + RANDOM % 70))
	[ $((i % 20)) != 0 ] || press $((RANDOM % 8))
done
tm resize-window -t t -x 100 -y 24
press 1
see "20/40 ready"
kill "$fake"
wait "$fake" || true
see "not supervised"
supervise
see "20/40 ready"
finish
echo "ok: resizes, and a supervisor that was gone"

mkdir -p "$XDG_CONFIG_HOME/i2kit" "$XDG_STATE_HOME/i2kit/projects/many"
echo '{}' >"$XDG_STATE_HOME/i2kit/projects/many/plan.json"
printf 'theme: light\nkeys:\n  all: P\n  promote: []\n' >"$XDG_CONFIG_HOME/i2kit/tui.yml"
start 120x30 "i2kit -p other tui"
see "no pods run in project 'other'"
press P
see "pod-1-0"
press Enter
see "20/40 ready"
see " many "
finish
printf 'keys:\n  restat: x\n' >"$XDG_CONFIG_HOME/i2kit/tui.yml"
start 120x30 "i2kit -p many tui"
see "tui.yml:2:3: no action is called 'restat'"
see "rc=1"
echo "ok: tui.yml, all projects"
