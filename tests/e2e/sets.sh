#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# StatefulSets: numbers come one after the other, go in reverse, are updated from the highest down to the partition;
# what lies below it comes again as it was, also after its supervisor was killed.
# shellcheck disable=SC2034 # for the prologue: templates are made
warm=1
. "$(dirname "$0")/lib/prologue.sh"
need jq
isolated "$@"
export I2KIT_PROJECT=sets
cleanup() { "$i2kit" down; }
cd "$work" || exit 1
set_of() { # REPLICAS PARTITION POLICY VERSION
	cat >i2kit.yml <<END
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: $1
  podManagementPolicy: $3
  updateStrategy: {rollingUpdate: {partition: $2}}
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: c
        image: "oci:$images/toolbox"
        command: [sh, -c, "sleep 1; touch /tmp/ready; exec sleep 1000"]
        env: [{name: VERSION, value: "$4"}]
        readinessProbe: {periodSeconds: 1, exec: {command: [test, -e, /tmp/ready]}}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 80}]}
END
}
seen=0
# What became of db-N since the mark, in order: +0 started, 0 ready, -0 asked to stop
story() {
	"$i2kit" events -o json | jq -rs --argjson seen "$seen" '.[$seen:] | [.[] |
		select(.type == "Starting" or .type == "Ready" or .type == "Stopping") |
		{Starting: "+", Ready: "", Stopping: "-"}[.type] + (.object | ltrimstr("db-"))] | join(" ")'
}
mark() { seen=$("$i2kit" events -o json | wc -l); }
version() { timeout 20 "$i2kit" exec "db-$1" -- sh -c 'echo $VERSION'; }

set_of 3 0 OrderedReady one
"$i2kit" up -d --wait --timeout 180s >up.out 2>&1
ok $? "three numbers are up"
is "$(story)" "+0 0 +1 1 +2 2"
ok $? "each came when the one before it was ready"
mark
set_of 3 1 OrderedReady two
"$i2kit" up -d --wait --timeout 180s >up.out 2>&1
is $? 0 && is "$(story)" "-2 +2 2 -1 +1 1"
ok $? "they are updated from the highest down to the partition"
is "$(version 0) $(version 1) $(version 2)" "one two two"
ok $? "and those below it are not"
pid=$("$i2kit" ps -o json | jq -r .supervisorPid)
[ "$pid" -gt 1 ] && kill -9 "$pid"
"$i2kit" up -d --wait --timeout 60s >up.out 2>&1
mark
virsh -q destroy "$(virsh -q list --name | grep 'db-0$')" >/dev/null
for _ in $(seq 120); do [[ " $(story) " = *" 0 "* ]] && break; sleep 0.5; done
is "$(version 0)" one
ok $? "one below it comes again as it was"
mark
"$i2kit" scale db=1 >/dev/null
for _ in $(seq 60); do [ "$("$i2kit" ps -o json | jq '.instances | length')" = 1 ] && break; sleep 0.5; done
is "$(story)" "-2 -1"
ok $? "they go in reverse"
"$i2kit" down >/dev/null 2>&1
seen=0
set_of 2 0 Parallel one
"$i2kit" up -d --wait --timeout 120s >up.out 2>&1
is "$(story | cut -d' ' -f1-2)" "+0 +1"
ok $? "Parallel ones start at once"
finished
