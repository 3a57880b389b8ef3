#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a pod's VM does, seen from the channel, in real VMs under QEMU: supervision, probes, exec,
volumes, limits. Needs the base (scripts/make-base) and the toolbox image (scripts/example-images).
TAP on stdout. $I2KIT_BASE and $I2KIT_IMAGES say where those are; names as arguments pick tests."""

import base64
import ctypes
import http.server
import json
import os
import shutil
import socket
import ssl
import struct
import sys
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/guest"))
sys.dont_write_bytecode = True

import vm as v  # noqa: E402

BASE = os.environ.get("I2KIT_BASE", f"{TOP}/out/base")
IMAGES = os.environ.get("I2KIT_IMAGES", f"{TOP}/out/images")
PROBE = {"initialDelaySeconds": 0, "periodSeconds": 1, "timeoutSeconds": 5, "successThreshold": 1, "failureThreshold": 1}


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def equal(got, wanted):
    check(got == wanted, f"{got!r} is not {wanted!r}")


class Scene:
    """One VM with its peer, for a test."""

    def __init__(self, workshop, containers, init=(), config=None, instance=None, vm=None, **pod):
        image = workshop.image("toolbox")
        make = lambda fields: v.container(fields.pop("name"), [0], {**image.config, **fields.pop("of_image", {})}, **fields)
        document = v.pod_document("web", [make(dict(c)) for c in containers], [make(dict(c)) for c in init], **pod)
        self.vm = workshop.boot(document, image, **(vm or {}))
        self.peer = v.Peer(self.vm)
        self.document = document
        self.peer.send(v.RELEASE, v.release(document, config, instance))

    def __enter__(self):
        return self.peer

    def __exit__(self, *_):
        self.peer.close()
        self.vm.__exit__()


def sh(script, name="main", **fields):
    return {"name": name, "command": ["sh", "-c", script], **fields}


def output(peer, script, **fields):
    result, out, err = peer.exec(["sh", "-c", script], **fields)
    check(result.get("code") == 0, f"{script}: {result} {err}")
    return out.decode().strip()


def test_a_crash_restarts_at_once_and_then_backs_off(workshop):
    with Scene(workshop, [sh("echo run; exit 3")]) as peer:
        first = peer.wait_event(type="container", state="terminated", exitCode=3, restarts=0)
        second = peer.wait_event(type="container", state="terminated", exitCode=3, restarts=1)
        check(second["at"] - first["at"] < 6, "the first restart was not at once")
        waiting = peer.wait_event(type="container", reason="CrashLoopBackOff", restarts=1)
        equal(waiting["nextStartMs"], 10000)
        third = peer.wait_event(type="container", state="terminated", restarts=2, timeout=20)
        check(third["at"] - second["at"] > 9, "no back-off")
        equal(peer.text_of("main"), ["run", "run", "run"])


def test_a_job_ends_with_its_exit_code_and_the_vm_with_it(workshop):
    with Scene(workshop, [sh("echo done >/dev/termination-log; exit 7")], workload="Job", restartPolicy="Never") as peer:
        event = peer.wait_event(type="pod", phase="Failed")
        equal(event["exitCode"], 7)
        ended = peer.find_event(type="container", state="terminated")
        equal(ended["message"].strip(), "done")
        peer.vm.process.wait(10)


def test_a_memory_limit_kills_and_says_so(workshop):
    limit = {"memoryLimitBytes": 16 << 20}
    with Scene(workshop, [sh("echo before; tail /dev/zero", resources=limit)], restartPolicy="Never") as peer:
        event = peer.wait_event(type="container", state="terminated")
        equal((event["reason"], event["exitCode"], event["signal"]), ("OOMKilled", 137, 9))


def test_a_container_that_hangs_at_its_memory_limit_ends(workshop):
    """What it can reclaim it needs again at once: the kernel kills nobody."""
    limit = {"memoryLimitBytes": 20 << 20}
    script = "sleep 1; head -c 100m /dev/zero | tail -c 90m | wc -c"
    with Scene(workshop, [sh(script, resources=limit)], restartPolicy="Never", vm={"memory": 96}) as peer:
        event = peer.wait_event(type="container", state="terminated", timeout=60)
        equal((event["reason"], event["exitCode"], event["signal"]), ("OOMKilled", 137, 9))


def test_init_containers_run_in_order_and_sidecars_outlive_them(workshop):
    init = [sh("echo one; echo 1 >>/shared/log", "first"),
            sh("echo up; echo side >>/shared/log; trap 'exit 0' TERM; while :; do sleep 0.1; done", "side", sidecar=True,
               startupProbe={"type": "exec", "command": ["grep", "side", "/shared/log"], **PROBE, "failureThreshold": 30}),
            sh("cat /shared/log; echo two", "second")]
    mounts = {"mounts": [{"volume": "shared", "path": "/shared"}]}
    config = {"volumes": [{"name": "shared", "kind": "emptyDir"}],
              "containers": {name: mounts for name in ("first", "side", "second", "main")}}
    with Scene(workshop, [sh("cat /shared/log; trap 'exit 0' TERM; while :; do sleep 0.1; done")], init, config) as peer:
        peer.wait_event(type="ready", ready=True)
        equal(peer.text_of("second"), ["1", "side", "two"])
        peer.until(lambda: peer.text_of("main") == ["1", "side"])
        peer.send_json(v.SHUTDOWN, {})
        peer.wait_event(type="pod", phase="Succeeded")
        order = [e["container"] for e in peer.events if e["type"] == "container" and e["state"] == "terminated"]
        equal(order, ["first", "second", "main", "side"])


def test_probes_gate_readiness_and_liveness_restarts(workshop):
    script = "sleep 1; touch /tmp/ready /tmp/live; trap 'exit 0' TERM; while :; do sleep 0.1; done"
    probes = {"startupProbe": {"type": "exec", "command": ["test", "-e", "/tmp/ready"], **PROBE, "failureThreshold": 20},
              "readinessProbe": {"type": "exec", "command": ["test", "-e", "/tmp/ready"], **PROBE},
              "livenessProbe": {"type": "exec", "command": ["test", "-e", "/tmp/live"], **PROBE}}
    with Scene(workshop, [sh(script, **probes)]) as peer:
        started = peer.wait_event(type="container", state="running")
        ready = peer.wait_event(type="ready", ready=True)
        check(1 <= ready["at"] - started["at"] < 6, f"ready after {ready['at'] - started['at']:.2f} s")
        output(peer, "rm /tmp/ready")
        peer.wait_event(type="ready", ready=False)
        output(peer, "touch /tmp/ready; rm /tmp/live")
        peer.wait_event(type="probe", probe="liveness", ok=False)
        peer.wait_event(type="container", state="running", restarts=1)


def test_tcp_http_and_grpc_probes_find_what_answers(workshop):
    server = "echo hello >/tmp/index.html; httpd -p 8080 -h /tmp; while :; do sleep 1; done"
    probe = lambda kind, **fields: {"type": kind, **PROBE, **fields}
    containers = [sh(server, "http", readinessProbe=probe("http", port=8080, path="/index.html")),
                  sh("sleep 1000", "tcp", readinessProbe=probe("tcp", port=8080)),
                  sh("sleep 1000", "missing", readinessProbe=probe("http", port=8080, path="/nope")),
                  sh("sleep 1000", "grpc", readinessProbe=probe("grpc", port=8080))]
    with Scene(workshop, containers) as peer:
        peer.wait_event(type="probe", container="http", ok=True, message="HTTP 200")
        peer.wait_event(type="probe", container="tcp", ok=True)
        peer.wait_event(type="probe", container="missing", ok=False, message="HTTP 404")
        peer.wait_event(type="probe", container="grpc", ok=False)
        check(peer.find_event(type="ready", ready=True) is None, "ready without all of its probes")


def https_server(folder):
    """A web server on the host with a certificate that nobody signed; its port."""
    v.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
           "-subj", "/CN=probe", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.RequestHandlerClass.log_message = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def test_https_probes_take_any_certificate(workshop):
    server = https_server(workshop.folder)
    probe = lambda port, path: {"readinessProbe": {"type": "http", **PROBE, "scheme": "HTTPS", "host": "10.0.2.2", "port": port,
                                                   "path": path}}
    containers = [sh("sleep 1000", "good", **probe(server.server_address[1], "/")),
                  sh("sleep 1000", "missing", **probe(server.server_address[1], "/no/such")),
                  sh("sleep 1000", "closed", **probe(1, "/"))]
    with Scene(workshop, containers) as peer:
        peer.wait_event(type="probe", container="good", ok=True, message="HTTP 200", timeout=60)
        peer.wait_event(type="probe", container="missing", ok=False, message="HTTP 404")
        refused = peer.wait_event(type="probe", container="closed", ok=False)
        check("connecting to 10.0.2.2" in refused["message"], refused)
    server.shutdown()


def test_stdin_is_kept_open_where_asked_for(workshop):
    reads = "read line; echo over; sleep 100"
    with Scene(workshop, [sh(reads, "open", stdin=True), sh(reads, "closed")]) as peer:
        peer.until(lambda: peer.text_of("closed") == ["over"])
        check(peer.text_of("open") == [] and output(peer, "echo here", container="open") == "here",
              "a container with stdin: true waits for its input")


def test_hooks_signals_and_grace(workshop):
    script = "trap 'echo got-term; exit 0' TERM; echo up; while :; do sleep 0.1; done"
    hooks = {"postStart": {"type": "exec", "command": ["sh", "-c", "echo post >/tmp/post"]},
             "preStop": {"type": "exec", "command": ["sh", "-c", "cat /tmp/post >/proc/1/fd/1; sleep 1"]}}
    stubborn = sh("trap '' TERM; while :; do sleep 0.1; done", "stubborn")
    with Scene(workshop, [sh(script, **hooks), stubborn], terminationGracePeriodSeconds=3) as peer:
        peer.wait_event(type="ready", ready=True)
        began = time.monotonic()
        peer.send_json(v.SHUTDOWN, {})
        peer.wait_event(type="pod", phase="Succeeded")
        took = time.monotonic() - began
        equal(peer.text_of("main"), ["up", "post", "got-term"])
        killed = peer.find_event(type="container", container="stubborn", state="terminated")
        equal(killed["exitCode"], 137)
        check(2.9 < took < 10, f"the grace period took {took:.1f} s")
        peer.vm.process.wait(10)


def test_exec_streams_codes_signals_and_terminals(workshop):
    with Scene(workshop, [sh("sleep 1000")]) as peer:
        peer.wait_event(type="ready", ready=True)
        result, out, err = peer.exec(["sh", "-c", "cat; echo problem >&2; exit 4"], stdin=b"some input")
        equal((result, out, err), ({"code": 4}, b"some input", b"problem\n"))
        big = os.urandom(200000)
        result, out, _ = peer.exec(["cat"], stdin=big)
        equal((result, len(out), out == big), ({"code": 0}, len(big), True))
        result, out, _ = peer.exec(["sh", "-c", "head -c 3000000 /dev/zero"])
        equal((result, len(out)), ({"code": 0}, 3000000))
        equal(peer.exec(["sh", "-c", "kill -9 $$"])[0], {"signal": 9})
        result = peer.exec(["/no/such/program"])[0]
        check("No such file" in result["error"], result)
        check("no container" in peer.exec(["true"], container="nope")[0]["error"], "unknown container")
        equal(output(peer, "pwd; echo $X; id -u", cwd="/tmp", env=["X=y"], user="app"), "/tmp\ny\n1000")
        result, out, _ = peer.exec(["sh", "-c", "stty size; tty"], tty=True, rows=33, columns=99)
        check(b"33 99" in out and b"/dev/pts/" in out, out)
        stream = 500
        peer.send_json(v.EXEC_START, {"argv": ["sh"], "tty": True, "stdin": True, "rows": 24, "columns": 80}, stream)
        gathered = lambda: b"".join(o[2] for o in peer.others if o[1] == stream and o[0] == v.EXEC_STDOUT)
        peer.send(v.EXEC_STDIN, b"stty size; trap 'echo wi''nch' WINCH\n", stream)
        peer.until(lambda: b"24 80" in gathered())
        peer.send(v.EXEC_RESIZE, struct.pack("<HH", 50, 132), stream)
        peer.send(v.EXEC_STDIN, b"stty size; exit 9\n", stream)
        peer.until(lambda: any(o[0] == v.EXEC_EXIT and o[1] == stream for o in peer.others))
        check(b"50 132" in gathered(), gathered())


def test_the_pod_shares_network_ipc_and_name_but_not_processes(workshop):
    server = sh("nc -ll -p 7000 -e echo from-one", "one")
    with Scene(workshop, [server, sh("sleep 1000", "two")], config={"hostname": "shared-name"}) as peer:
        peer.wait_event(type="ready", ready=True)
        equal(output(peer, "nc 127.0.0.1 7000 </dev/null", container="two"), "from-one")
        equal(output(peer, "hostname; cat /etc/hostname", container="two"), "shared-name\nshared-name")
        output(peer, "echo x >/dev/shm/file", container="one")
        equal(output(peer, "cat /dev/shm/file", container="two"), "x")
        equal(output(peer, "cat /proc/1/comm", container="two"), "sleep")


def test_containers_may_share_their_processes(workshop):
    """shareProcessNamespace: they see, signal and enter one another; process 1 is none of theirs, and what one leaves
    behind ends with it."""
    one = sh("echo inside >/mark; sleep 4444 & echo $! >/dev/shm/left; echo $$$$ >/dev/shm/shell; trap 'echo hup' HUP; "
             "echo begun; while :; do sleep 0.1; done", "one")
    other = sh("sleep 1000", "open", security={"privileged": True})
    init = [sh("cat /proc/1/comm", "first")]
    with Scene(workshop, [one, sh("sleep 1000"), other], init, shareProcesses=True) as peer:
        peer.wait_event(type="ready", ready=True)
        peer.until(lambda: "begun" in peer.text_of("one"))
        equal(peer.text_of("first"), ["pause"])
        equal(output(peer, "cat /proc/1/comm; tr -d '\\0' </proc/1/cmdline; tr -d '\\0' </proc/1/environ 2>&1; true", container="main")
              .splitlines()[:2], ["pause", "pause"])
        shell, left = output(peer, "cat /dev/shm/shell /dev/shm/left", container="main").split()
        equal(output(peer, f"cat /proc/{shell}/root/mark", container="main"), "inside")
        output(peer, f"kill -HUP {shell}", container="main")
        peer.until(lambda: "hup" in peer.text_of("one"))
        code = lambda script, name: peer.exec(["sh", "-c", script], container=name)[0].get("code")
        check(code("ls /proc/1/root/", "main") != 0, "process 1 can be entered")
        equal(output(peer, "ls /proc/1/root/../..", container="open"), "")
        output(peer, "kill -9 1; kill -TERM 1; (sleep 0.1 & exit) & wait; sleep 0.5; true", container="main")
        equal(output(peer, "grep -l 'State:.Z' /proc/[0-9]*/status; true", container="main"), "")
        equal(output(peer, f"tr '\\0' ' ' </proc/{left}/cmdline", container="main"), "sleep 4444")
        output(peer, f"kill -9 {shell}", container="main")
        peer.wait_event(type="container", container="one", state="running", restarts=1)
        peer.until(lambda: peer.text_of("one").count("begun") == 2)
        check(output(peer, "cat /dev/shm/left", container="main") != left, "the same process again")
        equal(output(peer, f"test -e /proc/{left} || echo gone", container="main"), "gone")
        equal(output(peer, "cat /proc/1/comm", container="one"), "pause")
        peer.send_json(v.SHUTDOWN, {})
        peer.wait_event(type="pod", phase="Succeeded", timeout=60)


def test_a_container_alone_that_shares_is_not_process_1(workshop):
    """Its program then ends at SIGTERM without a handler of its own, and what it left ends with it."""
    with Scene(workshop, [sh("sleep 4444 & echo $$$$ >/dev/shm/main; exec sleep 1000")], shareProcesses=True, restartPolicy="Never") as peer:
        peer.wait_event(type="ready", ready=True)
        equal(output(peer, "cat /proc/1/comm"), "pause")
        peer.until(lambda: output(peer, "cat /dev/shm/main 2>&1 || true").isdigit())
        # The container ends with that, so the shell that killed may not live to say how it went.
        peer.exec(["sh", "-c", "kill $(cat /dev/shm/main)"])
        ended = peer.wait_event(type="container", state="terminated")
        equal(ended["signal"], 15)


def test_limits_hooks_and_inits_are_as_compose_has_them(workshop):
    hook = lambda script, **more: {"type": "exec", "command": ["sh", "-c", script], **more}
    main = sh("sleep 4444 & trap 'cat /log; exit 0' TERM; while :; do sleep 0.1; done", init=True, pidsLimit=20, oomScoreAdj=-300,
              rlimits=[{"name": "NOFILE", "soft": 100, "hard": 200}, {"name": "CORE", "soft": -1, "hard": -1}],
              postStart=hook("echo 1 >>/log"), preStop=hook("echo one >>/log"),
              morePostStart=[hook("sleep 0.5; echo 2 >>/log"), hook("echo $WORD $(id -u) $(pwd) >>/log", environment={"WORD": "3"}, user="1000", workingDir="/tmp")],
              morePreStop=[hook("echo two >>/log")], security={"user": 0})
    main["morePostStart"].insert(0, hook("chmod 666 /log"))
    with Scene(workshop, [main, sh("sleep 1000", "other")]) as peer:
        peer.wait_event(type="ready", ready=True)
        peer.until(lambda: output(peer, "cat /log") == "1\n2\n3 1000 /tmp")
        equal(output(peer, "cat /proc/1/comm; ulimit -n; ulimit -H -n; ulimit -c; cat /proc/2/oom_score_adj"),
              "pause\n100\n200\nunlimited\n-300")
        equal(output(peer, "cat /sys/fs/cgroup/pids.max"), "20")
        check(b"can't fork" in peer.exec(["sh", "-c", "for i in $(seq 30); do sleep 2 & done"])[2], "more than 20 processes")
        peer.until(lambda: peer.exec(["sh", "-c", "test $(cat /sys/fs/cgroup/pids.current) -lt 10"])[0].get("code") == 0)
        equal(output(peer, "cat /proc/1/comm", container="other"), "sleep")
        peer.send_json(v.SHUTDOWN, {})
        peer.wait_event(type="container", container="main", state="terminated", exitCode=0)
        peer.until(lambda: len(peer.text_of("main")) >= 5)
        equal(peer.text_of("main"), ["1", "2", "3 1000 /tmp", "one", "two"])


def test_a_hook_that_fails_is_the_last_and_restarts_have_a_limit(workshop):
    hook = lambda script: {"type": "exec", "command": ["sh", "-c", script]}
    bad = sh("sleep 1000", "bad", postStart=hook("exit 3"), morePostStart=[hook("echo later >/proc/1/fd/1")])
    with Scene(workshop, [sh("echo run; exit 4"), bad], restartPolicy="OnFailure", restartLimit=1) as peer:
        peer.wait_event(type="container", container="bad", reason="PostStartHookError")
        event = peer.wait_event(type="pod", phase="Failed", timeout=60)
        equal(peer.text_of("main"), ["run", "run"])
        equal(peer.text_of("bad"), [])
        check(event["exitCode"] != 0, event)


def test_containers_are_confined_as_docker_confines_them(workshop):
    locked = sh("echo from-user >/dev/stdout; echo problem >/dev/stderr; sleep 1000", "locked", security={"user": 1000, "readOnlyRoot": True, "allowPrivilegeEscalation": False,
                                                  "drop": ["ALL"]})
    open_ = sh("sleep 1000", "open", security={"privileged": True})
    with Scene(workshop, [sh("sleep 1000"), locked, open_]) as peer:
        peer.wait_event(type="ready", ready=True)
        status = lambda name: dict(line.split(":\t", 1) for line in
                                   output(peer, "cat /proc/1/status", container=name).splitlines() if ":\t" in line)
        main, other = status("main"), status("locked")
        equal((main["CapEff"], main["Seccomp"], main["NoNewPrivs"]), ("00000000a80425fb", "2", "0"))
        equal((other["CapEff"], other["CapBnd"], other["Seccomp"], other["NoNewPrivs"]),
              ("0000000000000000", "0000000000000000", "2", "1"))
        equal(status("open")["Seccomp"], "0")
        code = lambda script, name: peer.exec(["sh", "-c", script], container=name)[0]["code"]
        check(code("touch /x", "locked") != 0, "the root is writable")
        peer.until(lambda: peer.text_of("locked", 0) == ["from-user"] and peer.text_of("locked", 1) == ["problem"])
        check(code("mount -t tmpfs none /mnt", "main") != 0, "mount is allowed")
        check(code("unshare -m true", "main") != 0, "unshare is allowed")
        check(code("linux64 -R true", "main") not in (0, 127), "personality is allowed")
        equal(output(peer, "head -c1 /proc/kcore | wc -c; ls /sys/firmware | wc -l"), "0\n0")
        check(code("echo 1 >/proc/sys/kernel/panic", "main") != 0, "/proc/sys is writable")
        check(code("dd if=/dev/vda of=/dev/null count=1", "main") != 0, "the disk can be read")
        equal(code("mkdir -p /m && mount -t tmpfs none /m", "open"), 0)


def test_configuration_becomes_environment_and_files(workshop):
    b64 = lambda text: {"base64": base64.b64encode(text.encode()).decode()}
    config = {
        "labels": {"app": "web"},
        "hostAliases": [{"ip": "10.1.1.1", "names": ["alias", "other"]}],
        "dns": {"servers": ["10.5.5.5"], "searches": ["x.example"], "options": ["ndots:2"]},
        "configMaps": {"settings": {"a.conf": {"text": "alpha"}, "b": {"text": "beta"}}},
        "secrets": {"keys": {"password": b64("s3cret")}},
        "volumes": [{"name": "conf", "kind": "configMap", "ref": "settings", "defaultMode": 0o440},
                    {"name": "sec", "kind": "secret", "ref": "keys", "defaultMode": 0o400,
                     "items": [{"key": "password", "path": "deep/pw", "mode": 0o600}]},
                    {"name": "down", "kind": "downward", "defaultMode": 0o644,
                     "items": [{"field": "metadata.labels['app']", "path": "app"},
                               {"resource": "limits.memory", "container": "main", "divisor": "1Mi", "path": "mem"}]},
                    {"name": "scratch", "kind": "emptyDir", "memory": True, "sizeLimitBytes": 1 << 20}],
        "containers": {"main": {
            "envFrom": [{"prefix": "CM_", "configMap": "settings"}],
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)-$(CM_b)-$(NONE)-$$(A)"},
                    {"name": "IP", "field": "status.podIP"}, {"name": "PW", "secret": "keys", "key": "password"}],
            "mounts": [{"volume": "conf", "path": "/etc/conf"}, {"volume": "sec", "path": "/sec"},
                       {"volume": "down", "path": "/down"}, {"volume": "scratch", "path": "/scratch"},
                       {"volume": "scratch", "path": "/sub", "subPath": "inner/dir"},
                       {"volume": "conf", "path": "/one/b", "subPath": "b"}]}}}
    limit = {"memoryLimitBytes": 64 << 20}
    with Scene(workshop, [sh("sleep 1000", resources=limit)], config=config, fsGroup=2000,
               instance={"serviceEnv": ["DB_SERVICE_HOST=10.1.2.3"]}) as peer:
        peer.wait_event(type="ready", ready=True)
        equal(output(peer, "echo $B; echo $IP; echo $PW; echo $DB_SERVICE_HOST"),
              "1-beta-$(NONE)-$(A)\n10.0.2.15\ns3cret\n10.1.2.3")
        equal(output(peer, "cat /etc/conf/a.conf; stat -L -c '%a %g' /etc/conf/a.conf"), "alpha440 2000")
        equal(output(peer, "cat /sec/deep/pw; stat -L -c %a /sec/deep/pw"), "s3cret640")
        equal(output(peer, "cat /down/app /down/mem"), "web64")
        equal(output(peer, "cat /one/b; touch /sub/x; ls /scratch/inner/dir; id -G"), "betax\n0 2000")
        check(peer.exec(["sh", "-c", "head -c 2000000 /dev/zero >/scratch/big"])[0]["code"] != 0, "no size limit")
        check("10.1.1.1\talias other" in output(peer, "cat /etc/hosts"), "no host alias")
        equal(output(peer, "cat /etc/resolv.conf"),
              "nameserver 127.77.255.53\nnameserver 10.5.5.5\nsearch x.example\noptions ndots:2")
        check(abs(int(output(peer, "date +%s")) - time.time()) < 5, "the clock is not set")
        check(peer.exec(["touch", "/etc/conf/new"])[0]["code"] != 0, "a config map can be written")
        config["configMaps"]["settings"] = {"a.conf": {"text": "changed"}}
        peer.send(v.RELEASE, v.release({"pod": "web"}, config))
        peer.send_json(v.HOSTS, [{"ip": "10.9.9.9", "names": ["db", "db.default"]}])
        deadline = time.monotonic() + 5
        while output(peer, "cat /etc/conf/a.conf; ls /etc/conf") != "changeda.conf" and time.monotonic() < deadline:
            pass
        equal(output(peer, "cat /etc/conf/a.conf; ls /etc/conf"), "changeda.conf")
        check("10.9.9.9\tdb db.default" in output(peer, "cat /etc/hosts"), "HOSTS had no effect")


def test_a_blank_volume_is_formatted_once_and_keeps_its_data(workshop):
    volume = os.path.join(workshop.folder, "volume.img")
    with open(volume, "wb") as file:
        file.truncate(64 << 20)
    extra = ["-drive", f"file={volume},if=none,id=d1,format=raw", "-device", "virtio-blk-pci,drive=d1,serial=claim-data"]
    config = {"volumes": [{"name": "data", "kind": "claim", "claim": "data"}],
              "containers": {"main": {"mounts": [{"volume": "data", "path": "/data"}]}}}
    instance = {"volumes": {"data": {"type": "disk", "serial": "claim-data"}}}
    script = "echo run >>/data/log; sync; cat /data/log; ls /data; stat -c '%g %a' /data/log; sleep 1000"
    for number, pod, owner in ((1, {}, "0 644"), (2, {"fsGroup": 2000}, "2000 664")):
        with Scene(workshop, [sh(script)], config=config, instance=instance, vm={"extra": extra}, **pod) as peer:
            peer.wait_event(type="ready", ready=True)
            peer.until(lambda n=number, o=owner: peer.text_of("main") == ["run"] * n + ["log", o])
            peer.send_json(v.SHUTDOWN, {"graceSeconds": 0})
            peer.vm.process.wait(10)


def claim(workshop, name, mib):
    """A blank volume, as QEMU's arguments."""
    volume = os.path.join(workshop.folder, name + ".img")
    with open(volume, "wb") as file:
        file.truncate(mib << 20)
    return ["-drive", f"file={volume},if=none,id=d1,format=raw", "-device", f"virtio-blk-pci,drive=d1,serial={name}"]


def test_a_claim_grows_and_is_never_formatted_twice(workshop):
    extra = claim(workshop, "grow", 40)
    disk = os.path.join(workshop.folder, "grow.img")
    config = {"volumes": [{"name": "data", "kind": "claim", "claim": "data"}],
              "containers": {"main": {"mounts": [{"volume": "data", "path": "/data"}]}}}
    instance = lambda **more: {"volumes": {"data": {"type": "disk", "serial": "grow", **more}}}
    scene = lambda **more: Scene(workshop, [sh("sleep 1000")], config=config, instance=instance(**more), vm={"extra": extra})

    def visit(script):
        with scene() as peer:
            peer.wait_event(type="ready", ready=True)
            found = output(peer, script)
            peer.send_json(v.SHUTDOWN, {"graceSeconds": 0})
            peer.vm.process.wait(20)
            return found

    blocks = visit("echo kept >/data/x; stat -f -c %b /data")
    check(int(blocks) * 4096 > 30 << 20, f"{blocks} blocks of 40 MiB")
    os.truncate(disk, 400 << 20)
    kept, blocks = visit("cat /data/x; stat -f -c %b /data").split()
    equal(kept, "kept")
    check(int(blocks) * 4096 > 350 << 20, f"{blocks} blocks")
    equal(visit("cat /data/x"), "kept")

    with open(disk, "r+b") as file:  # as a broken host leaves it
        file.write(bytes(128 << 10))
    for more in ({}, {"formatted": True}):
        with scene(**more) as peer:
            event = peer.wait_event(type="container", reason="StartError")
            check("volume 'data': the disk with serial 'grow' had a file system" in event["message"], event)
        with open(disk, "r+b") as file:  # all of it: only the host knows
            file.truncate(0)
            file.truncate(400 << 20)


def test_the_power_button_ends_a_pod_as_kubernetes_would(workshop):
    config = {"volumes": [{"name": "data", "kind": "claim", "claim": "data"}],
              "containers": {"main": {"mounts": [{"volume": "data", "path": "/data"}]}}}
    instance = {"volumes": {"data": {"type": "disk", "serial": "button"}}}
    extra = claim(workshop, "button", 32)
    server = sh("trap 'echo term; echo kept >/data/end; exit 0' TERM; while :; do sleep 0.1; done",
                preStop={"type": "exec", "command": ["sh", "-c", "echo first >/proc/1/fd/1"]})
    with Scene(workshop, [server], config=config, instance=instance, vm={"extra": extra}) as peer:
        peer.wait_event(type="ready", ready=True)
        time.sleep(2)  # the drivers come after the pod
        peer.vm.qmp("system_powerdown")
        peer.wait_event(type="pod", phase="Succeeded")
        equal(peer.text_of("main"), ["first", "term"])
        peer.vm.process.wait(20)
    with Scene(workshop, [sh("cat /data/end; sleep 1000")], config=config, instance=instance, vm={"extra": extra}) as peer:
        peer.until(lambda: peer.text_of("main") == ["kept"])


def resident_mib(process):
    with open(f"/proc/{process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE") >> 20


def test_freed_memory_goes_back_to_the_host_and_randomness_comes_from_it(workshop):
    extra = ["-device", "virtio-balloon-pci,free-page-reporting=on", "-device", "virtio-rng-pci"]
    with Scene(workshop, [sh("sleep 1000")], vm={"memory": 320, "extra": extra}) as peer:
        peer.wait_event(type="ready", ready=True)
        time.sleep(2)  # the drivers come after the pod
        equal(output(peer, "cat /sys/class/misc/hw_random/rng_current").strip()[:10], "virtio_rng")
        before = resident_mib(peer.vm.process)
        peer.exec(["dd", "if=/dev/zero", "of=/dev/null", "bs=160M", "count=1"], "main")
        deadline = time.monotonic() + 20
        while resident_mib(peer.vm.process) > before + 60 and time.monotonic() < deadline:
            time.sleep(0.5)
        check(resident_mib(peer.vm.process) <= before + 60, f"{before} MiB, then {resident_mib(peer.vm.process)}")


def announced_addresses(path):
    """Addresses that a pcap file's ARP packets say are the sender's own, asked of nobody."""
    with open(path, "rb") as file:
        data = file.read()
    at, found = 24, set()
    while at + 16 <= len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        packet = data[at + 16:at + 16 + size]
        at += 16 + size
        if packet[12:14] == b"\x08\x06" and packet[28:32] == packet[38:42]:
            found.add(socket.inet_ntoa(packet[28:32]))
    return found


def test_a_new_address_is_announced(workshop):
    """Neighbours may still know it as another machine's that is gone."""
    path = os.path.join(workshop.folder, "packets")
    extra = ["-object", f"filter-dump,id=f0,netdev=n0,file={path}"]
    with Scene(workshop, [sh("sleep 1000")], vm={"extra": extra}) as peer:
        peer.wait_event(type="ready", ready=True)
        peer.until(lambda: "10.0.2.15" in announced_addresses(path), 10)


# Asks the kernel for a table of iptables, as the program does first.
IPTABLES = r"""
#include <netinet/in.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <string.h>
#include <stdio.h>
int main(void)
{
	struct ipt_getinfo info = {.name = "nat"};
	socklen_t size = sizeof(info);
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info, &size) < 0) { perror("nat"); return 1; }
	return info.num_entries == 0;
}
"""


def test_modules_come_when_a_container_that_may_asks_for_them(workshop):
    program = os.path.join(workshop.folder, "nat")
    v.run(["gcc", "-static", "-x", "c", "-o", program, "-"], input=IPTABLES.encode())
    with open(program, "rb") as file:
        nat = file.read()
    kinds = ("bridge", "dummy", "wireguard", "veth peer name v1")
    net = sh("sleep 1000", "net", security={"add": ["NET_ADMIN"]})
    with Scene(workshop, [sh("sleep 1000"), net, sh("sleep 1000", "all", security={"privileged": True})]) as peer:
        peer.wait_event(type="ready", ready=True)
        check(peer.exec(["ip", "link", "add", "x", "type", "dummy"], "main")[0]["code"] != 0, "without the right to")
        for number, kind in enumerate(kinds):
            equal(peer.exec(["ip", "link", "add", f"l{number}", "type", *kind.split()], "net")[0], {"code": 0})
        equal(peer.exec(["sh", "-c", "cat >/tmp/nat; chmod +x /tmp/nat; /tmp/nat"], "net", stdin=nat), ({"code": 0}, b"", b""))
        for device in ("-c /dev/net/tun", "-c /dev/fuse", "-c /dev/loop-control", "-b /dev/vda"):
            equal(output(peer, f"test {device}", container="all"), "")
        equal(peer.exec(["sh", "-c", ": </dev/net/tun"], "all")[0], {"code": 0})
        check(peer.exec(["test", "-e", "/dev/fuse"], "net")[0]["code"] != 0, "devices for one that is not privileged")
    with Scene(workshop, [sh("cat /proc/sys/kernel/modprobe; sleep 1000")]) as peer:
        peer.until(lambda: peer.text_of("main") == [""])


def test_mounts_are_seen_whatever_their_order(workshop):
    config = {"volumes": [{"name": name, "kind": "emptyDir"} for name in ("outer", "inner")],
              "containers": {"main": {"mounts": [{"volume": "inner", "path": "/srv/deep/"}, {"volume": "outer", "path": "/srv"}]}}}
    with Scene(workshop, [sh("sleep 1000")], config=config) as peer:
        peer.wait_event(type="ready", ready=True)
        equal(output(peer, "grep -c ' /srv' /proc/mounts; echo x >/srv/deep/x; ls /srv"), "2\ndeep")


def test_an_images_files_are_mounted_and_nothing_in_them_runs(workshop):
    mounts = [{"volume": "files", "path": "/files"}, {"volume": "files", "path": "/tools", "subPath": "bin"},
              {"volume": "files", "path": "/one", "subPath": "etc/passwd"}]
    wrong = [{"volume": "files", "path": "/x", "subPath": "no/such"}]
    config = {"volumes": [{"name": "files", "kind": "image"}],
              "containers": {"main": {"mounts": mounts}, "second": {"mounts": mounts[:1]}, "wrong": {"mounts": wrong}}}
    volumes = [{"name": "files", "image": "toolbox", "imageDigest": "sha256:0", "layers": [0]}]
    with Scene(workshop, [sh("sleep 1000"), sh("sleep 1000", "second", security={"privileged": True}), sh("sleep 1000", "wrong")],
               config=config, volumes=volumes) as peer:
        peer.wait_event(type="container", container="main", state="running")
        peer.wait_event(type="container", container="second", state="running")
        event = peer.wait_event(type="container", container="wrong", reason="StartError")
        check("subPath 'no/such' is not in the volume" in event["message"], event)
        equal(output(peer, "cmp /files/bin/sh /bin/sh && cmp /one /etc/passwd && ls /tools/sh"), "/tools/sh")
        for path in ("/files", "/tools", "/one"):
            options = output(peer, f"awk '$2 == \"{path}\" {{ print $4 }}' /proc/mounts").split(",")
            equal([word for word in ("ro", "noexec", "nosuid", "nodev") if word not in options], [])
        for name in ("main", "second"):
            done = peer.exec(["sh", "-c", "touch /files/x"], container=name)
            check(b"Read-only file system" in done[2], done)
            done = peer.exec(["sh", "-c", "/files/bin/sh -c true"], container=name)
            check(b"Permission denied" in done[2], done)


def test_empty_dirs_of_a_scratch_disk_keep_to_their_size(workshop):
    disk = os.path.join(workshop.folder, "scratch.img")
    with open(disk, "wb") as file:
        file.truncate(64 << 20)
    extra = ["-drive", f"file={disk},if=none,id=d1,format=raw", "-device", "virtio-blk-pci,drive=d1,serial=scratch"]
    volumes = [{"name": name, "kind": "emptyDir", "sizeLimitBytes": size << 20} for name, size in (("a", 2), ("b", 6))]
    config = {"volumes": volumes + [{"name": "free", "kind": "emptyDir"}],
              "containers": {"main": {"mounts": [{"volume": v, "path": f"/{v}"} for v in ("a", "b", "free")]}}}
    with Scene(workshop, [sh("sleep 1000")], config=config, instance={"scratch": {"serial": "scratch"}},
               vm={"extra": extra}) as peer:
        peer.wait_event(type="ready", ready=True)
        fill = lambda path, mib: peer.exec(["dd", "if=/dev/zero", f"of={path}", "bs=1M", f"count={mib}"])
        equal(fill("/a/1", 1)[0], {"code": 0})
        done = fill("/a/2", 2)
        check(done[0]["code"] != 0 and b"quota" in done[2].lower(), done)
        check(peer.exec(["mkdir", "/a/d"])[0]["code"] != 0, "a folder beyond the limit")
        equal(fill("/b/1", 4)[0], {"code": 0})
        equal(fill("/free/1", 8)[0], {"code": 0})
        equal(peer.exec(["sh", "-c", "rm -rf /a/*"])[0], {"code": 0})
        equal(fill("/a/3", 1)[0], {"code": 0})
    # An instance that is stopped and started has its disk again, and nothing on it.
    with Scene(workshop, [sh("sleep 1000")], config=config, instance={"scratch": {"serial": "scratch", "bytes": 32 << 20}},
               vm={"extra": extra}) as peer:
        peer.wait_event(type="ready", ready=True)
        equal(output(peer, "ls /a /b /free; df -m /free | awk 'NR == 2 { print ($2 < 32) }'"), "/a:\n\n/b:\n\n/free:\n1")


def test_what_is_full_is_said_with_the_way_out(workshop):
    config = {"volumes": [{"name": "small", "kind": "emptyDir", "sizeLimitBytes": 1 << 20}],
              "containers": {"main": {"mounts": [{"volume": "small", "path": "/small"}]}}}
    with Scene(workshop, [sh("sleep 1000"), sh("dd if=/dev/zero of=/fill; exit 1", "quick")], config=config) as peer:
        event = peer.wait_event(type="full")  # though it ended at once and its files are gone
        check("resources.limits.ephemeral-storage gives it a disk" in event["message"], event)
        peer.exec(["dd", "if=/dev/zero", "of=/small/x"], "main")
        peer.until(lambda: any("volume 'small' is full (1 MiB)" in e.get("message", "") for e in peer.events), 10)


def test_tunnels_run_both_ways(workshop):
    proxies = [{"ip": "127.77.0.3", "port": 6379, "service": "redis"}]
    with Scene(workshop, [sh("nc -ll -p 9000 -e cat")], instance={"proxies": proxies}) as peer:
        peer.wait_event(type="ready", ready=True)
        time.sleep(0.3)
        peer.send_json(v.TUNNEL_OPEN, {"protocol": "tcp", "port": 9000}, 7)
        peer.send(v.TUNNEL_DATA, b"ping" * 1000, 7)
        received = lambda stream: b"".join(o[2] for o in peer.others if o[0] == v.TUNNEL_DATA and o[1] == stream)
        peer.until(lambda: received(7) == b"ping" * 1000)
        peer.send(v.TUNNEL_CLOSE, b"", 7)
        peer.until(lambda: (v.TUNNEL_CLOSE, 7, b"") in peer.others)
        peer.send_json(v.TUNNEL_OPEN, {"protocol": "tcp", "port": 9999}, 8)
        peer.until(lambda: any(o[0] == v.TUNNEL_CLOSE and o[1] == 8 and b"refused" in o[2] for o in peer.others))
        peer.send_json(v.EXEC_START, {"argv": ["sh", "-c", "echo PING | nc 127.77.0.3 6379"], "tty": False, "stdin": False}, 9)
        peer.until(lambda: any(o[0] == v.TUNNEL_OPEN for o in peer.others))
        opened = next(o for o in peer.others if o[0] == v.TUNNEL_OPEN)
        equal(json.loads(opened[2]), {"service": "redis", "port": 6379})
        check(opened[1] & 0x8000, "a stream of the guest without bit 15")
        peer.until(lambda: received(opened[1]) == b"PING\n")
        peer.send(v.TUNNEL_DATA, b"+PONG\n", opened[1])
        peer.send(v.TUNNEL_CLOSE, b"", opened[1])
        peer.until(lambda: any(o[0] == v.EXEC_STDOUT and o[1] == 9 and o[2] == b"+PONG\n" for o in peer.others))


def test_a_stuck_reader_stalls_nobody_and_losses_are_counted(workshop):
    script = "i=0; while [ $i -lt 400 ]; do head -c 40000 /dev/zero | tr '\\0' x; echo; i=$((i+1)); done; echo end; sleep 1000"
    with Scene(workshop, [sh(script)]) as peer:
        peer.acknowledge = False
        peer.wait_event(type="container", state="running")
        # Nothing is read: the channel and the ring fill, and the container must still get to its end.
        time.sleep(8)
        peer.acknowledge = True
        peer.until(lambda: "end" in peer.text_of("main"), 60)
        loss = peer.wait_event(type="loss")
        kept = sum(len(line[4]) for line in {l[0]: l for l in peer.lines if l[1] == "main"}.values())
        lost = lambda: sum(e["bytes"] for e in peer.events if e["type"] == "loss")
        peer.until(lambda: lost() + kept >= 400 * 40000 + 3)  # the last of it is told after the last line
        equal(lost() + kept, 400 * 40000 + 3)
        check(loss["lines"] > 0, loss)


def test_pings_are_answered_while_containers_take_all_the_processor(workshop):
    burn = [sh("while :; do :; done", f"burn{i}") for i in range(4)]
    with Scene(workshop, burn) as peer:
        peer.wait_event(type="ready", ready=True)
        equal(peer.hello["ping"], True)
        for _ in range(3):
            peer.send(v.PING)
        peer.until(lambda: [kind for kind, _, _ in peer.others if kind == v.PONG] == [v.PONG] * 3, 5)


def test_what_cannot_be_prepared_is_said_for_each_container(workshop):
    config = {"volumes": [{"name": "data", "kind": "claim", "claim": "data"}],
              "containers": {"main": {"mounts": [{"volume": "data", "path": "/data"}]}}}
    with Scene(workshop, [sh("sleep 1000"), sh("sleep 1000", "other")], config=config) as peer:
        for name in ("main", "other"):
            event = peer.wait_event(type="container", container=name, reason="StartError")
            check("volume 'data': the release does not say how it arrives" in event["message"], event)
        equal(peer.wait_event(type="pod", phase="Failed")["reason"], "PrepareError")


def test_a_release_that_makes_no_sense_ends_the_pod_and_says_why(workshop):
    mounts = {"main": {"mounts": [{"volume": "e", "path": "/e", "subPath": "../x"}]}}
    with Scene(workshop, [sh("sleep 1000")], config={"volumes": [{"name": "e", "kind": "emptyDir"}], "containers": mounts}) as peer:
        check("subPath" in peer.wait_event(type="container", reason="StartError")["message"], peer.events)
        equal(peer.wait_event(type="pod", phase="Failed")["reason"], "ReleaseError")
        peer.vm.process.wait(20)


def test_start_errors_before_the_runtime_say_what_is_wrong(workshop):
    wrong = [sh("sleep 1000", "group", of_image={"User": "0:nogroup-there"}),
             sh("sleep 1000", "user", of_image={"User": "nobody-there"}),
             sh("sleep 1000", "root", security={"nonRoot": True}),
             sh("sleep 1000", "path")]
    config = {"volumes": [{"name": "e", "kind": "emptyDir"}],
              "containers": {"path": {"env": [{"name": "UP", "value": ".."}],
                                      "mounts": [{"volume": "e", "path": "/e", "subPathExpr": "$(UP)/x"}]}}}
    words = {"group": "group 'nogroup-there' is not in the image's /etc/group", "root": "runAsNonRoot",
             "user": "user 'nobody-there' is not in the image's /etc/passwd", "path": "subPath '../x' leaves the volume"}
    with Scene(workshop, wrong, config=config) as peer:
        for name, word in words.items():
            event = peer.wait_event(type="container", container=name, reason="StartError")
            check(word in event["message"], event)
    with Scene(workshop, [sh("pwd; sleep 1000", workingDir="/made/for it")]) as peer:  # as Docker makes it
        peer.until(lambda: peer.text_of("main") == ["/made/for it"])


def test_an_unfinished_line_shows_while_its_writer_waits(workshop):
    ask = "echo first; printf 'Password: '; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo typed; echo err >&2; sleep 1000"
    with Scene(workshop, [sh(ask)]) as peer:
        peer.until(lambda: peer.text_of("main") == ["first", "Password: "])
        equal([line[3] for line in peer.lines if line[1] == "main"], [0, 1])
        output(peer, "touch /tmp/go")
        peer.until(lambda: peer.text_of("main") == ["first", "Password: ", "typed", "err"])
        sequences = [line[0] for line in peer.lines if line[1] == "main"]
        equal(sequences, sorted(sequences))


def test_a_new_host_process_hears_everything_again(workshop):
    with Scene(workshop, [sh("echo first; sleep 1000")]) as peer:
        peer.acknowledge = False
        peer.wait_event(type="ready", ready=True)
        peer.until(lambda: peer.text_of("main") == ["first"])
        # A frame is left unfinished, as by a process that was killed.
        peer.socket.sendall(struct.pack("<IBBH", 500, v.HOSTS, 0, 0) + b"half")
        peer.close()
        second = v.Peer(peer.vm)
        equal(second.hello["state"], "Running")
        second.wait_event(type="ready", ready=True)
        second.until(lambda: second.text_of("main") == ["first"])
        equal(output(second, "echo alive"), "alive")
        second.close()
        third = v.Peer(peer.vm)
        equal(output(third, "echo alive"), "alive")
        equal(third.text_of("main"), [])
        third.close()


def test_start_errors_say_what_is_missing(workshop):
    bad = {"name": "bad", "command": ["/no/such/thing"]}
    with Scene(workshop, [sh("sleep 1000"), bad]) as peer:
        event = peer.wait_event(type="container", container="bad", reason="StartError")
        check("No such file" in event["message"], event)


def test_dhcp_configures_the_network(workshop):
    with Scene(workshop, [sh("cat /etc/resolv.conf; sleep 1000")], instance={"network": {"method": "dhcp"}}) as peer:
        peer.wait_event(type="ready", ready=True)
        check("inet 10.0.2.15/24" in output(peer, "ip addr show eth0"), "no address")
        check("default via 10.0.2.2" in output(peer, "ip route"), "no route")
        check("nameserver 127.77.255.53" in peer.text_of("main"), peer.text_of("main"))


def test_links_in_volumes_lead_nowhere_else(workshop):
    maker = sh("ln -s /run/config /v/out; mkdir -m 777 /v/real; ln -s real /v/in", "maker")
    mount = lambda path, **fields: {"volume": "v", "path": path, **fields}
    config = {"volumes": [{"name": "v", "kind": "emptyDir"}, {"name": "p", "kind": "hostPath", "path": "/src"}],
              "containers": {"maker": {"mounts": [mount("/v")]},
                             "escape": {"mounts": [mount("/x", subPath="out/new")]},
                             "within": {"env": [{"name": "WHO", "field": "metadata.name"}],
                                        "mounts": [mount("/v"), mount("/x", subPath="in/new"), {"volume": "p", "path": "/p"},
                                                   mount("/e", subPathExpr="$(WHO)/$(HOSTNAME)")]}}}
    instance = {"volumes": {"p": {"type": "pushed"}}}
    with Scene(workshop, [sh("sleep 1000", "within"), sh("sleep 1000", "escape")], [maker], config, instance) as peer:
        event = peer.wait_event(type="container", container="escape", reason="StartError")
        check("leaves the volume" in event["message"], event)
        peer.wait_event(type="container", container="within", state="running")
        equal(output(peer, "touch /x/f /e/g; ls /v/real/new /v/web-0/web-0"), "/v/real/new:\nf\n\n/v/web-0/web-0:\ng")
        output(peer, "ln -s /run/config /p/dir; ln -s /run/config/release.json /p/file; mkfifo /p/fifo; mkdir /p/a; ln -s a /p/b")
        for path in ("dir/evil", "file", "fifo", "b/c/d"):
            peer.send(v.FILE_PUSH, json.dumps({"volume": "p", "path": path}).encode() + b"\0text\n")
        peer.until(lambda: any(b"pushed file" in line[4] for line in peer.lines))
        equal(output(peer, "cat /p/file /p/fifo /p/a/c/d; readlink /p/dir"), "text\ntext\ntext\n/run/config")
        peer.send(v.FILE_PUSH, json.dumps({"volume": "p", "path": "a", "delete": True}).encode() + b"\0")
        peer.send(v.FILE_PUSH, json.dumps({"volume": "p", "path": "dir", "delete": True}).encode() + b"\0")
        equal(output(peer, "ls /p"), "b\nfifo\nfile")


def test_a_hostile_container_harms_only_itself(workshop):
    deep = "i=0; while [ $i -lt 150 ]; do mkdir d && cd d || exit; i=$((i+1)); done"
    bad = sh("[ -e /bad ] && echo leftovers; echo begun; sleep 1000", "bad",
             livenessProbe={"type": "exec", "command": ["test", "!", "-e", "/bomb"], "periodSeconds": 1,
                            "timeoutSeconds": 20, "failureThreshold": 3, "gracePeriodSeconds": 1})
    raw = sh("stty raw -echo; printf 'one\\ntwo\\n'; sleep 1000", "raw", tty=True)
    with Scene(workshop, [sh("sleep 1000", "good"), bad, raw]) as peer:
        peer.wait_event(type="ready", ready=True)
        run = lambda script, **fields: peer.exec(["sh", "-c", script], container="bad", timeout=60, **fields)[0]
        check(run("echo c >/proc/sysrq-trigger") != {"code": 0}, "sysrq works")
        check(run("echo x >/tmp/hosts && mv /tmp/hosts /etc/hosts") != {"code": 0}, "/etc/hosts can be replaced")
        run("kill -9 1; kill -9 -1; echo evil >/etc/hosts")
        peer.send_json(v.HOSTS, [{"ip": "10.9.9.9", "names": ["db"]}])
        check("10.9.9.9\tdb" in output(peer, "cat /etc/hosts"), "HOSTS cannot be told any more")
        for full in ("/dev/shm/x", "/etc/hosts", "/dev/termination-log", "/fill"):
            run(f"cat /dev/zero >{full}")
            equal(output(peer, "echo alive"), "alive")
            run(f"rm -f {full}")
        run("head -c 1000000 /dev/zero | tr '\\0' x >/proc/1/fd/1; echo >/proc/1/fd/1")
        peer.until(lambda: sum(len(text) for text in peer.text_of("bad")) >= 1000000)
        check(max(len(text) for text in peer.text_of("bad")) <= 16384, "a piece of a line is too long")
        peer.until(lambda: [text.strip() for text in peer.text_of("raw")] == ["one", "two"])
        # A deep tree, and what a fork bomb leaves: gone with the restart.
        run(f"touch /bad; cd /; {deep}")
        peer.send_json(v.EXEC_START, {"argv": ["sh", "-c", ": >/bomb; b() { b | b & }; b; sleep 100"], "tty": False, "stdin": False, "container": "bad"}, 77)
        time.sleep(3)
        equal(output(peer, "echo alive", timeout=60), "alive")
        peer.until(lambda: peer.find_event(type="container", container="bad", state="running", restarts=1) or
                   peer.find_event(type="container", container="bad", state="running", restarts=2), 90)
        equal(output(peer, "echo alive"), "alive")
        peer.until(lambda: peer.text_of("bad").count("begun") >= 2)
        check("leftovers" not in peer.text_of("bad"), "the root is not new")
        check(not [e for e in peer.events if e.get("container") == "good" and e.get("state") == "terminated"], "good died")


def test_all_memory_gone_ends_the_one_that_took_it(workshop):
    with Scene(workshop, [sh("sleep 1000", "good"), sh("echo up; sleep 2; tail /dev/zero", "greedy")]) as peer:
        event = peer.wait_event(type="container", container="greedy", state="terminated")
        equal((event["reason"], event["exitCode"]), ("OOMKilled", 137))
        equal(output(peer, "echo alive"), "alive")
        check(not peer.find_event(type="container", container="good", state="terminated"), "the wrong one died")


def linuxkit_base(workshop, onboot):
    """The base with LinuxKit components: onboot, a writable service that ends again and again, onshutdown."""
    base = os.path.join(workshop.folder, "linuxkit-base")
    shutil.rmtree(base, ignore_errors=True)
    shutil.copytree(BASE, base)
    tree = os.path.join(workshop.folder, "linuxkit-tree")
    shutil.rmtree(tree, ignore_errors=True)
    v.run(["unsquashfs", "-q", "-n", "-d", tree, f"{BASE}/base.sqfs"])
    toolbox = os.path.join(workshop.folder, "toolbox-tree")
    if not os.path.exists(toolbox):
        v.run(["unsquashfs", "-q", "-n", "-d", toolbox, workshop.image("toolbox").layers[0]])

    def bundle(path, script, writable=False, interfaces=(), bound=None, more_mounts=()):
        folder = f"{tree}/containers/{path}"
        shutil.copytree(toolbox, f"{folder}/{'lower' if writable else 'rootfs'}", symlinks=True)
        mounts = [{"destination": d, "type": t, "source": t} for d, t in (("/proc", "proc"), ("/dev", "tmpfs"))]
        mounts += more_mounts
        config = {"ociVersion": "1.0.2", "root": {"path": "rootfs", "readonly": not writable}, "mounts": mounts,
                  "process": {"args": ["sh", "-c", script], "cwd": "/", "env": ["PATH=/usr/bin:/bin"], "user": {"uid": 0, "gid": 0}},
                  "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}]}}
        if interfaces:
            config["linux"]["namespaces"].append({"type": "network"})
        runtime = {"mkdir": [], "mounts": [], "interfaces": list(interfaces), "bindNS": bound or {}}
        if writable:
            inside = f"/containers/{path}"
            for name in ("tmp", "rootfs"):
                os.makedirs(f"{folder}/{name}")
            runtime["mounts"] = [{"destination": f"{inside}/tmp", "type": "tmpfs", "source": "tmpfs"},
                                 {"destination": f"{inside}/rootfs", "type": "overlay", "source": "overlay", "options": [
                                     f"lowerdir={inside}/lower", f"upperdir={inside}/tmp/upper", f"workdir={inside}/tmp/work"]}]
        for name, content in (("config.json", config), ("runtime.json", runtime)):
            with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                json.dump(content, file)

    bundle("onboot/000-hello", onboot)
    bundle("services/beat", "echo beat >/tmp/x && cat /tmp/x", writable=True)
    # A veth made here, one end moved because it is one, the other by its name; its network stays after it.
    bundle("onboot/001-net", "grep -o 'lk[a-z0-9]*' /proc/net/dev | sort | tr '\\n' ' '; grep -c eth0 /proc/net/dev || true",
           interfaces=[{"name": "lkhere", "add": "", "peer": "lkthere", "createInRoot": False}, {"name": "lkthere"}],
           bound={"net": "/run/netns/kept", "uts": ""})
    bundle("services/net", "grep -o 'lk[a-z0-9]*' /proc/net/dev", interfaces=[{"name": "lkagain", "peer": "lkpeer"}])
    bundle("onshutdown/000-bye", "echo onshutdown-ran; grep -o ' /run/netns/kept .* nsfs' /proc/self/mountinfo",
           more_mounts=[{"destination": "/run", "type": "bind", "source": "/run", "options": ["rbind"]}])
    os.unlink(f"{base}/base.sqfs")
    v.run(["mksquashfs", tree, f"{base}/base.sqfs", "-all-root", "-noappend", "-quiet", "-no-progress"])
    return base


def test_linuxkit_components_run_around_the_pod(workshop):
    other = v.Workshop(linuxkit_base(workshop, "echo onboot-ran"), IMAGES)
    with other, Scene(other, [sh("sleep 1000")]) as peer:
        peer.wait_event(type="ready", ready=True)
        check("onboot-ran" in peer.vm.console(), peer.vm.console())
        check("lkhere lkthere 0" in peer.vm.console(), peer.vm.console())
        peer.until(lambda: peer.text_of("beat") == ["beat", "beat"])
        # Its interface goes with it, so it can be made again.
        peer.until(lambda: peer.text_of("net")[:2] == ["lkagain", "lkagain"])
        peer.send_json(v.SHUTDOWN, {"graceSeconds": 0})
        peer.vm.process.wait(20)
        check("onshutdown-ran" in peer.vm.console(), peer.vm.console())
        check(" /run/netns/kept " in peer.vm.console(), peer.vm.console())
    other = v.Workshop(linuxkit_base(workshop, "exit 5"), IMAGES)
    with other:
        image = other.image("toolbox")
        document = v.pod_document("web", [v.container("main", [0], image.config)])
        with other.boot(document, image) as vm:
            vm.wait_console("onboot component 000-hello: it ended with status 5")
            vm.process.wait(10)


def iso_disk(path, label, files):
    """As OpenStack's compute hosts make them: ISO 9660 with Rock Ridge, by libarchive's writer."""
    archive = ctypes.CDLL("libarchive.so.13")
    for name in ("archive_write_new", "archive_entry_new"):
        getattr(archive, name).restype = ctypes.c_void_p
    writer = ctypes.c_void_p(archive.archive_write_new())
    archive.archive_write_set_format_iso9660(writer)
    equal(archive.archive_write_open_filename(writer, path.encode()), 0)
    for name, body in files.items():
        entry = ctypes.c_void_p(archive.archive_entry_new())
        archive.archive_entry_set_pathname(entry, name.encode())
        archive.archive_entry_set_size(entry, ctypes.c_int64(len(body)))
        archive.archive_entry_set_mode(entry, 0o100444)
        equal(archive.archive_write_header(writer, entry), 0)
        equal(archive.archive_write_data(writer, body, ctypes.c_size_t(len(body))), len(body))
        archive.archive_entry_free(entry)
    equal(archive.archive_write_free(writer), 0)
    with open(path, "r+b") as file:  # libarchive would make it CONFIG_2, which genisoimage does not
        file.seek(32768 + 40)
        file.write(label.ljust(32).encode())


def fat_disk(path, label, files):
    with open(path, "wb") as file:
        file.truncate(4 << 20)
    v.run(["/usr/sbin/mkfs.fat", "-n", label, path])
    for name, body in files.items():
        v.run(["mcopy", "-i", path, "-", f"::/{name}"], input=body)


def answer_of(vm, url):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            return v.run(["curl", "-sf", "-m", "2", url])
        except RuntimeError:
            time.sleep(0.2)
    raise AssertionError(vm.console())


def test_a_configuration_disk_starts_a_pod_without_a_channel(workshop):
    """NoCloud's disk and OpenStack's: the pod and its files are the same."""
    config = {"configMaps": {"page": {"text": {"text": "from the disk"}}},
              "volumes": [{"name": "page", "kind": "configMap", "ref": "page"}],
              "containers": {"main": {"mounts": [{"volume": "page", "path": "/page"}]}}}
    release = v.release({"pod": "web"}, config)
    image = workshop.image("toolbox")
    document = v.pod_document("web", [v.container("main", [0], image.config,
                                                  command=["sh", "-c", "httpd -f -p 80 -h /page"])])
    openstack = {"openstack/latest/meta_data.json": b'{"uuid": "3f0ac6e5-7d0b-4c0c-9a52-0d8f9f3f2d6e"}', "openstack/latest/user_data": release}
    disks = os.path.join(workshop.folder, "cidata.img"), os.path.join(workshop.folder, "config-2.iso")
    fat_disk(disks[0], "CIDATA", {"user-data": release})
    iso_disk(disks[1], "config-2", openstack)
    for disk in disks:
        extra = ["-drive", f"file={disk},if=none,id=d1,format=raw,readonly=on", "-device", "virtio-blk-pci,drive=d1"]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with workshop.boot(document, image, has_channel=False, extra=extra, forward={port: 80}) as vm:
            equal(answer_of(vm, f"http://127.0.0.1:{port}/text"), b"from the disk")


if __name__ == "__main__":
    sys.exit(v.run_tests(dict(globals()), BASE, IMAGES, sys.argv[1:]))
