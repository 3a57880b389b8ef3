#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole way: promote to the fake AWS, read the disk back from its snapshot, boot that as EC2 would (by
UEFI where its firmware is there); then the verb `i2kit rehearse`, which needs no fake.

usage: rehearse.py     (I2KIT; I2KIT_BASE, I2KIT_IMAGES: out/base, out/images)

In a network namespace of its own: QEMU's user network calls the host 169.254.169.254, where the fake
listens on port 80, as metadata service and as all of AWS. The stack waits for the guest's own signal, so
promote ends well only when the booted pod became ready and said so, signed with its role.
Needs qemu-system-x86, ovmf, python3-botocore.
"""
import hashlib
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


VISITOR = "192.0.2.1"


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
        digest = hashlib.sha256()
        with open(path, "rb") as stored:
            size = os.path.getsize(self.local_disk(image))
            while size > 0:
                piece = stored.read(min(size, 1 << 20))
                size -= len(piece)
                digest.update(piece)
        assert "sha256:" + digest.hexdigest() == image["tags"]["i2kit:image-sha256"], "not the same bytes"
        return path

    def local_disk(self, image):
        return f"{self.bed.folder}/data/i2kit/disks/{image['tags']['i2kit:image-sha256'][7:]}.img"

    def added_disks(self, launch):
        """The launch template's own disks, new as EC2 makes them; QEMU has no name of a device but the serial."""
        arguments = []
        for number, mapping in enumerate(launch["Properties"]["LaunchTemplateData"].get("BlockDeviceMappings", [])):
            if "VolumeSize" not in mapping["Ebs"]:
                continue  # the root's own
            path = f"{self.bed.folder}/added-{number}"
            with open(path, "wb") as out:
                out.truncate(int(mapping["Ebs"]["VolumeSize"]) << 30)
            arguments += ["-drive", f"file={path},if=none,id=added{number},format=raw",
                          "-device", f"nvme,drive=added{number},serial={mapping['DeviceName']}"]
        return arguments

    def boot(self, disk, firmware, launch):
        # A visitor from the loopback would come from QEMU's host, which is the metadata service here: what a
        # container answers would not reach it.
        subprocess.run(["ip", "address", "replace", VISITOR + "/32", "dev", "lo"], check=True)
        command = ["qemu-system-x86_64", "-accel", "tcg", "-machine", "q35", "-nographic", "-no-reboot",
                   "-snapshot", "-m", "512" if firmware else "256",
                   "-drive", f"file={disk},if=none,id=d,format=raw",
                   "-device", "nvme,drive=d,serial=vol0123456789abcdef0,bootindex=0",
                   "-nic", "user,model=virtio-net-pci,net=169.254.169.0/24,host=169.254.169.254,"
                   "dns=169.254.169.253,dhcpstart=169.254.169.15,"
                   f"hostfwd=tcp:{VISITOR}:18080-:80"]
        command += self.added_disks(launch)
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
        vm = rehearsal.boot(rehearsal.disk(), firmware, launch)
        output = child.communicate(timeout=150)[0]
        assert child.returncode == 0, output[-1500:] + "\nconsole:\n" + rehearsal.console_tail()
        print(f"# {time.time() - start:.1f} s from power on to CREATE_COMPLETE")
        signals = stack.signals["WebGroup"]
        assert signals == {"i-0123456789abcdef0": "SUCCESS"}, signals
        page = urllib.request.urlopen(f"http://{VISITOR}:18080/", timeout=10).read()
        assert b"nginx" in page.lower() or b"hello" in page.lower(), page
        logs = rehearsal.world.log_groups.get("/i2kit/i2kit-shop-test", {})
        deadline = time.time() + 30
        while not any(logs.values()) and time.time() < deadline:
            time.sleep(0.5)
            logs = rehearsal.world.log_groups.get("/i2kit/i2kit-shop-test", {})
        assert any(name.startswith("web/") and lines for name, lines in logs.items()), logs
        while "web/.booted/i-0123456789abcdef0" not in logs and time.time() < deadline + 60:
            time.sleep(0.5)
        digest = list(rehearsal.world.images.values())[0]["tags"]["i2kit:image-sha256"]
        assert logs["web/.booted/i-0123456789abcdef0"][0]["message"] == "i2kit: booted " + digest, logs
    finally:
        child.kill()
        if vm is not None:
            vm.kill()
            vm.wait()
        rehearsal.server.shutdown()
        rehearsal.server.server_close()


PAGE = "This page came from a parameter. "
VERB = f"""
apiVersion: v1
kind: ConfigMap
metadata: {{name: page}}
data: {{index.html: "{PAGE * 700}"}}
---
apiVersion: v1
kind: Secret
metadata: {{name: key}}
stringData: {{token: "very-secret-token"}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: keeper}}
spec:
  serviceName: keeper
  selector: {{matchLabels: {{app: keeper}}}}
  template:
    metadata: {{labels: {{app: keeper}}}}
    spec:
      containers:
      - name: nginx
        image: oci:{IMAGES}/nginx
        ports: [{{containerPort: 80}}]
        env:
        - name: TOKEN
          valueFrom: {{secretKeyRef: {{name: key, key: token}}}}
        resources: {{limits: {{memory: 128Mi, ephemeral-storage: 300Mi}}}}
        volumeMounts:
        - {{name: page, mountPath: /srv}}
        - {{name: data, mountPath: /var/lib/keeper}}
        readinessProbe: {{exec: {{command: [sh, -c, "grep -q parameter /srv/index.html && touch /var/lib/keeper/x && test \\"$TOKEN\\" = very-secret-token && df -Pm / | grep -q ' 2[0-9][0-9] '"]}}, periodSeconds: 1}}
      volumes:
      - {{name: page, configMap: {{name: page}}}}
  volumeClaimTemplates:
  - metadata: {{name: data}}
    spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 1Gi}}}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: keeper}}
spec: {{clusterIP: None, selector: {{app: keeper}}, ports: [{{port: 80}}]}}
"""
FAILING = f"""
name: broken
containers:
  main: {{image: "oci:{IMAGES}/toolbox", command: [sh, -c, "echo cannot go on; exit 3"]}}
"""


def rehearse_verb(bed, *words):
    return [I2KIT, "rehearse", "-p", "shop", "-f", "i2kit.yml", "--timeout", "120s", *words]


def the_verb_passes_what_is_ready():
    """BIOS, a volume, a scratch volume of a GiB of which 300 MiB are used, a secret and 22 KB of configuration by reference, names that lead to
    it; reached from here meanwhile."""
    bed = Bed()
    bed.file("app/i2kit.yml", VERB)
    bed.file("app/environment.yml", "name: test\nprovider: {type: aws, region: eu-central-1, internal: names}\n")
    bed.file("run/i2kit/rehearsal/left/lock", "")   # by one that was killed
    env = {k: v for k, v in bed.environment(keys=False, I2KIT_BASE=BASE, XDG_RUNTIME_DIR=bed.folder + "/run").items()
           if not k.startswith("AWS_")}
    child = subprocess.Popen(rehearse_verb(bed, "--firmware", "bios", "--hold", "--publish", "18081:80", "-o", "json"),
                             cwd=bed.folder + "/app", env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    said = ""
    for line in child.stderr:
        said += line
        if "is ready" in line:
            break
    assert "is ready" in said, said[-3000:]
    page = urllib.request.urlopen("http://127.0.0.1:18081/", timeout=20).read()
    assert b"nginx" in page.lower() or b"hello" in page.lower(), page
    child.send_signal(2)
    output, more = child.communicate(timeout=20)
    assert child.returncode == 0, said + more
    result = json.loads(output)[0]
    assert result["firmware"] == "bios" and result["parameters"] >= 6 and result["userDataBytes"] <= 16384, result
    assert result["bootedDigest"] in (None, result["imageDigest"]), result
    inside = [f"{start}{end}.shop-test.internal" for start in ("keeper", "keeper-0.keeper") for end in ("", ".default", ".default.svc.cluster.local")]
    assert sorted(result["names"]) == sorted(inside), result
    assert not os.listdir(bed.folder + "/run/i2kit/rehearsal"), "something was left"
    assert not bed.world.calls


def promote_rehearse_stops_what_does_not_become_ready():
    bed = Bed()
    bed.file("app/i2kit.yml", FAILING)
    bed.file("app/environment.yml", "name: test\nprovider: {type: aws, region: eu-west-1}\n")
    done = subprocess.run([I2KIT, "promote", "-p", "shop", "-e", "environment.yml", "--yes", "--force", "--rehearse",
                           "--firmware", "bios", "--timeout", "20s"], cwd=bed.folder + "/app", text=True,
                          capture_output=True, timeout=120, env=bed.environment(I2KIT_BASE=BASE, XDG_RUNTIME_DIR=bed.folder + "/run"))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "pod 'broken' (bios): not ready after 20 s" in done.stderr and "cannot go on" in done.stderr, done.stderr
    # What is there is looked at; nothing is sent.
    assert set(bed.world.calls) <= {"sts:GetCallerIdentity", "cloudformation:DescribeStacks"}, bed.world.calls


def what_the_cloud_stored_boots_serves_signals_and_logs():
    rehearse(OVMF)


def main():
    tests = [what_the_cloud_stored_boots_serves_signals_and_logs, the_verb_passes_what_is_ready,
             promote_rehearse_stops_what_does_not_become_ready]
    tests = [t for t in tests if os.environ.get("ONLY", "") in t.__name__]
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for number, test in enumerate(tests, 1):
        start, name = time.time(), test.__name__.replace("_", " ")
        try:
            test()
            print(f"ok {number} - {name} # {time.time() - start:.0f} s", flush=True)
        except Exception as error:
            failed += 1
            print("# " + f"{type(error).__name__}: {error}".replace("\n", "\n# "))
            print(f"not ok {number} - {name}", flush=True)
    sys.exit(1 if failed else 0)


main()
