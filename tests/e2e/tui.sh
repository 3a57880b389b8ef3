#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The terminal UI on a real terminal (tmux): starts without pods, shows what runs, filters logs, resizes,
# survives the death of a pod whose log is open, and leaves the terminal as it was.
set -euo pipefail
top=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
[ -n "${I2KIT_ISOLATED:-}" ] || exec "$top/scripts/isolated" "$0" "$@"
export PATH="$top/build:$PATH" LANG=C.UTF-8 TERM=xterm-256color
export I2KIT_BASE=${I2KIT_BASE:-$top/out/base}
socket=$(mktemp -d)/tmux
trap 'i2kit -p hello down >/dev/null 2>&1 || true; tmux -S "$socket" kill-server 2>/dev/null || true' EXIT

screen() { tmux -S "$socket" capture-pane -p; }
press() { tmux -S "$socket" send-keys "$@"; }
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

tmux -S "$socket" -f /dev/null new-session -d -x 100 -y 30 "bash --norc --noprofile"
press "PS1='prompt> '; clear" Enter
see "prompt>"
press "i2kit -p hello tui" Enter
see "[1 pods]"
see "no pods in project 'hello'" 15
press "?" ""
see "keys of the pods screen"
press "q"
see "prompt>"

i2kit up -d --wait "$top/examples/hello"
press "clear; i2kit -p hello tui" Enter
see "hello-0" 15
see "Ready" 15
press Enter
see "CONTAINERS"
see "BOOT"
press Escape
sleep 0.3
press 2
see "127.0.0.1:8080"
press 3
see "following"
for _ in 1 2 3; do curl -fsS http://127.0.0.1:8080/no-such-page >/dev/null 2>&1 || true; done
see "no-such-page" 15
press "&" "no-such" Enter
see "/no-such/"
tmux -S "$socket" resize-window -x 130 -y 20
see "no-such-page"
virsh -q destroy "$(virsh -q list --name | grep hello | head -1)" >/dev/null
sleep 1
see "following"
press 6
see "TYPE"
press 1
see "hello-0" 15
press q
see "prompt>"
press "stty -a | grep -o ' echo ' | tr -d ' '" Enter
see "echo"
