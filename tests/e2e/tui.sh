#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The terminal UI on a real terminal (tmux): without pods, without libvirt, on poor terminals; then over a real
# pod: screens, logs, filters, a shell, scaling, a VM that dies while its log is open, other sizes; and the
# terminal is as it was after q, SIGTERM and a crash.
set -euo pipefail
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
export LANG=C.UTF-8 TERM=xterm-256color
cleanup() {
	i2kit -p hello down
	tmux -S "$work/tmux" kill-server
}

tm() { tmux -S "$work/tmux" -f /dev/null "$@"; }
screen() { tm capture-pane -p; }
press() { tm send-keys "$@"; }
# see TEXT [SECONDS]: waits until the screen has it
see() {
	local _
	for _ in $(seq $((${2:-10} * 10))); do
		screen | grep -qF -- "$1" && return 0
		sleep 0.1
	done
	echo "the screen never showed '$1':" >&2
	screen >&2
	return 1
}
# unsee TEXT: waits until the screen has it no longer
unsee() {
	local _
	for _ in $(seq 100); do
		screen | grep -qF -- "$1" || return 0
		sleep 0.1
	done
	echo "the screen still shows '$1':" >&2
	screen >&2
	return 1
}
# is_sane: the shell is back, and the terminal echoes and knows lines
is_sane() {
	see "prompt>"
	press "echo sane: \$(stty -a | tr ' ' '\n' | grep -cx -e echo -e icanon)" Enter
	see "sane: 2"
	press "clear" Enter
	sleep 0.3
}
# ui_pid: of the one terminal UI that runs here
ui_pid() { pgrep -f 'hello tui$' | head -n 1; }

tm new-session -d -x 100 -y 30 "bash --norc --noprofile"
tm set -g default-terminal xterm-256color
press "cd $top; PS1='prompt> '; clear" Enter
see "prompt>"

# poor terminals
press "TERM=dumb i2kit -p hello tui" Enter
see "cannot move its cursor"
press "clear; i2kit -p hello tui | cat" Enter
see "needs a terminal"

# no libvirt, no pods
press "clear; LIBVIRT_DEFAULT_URI='qemu+unix:///system?socket=$work/none' i2kit -p hello tui" Enter
see "i2kit doctor"
press q
is_sane
press "NO_COLOR=1 i2kit -p hello tui" Enter
see "[1 pods]"
see "no pods run in project 'hello'" 15
tm capture-pane -p -e | grep -qE $'\x1b\\[[0-9;]*(3[1-7]|38;|48;)' && { echo "colours in spite of NO_COLOR" >&2; exit 1; }
press "?" ""
see "ON THE PODS SCREEN"
press q
unsee "ON THE PODS SCREEN"
press q
is_sane

# up --tui: the pod appears and becomes ready; leaving leaves it running
press "i2kit up --tui examples/hello" Enter
see "hello-0" 60
see "● Ready" 90
press q
see "the pods run on"
press "clear; TERM=xterm i2kit -p hello tui" Enter # eight colours
see "hello-0" 15
press Enter
see "CONTAINERS"
see "readiness"
press G
see "EVENTS"
press q
press 2
see "127.0.0.1:8080"
press Enter
see "config"
press 4
see "releases that run here" 20

# what the pod is made of: out of its plan and its disk
press 1 y
see "metadata:"
see "image: oci:nginx"
press / "containerPort" Enter
see "containerPort: 80"
press e
see "(image)"
press m
see "What is written elsewhere"
press w
see "containers" 20
press W "$work/why" Enter
see "saved to $work/why"
grep -q hello-0 "$work/why"
press Escape

# all projects, the palette, an unknown key
press 0
see "PROJECT" 15
see "hello-0" 15
press Enter
see "[1 pods]"
see "● Ready" 15
press ":serv" Tab Enter
see "127.0.0.1:8080"
press 1 Z
see "Z does nothing on this screen"

# logs
press 3
see "following"
for page in one two three; do curl -fsS "http://127.0.0.1:8080/no-such-$page" >/dev/null 2>&1 || true; done
see "no-such-three" 15
press / "no-such-two" Enter
see "paused"
press Enter
see "stream"
press q
press "&" "no-such-one" Enter
see "/no-such-one/"
unsee "no-such-three"
press W "$work/saved" Enter
see "saved"
grep -q no-such-one "$work/saved"
grep -q no-such-three "$work/saved" && exit 1
press Escape
see "no-such-three"
press f
see "following"
tm resize-window -x 80 -y 24
see "no-such-three"
tm resize-window -x 300 -y 100
see "no-such-three"
tm resize-window -x 40 -y 7
see "too small"
tm resize-window -x 100 -y 30
see "no-such-three"

# its VM dies while its log is open; another one takes its place and its lines come here
virsh -q destroy "$(virsh -q list --name | grep hello | head -1)" >/dev/null
see "following"
press 6
see "destroyed from outside" 20
press 1

# images: removed and pruned after a question
press 4
see "oci:" 20
press d
see "i2kit images rm"
press n D
see "i2kit prune"
press y
see "done: i2kit prune" 60
press 1

# acts: a question with the command that does it, a shell, scaling
press x
see "i2kit -p hello scale hello=0"
press n
see "left as it is"
see "● Ready" 90
press s
see "i2kit -p hello exec" 15
press "hostname; exit" Enter
see "[1 pods]" 20
press S 2 Enter
see "done: i2kit -p hello scale hello=2" 15
see "hello-1" 30

# gone in other ways than by q
kill -TERM "$(ui_pid)"
is_sane
press "i2kit -p hello tui" Enter
see "hello-1" 15
kill -SEGV "$(ui_pid)"
is_sane
press "i2kit -p hello tui" Enter
see "hello-1" 15
press C-z
see "Stopped"
press "clear; fg" Enter
see "[1 pods]"
press q
is_sane
