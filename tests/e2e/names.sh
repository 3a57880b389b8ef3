#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Names by DNS, as programs ask that do not read /etc/hosts, and as glibc and musl ask.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
need musl-gcc
cleanup() { "$i2kit" down; }
cd "$work" || exit 1
export I2KIT_PROJECT=names
cat >ask.c <<'END_C'
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = 0;
		char text[64] = "";
		int failed = getaddrinfo(argv[i], "80", &hints, &list);
		if (!failed)
			getnameinfo(list->ai_addr, list->ai_addrlen, text, sizeof text, 0, 0, NI_NUMERICHOST);
		printf("%s %s\n", argv[i], failed ? gai_strerror(failed) : text);
	}
	if (argc == 1)
		pause();
	return 0;
}
END_C
musl-gcc -static -Os -o ask ask.c
ok $? "a program with musl is there"
cat >image.py <<'END_PY'
import hashlib, io, json, os, tarfile
os.makedirs("musl/blobs/sha256")
def blob(data):
    digest = hashlib.sha256(data).hexdigest()
    open("musl/blobs/sha256/" + digest, "wb").write(data)
    return {"digest": "sha256:" + digest, "size": len(data)}
out = io.BytesIO()
with tarfile.open(fileobj=out, mode="w") as tar:
    program = tarfile.TarInfo("ask")
    program.mode, program.size = 0o755, os.path.getsize("ask")
    tar.addfile(program, open("ask", "rb"))
layer = blob(out.getvalue())
config = blob(json.dumps({"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/ask"]},
    "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]}}).encode())
manifest = blob(json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **config},
    "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", **layer}]}).encode())
json.dump({"imageLayoutVersion": "1.0.0"}, open("musl/oci-layout", "w"))
json.dump({"schemaVersion": 2, "manifests": [{"mediaType": "application/vnd.oci.image.manifest.v1+json", **manifest}]},
    open("musl/index.json", "w"))
END_PY
python3 image.py
ok $? "and an image with nothing else"
cat >i2kit.yml <<Y
name: musl
containers: {c: {image: "oci:$work/musl"}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: c
        image: oci:$top/out/images/toolbox
        command: [sh, -c, 'mkdir /w; echo DB >/w/index.html; exec httpd -f -p 80 -h /w']
        # Port 53 is the container's own, on every address.
        ports: [{name: web, containerPort: 80}, {name: dns, containerPort: 53}]
        readinessProbe: {tcpSocket: {port: 80}}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{name: web, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: front}
spec: {selector: {app: db}, ports: [{name: web, port: 8000, targetPort: 80}]}
Y
"$i2kit" up -d --wait --timeout 180s
ok $? "three pods are up"
front=$("$i2kit" exec db-0 -- sh -c 'grep -w front.default /etc/hosts' | cut -f1)
musl() { timeout 30 "$i2kit" exec musl -- /ask "$@"; }
look() { timeout 20 "$i2kit" exec db-0 -- nslookup "$@" 2>&1; }
is "$(musl front front.default front.default.svc front.default.svc.cluster.local | sort -u)" "$(
	for name in front front.default front.default.svc front.default.svc.cluster.local; do echo "$name $front"; done | sort -u)"
ok $? "musl finds a Service by each of its names"
musl db-1.db nobody.default | grep -q "^db-1.db 10.77" && musl nobody.default | grep -vq '10\.77'
ok $? "and an instance, and nobody who is not there"
look front.default.svc.cluster.local | grep -q "$front"
ok $? "nslookup finds it"
look -type=srv _web._tcp.front.default.svc.cluster.local | grep -q '8000.*front\.default\.svc\.cluster\.local'
ok $? "SRV says its port"
is "$(look -type=srv _web._tcp.db.default.svc.cluster.local | grep -o 'db-[01]\.db\.default' | sort -u | wc -l)" 2
ok $? "and those of a headless one its instances"
look "$front" | grep -q 'front\.default\.svc\.cluster\.local'
ok $? "an address has its name"
"$i2kit" exec db-0 -- sh -c 'cat /etc/resolv.conf' | tr '\n' ' ' |
	grep -q 'search default.svc.cluster.local svc.cluster.local cluster.local options ndots:5'
ok $? "resolv.conf is a kubelet's"
"$i2kit" exec db-0 -- sh -c 'timeout 2 nc -l -p 53 & sleep 0.5; echo hi | nc -w 1 127.0.0.1 53; wait' | grep -q hi
ok $? "a container has port 53 for itself"
finished
