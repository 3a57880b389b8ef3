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

echo "# Jobs of several pods"
"$i2kit" down >/dev/null 2>&1
batch() { # NAME LINE;LINE… SCRIPT
	cat <<END
---
apiVersion: batch/v1
kind: Job
metadata: {name: $1}
spec:
${2//;/$'\n'}
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 0
      containers:
      - {name: c, image: "oci:$images/toolbox", command: [sh, -c, '$3'],
         env: [{name: FROM_FIELD, valueFrom: {fieldRef: {fieldPath: "metadata.annotations['batch.kubernetes.io/job-completion-index']"}}}]}
END
}
{
	batch index '  completions: 3;  parallelism: 2;  completionMode: Indexed;  backoffLimitPerIndex: 0;  ttlSecondsAfterFinished: 3600' \
		'echo "I am $JOB_COMPLETION_INDEX $FROM_FIELD $(hostname)"; [ $JOB_COMPLETION_INDEX != 1 ]'
	batch many '  completions: 2;  parallelism: 2' 'echo once'
	batch rule '  podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [42]}}]}' 'exit 42'
	batch late '  activeDeadlineSeconds: 3' 'sleep 1000'
	batch held '  suspend: true' 'echo no'
} >many.yml
"$i2kit" up -d -f many.yml >up.out 2>&1
for name in index many rule late; do
	timeout 90 "$i2kit" wait "$name" >wait.out 2>&1
	echo "$name $? $(tail -1 wait.out)"
done >ends.out
job_of() { "$i2kit" ps -o json | jq -r --arg name "$1" '.pods[] | select(.name == $name) | "\(.end) \(.succeeded) \(.failedPods)"'; }
is "$(job_of index)" "failed 2 1"
ok $? "each index runs once, one of them fails, and so does the Job"
is "$("$i2kit" logs --no-prefix index 2>/dev/null | sort | tr '\n' ';')" "I am 0 0 index-0;I am 1 1 index-1;I am 2 2 index-2;"
ok $? "a pod knows its index by its variable, its annotation and its host name"
is "$(job_of many)" "complete 2 0" && grep -q '^many 0' ends.out
ok $? "so many pods as it wants have succeeded"
is "$(job_of rule)" "failed 0 1" && grep -q '^rule 42' ends.out && "$i2kit" ps -o json | jq -e '.pods[] | select(.name == "rule") | .message | test("PodFailurePolicy")' >/dev/null
ok $? "a rule of podFailurePolicy ends one at its first try"
is "$(job_of late)" "failed 0 0" && "$i2kit" ps -o json | jq -e '.pods[] | select(.name == "late") | .message | test("DeadlineExceeded")' >/dev/null
ok $? "one that takes too long has failed"
is "$(job_of held)" "running 0 0" && ! "$i2kit" ps | grep -q '^held-'
ok $? "a suspended one waits"
[ "$failed" = 0 ] || { cat ends.out up.out; "$i2kit" ps; "$i2kit" events; } | sed 's/^/# /'
pid=$("$i2kit" ps -o json | jq -r .supervisorPid)
[ "$pid" -gt 1 ] && kill -9 "$pid"
sed -i 's/suspend: true/suspend: false/' many.yml
"$i2kit" up -d -f many.yml >up.out 2>&1
timeout 60 "$i2kit" wait held >/dev/null 2>&1
is "$(job_of held)" "complete 1 0"
ok $? "until it is not"
is "$(job_of many) $(job_of index)" "complete 2 0 failed 2 1" && ! "$i2kit" ps | grep -q '^many-'
ok $? "and what was over stays so, though its supervisor was killed"
"$i2kit" restart many >/dev/null
timeout 60 "$i2kit" wait many >/dev/null 2>&1
is "$(job_of many)" "complete 2 0" && "$i2kit" ps | grep -q '^many-'
ok $? "restart begins one anew"
"$i2kit" down >/dev/null 2>&1

echo "# a CronJob, and examples/jobs"
sed "s#oci:../../out/images#oci:$images#" "$top/examples/jobs/i2kit.yml" >example.yml
"$i2kit" up -d --wait --timeout 180s -f example.yml >up.out 2>&1
is $? 0 && is "$("$i2kit" logs --no-prefix squares 2>/dev/null | sort | tail -1)" "2 times itself is 4"
ok $? "up --wait waits for the Job, and for no run of the CronJob"
"$i2kit" ps | grep -q '^report .*0 6 \* \* mon-fri, next ' && "$i2kit" ps -o json | jq -e '.pods[] | select(.name == "report") | .cron.nextSchedule | test("Z$")' >/dev/null
ok $? "ps shows its schedule, and when it is due"
timeout 120 "$i2kit" start cronjob/report --wait >start.out 2>&1
is $? 0 && grep -q 'report-manual-1 begins' start.out && is "$(job_of report-manual-1)" "complete 1 0"
ok $? "start runs it now, and waits for the run"
is "$("$i2kit" logs --no-prefix report 2>/dev/null)" "report of report-manual-1-0"
ok $? "its logs are those of its runs"
! "$i2kit" restart report >restart.out 2>&1 && grep -q 'i2kit start cronjob/report' restart.out && ! "$i2kit" scale report=2 >/dev/null 2>&1
ok $? "what it has not is refused, with a way out"
"$i2kit" wait --for=condition=Complete job/squares --timeout 5s 2>wait.out && "$i2kit" wait --for=jsonpath='{.succeeded}'=3 squares 2>>wait.out
ok $? "wait --for: a condition, and a value"
! "$i2kit" wait --for=condition=Failed squares >wait.out 2>&1 && grep -q 'will not come' wait.out &&
	! timeout 20 "$i2kit" wait --for=delete squares --timeout 2s >wait.out 2>&1 && grep -q 'timed out' wait.out
ok $? "what will not come, or not in time, is said"
"$i2kit" down report-manual-1 >/dev/null 2>&1
"$i2kit" wait --for=delete report-manual-1 --timeout 20s >/dev/null 2>&1
"$i2kit" ps -o json | jq -e '[.pods[].name] == ["squares", "report"]' >/dev/null
ok $? "a run is taken down by its name"
sed -i '/^schedule/s/.*/schedule: "* * * * *"/' example.yml
"$i2kit" up -d -f example.yml >up.out 2>&1
pid=$("$i2kit" ps -o json | jq -r .supervisorPid)
[ "$pid" -gt 1 ] && kill -9 "$pid"
"$i2kit" start >/dev/null 2>&1
run() { "$i2kit" ps -o json | jq -r '.pods[] | select(.cronOf == "report" and .end == "complete") | .name'; }
for _ in $(seq 120); do [ -n "$(run)" ] && break; sleep 1; done
name=$(run | head -1) minute=$(($(date +%s) / 60))
is "$((minute - ${name#report-} < 4))" 1 && "$i2kit" logs report | grep -q "report of $name-"
ok $? "a run begins when it is due, also after its supervisor was killed"
"$i2kit" stop report && "$i2kit" ps | grep -q '^report .*stopped'
ok $? "stop holds the schedule"
[ "$failed" = 0 ] || { cat up.out start.out; "$i2kit" ps; "$i2kit" events; } | sed 's/^/# /'
"$i2kit" down >/dev/null 2>&1
! virsh -q list --name | grep -q i2kit-jobs
ok $? "down ends all of it"

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
