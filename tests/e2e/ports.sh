#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Published ports: taken ones, parking, replicas under load with one killed, scale.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
cleanup() { "$i2kit" down --volumes; }
cd "$work" || exit 1
cat >i2kit.yml <<END
name: web
replicas: 3
containers:
  nginx:
    image: oci:$top/out/images/nginx
    ports: ["8080:80"]
    readinessProbe:
      httpGet: {path: /, port: 80}
END
export I2KIT_PROJECT=ports

"$i2kit" up -d
# Nobody is ready yet: the connection is parked, not refused.
curl -fsS -m 100 http://127.0.0.1:8080/ | grep -q 'Hello from web-'
ok $? "a request made while the pods boot is answered when one is ready"
"$i2kit" up -d --wait --timeout 180s
ok $? "three replicas are ready"
for i in $(seq 30); do curl -fsS -m 10 http://127.0.0.1:8080/ | grep -o 'web-[0-9]'; done | sort | uniq -c >spread
is "$(wc -l <spread | tr -d ' ')" 3
ok $? "requests go to all three"

# Bounded load, one connection a request; then one VM is killed. What fails on the way to it is in
# flight there; a connection that cannot be made is none of that.
cat >load.py <<'END'
import socket, sys, threading, time
end = time.time() + 12
refused, cut, good = [], [], []
def one():
    while time.time() < end:
        try:
            s = socket.create_connection(("127.0.0.1", 8080), timeout=15)
        except OSError as error:
            refused.append(str(error)); continue
        started = time.time()
        try:
            s.sendall(b"GET / HTTP/1.0\r\nHost: x\r\n\r\n")
            data = b""
            while chunk := s.recv(65536):
                data += chunk
            (good if b" 200 " in data else cut).append((started, data[:80]))
        except OSError as error:
            cut.append((started, str(error)))
        s.close()
        time.sleep(0.02)
threads = [threading.Thread(target=one) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
print(len(good), len(cut), len(refused))
print("cut:", cut[:5], "refused:", refused[:5], file=sys.stderr)
END
python3 load.py >load 2>load.err &
pid=$!
sleep 4
vm=$(pgrep -f 'qemu-system.*guest=[^,]*web-1[,-]' | head -1)
kill -9 "$vm"
ok $? "one of three VMs is killed under load"
wait $pid
read -r good cut refused <load
cat load.err | sed 's/^/# /'
[ "$good" -gt 100 ] && [ "$refused" = 0 ] && [ "$cut" -le 4 ]
ok $? "no connection fails but those in flight there: $good good, $cut cut, $refused refused"
"$i2kit" up -d --wait --timeout 120s
ok $? "the dead one is replaced"

curl -fsS -g -m 10 'http://[::1]:8080/' | grep -q 'Hello from web-'
ok $? "localhost is ::1 as well"
for wrong in localhost '[::1]' 999.1.1.1; do
	! "$i2kit" up -d --bind "$wrong" >bind.out 2>&1 && grep -q "no IPv4 or IPv6 address" bind.out
	ok $? "--bind $wrong is refused"
done
curl -fsS -m 10 http://127.0.0.1:8080/ | grep -q 'Hello from web-'
ok $? "and what is published stays"
sed 's/8080:80/8070:7006/; s/name: web/name: quiet/; s/replicas: 3/replicas: 1/' i2kit.yml >off.yml
"$i2kit" -p off up -d --wait --timeout 120s -f off.yml >/dev/null 2>&1
started=$SECONDS
curl -sS -m 30 http://127.0.0.1:8070/ >/dev/null 2>&1
[ $((SECONDS - started)) -lt 10 ]
ok $? "a client does not wait where nothing listens"
expect "nothing listens on port 7006 in the pod, or only on 127.0.0.1" "$i2kit" -p off why quiet
ok $? "and why says so"
"$i2kit" -p off down --volumes >/dev/null 2>&1

python3 -m http.server 8090 --bind 127.0.0.1 >/dev/null 2>&1 &
server=$!
for _ in $(seq 50); do curl -s -o /dev/null http://127.0.0.1:8090/ && break || sleep 0.2; done
sed 's/8080:80/8090:80/; s/replicas: 3/replicas: 1/' i2kit.yml >taken.yml
! "$i2kit" -p taken up -d -f taken.yml >taken.out 2>&1 && grep -q 'taken by python3' taken.out
ok $? "a taken port fails before anything boots, and names who holds it"
! "$i2kit" -p taken ps >/dev/null 2>&1 || [ -z "$("$i2kit" -p taken ps -q 2>/dev/null)" ]
ok $? "and nothing of that project runs"
! "$i2kit" -p taken up -d -f i2kit.yml >taken.out 2>&1 && grep -q "i2kit's project 'ports'" taken.out
ok $? "a port of another project names the project"
"$i2kit" -p taken down --volumes >/dev/null 2>&1
kill $server
finished
