#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Waiting: Jobs that end well and badly, a release that cannot start and the one that mends it, a restarted machine.
. "$(dirname "$0")/lib/prologue.sh"
need jq
isolated "$@"
export I2KIT_PROJECT=jobs
cleanup() { "$i2kit" down; }
cd "$work" || exit 1
job() { # CODE
	cat >job.yml <<END
apiVersion: batch/v1
kind: Job
metadata: {name: work}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      initContainers:
      - {name: prepare, image: "oci:$images/toolbox", command: ["true"]}
      containers:
      - {name: c, image: "oci:$images/toolbox", command: [sh, -c, "sleep 2; echo it ran; exit $1"]}
END
}
service() { # COMMAND
	cat >service.yml <<END
name: roll
terminationGracePeriodSeconds: 1
containers:
  c:
    image: oci:$images/toolbox
    command: $1
    readinessProbe: {exec: {command: [test, -e, /tmp/ok]}}
END
}

echo "# a Job"
job 3
"$i2kit" up -d --wait --timeout 120s -f job.yml >up.out 2>&1
is $? 3
ok $? "up --wait ends with the code of a Job that failed"
grep -q "pod 'work' ended with exit code 3" up.out
ok $? "and says so"
timeout 20 "$i2kit" logs -f work >logs.out
is $? 0 && grep -q 'it ran' logs.out
ok $? "logs -f of what is over ends"
"$i2kit" wait work >wait.out 2>&1
is $? 3
ok $? "wait says the same"
! "$i2kit" wait wrok >wait.out 2>&1 && grep -q "no pod 'wrok'" wait.out
ok $? "a name that nobody has is not waited for"
"$i2kit" ps -o json | jq -e '.instances[0].containers | map(select(.init)) | map(.name) == ["prepare"]' >/dev/null
ok $? "init containers are told apart"
"$i2kit" down >/dev/null 2>&1
job 0
timeout 120 "$i2kit" up -f job.yml >up.out 2>&1
is $? 0 && grep -q 'it ran' up.out
ok $? "up in the foreground shows its logs and ends with its Job"
! virsh -q list --name | grep -q i2kit-jobs
ok $? "and nothing of it stays"

echo "# a test beside what it tests"
{
	cat <<-END
		name: db
		publish: false
		terminationGracePeriodSeconds: 1
		containers:
		  c:
		    image: oci:$images/toolbox
		    command: [sh, -c, 'echo DATABASE; mkdir /w; exec httpd -f -p 80 -h /w']
		    ports: ["80:80"]
		    readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: test, annotations: {i2kit/depends-on: "db:healthy"}}
		spec:
		  restartPolicy: Never
		  terminationGracePeriodSeconds: 1
		  containers:
		  - name: c
		    image: oci:$images/toolbox
		    command: [sh, -c, 'wget -q -O /dev/null http://db/ || [ \$? = 1 ] && echo TESTED; exit 7']
	END
} >test.yml
timeout 180 "$i2kit" up --exit-code-from test --no-attach db -f test.yml >up.out 2>&1
is $? 7
ok $? "up --exit-code-from ends with it, and with its code"
grep -q TESTED up.out && ! grep -q DATABASE up.out
ok $? "--no-attach leaves out its logs"
! virsh -q list --name | grep -q i2kit-jobs
ok $? "all are stopped with it"
timeout 180 "$i2kit" up --abort-on-container-failure --attach db -f test.yml >up.out 2>&1
is $? 7 && grep -q DATABASE up.out && ! grep -q TESTED up.out
ok $? "so does --abort-on-container-failure; --attach shows those logs alone"
! "$i2kit" up --exit-code-from tset -f test.yml >up.out 2>&1 && grep -q "did you mean 'test'" up.out &&
	! "$i2kit" up -d --exit-code-from test -f test.yml >up.out 2>&1 && grep -q 'leave out --detach' up.out
ok $? "mistaken options are refused before anything starts"

echo "# a release that cannot start"
service '[sh, -c, "touch /tmp/ok; exec sleep 10001"]'
"$i2kit" up -d --wait --timeout 120s -f service.yml >/dev/null 2>&1
ok $? "the first one becomes ready"
service '[no-such-program]'
! "$i2kit" up -d --wait --timeout 120s -f service.yml >up.out 2>&1 && grep -q "pod 'roll' keeps ending" up.out
ok $? "the second one keeps ending, and that is said"
service '[sh, -c, "touch /tmp/ok; exec sleep 10003"]'
"$i2kit" up -d --wait --timeout 120s -f service.yml >up.out 2>&1
ok $? "the third one is not judged by it"
grep -q 'ready in ' up.out
ok $? "how long it took is said"
"$i2kit" stop roll && for _ in $(seq 20); do [ "$("$i2kit" ps -o json | jq '.instances | length')" = 0 ] && break; sleep 0.5; done
"$i2kit" restart --wait --timeout 60s roll >/dev/null 2>&1
ok $? "restart brings back what stop stopped"

echo "# as after a restart of the machine: no supervisor, no VM"
pid=$("$i2kit" ps -o json | jq -r '.supervisorPid // empty')
[ -n "$pid" ] && [ "$pid" -gt 1 ] && kill -9 "$pid"
for vm in $(virsh -q list --name | grep i2kit-jobs); do virsh -q destroy "$vm" >/dev/null; done
"$i2kit" ps >ps.out 2>&1 && grep -q "nobody supervises 'jobs'" ps.out && grep -q '^roll' ps.out
ok $? "ps says that nobody supervises, and what is wanted"
"$i2kit" up -d --wait --timeout 120s -f service.yml >/dev/null 2>&1 && "$i2kit" ps -o json | jq -e '.instances[0].ready' >/dev/null
ok $? "up mends it"
finished
