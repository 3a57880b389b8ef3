# SPDX-License-Identifier: Apache-2.0
"""The shop that promote.py and attacks.py promote, with the verbs around it. Arguments: I2KIT RECORD-RECEIPT."""
import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
I2KIT, RECORD = (os.path.abspath(a) for a in sys.argv[1:3])
BASE = os.environ.get("I2KIT_BASE", TOP + "/out/base")
IMAGES = os.environ.get("I2KIT_IMAGES", TOP + "/out/images")
if not os.path.exists(BASE + "/base.json") or not os.path.exists(IMAGES + "/nginx/index.json"):
    print("1..0 # SKIP scripts/make-base and scripts/example-images nginx were not run")
    sys.exit(77)

MANIFEST = """
apiVersion: v1
kind: ConfigMap
metadata: {{name: page}}
data: {{index.html: "{page}"}}
---
apiVersion: v1
kind: Secret
metadata: {{name: key}}
stringData: {{token: "very-secret-token"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      - name: nginx
        image: oci:{images}/nginx
        ports: [{{containerPort: 80}}]
        env:
        - {{name: GREETING, value: "{greeting}"}}
        - name: TOKEN
          valueFrom: {{secretKeyRef: {{name: key, key: token}}}}
        volumeMounts: [{{name: page, mountPath: /srv}}]
        readinessProbe: {{httpGet: {{path: /, port: 80}}}}
      volumes:
      - {{name: page, configMap: {{name: page}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: web}}
spec: {{type: LoadBalancer, selector: {{app: web}}, ports: [{{port: 80}}]}}
"""
SHARED = {}   # the store is the same for all tests: building once is enough
STACK = "i2kit-shop-test"


def environment(bed, **more):
    if "store" not in SHARED:
        SHARED["store"] = tempfile.mkdtemp(prefix="i2kit-promote-")
        atexit.register(shutil.rmtree, SHARED["store"], True)
    store = SHARED["store"]
    return bed.environment(I2KIT_BASE=BASE, XDG_DATA_HOME=store, **more)


def write(bed, greeting="hello", page="hi"):
    bed.file("app/i2kit.yml", MANIFEST.format(images=IMAGES, greeting=greeting, page=page))
    bed.file("app/environment.yml", "name: test\nprovider: {type: aws, region: eu-west-1}\n")


def i2kit(bed, *words, timeout=240):
    return subprocess.run([I2KIT, *words, "-p", "shop"], cwd=bed.folder + "/app", text=True,
                          env=environment(bed), capture_output=True, timeout=timeout)


def ready(bed, replicas=2, desired=2, *more):
    """What up would have written."""
    plan = i2kit(bed, "promote", "-f", "i2kit.yml", "--only-images", "--force", "--yes", "-o", "json",
                 "--verify", "none")
    assert plan.returncode == 0, plan.stderr
    pod = json.loads(plan.stdout)[0]
    subprocess.run([RECORD, "shop", "web", pod["imageDigest"], pod["configDigest"], str(replicas),
                    str(desired), *more], env=environment(bed), check=True)
    bed.world.images.clear()
    bed.world.snapshots.clear()
    bed.world.calls.clear()
    return pod


def promote(bed, *more):
    return i2kit(bed, "promote", "-f", "i2kit.yml", "--yes", *more)


def good(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def stack(bed):
    found = [s for s in bed.world.stacks.values() if s.status != "DELETE_COMPLETE"]
    assert len(found) == 1, [s.status for s in found]
    return found[0]


def live(bed):
    return {i["id"] for i in bed.world.instances.values() if i["state"] == "running"}


def launch_data(bed):
    return stack(bed).template.resources["WebLaunch"]["Properties"]["LaunchTemplateData"]
