#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A pod's VM as the cloud boots it: NVMe, DHCP, instance metadata with tokens, no agent channel; the
fake of AWS answers at 169.254.169.254 and checks every signature. TAP on stdout; needs the same as
guest.py."""

import base64
import hashlib
import json
import os
import sys
import tempfile
import time
import types

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/guest"))
sys.path.insert(0, os.path.join(TOP, "tests/fake_aws"))
sys.dont_write_bytecode = True

import server  # noqa: E402
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


def boot(workshop, port, script, **pod):
    image = workshop.image("toolbox")
    document = v.pod_document("web", [v.container("main", [0], image.config, command=["sh", "-c", script])], **pod)
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
