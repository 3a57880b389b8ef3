#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What users have: a file that nginx serves in a pod's VM, fetched from the VM's own address, through the port
# i2kit forwards to it, and through socat in front of that address; alternating. Under emulation the VM is the
# limit, and the forwarder should cost nothing of it.
# usage: bench/served.sh [BUILD-FOLDER [ROUNDS]]
set -euo pipefail
top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$(realpath "${1:-${I2KIT_BUILD:-$top/build}}")
rounds=${2:-${BENCH_ROUNDS:-5}}
[ -n "${I2KIT_ISOLATED:-}" ] || exec "$top/scripts/isolated" "$0" "$build" "$rounds"
# shellcheck source=bench/lib.sh
. "$top/bench/lib.sh"
export I2KIT_PROJECT=served I2KIT_BASE=${I2KIT_BASE:-$top/out/base}
i2kit=$build/i2kit
megabytes=64
work=$(mktemp -d)
trap '"$i2kit" down >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cat >"$work/i2kit.yml" <<END
name: web
containers:
  nginx:
    image: oci:${I2KIT_IMAGES:-$top/out/images}/nginx
    ports: ["8080:80"]
    readinessProbe:
      httpGet: {path: /, port: 80}
END
"$i2kit" up -d --wait --timeout 120s --memory 256M -f "$work" >/dev/null 2>&1
root=$("$i2kit" exec web -- sh -c 'for d in /srv /var/www/html /usr/share/nginx/html; do
	[ ! -f $d/index.html ] || { echo $d; break; }; done' | tr -d '\r')
[ -n "$root" ] || { echo "error: where nginx's files are is not known" >&2; exit 1; }
"$i2kit" exec web -- dd if=/dev/zero of="$root/file" bs=1M count=$megabytes 2>/dev/null
address=$("$i2kit" ps -o json | jq -r '.instances[0].address')
names=(direct i2kit)
declare -A where=([direct]=http://$address/file [i2kit]=http://127.0.0.1:8080/file)
if command -v socat >/dev/null; then
	socat -b 131072 TCP-LISTEN:9001,bind=127.0.0.1,fork,reuseaddr,nodelay "TCP:$address:80,nodelay" &
	names+=(socat)
	where[socat]=http://127.0.0.1:9001/file
	until curl -fs -o /dev/null -r 0-0 http://127.0.0.1:9001/file; do sleep 0.1; done
else
	missing socat "it is not installed"
fi
for round in $(seq 0 "$rounds"); do
	for name in "${names[@]}"; do
		speed=$(curl -fsS -o /dev/null --max-time 120 -w '%{speed_download}' "${where[$name]}")
		# The first one only warms the translated code.
		[ "$round" = 0 ] || sample "a file of $megabytes MB served by a pod" "$name" \
			"$(awk -v s="$speed" 'BEGIN { printf "%.1f", s / 1e6 }')" MB/s
	done
done
tables
