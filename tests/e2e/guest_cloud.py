#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A pod's VM as the cloud boots it: NVMe, DHCP, instance metadata with tokens, no agent channel; the
fake of AWS answers at 169.254.169.254 and checks every signature. TAP on stdout; needs the same as
guest.py."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import types

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/guest"))
sys.path.insert(0, os.path.join(TOP, "tests/e2e"))
sys.path.insert(0, os.path.join(TOP, "tests/fake_aws"))
sys.dont_write_bytecode = True

import guest  # noqa: E402
import server  # noqa: E402
from policy import Policies  # noqa: E402
from resolve import Resolver  # noqa: E402
import vm as v  # noqa: E402

BASE = os.environ.get("I2KIT_BASE", f"{TOP}/out/base")
IMAGES = os.environ.get("I2KIT_IMAGES", f"{TOP}/out/images")
RELAY = f"{TOP}/tests/guest/relay.py"
SCRIPT = "echo password is $PW; cat /conf/long | wc -c; mount | grep -c ' /data type ext4'; sleep 1000"


def wait(condition, what, vm, timeout=90):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline or vm.process.poll() is not None:
            raise AssertionError(f"{what}\n{vm.console()[-3000:]}")
        time.sleep(0.1)


def make_release(world):
    """User data as promote writes it: secret by reference, configuration by reference in pieces."""
    password = base64.b64encode(b"s3cret").decode()
    world.parameters["/i2kit/shop/secrets/keys/pw/1"] = ("SecureString", password)
    config = {"version": 1, "labels": {}, "annotations": {},
              "configMaps": {"long": {"long": {"text": "x" * 6000}}},
              "secrets": {"keys": {"pw": {"ref": "ssm:/i2kit/shop/secrets/keys/pw/1",
                                          "sha256": hashlib.sha256(b"s3cret").hexdigest()}}},
              "volumes": [{"name": "conf", "kind": "configMap", "ref": "long", "defaultMode": 420},
                          {"name": "data", "kind": "claim", "claim": "data"}],
              "containers": {"main": {"env": [{"name": "PW", "secret": "keys", "key": "pw"}],
                                      "mounts": [{"volume": "conf", "path": "/conf"}, {"volume": "data", "path": "/data"}]}}}
    text = json.dumps(config, separators=(",", ":"))
    names = []
    for number, start in enumerate(range(0, len(text), 4096)):
        names.append(f"/i2kit/shop/config/web/1/{number}")
        world.parameters[names[-1]] = ("SecureString", text[start:start + 4096])
    instance = {"version": 1, "project": "shop", "pod": "web", "instance": "web", "replica": 0, "uid": "",
                "imageDigest": "sha256:0", "configDigest": "sha256:0", "where": "aws",
                "network": {"method": "dhcp", "searches": ["shop.internal"]}, "hosts": [], "serviceEnv": [],
                "volumes": {"data": {"type": "disk", "serial": "vol-0123456789abcdef0"}},
                "cloud": {"region": "eu-west-1", "logGroup": "/i2kit/shop", "endpoint": "http://169.254.169.254",
                          "signal": {"stack": "shop", "resource": "WebGroup"}}}
    return json.dumps({"i2kit": {"configRef": {"parameters": names, "sha256": hashlib.sha256(text.encode()).hexdigest()},
                                 "instance": instance}}).encode()


def boot(workshop, port, script, container=None, **pod):
    image = workshop.image("toolbox")
    document = v.pod_document("web", [v.container("main", [0], image.config, command=["sh", "-c", script], **(container or {}))], **pod)
    folder = tempfile.mkdtemp(dir=workshop.folder)
    v.make_disk(folder, workshop.base, document, image.layers)
    disk = os.path.join(folder, "volume.img")
    with open(disk, "wb") as file:
        file.truncate(64 << 20)
    # NVMe alone, as on EC2; the metadata address is a forward inside QEMU's own network.
    extra = ["-drive", f"file={folder}/disk.img,if=none,id=n1,format=raw,readonly=on", "-device", "nvme,drive=n1,serial=vol0root",
             "-drive", f"file={disk},if=none,id=n2,format=raw", "-device", "nvme,drive=n2,serial=vol0123456789abcdef0"]
    network = f"user,id=n0,net=169.254.0.0/16,host=169.254.0.2,dhcpstart=169.254.10.15,guestfwd=tcp:169.254.169.254:80-cmd:{sys.executable} {RELAY} {port}"
    return v.VM(folder, workshop.base, has_channel=False, extra=extra, network=network, has_virtio_disk=False,
                kernel=workshop.kernel)


def ready_stack(fake):
    stack = types.SimpleNamespace(id="arn:shop", name="shop", status="CREATE_IN_PROGRESS", signals={"WebGroup": {}},
                                  summary=lambda: {})
    fake.world.stacks["arn:shop"] = stack
    return stack


def test_a_pod_finds_its_configuration_says_it_is_ready_and_logs(workshop):
    http, fake, url = server.start()
    stack = ready_stack(fake)
    fake.metadata.user_data = make_release(fake.world)
    with boot(workshop, http.server_address[1], SCRIPT) as vm:
        wait(lambda: stack.signals["WebGroup"], "no signal", vm)
        if stack.signals["WebGroup"] != {"i-0123456789abcdef0": "SUCCESS"}:
            raise AssertionError(stack.signals)
        stream = "web/main/i-0123456789abcdef0"
        lines = lambda: [e["message"] for e in fake.world.log_groups.get("/i2kit/shop", {}).get(stream, [])]
        wait(lambda: len(lines()) >= 3, "no log lines", vm)
        if lines()[:3] != ["password is s3cret", "6000", "1"]:
            raise AssertionError(lines())
    http.shutdown()


ZONE, NAME = "Z0123456789ABCDEF", "db.shop-production.internal"


def role_of_the_template(world):
    """The role that the stack gives the pod db: what the guest calls is held against what the template allows."""
    tool = os.path.join(os.environ.get("I2KIT_BUILD", f"{TOP}/build"), "tests/cloud/template-of")
    text = subprocess.run([tool, f"{TOP}/tests/cloud/templates/reach.yml", "named"], check=True, capture_output=True, text=True).stdout
    body = json.loads(text)
    template = types.SimpleNamespace(body=body, resources=body["Resources"])
    stack = types.SimpleNamespace(id="arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1", name="shop")
    resolver = Resolver(world, stack, template, {"PrivateZone": ZONE, "Logs": "/i2kit/shop"})
    return Policies([resolver.value(body["Resources"]["DbRole"]["Properties"]["Policies"][0]["PolicyDocument"])])


class OfEveryKey(dict):
    """The role's policies, whichever of its credentials a call is signed with."""

    def __init__(self, policies):
        super().__init__()
        self.policies = policies

    def get(self, key, default=None):
        return self.policies


SERVER, VOLUME, KEY = "3f0ac6e5-7d0b-4c0c-9a52-0d8f9f3f2d6e", "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d", "the server's own, from promote"


class Nova(http.server.BaseHTTPRequestHandler):
    """Nova's metadata: no tokens, and Amazon's paths beside its own."""
    files, calls = {}, []

    def answer(self, status, body=b""):
        self.calls.append((self.command, self.path, status))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(405)

    def do_GET(self):
        body = self.files.get(self.path)
        self.answer(404 if body is None else 200, body or b"")

    def log_message(self, *_):
        pass


def openstack_release(**more):
    instance = {"version": 1, "project": "shop", "pod": "web", "instance": "web", "replica": 0, "uid": "", "imageDigest": "sha256:0",
                "configDigest": "sha256:0", "where": "openstack", "network": {"method": "dhcp"}, "hosts": [], "serviceEnv": [],
                "volumes": {"data": {"type": "disk", "serial": VOLUME}}, "cloud": {"consoleKey": KEY}, **more}
    config = {"version": 1, "labels": {}, "annotations": {}, "configMaps": {}, "secrets": {}, "volumes": [{"name": "data", "kind": "claim", "claim": "data"}],
              "containers": {"main": {"env": [], "mounts": [{"volume": "data", "path": "/data"}]}}}
    return json.dumps({"i2kit": {"config": config, "instance": instance}}).encode()


def boot_openstack(workshop, script, extra=(), network="user,id=n0", container=None, machine="q35", **pod):
    image = workshop.image("toolbox")
    document = v.pod_document("web", [v.container("main", [0], image.config, command=["sh", "-c", script], **(container or {}))], **pod)
    folder = tempfile.mkdtemp(dir=workshop.folder)
    v.make_disk(folder, workshop.base, document, image.layers)
    with open(f"{folder}/volume.img", "wb") as file:
        file.truncate(64 << 20)
    # As Nova attaches a Cinder volume to virtio, which keeps 20 characters of its name.
    volume = ["-drive", f"file={folder}/volume.img,if=none,id=v0,format=raw", "-device", f"virtio-blk-pci,drive=v0,serial={VOLUME[:20]}"]
    return v.VM(folder, workshop.base, has_channel=False, extra=[*volume, *extra], network=network, kernel=workshop.kernel, machine=machine)


def signed(vm, server=SERVER, key=KEY):
    """What the console says and the key proves: [(event, value)], by Python's own HMAC."""
    found = []
    for line in (vm.console() if os.path.exists(vm.console_path) else "").replace("\r", "").split("\n"):
        words = line.partition("i2kit: signed ")[2].split()
        if len(words) != 4:
            continue
        mac = hmac.new(key.encode(), f"{words[0]} {words[1]} {words[2]} {server}".encode(), hashlib.sha256).hexdigest()
        assert hmac.compare_digest(mac, words[3]), line
        assert abs(time.time() - int(words[1])) < 86400, line
        found.append((words[0], words[2]))
    return found


def test_openstack_a_pod_by_the_metadata_service_says_on_the_console_how_it_is(workshop):
    Nova.files = {"/openstack/latest/meta_data.json": json.dumps({"uuid": SERVER, "name": "web"}).encode(),
                  "/openstack/latest/user_data": openstack_release()}
    Nova.calls = []
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Nova)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    network = f"user,id=n0,net=169.254.0.0/16,host=169.254.0.2,dhcpstart=169.254.10.15,guestfwd=tcp:169.254.169.254:80-cmd:{sys.executable} {RELAY} {httpd.server_address[1]}"
    probe = {"type": "exec", "command": ["sh", "-c", "test -e /data/ready"], "initialDelaySeconds": 0, "periodSeconds": 1,
             "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 1}
    script = "mount | grep -q ' /data type ext4' && hostname | grep -qx web-3f0ac6e5 && touch /data/ready; sleep 8; rm /data/ready; sleep 1000"
    with boot_openstack(workshop, script, network=network, container={"readinessProbe": probe}) as vm:
        wait(lambda: len(signed(vm)) >= 3, "not three lines", vm)
        with open(f"{vm.folder}/disk.img", "rb") as file:
            digest = "sha256:" + hashlib.sha256(file.read()).hexdigest()
        said = signed(vm)
        assert said[0] == ("ready", "-") and ("booted", digest) in said and ("unready", "-") in said, (said, digest)
    assert ("PUT", "/latest/api/token", 405) in Nova.calls, Nova.calls
    httpd.shutdown()


def test_openstack_a_pod_by_its_configuration_drive(workshop):
    """On the CD-ROM of a virtio-scsi controller, and of an IDE one; nobody answers at the metadata's address."""
    drive = os.path.join(workshop.folder, "drive.iso")
    files = {"openstack/latest/meta_data.json": json.dumps({"uuid": SERVER}).encode(), "openstack/latest/user_data": openstack_release()}
    guest.iso_disk(drive, "config-2", files)
    cdrom = ["-drive", f"file={drive},if=none,id=c1,media=cdrom,format=raw,readonly=on"]
    for machine, device in (("q35", ["-device", "virtio-scsi-pci", "-device", "scsi-cd,drive=c1"]), ("pc", ["-device", "ide-cd,drive=c1"])):
        with boot_openstack(workshop, "exit 0", extra=[*cdrom, *device], machine=machine, restartPolicy="Never", workload="Job") as vm:
            wait(lambda: signed(vm), f"{machine}: nothing on the console", vm)
            assert signed(vm)[0] == ("done", "-"), signed(vm)


def test_openstack_what_a_server_cannot_do_is_refused(workshop):
    drive = os.path.join(workshop.folder, "refused.iso")
    files = {"openstack/latest/meta_data.json": json.dumps({"uuid": SERVER}).encode(),
             "openstack/latest/user_data": openstack_release(cloud={"consoleKey": KEY, "logGroup": "/i2kit/shop"})}
    guest.iso_disk(drive, "config-2", files)
    extra = ["-drive", f"file={drive},if=none,id=c1,media=cdrom,format=raw,readonly=on", "-device", "virtio-scsi-pci", "-device", "scsi-cd,drive=c1"]
    with boot_openstack(workshop, "exit 0", extra=extra) as vm:
        vm.wait_console("user data: this cloud's instances cannot have a log group")


def test_names_lead_to_the_pod_while_it_is_ready(workshop):
    http, fake, url = server.start()
    world = fake.world
    stack = ready_stack(fake)
    stack.id = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1"
    document = json.loads(make_release(world))
    world.parameters.clear()
    names = [NAME, "db.default.shop-production.internal", "db.default.svc.cluster.local.shop-production.internal"]
    instance = document["i2kit"]["instance"]
    instance["cloud"]["names"] = {"zone": ZONE, "records": names}
    instance["pod"] = "db"
    instance["volumes"] = {}
    config = {"version": 1, "containers": {"main": {}}}
    fake.metadata.user_data = json.dumps({"i2kit": {"config": config, "instance": instance}}).encode()
    world.policies = OfEveryKey(role_of_the_template(world))
    world.zones[ZONE] = ("shop-production.internal", {"vpc-0fake"})
    # One that was killed, one that lives, and what is of no instance.
    record = {"values": ["10.0.0.66"], "ttl": 10, "multivalue": True}
    world.zone_records[ZONE] = {(NAME, "A", "i-0dead"): record, (NAME, "A", "i-0beef"): {**record, "values": ["10.0.0.7"]},
                                (NAME, "TXT", None): {**record, "values": ['"x"'], "multivalue": False}}
    world.instances["i-0beef"] = {"id": "i-0beef", "state": "running", "tags": {}, "image": "ami-1", "type": "t3.micro", "group": "g",
                                  "address": "10.0.0.7", "launched": time.time()}
    world.faults = [{"service": "route53", "action": "ChangeResourceRecordSets", "status": 400, "code": "PriorRequestNotComplete"},
                    {"service": "route53", "action": "ListResourceRecordSets", "status": 400, "code": "Throttling"}]
    world.settings["records_page"] = 2
    at_signal = []
    stack.signals["WebGroup"] = Telling(lambda: at_signal.extend(world.route53.resolve(NAME)))
    probe = {"type": "exec", "command": ["sh", "-c", "test -e /tmp/ready"], "initialDelaySeconds": 0, "periodSeconds": 1,
             "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 1}
    script = ("trap 'echo stopped; exit 0' TERM; echo up; sleep 2; touch /tmp/ready; sleep 9; rm /tmp/ready; echo sick; sleep 6; touch /tmp/ready; "
              "echo well; while :; do sleep 0.2; done")
    with boot(workshop, http.server_address[1], script, container={"readinessProbe": probe}) as vm:
        mine = lambda: "10.0.0.5" in world.route53.resolve(NAME)
        said = lambda: [e["message"] for e in world.log_groups.get("/i2kit/shop", {}).get("db/main/i-0123456789abcdef0", [])]
        wait(lambda: stack.signals["WebGroup"], "no signal", vm)
        # The names came first: what this one replaces may go now.
        assert "10.0.0.5" in at_signal, at_signal
        wait(lambda: sorted(world.route53.resolve(NAME)) == ["10.0.0.5", "10.0.0.7"], f"the dead stay: {world.zone_records}", vm)
        assert all("10.0.0.5" in world.route53.resolve(n) for n in names) and (NAME, "TXT", None) in world.zone_records[ZONE]
        wait(lambda: not mine(), "not ready, and the name still leads there", vm)
        wait(lambda: "sick" in said(), "no log", vm)
        assert "well" not in said()
        wait(mine, "ready again, and no name", vm)
        wait(lambda: "well" in said(), "no log", vm)
        vm.qmp("system_powerdown")
        wait(lambda: not mine(), "the button was pressed, and the name still leads there", vm)
        # Who looked it up before is still served for its time to live.
        assert "stopped" not in said() and vm.process.poll() is None
        vm.wait_console("the pod leaves its names and stops in 12 s", 5)
        vm.process.wait(60)
        assert "stopped" in said(), said()
    left = {k[2] for k in world.zone_records[ZONE]}
    assert left == {None, "i-0beef"} and not world.counts.get("denied"), (left, world.counts)
    # Nothing of the role is more than it takes.
    assert not {a for a in world.policies.policies.unused() if a.startswith(("route53", "ec2"))}, world.policies.policies.unused()
    http.shutdown()


ADDRESSES = ["169.254.169.254", "169.254.170.2", "169.254.170.23", "168.63.129.16", "100.100.100.200", "fd00:ec2::254",
             "fe80::a9fe:a9fe", "fd20:ce::254"]
CONTROL = "169.254.0.2"     # QEMU's own router, which is nobody's metadata service


def hostile_layer(workshop):
    """The program that tries (tests/guest/hostile.c), as a layer of its own."""
    program = os.path.join(os.environ.get("I2KIT_BUILD", f"{TOP}/build"), "tests/guest/hostile")
    path = f"{workshop.folder}/hostile.sqfs"
    if not os.path.exists(path):
        with tarfile.open(f"{path}.tar", "w") as tar:
            tar.add(program, "bin/hostile")
        subprocess.run(["tar2sqfs", "-q", "-f", "-c", "zstd", path], stdin=open(f"{path}.tar", "rb"), check=True)
    return path


def frames_of(dump):
    """The frames that left and came, from QEMU's dump (pcap)."""
    with open(dump, "rb") as file:
        data = file.read()
    at, found = 24, []
    while at + 16 <= len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        found.append(data[at + 16:at + 16 + size])
        at += 16 + size
    return found


def leads_there(frame):
    """A frame of the hostile kind to an address of ADDRESSES, whatever is before its IP header."""
    four = [socket.inet_pton(socket.AF_INET, a) for a in ADDRESSES if ":" not in a]
    six = [socket.inet_pton(socket.AF_INET6, a) for a in ADDRESSES if ":" in a]
    at = 18 if frame[12:14] == b"\x81\0" else 14
    return frame[at + 16:at + 20] in four or frame[at + 24:at + 40] in six


def test_containers_cannot_be_the_instance(workshop):
    http, fake, url = server.start()
    ready_stack(fake)
    document = json.loads(make_release(fake.world))
    instance = document["i2kit"]["instance"]
    instance["volumes"] = {}
    names = ["bare", "raw", "loose", "friend"]
    fake.metadata.user_data = json.dumps({"i2kit": {"config": {"version": 1, "containers": {n: {} for n in names}}, "instance": instance}}).encode()
    image = workshop.image("toolbox")
    layers = image.layers + [hostile_layer(workshop)]
    which = list(range(len(layers)))
    ask = (f"hostile {CONTROL} {' '.join(ADDRESSES)}; hostile listen 169.254.169.254; "
           "wget -q -T 3 -O - http://169.254.169.254/latest/meta-data/ 2>&1; echo done; sleep 1000")
    # Docker's default set has NET_RAW. Without any, without root, without a profile, and one that may be the instance.
    kinds = {"bare": {"drop": ["ALL"], "user": 1000, "group": 1000, "allowPrivilegeEscalation": False}, "raw": {},
             "loose": {"seccomp": "unconfined"}, "friend": {"metadata": True}}
    containers = [v.container(n, which, image.config, command=["sh", "-c", ask], security=kinds[n]) for n in names]
    folder = tempfile.mkdtemp(dir=workshop.folder)
    v.make_disk(folder, workshop.base, v.pod_document("web", containers), layers)
    network = (f"user,id=n0,net=169.254.0.0/16,host=169.254.0.2,dhcpstart=169.254.10.15,"
               f"guestfwd=tcp:169.254.169.254:80-cmd:{sys.executable} {RELAY} {http.server_address[1]}")
    extra = ["-drive", f"file={folder}/disk.img,if=none,id=n1,format=raw,readonly=on", "-device", "nvme,drive=n1,serial=vol0root",
             "-object", f"filter-dump,id=dump,netdev=n0,file={folder}/wire.pcap"]
    with v.VM(folder, workshop.base, has_channel=False, extra=extra, network=network, has_virtio_disk=False, kernel=workshop.kernel,
              memory=192) as vm:
        said = lambda n: [e["message"] for e in fake.world.log_groups.get("/i2kit/shop", {}).get(f"web/{n}/i-0123456789abcdef0", [])]
        wait(lambda: all("done" in said(n) for n in names), f"not all were done: {[said(n)[-3:] for n in names]}", vm, timeout=120)
    frames = frames_of(f"{folder}/wire.pcap")
    tried = {n: {tuple(line.split()[:2]): line.split()[2] for line in said(n) if line.split()[2:3] in (["sent"], ["refused"])} for n in names}
    # With its capabilities one can send in each way but frames to what is no metadata service, and in none to what is.
    ways = {way for address, way in tried["raw"] if address == CONTROL}
    frames_of_its_own = {"frame", "frame-tagged", "packet", "frame-old-call", "frame-xdp"}
    assert ways == {"tcp", "tcp-mapped", "udp", "raw-header", "raw", "udp-mapped", "udp-pieces", "udp-unrouted"} | frames_of_its_own, ways
    for name in ("raw", "loose"):
        sent = {way for (address, way), how in tried[name].items() if address == CONTROL and how == "sent"}
        assert sent >= ways - frames_of_its_own - {"tcp", "tcp-mapped"} and not sent & frames_of_its_own, (name, tried[name])
    for name in ("raw", "loose", "bare"):
        sent = [pair for pair, how in tried[name].items() if how == "sent" and pair[0] != CONTROL]
        assert not sent, (name, sent)
        assert len({address for address, _ in tried[name]}) == len(ADDRESSES) + 1
        assert not any("instance-id" in line for line in said(name)), said(name)
        # A call that is refused ends at once, and says so.
        slow = [line for line in said(name) if line.split()[1:2] in (["tcp"], ["tcp-mapped"]) and line.split()[0] != CONTROL
                and not line.endswith("Operation not permitted")]
        assert not slow, slow
    # What the guest is told there (credentials, in the clear) nobody hears but who may.
    heard = {n: {line.split()[1]: int(line.split()[2]) for line in said(n) if line.startswith("heard ")} for n in names}
    assert heard["bare"] == {"raw": -1, "frames": -1}, heard
    assert heard["raw"] == heard["loose"] == {"raw": 0, "frames": -1}, heard
    assert heard["friend"]["raw"] > 0 and heard["friend"]["frames"] > 0, heard
    # The wire's own word, for what a sender is told is no proof: nothing of theirs, but of the one that may.
    friend = {pair for pair, how in tried["friend"].items() if how == "sent" and pair[0] == "169.254.169.254"}
    assert {way for _, way in friend} >= {"tcp", "udp", "raw-header", "raw", "frame", "packet"}, tried["friend"]
    out = [f for f in frames if b"HOSTILE" in f and leads_there(f)]
    assert out and sum(b"HOSTILE" in f for f in frames) > len(out)
    http.shutdown()


def test_nothing_of_a_hostile_container_is_on_the_wire(workshop):
    http, fake, url = server.start()
    ready_stack(fake)
    document = json.loads(make_release(fake.world))
    instance = document["i2kit"]["instance"]
    instance["volumes"] = {}
    fake.metadata.user_data = json.dumps({"i2kit": {"config": {"version": 1, "containers": {"main": {}}}, "instance": instance}}).encode()
    image = workshop.image("toolbox")
    layers = image.layers + [hostile_layer(workshop)]
    ask = f"hostile {CONTROL} {' '.join(ADDRESSES)}; echo done; sleep 1000"
    containers = [v.container("main", list(range(len(layers))), image.config, command=["sh", "-c", ask],
                              security={"add": ["NET_ADMIN", "SYS_PTRACE"]})]
    folder = tempfile.mkdtemp(dir=workshop.folder)
    v.make_disk(folder, workshop.base, v.pod_document("web", containers), layers)
    network = (f"user,id=n0,net=169.254.0.0/16,host=169.254.0.2,dhcpstart=169.254.10.15,"
               f"guestfwd=tcp:169.254.169.254:80-cmd:{sys.executable} {RELAY} {http.server_address[1]}")
    extra = ["-drive", f"file={folder}/disk.img,if=none,id=n1,format=raw,readonly=on", "-device", "nvme,drive=n1,serial=vol0root",
             "-object", f"filter-dump,id=dump,netdev=n0,file={folder}/wire.pcap"]
    with v.VM(folder, workshop.base, has_channel=False, extra=extra, network=network, has_virtio_disk=False, kernel=workshop.kernel,
              memory=192) as vm:
        said = lambda: [e["message"] for e in fake.world.log_groups.get("/i2kit/shop", {}).get("web/main/i-0123456789abcdef0", [])]
        wait(lambda: "done" in said(), "it was not done", vm)
    marked = [f for f in frames_of(f"{folder}/wire.pcap") if b"HOSTILE" in f]
    assert marked, "the dump shows nothing: the test is blind"
    assert not [f.hex() for f in marked if leads_there(f)]
    http.shutdown()


class Telling(dict):
    """Signals, and what is so when the first comes."""

    def __init__(self, tell):
        super().__init__()
        self.tell = tell

    def __setitem__(self, key, value):
        if not self:
            self.tell()
        super().__setitem__(key, value)

    def setdefault(self, key, value):
        if key not in self:
            self[key] = value
        return self[key]


def test_a_pod_that_fails_says_so_at_once(workshop):
    http, fake, url = server.start()
    stack = ready_stack(fake)
    fake.metadata.user_data = make_release(fake.world)
    with boot(workshop, http.server_address[1], "exit 3", restartPolicy="Never", workload="Job") as vm:
        wait(lambda: stack.signals["WebGroup"], "no signal", vm)
        if stack.signals["WebGroup"] != {"i-0123456789abcdef0": "FAILURE"}:
            raise AssertionError(stack.signals)
    http.shutdown()


def test_a_secret_that_is_not_the_released_one_stops_the_start(workshop):
    http, fake, url = server.start()
    ready_stack(fake)
    fake.metadata.user_data = make_release(fake.world)
    fake.world.parameters["/i2kit/shop/secrets/keys/pw/1"] = ("SecureString", base64.b64encode(b"other").decode())
    with boot(workshop, http.server_address[1], SCRIPT) as vm:
        vm.wait_console("secret 'keys' key 'pw': ssm:/i2kit/shop/secrets/keys/pw/1: its value is not the one that was released", 60)
    http.shutdown()


if __name__ == "__main__":
    sys.exit(v.run_tests(dict(globals()), BASE, IMAGES, sys.argv[1:]))
