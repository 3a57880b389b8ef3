# SPDX-License-Identifier: Apache-2.0
"""usage: fake_supervisor.py PROJECT PODS

Answers on a project's control socket (doc/formats.md §8) as a supervisor would, with PODS pods that boot, run, end
again and again, and log nothing: for the terminal UI's tests, which need many pods and no VM. Ends with SIGTERM."""
import json
import os
import selectors
import signal
import socket
import sys
import time

project, count = sys.argv[1], int(sys.argv[2])
folder = os.path.join(os.environ["XDG_RUNTIME_DIR"], "i2kit", project)
os.makedirs(folder, mode=0o700, exist_ok=True)
path = os.path.join(folder, "control.sock")
if os.path.exists(path):
    os.unlink(path)
start = time.time()


def when(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(start + seconds)) + ".000Z"


def container(name, kind, tick):
    loops = kind == "loop"
    return {"name": name, "init": False, "state": "waiting" if loops else "running", "ready": kind == "ready",
            "reason": "CrashLoopBackOff" if loops else None,
            "message": "exit code 137, killed: more memory than its limit of 64Mi; next start in 40s" if loops else None,
            "lastReason": "OOMKilled" if loops else None, "exitCode": 137 if loops else -1,
            "restarts": 5 + tick // 20 if loops else 0, "startedAt": when(0), "cpuUsec": tick * 30000,
            "memoryBytes": 9 << 20, "readBytes": 0, "writeBytes": 0}


def instance(number, tick):
    kind = ["ready", "ready", "loop", "boot"][number % 4]
    pod = f"pod-{number}" if number % 5 else f"a-pod-with-a-rather-long-name-{number}"
    state = {"ready": "Ready", "loop": "Running", "boot": "Booting"}[kind]
    containers = [container("main", kind, tick)] + ([container("sidecar", "ready", tick)] if number % 3 == 0 else [])
    return {"name": f"{pod}-0", "pod": pod, "replica": 0, "uuid": f"6f1c2b1e-0000-4000-8000-{number:012x}",
            "state": state, "ready": kind == "ready", "reason": None, "address": f"10.77.1.{number + 10}",
            "imageDigest": "sha256:" + "3f" * 32, "configDigest": "sha256:" + "77" * 32, "dirty": number == 7,
            "accelerator": "tcg", "outdated": False, "startFailures": 0, "restarts": containers[0]["restarts"],
            "vmRestarts": 0, "createdAt": when(-3600), "readyAt": when(-3500), "memoryBytes": 128 << 20,
            "memoryUsedBytes": (40 + number % 50) << 20, "cpuUsec": tick * 30000 * (number % 4 + 1),
            "statsMeasuredAt": when(tick), "cpus": 1, "containers": containers if kind != "boot" else [],
            "probes": [{"container": "main", "probe": "readiness", "ok": kind == "ready", "message": "HTTP 200", "time": when(1)}],
            "boot": [{"stage": "kernel", "ms": 320}, {"stage": "ready", "ms": 4150}]}


def status(tick):
    instances = [instance(number, tick) for number in range(count)]
    pods = [{"name": one["pod"], "kind": "Deployment", "desired": 1, "ready": int(one["ready"]), "message": None,
             "failed": False, "job": False} for one in instances]
    ports = [{"service": "web", "name": None, "host": "127.0.0.1", "hostPort": 8080, "port": 80, "targetPort": 80,
              "protocol": "tcp", "backends": 1, "connections": tick % 10, "totalConnections": tick, "parked": 0,
              "problem": None, "http": True, "wantedHostPort": 8080, "pods": ["pod-1"]}]
    return {"status": {"project": project, "folder": "/home/anna/" + project, "connection": "qemu:///system",
                       "accelerator": "tcg", "acceleratorReason": None, "supervised": True,
                       "supervisorPid": os.getpid(), "pods": pods, "instances": instances, "ports": ports,
                       "session": False}}


def event(sequence):
    return {"event": {"sequence": sequence, "timeNs": int(start * 1e9), "warning": sequence % 3 == 0, "type": "BackOff",
                      "object": f"pod-{sequence % max(count, 1)}-0/main", "message": "exit code 137, killed"}}


def send(client, *objects):
    try:
        client.sendall("".join(json.dumps(one) + "\n" for one in objects).encode())
        return True
    except OSError:
        return False


def take(client, line, watchers):
    request = json.loads(line)
    op = request.get("op")
    if op in ("watch", "status"):
        watchers.add(client)
        send(client, status(0))
    elif op == "events":
        send(client, *(event(i) for i in range(1, 60)))
    elif request.get("id"):
        send(client, {"id": request["id"], "ok": True})


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen(8)
    selector = selectors.DefaultSelector()
    selector.register(server, selectors.EVENT_READ)
    watchers, buffers, tick = set(), {}, 0
    while True:
        for key, _ in selector.select(0.3):
            if key.fileobj is server:
                client, _ = server.accept()
                selector.register(client, selectors.EVENT_READ)
                buffers[client] = b""
                continue
            client = key.fileobj
            try:
                data = client.recv(65536)
            except OSError:  # it ended with an answer unread
                data = b""
            if not data:
                selector.unregister(client)
                watchers.discard(client)
                client.close()
                continue
            *lines, buffers[client] = (buffers[client] + data).split(b"\n")
            for line in lines:
                take(client, line, watchers)
        tick += 1
        for client in list(watchers):
            if not send(client, status(tick)):
                watchers.discard(client)


main()
