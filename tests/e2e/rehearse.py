#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole way: promote to the fake AWS, read the disk back from its snapshot, boot that as EC2 would.

usage: rehearse.py     (I2KIT; I2KIT_BASE, I2KIT_IMAGES: out/base, out/images)

In a network namespace of its own: QEMU's user network calls the host 169.254.169.254, where the fake
listens on port 80, as metadata service and as all of AWS. The stack waits for the guest's own signal, so
promote ends well only when the booted pod became ready and said so, signed with its role.
Needs qemu-system-x86, ovmf, python3-botocore.
"""
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if "I2KIT_REHEARSE" not in os.environ:
    flags = ["--net"] if os.getuid() == 0 else ["--user", "--map-root-user", "--net"]
    os.environ["I2KIT_REHEARSE"] = "1"
    os.execvp("unshare", ["unshare", *flags, sys.executable, os.path.abspath(__file__)])
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
sys.path[:0] = [TOP + "/tests/cloud", TOP + "/tests/fake_aws"]
from harness import Bed  # noqa: E402
import server  # noqa: E402

I2KIT = os.environ.get("I2KIT", "i2kit")
BASE = os.environ.get("I2KIT_BASE", TOP + "/out/base")
IMAGES = os.environ.get("I2KIT_IMAGES", TOP + "/out/images")
OVMF = next((p for p in ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_CODE.fd")
             if os.path.exists(p)), None)
for need in (BASE + "/base.json", IMAGES + "/nginx/index.json"):
    if not os.path.exists(need):
        print(f"1..0 # SKIP {need} is not there")
        sys.exit(77)
if shutil.which("qemu-system-x86_64") is None:
    print("1..0 # SKIP qemu-system-x86_64 is not installed")
    sys.exit(77)

MANIFEST = f"""
apiVersion: v1
kind: Secret
metadata: {{name: key}}
stringData: {{token: "very-secret-token"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      - name: nginx
        image: oci:{IMAGES}/nginx
        ports: [{{containerPort: 80}}]
        env:
        - name: TOKEN
          valueFrom: {{secretKeyRef: {{name: key, key: token}}}}
        readinessProbe: {{httpGet: {{path: /, port: 80}}, periodSeconds: 1}}
"""


class Rehearsal:
    def __init__(self):
        self.bed = Bed()
        self.bed.server.shutdown()
        self.server, self.bed.fake, self.bed.url = server.start(80)
        self.world = self.bed.world
        self.world.settings.update(signal="none", signal_timeout_s=90, resource_s=0.01)
        self.world.names["AKIDFAKE"] = "user/test"
        self.bed.file("app/i2kit.yml", MANIFEST)
        self.bed.file("app/environment.yml", "name: test\nprovider: {type: aws, region: eu-west-1}\n")

    def promote(self):
        return subprocess.Popen([I2KIT, "promote", "-p", "shop", "-f", "i2kit.yml", "--yes", "--force"],
                                cwd=self.bed.folder + "/app", stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True,
                                env=self.bed.environment(I2KIT_BASE=BASE))

    def wait_for_stack(self, child):
        deadline = time.time() + 120
        while time.time() < deadline and child.poll() is None:
            for stack in self.world.stacks.values():
                if "WebGroup" in stack.signals:
                    return stack
            time.sleep(0.1)
        raise AssertionError(child.communicate()[0][-2000:])

    def user_data(self, launch):
        """As the launch template has it; the endpoint of a real AWS would be found by region."""
        text = launch["Properties"]["LaunchTemplateData"]["UserData"]["Fn::Base64"]
        document = json.loads(text)
        document["i2kit"]["instance"]["cloud"]["endpoint"] = "http://169.254.169.254"
        return json.dumps(document).encode()

    def disk(self):
        """What the snapshot holds, as EC2 would make a volume of it: a whole GiB."""
        image = list(self.world.images.values())[0]
        snapshot = self.world.snapshots[image["snapshot"]]
        path = self.bed.folder + "/volume"
        with open(path, "wb") as out:
            out.truncate(snapshot.volume_gib << 30)
            for index, data in snapshot.blocks.items():
                out.seek(index * 524288)
                out.write(data)
        return path

    def boot(self, disk, firmware):
        command = ["qemu-system-x86_64", "-accel", "tcg", "-machine", "q35", "-nographic", "-no-reboot",
                   "-snapshot", "-m", "512" if firmware else "256",
                   "-drive", f"file={disk},if=none,id=d,format=raw",
                   "-device", "nvme,drive=d,serial=vol0123456789abcdef0,bootindex=0",
                   "-nic", "user,model=virtio-net-pci,net=169.254.169.0/24,host=169.254.169.254,"
                   "dns=169.254.169.253,dhcpstart=169.254.169.15,hostfwd=tcp:127.0.0.1:18080-:80"]
        if firmware:
            command += ["-drive", f"if=pflash,format=raw,readonly=on,file={firmware}"]
        self.console = open(self.bed.folder + "/console", "wb")
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.console,
                                stderr=subprocess.STDOUT)

    def console_tail(self):
        with open(self.bed.folder + "/console", "rb") as text:
            return text.read().decode(errors="replace")[-3000:]


def rehearse(firmware):
    rehearsal, vm = Rehearsal(), None
    child = rehearsal.promote()
    try:
        stack = rehearsal.wait_for_stack(child)
        launch = stack.operation_template["WebLaunch"]
        rehearsal.bed.fake.metadata.user_data = rehearsal.user_data(launch)
        start = time.time()
        vm = rehearsal.boot(rehearsal.disk(), firmware)
        output = child.communicate(timeout=150)[0]
        assert child.returncode == 0, output[-1500:] + "\nconsole:\n" + rehearsal.console_tail()
        print(f"# {time.time() - start:.1f} s from power on to CREATE_COMPLETE")
        signals = stack.signals["WebGroup"]
        assert signals == {"i-0123456789abcdef0": "SUCCESS"}, signals
        page = urllib.request.urlopen("http://127.0.0.1:18080/", timeout=10).read()
        assert b"nginx" in page.lower() or b"hello" in page.lower(), page
        logs = rehearsal.world.log_groups.get("/i2kit/i2kit-shop-test", {})
        deadline = time.time() + 30
        while not any(logs.values()) and time.time() < deadline:
            time.sleep(0.5)
            logs = rehearsal.world.log_groups.get("/i2kit/i2kit-shop-test", {})
        assert any(name.startswith("web/") and lines for name, lines in logs.items()), logs
    finally:
        child.kill()
        if vm is not None:
            vm.kill()
            vm.wait()
        rehearsal.server.shutdown()
        rehearsal.server.server_close()


def main():
    cases = [("BIOS", None)] + ([("UEFI", OVMF)] if OVMF else [])
    cases = [c for c in cases if os.environ.get("ONLY", c[0]) == c[0]]
    failed = 0
    print(f"1..{len(cases)}", flush=True)
    for number, (name, firmware) in enumerate(cases, 1):
        try:
            rehearse(firmware)
            print(f"ok {number} - {name}: what the cloud stored boots from NVMe, serves, signals and logs", flush=True)
        except Exception as error:
            failed += 1
            print("# " + f"{type(error).__name__}: {error}".replace("\n", "\n# "))
            print(f"not ok {number} - {name}: what the cloud stored boots from NVMe, serves, signals and logs", flush=True)
    sys.exit(1 if failed else 0)


main()
