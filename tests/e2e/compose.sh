#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples/compose as its comment says, from a clean clone to the cloud: images of Debian packages, one built from a
# Dockerfile, four machines that find each other by name, health checks, a volume that survives `down`, and what was
# built here promoted byte for byte (to the strict fake of AWS) and rehearsed. Then `build:` in its further words, and
# names of services that are no labels.
set -u
. "$(dirname "$0")/lib/prologue.sh"
need buildah
# The base of what is built; where it is made there is a network. An old one has no psycopg2.
grep -qs psycopg2 "$images"/python/blobs/sha256/* || "$top/scripts/example-images" -o "$images" python >/dev/null || exit 1
isolated "$@"
cleanup() {
	i2kit -p compose down --volumes
	i2kit -p names down
	[ -z "${fake:-}" ] || kill "$fake"
}
# A storage of its own, that goes with the test; RUN where there may be no runtime and no cgroups.
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/storage/root"\nrunroot = "%s/storage/run"\n' "$work" "$work" >"$work/storage.conf"
export CONTAINERS_STORAGE_CONF=$work/storage.conf BUILDAH_ISOLATION=chroot I2KIT_BUILDER=buildah
mkdir -p "$work/tree/examples" "$work/tree/out"
cp -r "$top/examples/compose" "$work/tree/examples/"
ln -s "$images" "$work/tree/out/images"
cd "$work/tree/examples/compose" || exit 1
# One that is on its way out does not count.
state() { i2kit ps -o json | jq -c '[.instances[] | select(.ready) | [.pod, .name, .imageDigest]] | sort'; }

# ---- the example
export WEB_PORT=5100
check "up builds what is to be built, and all four become healthy" i2kit up -d --wait --timeout 300s
[ "$(i2kit ps -q | wc -l)" = 4 ]
ok $? "migrate has a profile of its own, and is not among them"
curl -fsS -m 10 -d 'I was here' http://127.0.0.1:5100/ >"$work/out1" && expect '"version": "1", "visits": 1, "entries": ["I was here"]' curl -fsS -m 10 http://127.0.0.1:5100/
ok $? "web leads to api, api to redis and PostgreSQL"
# A Dockerfile's HEALTHCHECK is the pod's readiness.
[ "$(i2kit inspect --pod api | jq -c ".containers[0].readinessProbe.command[:2]")" = '["wget","-qO-"]' ]
ok $? "the Dockerfile's own HEALTHCHECK is what is asked"
before=$(state)
check "up again builds nothing and leaves all as it is" i2kit up -d --wait --timeout 100s
! grep -q STEP "$work/out" && is "$(state)" "$before"
ok $? "no step of the Dockerfile is run, no machine is replaced"
echo '# changed' >>api/api.py
i2kit up -d --wait --no-build >"$work/out" 2>&1 && is "$(state)" "$before"
ok $? "--no-build takes what was built"
check "a changed context is built anew" i2kit up -d --wait --timeout 200s
is "$(state | jq -c 'map(select(.[0] != "api"))')" "$(echo "$before" | jq -c 'map(select(.[0] != "api"))')" && [ "$(state)" != "$before" ]
ok $? "and that service alone is replaced"
expect '"entries": ["I was here"]' curl -fsS -m 10 http://127.0.0.1:5100/
ok $? "behind the same port"
expect 'the table is there' i2kit run migrate
ok $? "a service that names the image of another runs what was built for that one"
built=$(i2kit build --json api 2>/dev/null | jq -r .digest)
is "$(i2kit ps -o json | jq -r '.instances[] | select(.ready and .pod == "api").imageDigest')" "$built"
ok $? "what runs is what was built"
mkdir "$work/tree/examples/elsewhere" && cp -r . "$work/tree/examples/elsewhere/a-copy"
is "$(cd "$work/tree/examples/elsewhere/a-copy" && sed -i 's|\.\./\.\./out|../../../out|' compose.yaml && i2kit build --json api 2>/dev/null | jq -r .digest)" "$built"
ok $? "the same files are the same disk in a folder of any name"

# ---- to the cloud
python3 "$top/tests/fake_aws/server.py" --region eu-central-1 --port-file "$work/fake" >/dev/null 2>"$work/fake.err" &
fake=$!
for _ in $(seq 100); do [ ! -s "$work/fake" ] || break; sleep 0.1; done
if [ -s "$work/fake" ]; then
	export AWS_ACCESS_KEY_ID=AKIDFAKE AWS_SECRET_ACCESS_KEY=fake/secret+key AWS_EC2_METADATA_DISABLED=true
	AWS_ENDPOINT_URL=$(cat "$work/fake") && export AWS_ENDPOINT_URL
	echo '# not built yet' >>api/api.py
	check "promote --plan shows what would be made" i2kit promote --plan
	check "promote ships what ran here" i2kit promote --yes
	is "$(i2kit status -o json | jq -r '.instances[] | select(.pod == "api").imageDigest')" "$built"
	ok $? "the image that was built is the one that was promoted, whatever became of its context since"
	expect ready i2kit status -o json
	ok $? "with the receipt of having been ready here"
	unset AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
else
	echo "ok $((number += 1)) - promote # SKIP the fake of AWS did not start: $(tail -n 1 "$work/fake.err")"
fi
if command -v qemu-system-x86_64 >/dev/null; then
	check "the built image boots as EC2 would boot it" i2kit rehearse api --firmware bios --timeout 120s
fi
i2kit exec db -- sh -c 'echo kept >/var/lib/postgresql/mark' && i2kit down >/dev/null 2>&1 && i2kit up -d --wait --timeout 100s db >/dev/null 2>&1 &&
	expect kept i2kit exec db -- cat /var/lib/postgresql/mark
ok $? "what is on the volume is there after down"
i2kit down --volumes >/dev/null 2>&1

# ---- further words of build:, and names of services that are no labels
mkdir "$work/tree/names" && cd "$work/tree/names" || exit 1
echo zq7v >token
cat >compose.yaml <<'END'
name: names
services:
  My_Web:
    image: oci:../out/images/nginx
    container_name: front
    healthcheck: {test: [CMD, wget, -qO-, "http://127.0.0.1/healthz"], interval: 1s}
    restart: always
  client:
    build:
      context: .
      dockerfile_inline: |
        FROM base AS first
        ARG WORD
        RUN echo "$$WORD $$(id -un)" >/word
        RUN --mount=type=secret,id=key test "$$(wc -c </run/secrets/key)" = 5 && echo yes >/secret
        USER redis
        FROM first AS second
        RUN no-such-program
      target: first
      args: {WORD: "${WORD:-hello}"}
      labels: {com.example.team: shop}
      tags: [example/client:1]
      secrets: [{source: token, target: key}]
      additional_contexts: {base: "oci-layout://../out/images/redis"}
    entrypoint: sh -c
    command: "'id -un >/tmp/user; exec sleep 1000'"
    environment: {WORDS: "$$HOME ${NOT_SET:-default}"}
    links: ["My_Web:site"]
    restart: always
    volumes: [{type: image, source: "oci:../out/images/nginx", target: /web, image: {subpath: etc/nginx}}]
  side:
    image: oci:../out/images/redis
    command: sleep 2000
    restart: always
    network_mode: service:client
    pid: service:client
secrets: {token: {file: ./token}}
END
check "an inline Dockerfile with args, target, labels, tags and a secret" i2kit up -d --wait --timeout 200s
expect "hello root yes" i2kit exec client -- sh -c 'echo $(cat /word /secret)'
ok $? "is built up to its target"
expect example/client buildah images && ! grep -rqs zq7v "${XDG_DATA_HOME:-$HOME/.local/share}/i2kit" "${XDG_CACHE_HOME:-$HOME/.cache}/i2kit"
ok $? "has its further names in the builder's storage, and not the secret"
expect redis i2kit exec client -- cat /tmp/user && expect '$HOME default' i2kit exec client -- sh -c 'echo "$WORDS"'
ok $? "the image's USER, a line split as a shell does, and a doubled dollar"
expect worker_processes i2kit exec client -- cat /web/nginx.conf && cmp -s <(i2kit exec client -- cat /web/nginx.conf) <(i2kit exec my-web -- cat /etc/nginx/nginx.conf) && ! i2kit exec client -- touch /web/x 2>/dev/null
ok $? "files of an image are mounted, read only"
expect pause i2kit exec client/side -- cat /proc/1/comm && expect 2000 i2kit exec client -- sh -c 'cat /proc/[0-9]*/cmdline | tr "\000" " "'
ok $? "two services of one pod see each other's processes"
found=0
for name in my-web My_Web front site; do
	expect ok i2kit exec client -- wget -qO- "http://$name/healthz" && found=$((found + 1))
done
is $found 4
ok $? "a service answers to its name, its label, container_name and links"
i2kit build client >"$work/out" 2>&1 && ! grep -q STEP "$work/out" && i2kit build --no-cache client >"$work/out" 2>&1 && grep -q 'STEP 1' "$work/out"
ok $? "build does nothing where nothing changed, unless it is told to"
WORD=other i2kit build client >"$work/out" 2>&1 && grep -q STEP "$work/out"
ok $? "another argument is another image"
finished
