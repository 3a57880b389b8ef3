#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The examples in their own words: configuration that changes without a build, a volume that survives down, a volume
# that two share, networks that keep one out.
# (hello, voting, live and cloud have tests of their own.)
set -euo pipefail
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
cleanup() { i2kit -p volume down --volumes; i2kit -p configuration down; i2kit -p together down --volumes; }

for example in "$top"/examples/*/; do
	[ "$(basename "$example")" != metrics ] || continue # files of other programs
	i2kit validate "$example"
done

echo "wrong use"
mkdir "$work/nothing" && cd "$work/nothing"
if i2kit validate -o json >out; then exit 1; fi
jq -e '.valid == false and .errors == 1 and (.problems | length) == 1' out
if i2kit receipt import /dev/null; then exit 1; fi
if i2kit cp web:/x . 2>err || grep tar: err; then exit 1; fi
# usage COMMAND…: wrong by itself, whatever is up
usage() { local code=0; "$@" 2>err || code=$?; [ $code = 2 ] || { cat err; exit 1; }; }
usage i2kit scale web=2 worker=x
usage i2kit logs --since banana
usage i2kit logs -e environment.yml --previous
usage i2kit doctor --policy caller
usage i2kit build --linuxkit -o x
usage i2kit build --format qcow2
usage i2kit promote --wait --no-wait
mkdir 2026 && i2kit init 2026 && i2kit validate 2026

# A copy, so that the page can be changed as the comment says.
mkdir -p "$work/examples" "$work/out"
cp -r "$top/examples/configuration" "$top/examples/volume" "$top/examples/together" "$work/examples/"
ln -s "$top/out/images" "$work/out/images"

echo "configuration"
cd "$work/examples/configuration"
i2kit up -d --wait --timeout 180s
expect "This page is configuration." curl -fsS -m 10 http://127.0.0.1:8081/
expect ":" curl -fsS -m 10 http://127.0.0.1:8081/now/date
pod=$(i2kit ps -o json | jq -r '.instances[0].name')
expect "hello from $pod" i2kit exec "$pod/nginx" -- sh -c 'echo $GREETING'
expect "only-an-example" i2kit exec "$pod/nginx" -- sh -c 'echo $DOOR_PASSWORD'
image=$(i2kit ps -o json | jq -r '.instances[0].imageDigest')
sed -i 's/This page is configuration/This page has changed/' i2kit.yml
i2kit up -d --wait --timeout 180s 2>"$work/second"
expect "This page has changed." curl -fsS -m 10 http://127.0.0.1:8081/
[ "$(i2kit ps -o json | jq -r '.instances[0].imageDigest')" = "$image" ]
if grep -E 'disk|layer' "$work/second"; then exit 1; fi
i2kit down

echo "a volume that two share, and networks that keep one out"
cd "$work/examples/together"
i2kit up -d --wait --timeout 180s
first=$(curl -fsS -m 10 http://127.0.0.1:8085/)
for _ in $(seq 50); do
	[ "$(curl -fsS -m 10 http://127.0.0.1:8085/)" = "$first" ] || break
	sleep 0.2
done
[ "$(curl -fsS -m 10 http://127.0.0.1:8085/)" != "$first" ]
expect stored i2kit exec web -- wget -qO- http://store:8000/
if i2kit exec writer -- wget -qO- http://store:8000/; then exit 1; fi
i2kit down --volumes

echo "a volume that survives"
cd "$work/examples/volume"
i2kit up -d --wait --timeout 120s
i2kit exec redis -- redis-cli set answer 42 && i2kit exec redis -- redis-cli save
i2kit down && i2kit up -d --wait --timeout 120s
expect 42 i2kit exec redis -- redis-cli get answer
i2kit down --volumes
left=$(find / -xdev -name '*redis-data*' -not -path '/proc/*' 2>/dev/null || true)
if [ -n "$left" ]; then
	echo "left behind: $left"
	exit 1
fi
