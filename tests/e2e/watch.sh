#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# develop.watch: what changes here goes into the running VM, or has its image built again; and none of it is what
# promote ships.
set -u
. "$(dirname "$0")/lib/prologue.sh"
command -v buildah >/dev/null || skip "buildah is not installed"
isolated "$@"
cleanup() {
	[ -z "${watcher:-}" ] || kill -KILL "$watcher" 2>/dev/null
	i2kit -p dev down --volumes
	rm -rf "$work/storage"
}
cd "$work" || exit 1
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/storage/root"\nrunroot = "%s/storage/run"\n' "$work" "$work" >storage.conf
export CONTAINERS_STORAGE_CONF=$work/storage.conf BUILDAH_ISOLATION=chroot I2KIT_BUILDER=buildah
cp -r "$images/toolbox" image
mkdir -p src/sub conf api && echo one >src/version && echo a >conf/app.conf && echo 1 >api/built && echo x >src/sub/x
printf 'FROM base\nCOPY built /built\nCMD ["sleep", "1000"]\n' >api/Dockerfile
cat >compose.yaml <<END
name: dev
services:
  web:
    image: oci:image
    user: "1000:1000"
    stop_grace_period: 1s
    command: [sh, -c, 'echo began with \$\$(cat /app/version /etc/app.conf 2>&1); sleep 1000 & wait']
    develop:
      watch:
        - {action: sync, path: src, target: /app, ignore: [secret], initial_sync: true}
        - {action: sync+restart, path: conf/app.conf, target: /etc/app.conf}
        - {action: sync+exec, path: hook, target: /hook, exec: {command: sh -c 'id -u; echo \$\$GREETING', user: root, environment: {GREETING: hello}}}
  api:
    build: {context: api, additional_contexts: {base: "oci-layout://$work/image"}}
    stop_grace_period: 1s
    develop: {watch: [{action: rebuild, path: api}]}
END
# soon SECONDS COMMAND…: whether it succeeds in that time
soon() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.2
	done
}
inside() { [ "$(i2kit exec -T web cat "$1" 2>/dev/null)" = "$2" ]; }
absent() { ! i2kit exec -T web test -e "$1" 2>/dev/null; }
said() { grep -q -- "$1" talk.out; }
# What promote asks of a pod before anything else (tests/cloud/promote.py): whether its receipt says dirty.
proof() { grep -ho '"dirty": *[a-z]*' "$HOME/.local/state/i2kit/receipts/dev/web/"*.json | grep -o '[a-z]*$'; }
image_of() { i2kit ps -o json | jq -r ".instances[] | select(.pod==\"$1\") | .imageDigest"; }

i2kit up -d --wait --timeout 150s >/dev/null 2>err
ok $? "the services come up"
image=$(image_of web)
i2kit watch >talk.out 2>&1 &
watcher=$!
soon 20 inside /app/version one
ok $? "initial_sync: the container has what lies here"
is "$(i2kit exec -T web stat -c %u:%g /app/version)" 1000:1000
ok $? "and its user owns it"
echo two >src/version && mkdir src/new && echo n >src/new/n && rm -r src/sub && echo s >src/secret && mv src/new src/newer
soon 10 inside /app/version two && soon 5 inside /app/newer/n n && soon 5 absent /app/sub && absent /app/secret && absent /app/new
ok $? "sync: written, made, renamed and deleted, and not what is ignored"
for i in $(seq 1000); do echo "$i" >"src/f$i"; done
counted() { [ "$(i2kit exec -T web sh -c 'ls /app | grep -c ^f')" = 1000 ]; }
soon 15 counted && inside /app/f1000 1000
ok $? "1,000 files at once"
rm src/f*
printf 'new line' >"src/new
line" && echo dash >src/-rf && ln -s /etc/shadow src/link && echo end >src/zz
soon 10 inside /app/zz end && sleep 0.5 && is "$(i2kit exec -T web cat '/app/new
line')" "new line" && inside /app/-rf dash && is "$(i2kit exec -T web readlink /app/link)" /etc/shadow
ok $? "odd names arrive, and a link as a link"
i2kit ps 2>&1 | grep -q 'web-0: synced: not the image' && i2kit ps -o json | jq -e '.instances[] | select(.pod=="web") | .synced and .dirty' >/dev/null &&
	i2kit why web | grep -q 'synced: not the image' && i2kit events 2>/dev/null | grep -q Synced
ok $? "ps, why and events say that it is not the image"
is "$(proof)" true
ok $? "its receipt is void for promote, though it was ready before the first sync"
echo b >conf/app.conf.new && mv conf/app.conf.new conf/app.conf
soon 15 bash -c "i2kit logs web --no-prefix | grep -q 'began with two b'"
ok $? "sync+restart: the container starts again, with all that was synced"
echo 1 >hook
soon 10 said '^0$' && said '^hello$'
ok $? "sync+exec: the command runs, with its user and environment"
before=$(image_of api)
echo 2 >api/built
soon 60 bash -c 'i2kit exec -T api cat /built 2>/dev/null | grep -q 2'
ok $? "rebuild: the image is built and its VM replaced"
! is "$(image_of api)" "$before" >/dev/null && is "$(image_of web)" "$image"
ok $? "and nobody else's"
i2kit kill web-0 >/dev/null 2>&1
sleep 1
soon 40 inside /app/version two
ok $? "a VM in the place of one that died gets what was synced"
kill -INT $watcher
soon 10 bash -c "! kill -0 $watcher" && said 'the pods run on' && i2kit exec -T web true
ok $? "Ctrl-C leaves the pods running"
watcher=
i2kit restart --wait web >/dev/null 2>err && absent /app/version && ! i2kit ps 2>&1 | grep -q synced
ok $? "a restart boots the image again, clean"
proven() { [ "$(proof)" = false ]; }
soon 20 proven
ok $? "and has a receipt that promote takes"
sed -i '/develop/,$d' compose.yaml
i2kit watch --no-up 2>&1 | grep -q 'there is nothing to watch'
ok $? "without rules there is nothing to watch"
finished
