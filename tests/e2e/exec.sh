#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# exec, cp and port-forward against one pod.
set -u
top=$(realpath "$(dirname "$0")/../..")
[ -n "${I2KIT_ISOLATED:-}" ] || exec "$top/scripts/isolated" "$0" "$@"
i2kit=${I2KIT:-${I2KIT_BUILD:-$top/build}/i2kit}
work=$(mktemp -d)
failed=0
number=0
ok() {
	local status=$1
	shift
	number=$((number + 1))
	[ "$status" = 0 ] && echo "ok $number - $*" && return
	echo "not ok $number - $*"
	failed=1
}
is() { [ "$1" = "$2" ] || { echo "# got '$1', wanted '$2'"; false; }; }
finish() { "$i2kit" -p execs down --volumes >/dev/null 2>&1; rm -rf "$work"; }
trap finish EXIT
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
python3 - >evil.tar <<END
import io, sys, tarfile
tar = tarfile.open(fileobj=sys.stdout.buffer, mode="w|")
def file(name, **fields):
    info = tarfile.TarInfo(name)
    info.size = 5
    for key in fields:
        setattr(info, key, fields[key])
    tar.addfile(info, io.BytesIO(b"evil\n"))
def special(name, kind, **fields):
    info = tarfile.TarInfo(name)
    info.type = kind
    for key in fields:
        setattr(info, key, fields[key])
    tar.addfile(info)
file("../escaped-1")
file("$work/escaped-2")
special("link", tarfile.SYMTYPE, linkname="$work")
file("link/escaped-3")
special("up", tarfile.SYMTYPE, linkname="..")
file("up/escaped-4")
file("setuid", mode=0o4755)
special("device", tarfile.BLKTYPE, devmajor=8, mode=0o666)
special("pipe", tarfile.FIFOTYPE)
tar.close()
END
"$i2kit" cp evil.tar web:/tmp/evil.tar
"$i2kit" exec web sh -c 'mkdir -p /tmp/evil; printf "#!/bin/sh\nexec cat /tmp/evil.tar\n" >/tmp/tar; chmod 755 /tmp/tar; t=$(command -v tar); rm "$t"; cp /tmp/tar "$t"'
mkdir -p dest && ln -s "$work" dest/planted
"$i2kit" cp web:/tmp/evil dest >out 2>&1
! find "$work" /tmp -maxdepth 1 -name 'escaped-*' | grep -q . && [ ! -e dest/escaped-1 ] && [ ! -b dest/evil/device ] &&
	[ ! -p dest/evil/pipe ] && ! find dest -perm -4000 | grep -q . && [ -z "$(find . -name '*.i2kit-*')" ]
ok $? "cp of a container that lies writes nothing beside its destination"
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
echo "1..$number"
exit $failed
