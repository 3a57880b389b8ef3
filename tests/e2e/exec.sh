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
"$i2kit" cp web:/no/such/file x 2>err
is $? 1 && [ ! -e x ] && ! grep tar: err
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

# From here on the container has no shell, cat or tar: the guest itself copies.
"$i2kit" exec web sh -c 'mkdir -p /tmp/special/sub && cd /tmp/special && echo evil >setuid && chmod 4755 setuid && ln setuid hard &&
	mknod device c 1 3 && mkfifo pipe && ln -s '"$work"' planted && dd if=/dev/zero of=sparse bs=1 count=1 seek=20M 2>/dev/null &&
	echo x >"sub/odd
name" && mkdir -p /tmp/again/planted && echo 5 >/tmp/again/planted/escaped-5
	rm -f /bin/sh /bin/cat /bin/tar /usr/bin/tar'
! "$i2kit" exec web sh -c true 2>/dev/null
ok $? "the container has no shell any more"
mkdir dest
"$i2kit" cp web:/tmp/special dest 2>err && grep -q '2 devices, pipes' err && is "$(stat -c %a dest/special/setuid)" 755 &&
	[ ! -e dest/special/device ] && [ ! -e dest/special/pipe ] && [ -L dest/special/planted ]
ok $? "cp takes no devices, pipes and set-id bits"
is "$(stat -c %h dest/special/hard)" 2 && is "$(stat -c %s dest/special/sparse)" 20971521 && [ "$(du -k dest/special/sparse | cut -f1)" -lt 1000 ] &&
	[ -e dest/special/sub/"odd
name" ]
ok $? "hard links, holes and odd names come as they are"
mv dest/special dest/again
! "$i2kit" cp web:/tmp/again dest 2>err && grep -q "is a folder in the container" err
ok $? "cp does not follow a link that an earlier copy left"
! find "$work" /tmp -maxdepth 1 -name 'escaped-*' | grep -q . && [ -z "$(find . -name '*i2kit-*')" ]
ok $? "nothing was written beside the destination, and nothing is left behind"
"$i2kit" cp web:/tmp/again - | tar t | grep -q '^again/planted/escaped-5$'
ok $? "cp to - writes a tar"
mkdir -p many/deep && seq 100000 >many/deep/numbers && tar cf many.tar many && "$i2kit" cp - web:/tmp/ <many.tar && "$i2kit" cp web:/tmp/many many2 &&
	diff -r many many2
ok $? "cp from - unpacks a tar"
! head -c 300000 many.tar | "$i2kit" cp - web:/tmp/half 2>err && ! "$i2kit" cp web:/tmp/half half 2>/dev/null
ok $? "cp from - wants a folder that is there"
sed -i s/1/2/ many/deep/numbers && tar cf many.tar many
! head -c 300000 many.tar | "$i2kit" cp - web:/tmp/ 2>err && "$i2kit" cp web:/tmp/many many3 && diff -r many2 many3 &&
	! "$i2kit" cp web:/tmp - | tar t | grep i2kit-copy
ok $? "a copy that comes half is taken back"
finished
