#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# `build:`: images of Dockerfiles, made by buildah on a base of this machine, and the VM that runs one.
set -u
. "$(dirname "$0")/lib/prologue.sh"
command -v buildah >/dev/null || skip "buildah is not installed"
isolated "$@"
cleanup() { i2kit -p api down --volumes; rm -rf "$work/storage"; }
cd "$work" || exit 1
# A storage of its own, that goes with the test; RUN where there may be no runtime and no cgroups.
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/storage/root"\nrunroot = "%s/storage/run"\n' "$work" "$work" >storage.conf
export CONTAINERS_STORAGE_CONF=$work/storage.conf BUILDAH_ISOLATION=chroot I2KIT_BUILDER=buildah
[ -d "$images/python" ] || "$top/scripts/example-images" -o "$images" python >/dev/null
mkdir -p examples out
cp -r "$top/examples/build" examples/
ln -s "$images" out/images
cd examples/build || exit 1
digest() { i2kit build --json "$@" 2>err | jq -r .digest; }

first=$(digest)
[ -n "$first" ] && grep -q 'STEP' err
ok $? "a Dockerfile is built, and what the builder says goes by"
touch -d 2001-01-01 api/app.py
echo more >api/other
is "$(digest)" "$first" && ! grep -q STEP err
ok $? "what did not change, or is left out, is not built again"
echo '# changed' >>api/app.py
second=$(digest)
[ "$second" != "$first" ] && grep -q STEP err
ok $? "what changed is"
rm -rf "$work/storage" "${XDG_DATA_HOME:-$HOME/.local/share}/i2kit/refs"
is "$(digest)" "$second"
ok $? "the same files give the same disk, whatever was built before"
is "$(digest --no-build)" "$second"
ok $? "--no-build takes what there is"
cp api/Dockerfile good
printf 'RUN echo fine && \\\n  no-such-program\n' >>api/Dockerfile
i2kit build 2>err
is $? 1 && grep -q 'api/Dockerfile:9: buildah did not build' err && grep -q '| .*no-such-program' err
ok $? "a failure is told with its line of the Dockerfile and the builder's last words"
cp good api/Dockerfile
I2KIT_BUILDER=nope i2kit build 2>&1 | grep -q "there is no builder 'nope'" && i2kit build --builder docker 2>&1 | grep -Eq 'docker( is not installed| did not build)|Dockerfile: docker did not'
ok $? "a builder that is not there is named"
i2kit doctor 2>&1 | grep -q 'buildah'
ok $? "doctor shows the builder"

# Hostile and silly contexts.
mkfifo api/pipe
ln -s /etc/shadow api/link
printf '*\n!app.py\n!link\n!pipe\n' >api/.dockerignore
printf 'FROM base\nCOPY . /all/\nRUN ls -l /all && cat /all/link; exit 3\n' >api/Dockerfile
timeout 60 i2kit build 2>err
[ $? = 1 ] && ! grep -q 'root:[$*!]' err
ok $? "a link in a context leads to nothing outside of the image, and a pipe in it hangs nobody"
rm api/pipe api/link
cat >secret.yml <<END
name: secret
containers:
  secret:
    build:
      dockerfile_inline: |
        FROM base
        RUN --mount=type=secret,id=token test "\$(wc -c </run/secrets/token)" = 4 && sleep 1
        CMD ["true"]
      context: api
      additional_contexts: ["base=oci-layout://$images/toolbox"]
      secrets: [{id: token, environment: TOKEN}]
END
(for _ in $(seq 60); do grep -zl '[z]q7v' /proc/[0-9]*/cmdline 2>/dev/null; sleep 0.1; done) >seen &
watcher=$!
TOKEN=zq7v i2kit build -f secret.yml >/dev/null 2>err
ok $? "a secret reaches a RUN that mounts it"
kill $watcher
[ ! -s seen ] && ! grep -rqs zq7v "${XDG_DATA_HOME:-$HOME/.local/share}/i2kit/blobs" "${XDG_CACHE_HOME:-$HOME/.cache}/i2kit"
ok $? "and is on no command line, and in no file that stays"
# An image that is built on another's: `upper` comes first in the file.
mkdir layers
cat >layers/compose.yaml <<END
name: layers
services:
  upper:
    build:
      context: .
      dockerfile_inline: |
        FROM lower
        COPY --from=lower /etc/lower /etc/seen
      additional_contexts: {lower: "service:lower"}
    command: [cat, /etc/seen]
  lower:
    build:
      context: ./lower
      dockerfile_inline: |
        FROM base
        COPY file /etc/lower
        CMD ["true"]
      additional_contexts: ["base=oci-layout://$images/toolbox"]
END
mkdir layers/lower
echo one >layers/lower/file
upper() { (cd layers && i2kit build upper -o ../upper.img 2>../err >/dev/null) && unsquash upper; }
# unsquash NAME: what stands in etc/seen of the disk's last layer
unsquash() {
	local at size
	read -r at size < <(i2kit inspect "$1.img" -o json | jq -r '.partitions[-1] | "\(.offset) \(.size)"')
	dd if="$1.img" of=layer.sqfs bs=4096 iflag=skip_bytes,count_bytes skip="$at" count="$size" status=none
	unsquashfs -cat layer.sqfs etc/seen
}
is "$(upper)" one && is "$(grep -c 'STEP 1/' err)" 2
ok $? "the image of another service is built before what has it as a context"
is "$(upper)" one && ! grep -q STEP err
ok $? "and nothing again while neither changed"
(cd layers && i2kit build --no-cache 2>../err >/dev/null) && is "$(grep -c 'STEP 1/' err)" 2
ok $? "and once for all that are built on it, even where all is built again"
layouts=${XDG_DATA_HOME:-$HOME/.local/share}/i2kit/layouts
ls "$layouts" | grep -q . && i2kit prune >/dev/null && ! ls "$layouts" | grep -q .
ok $? "what the builder was given of the store goes with prune"
echo two >layers/lower/file
is "$(upper)" two
ok $? "what changed below is built on anew"
sed -i 's|base=oci-layout.*"|base=service:upper"|' layers/compose.yaml
(cd layers && i2kit build upper 2>&1) | grep -q "is a context of its own, by way of 'lower'"
ok $? "images that are each other's context are refused"
sed -i 's|service:lower|service:nobody|' layers/compose.yaml
(cd layers && i2kit build upper 2>&1) | grep -q "additional context 'lower': there is no service 'nobody'"
ok $? "so is the image of nobody"
printf 'FROM base\nRUN sleep 987\n' >api/Dockerfile
i2kit build >/dev/null 2>&1 &
pid=$!
for _ in $(seq 100); do pgrep -f 'sleep 987' >/dev/null && break; sleep 0.1; done
kill -KILL $pid
for _ in $(seq 50); do pgrep -f 'sleep 987' >/dev/null || break; sleep 0.1; done
! pgrep -f 'sleep 987' >/dev/null
ok $? "the builder ends with us, however we end"

cp good api/Dockerfile
printf '*\n!app.py\n' >api/.dockerignore
i2kit up -d --wait --timeout 120s >/dev/null 2>err
expect "version 1" curl -fsS -m 10 http://127.0.0.1:8083/
ok $? "up builds and runs it"
ran=$(i2kit ps -o json | jq -r '.instances[0].imageDigest')
is "$ran" "$second" && i2kit receipt export | grep -q "$ran"
ok $? "its receipt has the digest of what was built"
echo '# not built yet' >>api/app.py
is "$(digest --no-build)" "$ran"
ok $? "and that is what is shipped, until it is built anew"
is "$(i2kit run api -- cat version 2>/dev/null)" 1
ok $? "run builds it, too"
finished
