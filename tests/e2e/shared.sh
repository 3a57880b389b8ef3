#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A claim that several VMs have (ReadWriteMany): one folder for all, its files kept, copied and removed.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
need jq tar
cleanup() { "$i2kit" down --volumes; }
cd "$work" || exit 1
export I2KIT_PROJECT=shared
cat >app.yml <<Y
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files}
spec: {accessModes: [ReadWriteMany], resources: {requests: {storage: 1Gi}}}
---
name: web
replicas: 2
terminationGracePeriodSeconds: 1
containers:
  c:
    image: oci:$top/out/images/toolbox
    command: [sleep, infinity]
    volumeMounts: [{name: d, mountPath: /d}]
volumes: [{name: d, persistentVolumeClaim: {claimName: files}}]
---
name: reader
terminationGracePeriodSeconds: 1
containers:
  c:
    image: oci:$top/out/images/toolbox
    command: [sleep, infinity]
    volumeMounts: [{name: d, mountPath: /d, readOnly: true}]
volumes: [{name: d, persistentVolumeClaim: {claimName: files}}]
Y
look() { # MODE OPTIONS…
	local mode=$1
	rm -f files.tar again.tar
	shift
	"$i2kit" up -d --wait --timeout 180s "$@" -f app.yml
	ok $? "$mode: three VMs with one claim are up"
	"$i2kit" exec web-0 -- sh -c 'echo one >/d/a; mkdir -p /d/sub; ln -s /etc/hostname /d/out'
	sleep 1.5
	is "$("$i2kit" exec web-1 -- cat /d/a)$("$i2kit" exec reader -- cat /d/a)" oneone
	ok $? "$mode: what one writes the others read"
	"$i2kit" exec web-1 -- sh -c 'echo two >/d/a' && sleep 1.5
	is "$("$i2kit" exec web-0 -- cat /d/a)" two
	ok $? "$mode: and the other way"
	! "$i2kit" exec reader -- sh -c 'echo no >/d/a' 2>/dev/null
	ok $? "$mode: one that only reads cannot write"
	is "$("$i2kit" exec web-0 -- cat /d/out)" web-0
	ok $? "$mode: a link in it leads nowhere on this machine"
	is "$("$i2kit" volume ls -o json | jq -r '.[] | "\(.name) \(.shared) \(.inUse) \(.pods | sort | join(","))"')" "files true true reader,web"
	ok $? "$mode: volume ls knows it"
	! "$i2kit" volume export files x.tar 2>x.err && grep -q 'i2kit stop' x.err
	ok $? "$mode: it is not copied while it is written"
	"$i2kit" down
	"$i2kit" volume snapshot files before && "$i2kit" volume export files files.tar && tar -tf files.tar | grep -q '^./a$'
	ok $? "$mode: stopped, it is kept as a snapshot and as a tar"
	"$i2kit" up -d --wait --timeout 180s "$@" -f app.yml && is "$("$i2kit" exec web-1 -- cat /d/a)" two
	ok $? "$mode: it survives down"
	"$i2kit" exec web-1 -- rm /d/a
	"$i2kit" down
	"$i2kit" volume restore files before && "$i2kit" volume rm files@before && "$i2kit" volume rm files &&
		"$i2kit" volume import files files.tar && "$i2kit" volume export files again.tar && tar -xOf again.tar ./a | grep -q two
	ok $? "$mode: restored, removed, and made again from the tar"
	! "$i2kit" volume export --format raw files again.raw 2>x.err && grep -q -- '--format tar' x.err
	ok $? "$mode: it is no disk image"
	"$i2kit" up -d "$@" -f app.yml && "$i2kit" down --volumes && is "$("$i2kit" volume ls -o json)" "[]"
	ok $? "$mode: down --volumes ends it"
}
look "system mode"
look "session mode" --connect qemu:///session
finished
