#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# exec, cp and port-forward against one pod.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
cleanup() { "$i2kit" -p execs down --volumes; }
cd "$work" || exit 1
cat >i2kit.yml <<END
name: web
containers:
  nginx:
    image: oci:$top/out/images/nginx
    ports: [80]
END
export I2KIT_PROJECT=execs
"$i2kit" up -d --wait --timeout 120s
ok $? "up"

is "$("$i2kit" exec web sh -c 'echo out; echo err >&2; exit 7' 2>err)" out && is "$(cat err)" err
ok $? "exec keeps stdout and stderr apart"
"$i2kit" exec web sh -c 'exit 7'
is $? 7
ok $? "exec passes the exit code on"
"$i2kit" exec web sh -c 'kill -9 $$'
is $? 137
ok $? "exec gives 128 and the signal"
"$i2kit" exec web no-such-program 2>/dev/null
is $? 127
ok $? "exec exits with 127 for a program that is not there"
is "$(head -c 5000000 /dev/zero | "$i2kit" exec -i web wc -c | tr -d ' ')" 5000000
ok $? "exec -i passes all of the input"
is "$("$i2kit" exec web head -c 5000000 /dev/zero | wc -c | tr -d ' ')" 5000000
ok $? "exec passes all of the output"
is "$(script -qec "stty rows 33 cols 101; $i2kit exec -it web sh -c 'tty; stty size'" /dev/null | tr -d '\r' | tail -1)" "33 101"
ok $? "exec -it gives a terminal of our size"
"$i2kit" exec web sh -c 'trap "exit 9" INT; while :; do sleep 0.1; done' &
pid=$!
sleep 1.5
kill -INT $pid
wait $pid
is $? 9
ok $? "Ctrl-C goes to the command"

is "$("$i2kit" exec web -c nginx -e A=b -- sh -c 'echo $A')" b
ok $? "options may stand between the pod and the command"
"$i2kit" exec wbe ls 2>&1 | grep -q "did you mean 'web'"
ok $? "a wrong pod is answered with the right one"
"$i2kit" exec web/ngnix ls 2>&1 | grep -q "did you mean 'nginx'"
ok $? "a wrong container is answered with the right one"
for verb in restart stop why port-forward cp scale; do
	case $verb in
	port-forward) arguments=(wbe 80) ;;
	cp) arguments=(wbe:/etc/passwd x) ;;
	scale) arguments=(wbe=2) ;;
	*) arguments=(wbe) ;;
	esac
	"$i2kit" $verb "${arguments[@]}" 2>&1 | grep -q "did you mean 'web'" || break
done
is $verb scale
ok $? "so do restart, stop, why, port-forward, cp and scale"

head -c 3000000 /dev/urandom >file
"$i2kit" cp file web:/tmp/ && "$i2kit" cp web:/tmp/file back && cmp file back
ok $? "cp copies a file there and back"
mkdir -p tree/sub && echo x >tree/sub/x && ln -s x tree/sub/link
"$i2kit" cp tree web:/tmp/tree && "$i2kit" cp web/nginx:/tmp/tree tree2 && diff -r tree tree2
ok $? "cp copies a folder there and back"
"$i2kit" exec web sh -c 'cp /tmp/file /tmp/own && chmod 640 /tmp/own'
"$i2kit" cp web:/tmp/own own && is "$(stat -c %a own)" 640
ok $? "cp keeps the mode of a file"
"$i2kit" cp web:/no/such/file x 2>/dev/null
is $? 1 && [ ! -e x ]
ok $? "cp of nothing leaves nothing"

"$i2kit" port-forward web :80 >forward &
pid=$!
for i in $(seq 50); do [ -s forward ] && break; sleep 0.1; done
curl -fsS -m 10 "http://$(cut -d' ' -f1 forward)/" | grep -q Hello
ok $? "port-forward reaches the pod"
kill -INT $pid
wait $pid
is $? 0
ok $? "port-forward ends with Ctrl-C"

# From here on the container's shell answers whatever it likes.
python3 - <<END
import io, tarfile
def file(tar, name, **fields):
    info = tarfile.TarInfo(name)
    info.size = 5
    for key in fields:
        setattr(info, key, fields[key])
    tar.addfile(info, io.BytesIO(b"evil\n"))
def special(tar, name, kind, **fields):
    info = tarfile.TarInfo(name)
    info.type = kind
    for key in fields:
        setattr(info, key, fields[key])
    tar.addfile(info)
with tarfile.open("escape", "w") as tar:
    file(tar, "../escaped-1")
    file(tar, "$work/escaped-2")
    special(tar, "link", tarfile.SYMTYPE, linkname="$work")
    file(tar, "link/escaped-3")
    special(tar, "up", tarfile.SYMTYPE, linkname="..")
    file(tar, "up/escaped-4")
with tarfile.open("special", "w") as tar:
    file(tar, "setuid", mode=0o4755)
    special(tar, "device", tarfile.CHRTYPE, devmajor=1, devminor=3, mode=0o666)
    special(tar, "pipe", tarfile.FIFOTYPE)
    special(tar, "planted", tarfile.SYMTYPE, linkname="$work")
with tarfile.open("again", "w") as tar:
    special(tar, "planted", tarfile.DIRTYPE, mode=0o755)
    file(tar, "planted/escaped-5")
END
for name in escape special again; do "$i2kit" cp $name web:/tmp/$name; done
# shellcheck disable=SC2016
"$i2kit" exec web sh -c 'cp "$(readlink -f /proc/$$/exe)" /tmp/busybox; sh=$(readlink -f /bin)/sh; rm "$sh"
	printf "#!/tmp/busybox sh\nprintf \"d     \"\nexec cat \"\$3\"\n" >"$sh"; chmod 755 "$sh"'
mkdir dest
! "$i2kit" cp web:/tmp/escape dest 2>/dev/null
ok $? "cp refuses names that lead out of the copy"
"$i2kit" cp web:/tmp/special dest 2>err && grep -q '2 devices, pipes' err && is "$(stat -c %a dest/special/setuid)" 755 &&
	[ ! -e dest/special/device ] && [ ! -e dest/special/pipe ] && [ -L dest/special/planted ]
ok $? "cp takes no devices, pipes and set-id bits"
mv dest/special dest/again
! "$i2kit" cp web:/tmp/again dest 2>err && grep -q "is a folder in the container" err
ok $? "cp does not follow a link that an earlier copy left"
! find "$work" /tmp -maxdepth 1 -name 'escaped-*' | grep -q . && [ -z "$(find . -name '*.i2kit-*')" ]
ok $? "nothing was written beside the destination, and nothing is left behind"
finished
