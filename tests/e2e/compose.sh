#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/compose as its comment says: a Compose file's services as machines that find each other by name, a health
# check, a volume that survives `down`, variables from outside; and further names of a service.
set -euo pipefail
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
cleanup() { i2kit -p compose down --volumes; i2kit -p names down; }

mkdir -p "$work/examples" "$work/out"
cp -r "$top/examples/compose" "$work/examples/"
ln -s "$top/out/images" "$work/out/images"

echo "the example"
cd "$work/examples/compose"
export WEB_PORT=5100
i2kit up -d --wait --timeout 400s
[ "$(i2kit ps -q | wc -l)" = 5 ]
curl -fsS -m 10 -d vote=a http://127.0.0.1:5100/ >/dev/null
for _ in $(seq 30); do
	if curl -fsS -m 10 http://127.0.0.1:5001/ | grep -q '[^0-9]1[^0-9]'; then break; fi
	sleep 1
done
expect PONG i2kit exec redis -- redis-cli ping
i2kit exec db -- sh -c 'echo kept >/var/lib/postgresql/mark'
i2kit down
i2kit up -d --wait --timeout 400s db
expect kept i2kit exec db -- cat /var/lib/postgresql/mark
i2kit down --volumes

echo "names, a user by name, words of a line, and an image's HEALTHCHECK"
mkdir "$work/names" && cd "$work/names"
cat >compose.yaml <<'END'
name: names
services:
  My_Web:
    image: oci:../out/images/nginx
    container_name: front
    restart: always
  client:
    image: oci:../out/images/redis
    user: redis
    entrypoint: sh -c
    command: "'id -un >/tmp/user; exec sleep 1000'"
    environment: {WORDS: "$$HOME ${NOT_SET:-default}"}
    links: ["My_Web:site"]
    restart: always
END
i2kit up -d --wait --timeout 300s
expect redis i2kit exec client -- cat /tmp/user
expect '$HOME default' i2kit exec client -- sh -c 'echo "$WORDS"'
for name in my-web My_Web front site; do
	expect ok i2kit exec client -- wget -qO- "http://$name/healthz"
done
i2kit down
