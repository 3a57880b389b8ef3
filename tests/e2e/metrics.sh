#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Metrics of a real pod: by the verb, by the port, read by prometheus_client's parser; closed when nobody asks for it;
# each expression of the Grafana board and of the alerts names samples that there are.
set -euo pipefail
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
need curl
python=/usr/bin/python3
$python -c 'import prometheus_client, yaml' 2>/dev/null || skip "python3-prometheus-client or python3-yaml is not installed"
cleanup() { i2kit -p hello down; }

i2kit up -d --wait --timeout 200s --metrics "$top/examples/hello"
url=$(i2kit -p hello metrics --url)
[ "$url" = http://127.0.0.1:9464/metrics ]
for _ in $(seq 60); do
	curl -fsS -D "$work/head" "$url" >"$work/port"
	grep -q '^i2kit_container_cpu_seconds_total{' "$work/port" && break
	sleep 0.5
done
grep -qi '^content-type: application/openmetrics-text; version=1.0.0; charset=utf-8' "$work/head"
i2kit -p hello metrics >"$work/verb"
$python "$top/tests/e2e/metrics.py" "$work/port" "$work/verb" "$top/examples/metrics"
[ "$(curl -s -o /dev/null -w '%{http_code}' -X POST "$url")" = 405 ]
[ "$(curl -s -o /dev/null -w '%{http_code}' "${url%metrics}")" = 404 ]

i2kit up -d --wait --timeout 200s "$top/examples/hello" # without --metrics: no port
if i2kit -p hello metrics --url 2>"$work/no"; then exit 1; fi
grep -q -- '--metrics' "$work/no"
if curl -fsS -m 5 "$url" >"$work/port" 2>&1; then
	echo "the port is still open" >&2
	exit 1
fi
echo "ok"
