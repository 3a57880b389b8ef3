#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the terminal UI costs: CPU and memory while nothing happens, while logs come at 10,000 lines a second,
# and after a million lines; and how soon a key shows under that load. No VM runs: logs come from a writer.
# usage: bench/tui.sh [BUILD-FOLDER]
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=bench/lib.sh
. "$here/lib.sh"
build=$(realpath "${1:-${I2KIT_BUILD:-build}}")
ninja -C "$build" bench/log_pace i2kit >/dev/null
work=$(mktemp -d)
export XDG_DATA_HOME=$work/data XDG_STATE_HOME=$work/state XDG_RUNTIME_DIR=$work/run XDG_CACHE_HOME=$work/cache
export LANG=C.UTF-8
mkdir -m 700 "$work/run"
tmux() { command tmux -S "$work/tmux" -f /dev/null "$@"; }
trap 'tmux kill-server 2>/dev/null || true; rm -rf "$work"' EXIT
seconds=${TUI_SECONDS:-20}

# cpu_ticks: of the terminal UI so far, in hundredths of a second
cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$pid/stat"; }
rss_mib() { awk '/^VmRSS/ { printf "%.1f\n", $2 / 1024 }' "/proc/$pid/status"; }
# private_mib: without the pages of files, which libraries share with everybody else
private_mib() { awk '/^RssAnon/ { printf "%.1f\n", $2 / 1024 }' "/proc/$pid/status"; }
# cpu_percent SECONDS: of one CPU, over so many seconds
cpu_percent() {
	local before
	before=$(cpu_ticks)
	sleep "$1"
	awk -v a="$before" -v b="$(cpu_ticks)" -v s="$1" 'BEGIN { printf "%.2f\n", (b - a) / s }'
}
# key_ms KEY TEXT: from a key to its text on the screen
key_ms() {
	local start=$EPOCHREALTIME
	tmux send-keys "$1"
	until tmux capture-pane -p | grep -qF -- "$2"; do :; done
	awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f\n", (b - a) * 1000 }'
}

tmux new-session -d -x "${TUI_COLUMNS:-120}" -y "${TUI_ROWS:-40}" "exec $build/i2kit -p load tui"
sleep 4
pid=$(tmux display-message -p '#{pane_pid}')
figure "tui: cpu, nothing happens" "$(cpu_percent "$seconds")" "% of a CPU"
figure "tui: memory, nothing happens" "$(rss_mib)" MiB

tmux send-keys 3
"$build/bench/log_pace" load 10000 $((10000 * (seconds + 6))) &
writer=$!
sleep 3
figure "tui: cpu, 10,000 lines/s" "$(cpu_percent "$seconds")" "% of a CPU"
figure "tui: a key shows, 10,000 lines/s" "$(key_ms t ":")" ms
figure "tui: pause shows, 10,000 lines/s" "$(key_ms k paused)" ms
tmux send-keys f
wait "$writer"
"$build/bench/log_pace" load 0 1000000
sleep 5
figure "tui: memory, after a million lines" "$(rss_mib)" MiB
figure "tui: of it not shared" "$(private_mib)" MiB
figure "tui: cpu, a million lines seen, nothing new" "$(cpu_percent "$seconds")" "% of a CPU"
