#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Routes: hosts, paths, https, a websocket, HTTP/2, a pod that is not ready, a rolling update and changes
# of routes under load without a lost request; then a fenced, unprivileged HAProxy; then session mode.
set -u
. "$(dirname "$0")/lib/prologue.sh"
need haproxy curl python3
isolated "$@"
cleanup() { "$i2kit" down --volumes; }
cd "$work" || exit 1
export I2KIT_PROJECT=routes HOME=$work XDG_DATA_HOME=$work/data
ln -s "$top/out" out 2>/dev/null || true

manifest() { # manifest TEXT PATH: the shop's environment, and where the api is
	cat >i2kit.yml <<END
name: shop
publish: false
containers:
  nginx:
    image: oci:$top/out/images/nginx
    ports: [80]
    env: {TEXT: "$1"}
    readinessProbe: {httpGet: {path: /, port: 80}}
routes:
- shop.localhost
- {host: shop.example.com, tls: true}
---
name: echo
publish: false
containers:
  echo:
    image: oci:$top/out/images/toolbox
    ports: [80]
    command: [sh, -c, 'exec nc -ll -p 80 -e sh -c "\$0"', 'while read -r l && [ \${#l} -gt 1 ]; do :; done; printf "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"; exec cat']
routes: /echo
---
name: late
publish: false
containers:
  late:
    image: oci:$top/out/images/toolbox
    ports: [80]
    command: [sleep, infinity]
    readinessProbe: {exec: {command: ["false"]}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: more}
spec:
  rules:
  - http:
      paths:
      - {path: $2, pathType: Prefix, backend: {service: {name: shop, port: {number: 80}}}}
      - {path: /late, pathType: Prefix, backend: {service: {name: late, port: {number: 80}}}}
END
}

cat >websocket.py <<'END'
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10)
s.sendall(b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
head = b""
while b"\r\n\r\n" not in head:
    head += s.recv(4096) or sys.exit(1)
assert head.startswith(b"HTTP/1.1 101"), head
for word in (b"ping\n", b"pong\n"):
    s.sendall(word)
    assert s.recv(4096) == word
END

status() { curl -s -m 10 -o /dev/null -w '%{http_code}' "$@"; }
answers() { curl -fsS -m 10 "$@" | grep -q 'Hello from shop-'; }

checks() { # checks MODE
	answers http://shop.localhost:8080/
	ok $? "$1: a host of its own below localhost answers"
	answers -H 'Host: shop.example.com' http://localhost:8080/ && answers http://shop.example.com.localhost:8080/
	ok $? "$1: a host of a real domain answers by its name and below localhost"
	is "$(status http://elsewhere.localhost:8080/)" 404
	ok $? "$1: a host without a route is not found"
	is "$(status http://localhost:8080/late/x) $(status http://localhost:8080/lately)" "503 404"
	ok $? "$1: a path is matched by its elements"
	ca=$("$i2kit" doctor -o json | grep -o '/[^ "]*authority.pem' | head -1)
	answers --cacert "$ca" --resolve shop.example.com:8443:127.0.0.1 https://shop.example.com:8443/ &&
		[ "$(curl -s -m 10 --cacert "$ca" -o /dev/null -w '%{http_version}' https://shop.example.com.localhost:8443/)" = 2 ]
	ok $? "$1: https shows a certificate of the user's own authority, and speaks HTTP/2"
	python3 websocket.py 8080
	ok $? "$1: a connection that is upgraded goes both ways"
	curl -s -m 10 http://localhost:8080/late >page
	grep -q 'pod late-0 is not ready' page && [ "$(status http://localhost:8080/late)" = 503 ]
	ok $? "$1: what is not ready is named by the page"
}

manifest one /api
"$i2kit" up -d >up 2>&1
"$i2kit" wait shop echo --timeout 180s >/dev/null 2>&1
"$i2kit" port >ports
grep -q 'http://shop.localhost:8080/ -> shop:80' up && grep -q 'https://shop.example.com.localhost:8443/ -> shop:80' ports
ok $? "up and port say where routes are"
checks system

# The one process that reads what strangers send.
pid=$(pgrep -f "haproxy -db -f $XDG_RUNTIME_DIR" | head -1)
grep -q 'Seccomp:.2' "/proc/$pid/status" && grep -q 'NoNewPrivs:.1' "/proc/$pid/status" && grep -q 'CapEff:.0000000000000000' "/proc/$pid/status"
ok $? "HAProxy is fenced and has no capability"
[ "$(id -u)" != 0 ] || ! grep -q '^Uid:.0' "/proc/$pid/status"
ok $? "HAProxy is not root"

# Under load: a new configuration of the pod, then another route.
cat >load.py <<'END'
import http.client, sys, threading, time
good, bad, end = [], [], [False]
def one():
    while not end[0]:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=20)
            connection.request("GET", "/", headers={"Host": "shop.localhost"})
            answer = connection.getresponse()
            body = answer.read()
            (good if answer.status == 200 and b"Hello from shop-" in body else bad).append((answer.status, body[:80]))
            connection.close()
        except OSError as error:
            bad.append(str(error))
        time.sleep(0.02)
threads = [threading.Thread(target=one) for _ in range(4)]
[t.start() for t in threads]; sys.stdin.read(); end[0] = True; [t.join() for t in threads]
print(len(good), len(bad), bad[:3])
END
mkfifo stop
python3 load.py <stop >load &
exec 9>stop
sleep 1
manifest two /other
"$i2kit" up -d >/dev/null 2>&1
for i in $(seq 100); do
	"$i2kit" ps -o json shop | grep -q '"outdated": *true' || break
	sleep 0.5
done
sleep 2
exec 9>&-
wait %1
read -r good bad rest <load
[ "$good" -gt 50 ] && [ "$bad" = 0 ] || { echo "# $good good, $bad bad $rest"; false; }
ok $? "a rolling update and another route lose no request"
is "$(status http://localhost:8080/api) $(status http://localhost:8080/other)" "404 404"
[ "$(curl -s -m 10 http://localhost:8080/api)" != "$(curl -s -m 10 http://localhost:8080/other)" ]
ok $? "the new route is there and the old one is not"

# A supervisor that is killed takes HAProxy along; the next one has the port again.
supervisor=$("$i2kit" ps -o json | grep -o '"supervisorPid": *[0-9]*' | grep -o '[0-9]*')
kill -9 "$supervisor"
"$i2kit" up -d >/dev/null 2>&1
for i in $(seq 40); do
	answers http://shop.localhost:8080/ 2>/dev/null && break
	sleep 0.25
done
answers http://shop.localhost:8080/
ok $? "after a killed supervisor the routes are back on their port"

python3 -c 'import socket,time; s=socket.create_server(("127.0.0.1",9000)); time.sleep(60)' &
other=$!
sleep 0.5
"$i2kit" up -d --publish http:9000 >taken 2>&1
[ $? = 1 ] && grep -q 'port 127.0.0.1:9000 is taken by' taken && grep -q -- '--publish http:' taken
ok $? "a port that somebody has is refused before anything changes"
kill $other
"$i2kit" up -d --publish http:9001 >/dev/null 2>&1
answers http://shop.localhost:9001/
ok $? "--publish http:9001 moves the routes"
"$i2kit" down --volumes >/dev/null 2>&1

manifest one /api
"$i2kit" up -d --connect qemu:///session >up 2>&1
"$i2kit" wait shop echo --timeout 180s >/dev/null 2>&1
checks session
finished
