# SPDX-License-Identifier: Apache-2.0
"""Where the commands of the documents are typed, and in which order: folders with the manifests that the texts speak
of, a registry that stands for the world's, the fake AWS, and stand-ins for programs of others."""

import json
import os
import re
import shutil
import subprocess
import time

import pages
import server
from pages import TOP

IMAGES = os.environ["I2KIT_IMAGES"]
REGISTRY = "127.0.0.1:5000"
REGION = "eu-central-1"
# Names that documents use, and the example image that stands for them.
STAND_FOR = {"nginx:1.25": "nginx", "nginx:1.22": "nginx", "redis:7": "redis", "busybox:1.36": "toolbox"}
BUSYBOX = f"oci:{IMAGES}/toolbox"

# What the examples of the verbs speak of: web with nginx, of which there are two; a worker that has failed once; db with
# a claim, whose container is postgres; the Job migrate.
SHOP = """
name: apps
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
        image: nginx:1.22
        readinessProbe: {{httpGet: {{path: /, port: 80}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: api}}
spec: {{type: LoadBalancer, selector: {{app: web}}, ports: [{{port: 8000, targetPort: 80}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: worker}}
spec:
  selector: {{matchLabels: {{app: worker}}}}
  template:
    metadata: {{labels: {{app: worker}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: worker
        image: {busybox}
        command: [sh, -c, "echo at work; [ -e /seen/once ] || {{ touch /seen/once; exit 3; }}; exec sleep 100000"]
        envFrom: [{{secretRef: {{name: db, optional: true}}}}]
        volumeMounts: [{{name: seen, mountPath: /seen}}, {{name: tls, mountPath: /tls}}]
      volumes:
      - {{name: seen, emptyDir: {{}}}}
      - {{name: tls, secret: {{secretName: tls, optional: true}}}}
---
{db}
---
apiVersion: batch/v1
kind: Job
metadata: {{name: migrate}}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{{name: migrate, image: "{busybox}", command: [echo, migrated]}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {{name: nightly}}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{{name: nightly, image: "{busybox}", command: ["true"]}}]
"""
DB = """
apiVersion: v1
kind: ConfigMap
metadata: {{name: psql}}
data: {{psql: "#!/bin/sh\\ncat >/var/lib/dump\\n"}}
---
apiVersion: v1
kind: Service
metadata: {{name: db}}
spec: {{clusterIP: None, selector: {{app: db}}, ports: [{{port: 5432}}]}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec:
  serviceName: db
  selector: {{matchLabels: {{app: db}}}}
  template:
    metadata: {{labels: {{app: db}}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
      - name: postgres
        image: {busybox}
        command: [sh, -c, "echo listening; exec sleep 100000"]
        volumeMounts:
        - {{name: data, mountPath: /data}}
        - {{name: psql, mountPath: /usr/local/bin/psql, subPath: psql}}
      volumes: [{{name: psql, configMap: {{name: psql, defaultMode: 0755}}}}]
  volumeClaimTemplates:
  - metadata: {{name: data}}
    spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 64Mi}}}}}}
"""
SMALL_SHOP = """
name: web
containers:
  nginx: {{image: "oci:{images}/nginx"}}
---
{db}
---
apiVersion: v1
kind: Service
metadata: {{name: db-outside}}
spec: {{type: LoadBalancer, selector: {{app: db}}, ports: [{{port: 5432}}]}}
"""
WATCHED = """
name: web
containers:
  nginx:
    image: oci:{images}/nginx
    develop: {{watch: [{{action: sync, path: src, target: /srv}}]}}
"""
CLOUD = """
name: web
public: true
containers:
  nginx:
    image: oci:{images}/nginx
    envFrom: [{{secretRef: {{name: db, optional: true}}}}]
    ports: ["8080:80"]
    readinessProbe: {{httpGet: {{path: /, port: 80}}}}
"""
STRACE = "#include <stdio.h>\nint main(void) { puts(\"attached\"); return 0; }\n"

# Examples of verbs, in an order in which one thing leads to the next, and what somebody would have done before each.
# A verb that is not named here comes at the end of its place, "shop".
VERBS = {
    "fresh": ["init"],
    "files": ["explain", "schema", "validate", "completion", "pull", "images", "build", "verify", "sbom", "convert"],
    "shop": ["up", "wait", "ps", "ls", "port", "why", "inspect", "events", "logs", "exec", "cp", "debug", "attach", "console",
             "port-forward", "stats", "metrics", "tui", "pause", "unpause", "scale", "restart", "volume", "kill", "stop",
             "start", "system", "receipt", "prune", "down"],
    "watched": ["watch"],
    "cloud": ["promote", "status", "diff", "releases", "rollback", "destroy"],
}
BEFORE = {
    "completion": ["mkdir -p ~/.zfunc ~/.config/fish/completions"],
    "images": ["i2kit pull nginx:1.22"],
    "verify": ["i2kit build -f shop/ web -o web.img"],
    "inspect": ["i2kit build web -o web.img"],
    "sbom": ["i2kit build -f shop/ web -o web.img"],
    "wait": ["i2kit up -d --wait"],
    "ps": ["i2kit up -d -f shop/ --publish db:15432:5432"],
    "port-forward": ["i2kit -p shop down"],  # which has that port; its volumes are removed in the end
    "exec": ["echo 'create table t();' >dump.sql"],
    "kill": ["i2kit restart --wait"],
    "up": ["echo PASSWORD=a >dev.env && mkdir certs && echo key >certs/tls.key"],
    "promote": ["i2kit up -d --wait", "echo PASSWORD=b >prod.env && i2kit up -d --wait --secret-file db=prod.env"],
    "rollback": ["sed -i 's/8080/8081/' i2kit.yml && i2kit up -d --wait && i2kit promote --yes",
                 "sed -i 's/8081/8082/' i2kit.yml && i2kit up -d --wait && i2kit promote --yes",
                 "sed -i 's/8082/8083/' i2kit.yml && i2kit up -d --wait && i2kit promote --yes"],
}
# Where the blocks of a page are typed, if nothing in the page says otherwise; and the order of places.
PAGES = {"README.md": "fresh", "doc/cloud.md": "cloud", "doc/tutorial.md": "tutorial"}
PLACES = ["fresh", "files", "tutorial", "examples", "shop", "cloud"]
# What somebody would have done before the first block of a page in a place.
BEFORE_PAGE = {
    ("doc/image.md", "files"): ["i2kit pull nginx:1.22", "i2kit build -f shop/ web -o web.img"],
    ("doc/develop.md", "shop"): ["i2kit up -d --wait"],
}
VOTING = "examples/voting/i2kit.yml"  # voting.sh runs it


class Step:
    def __init__(self, name, place, block, before=(), each_alone=False):
        self.name, self.place, self.block, self.before, self.each_alone = name, place, block, before, each_alone
        self.is_first = False  # of its page in this place: it begins in the place's own folder


def to_the_cloud(found):
    """Lines of other verbs that want an environment, taken out of their blocks."""
    for verb in found:
        lines = [] if verb in VERBS["cloud"] else [line for line in found[verb].lines if "environment.yml" in line[1]]
        if lines:
            found[verb].lines = [line for line in found[verb].lines if line not in lines]
            yield Step(verb, "cloud", pages.Block("doc/verbs.md", ("", ""), lines), (), True)


def verb_steps():
    found = pages.verb_blocks()
    for block in found.values():
        block.lines = [(number, text) for number, text in block.lines if not pages.runs_elsewhere(text)]
    others = list(to_the_cloud(found))
    order = [(place, verb) for place, verbs in VERBS.items() for verb in verbs]
    order += [("shop", verb) for verb in found if verb not in {verb for _, verb in order}]
    order.sort(key=lambda entry: list(VERBS).index(entry[0]))
    for place, verb in order:
        if verb == "destroy":
            yield from others
        yield Step(verb, place, found.get(verb), BEFORE.get(verb, []), True)


def page_steps():
    found = []
    for block in pages.all_blocks():
        if block.page in ("doc/verbs.md", VOTING) or block.kind in ("not run", "run by"):
            continue
        place = "examples" if block.page.startswith("examples/") else PAGES.get(block.page, "shop")
        found.append(Step(block.page, block.reason if block.kind == "run in" else place, block))
    # In the cloud first what brings something there.
    found.sort(key=lambda step: (PLACES.index(step.place), step.name != "doc/cloud.md"))
    seen = set()
    for step in found:
        if (step.name, step.place) not in seen:
            step.before = BEFORE_PAGE.get((step.name, step.place), [])
            step.is_first = True
            seen.add((step.name, step.place))
        yield step


def habit_steps():
    for heading, lines in pages.habits().items():
        lines = [(number, text.replace("NAME", "data-db-0")) for number, text in lines if not pages.runs_elsewhere(text)]
        before = ["i2kit up -d --wait"] if heading != "kubectl" else []
        yield Step(heading, "shop", pages.Block("doc/coming-from.md", ("", ""), lines), before, True)


def steps(part):
    return list({"verbs": verb_steps, "habits": habit_steps, "pages": page_steps}[part]())


class Place:
    """A folder, and where one is in it."""

    def __init__(self, folder, env):
        os.makedirs(folder, exist_ok=True)
        self.home = self.folder = folder
        self.env = env

    def moved(self, line):
        if not os.path.exists(line.place_file):  # it had to be killed, and the report says so
            return
        with open(line.place_file, encoding="utf-8") as file:
            self.folder = file.read().strip()

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)


class Stand:
    def __init__(self, work):
        self.work, self.places, self.processes = work, {}, []
        self.env = dict(os.environ, PATH=f"{work}/bin:{os.environ['PATH']}", TERM="xterm-256color", COLUMNS="120")

    def __enter__(self):
        self.serve_images()
        self.stand_in("helm", "cat chart/web.yml")
        # Makes no policy, and says whether the file that it was to be made of is one.
        self.stand_in("aws", 'for word; do case $word in file://*) jq -e .Statement "${word#file://}";; esac; done')
        self.serve_cloud()
        with open(f"{self.work}/strace.c", "w", encoding="utf-8") as out:
            out.write(STRACE)
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()

    def stand_in(self, name, command):
        os.makedirs(f"{self.work}/bin", exist_ok=True)
        with open(f"{self.work}/bin/{name}", "w", encoding="utf-8") as out:
            out.write(f"#!/bin/sh\n{command}\n")
        os.chmod(f"{self.work}/bin/{name}", 0o755)

    def serve_images(self):
        """A registry that the documents' image names lead to, by a mirror of Docker Hub."""
        with open(f"{self.work}/registry.yml", "w", encoding="utf-8") as out:
            out.write("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
                      f"storage: {{filesystem: {{rootdirectory: {self.work}/registry}}}}\nhttp: {{addr: '{REGISTRY}'}}\n")
        self.processes.append(subprocess.Popen(["docker-registry", "serve", f"{self.work}/registry.yml"],
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        for _ in range(100):
            if subprocess.run(["curl", "-fsS", "-o", "/dev/null", f"http://{REGISTRY}/v2/"], stderr=subprocess.DEVNULL,
                              check=False).returncode == 0:
                break
            time.sleep(0.1)
        for name, image in STAND_FOR.items():
            subprocess.run(["skopeo", "copy", "-q", "--insecure-policy", "--dest-tls-verify=false", f"oci:{IMAGES}/{image}",
                            f"docker://{REGISTRY}/library/{name}"], check=True)
        config = os.path.join(os.environ["HOME"], ".config", "i2kit")
        os.makedirs(config, exist_ok=True)
        with open(f"{config}/registries.json", "w", encoding="utf-8") as out:
            json.dump({"registries": [{"host": "docker.io", "mirrors": [f"http://{REGISTRY}"]}]}, out)
        os.makedirs(f"{os.environ['HOME']}/.config/containers", exist_ok=True)
        with open(f"{os.environ['HOME']}/.config/containers/registries.conf", "w", encoding="utf-8") as out:
            out.write(f'[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "{REGISTRY}"\ninsecure = true\n')

    def serve_cloud(self):
        """An AWS account that is the fake."""
        _, fake, url = server.start(region=REGION)
        fake.world.settings.update(resource_s=0.01, signal_after_s=0.05)
        self.env.update(AWS_ENDPOINT_URL=url, AWS_REGION=REGION, AWS_EC2_METADATA_DISABLED="true",
                        AWS_ACCESS_KEY_ID="AKIDFAKE", AWS_SECRET_ACCESS_KEY="fake/secret+key")

    def place(self, name):
        if name not in self.places:
            self.places[name] = getattr(self, "make_" + name)()
        return self.places[name]

    def make_fresh(self):
        return Place(f"{self.work}/fresh", self.env)

    def make_tutorial(self):
        return Place(f"{self.work}/tutorial", self.env)

    def make_files(self):
        """Files, and nothing that runs: shop/ and k8s/ with manifests, a LinuxKit document, a chart."""
        place = Place(f"{self.work}/files", self.env)
        self.write_shop(place)
        place.write("chart/web.yml", DB.format(busybox=BUSYBOX))
        subprocess.run(["python3", f"{TOP}/tests/e2e/linuxkit_images.py", f"{self.work}/layout"], check=True)
        with open(f"{TOP}/tests/image/golden/linuxkit.yml", encoding="utf-8") as file:
            place.write("my.yml", re.sub(r"registry.test/([a-z0-9]*):1", rf"oci:{self.work}/layout:\1", file.read()))
        return place

    def write_shop(self, place):
        place.write("shop/i2kit.yml", SMALL_SHOP.format(images=IMAGES, db=DB.format(busybox=BUSYBOX)))
        for name in ("i2kit.yml", "k8s/i2kit.yml"):
            place.write(name, SHOP.format(busybox=BUSYBOX, db=DB.format(busybox=BUSYBOX)))

    def make_shop(self):
        place = Place(f"{self.work}/apps", self.env)
        self.write_shop(place)
        shutil.copytree(f"{TOP}/examples/hello", f"{place.folder}/examples/hello")
        place.write("index.html", "<p>hello</p>\n")
        subprocess.run(["gcc", "-static", "-o", f"{place.folder}/strace-static", f"{self.work}/strace.c"], check=True)
        os.symlink(os.path.dirname(IMAGES), f"{place.folder}/out")
        return place

    def make_watched(self):
        """A pod with rules for what is written."""
        place = Place(f"{self.work}/watched", self.env)
        place.write("i2kit.yml", WATCHED.format(images=IMAGES))
        return place

    def make_examples(self):
        """The source tree as the examples see it."""
        place = Place(f"{self.work}/tree", self.env)
        shutil.copytree(f"{TOP}/examples", f"{place.folder}/examples")
        os.symlink(os.path.dirname(IMAGES), f"{place.folder}/out")
        # The reader's own, which the example cannot know.
        with open(f"{place.folder}/examples/cloud/environment.yml", encoding="utf-8") as file:
            place.write("examples/cloud/environment.yml", "".join(line for line in file if "subnets:" not in line))
        place.write("scripts/example-images", "#!/bin/sh\n# They are there.\n")
        os.chmod(f"{place.folder}/scripts/example-images", 0o755)
        return place

    def make_cloud(self):
        """A project with an environment."""
        place = Place(f"{self.work}/cloud", self.env)
        place.write("i2kit.yml", CLOUD.format(images=IMAGES))
        place.write("environment.yml", f"name: production\nprovider: {{type: aws, region: {REGION}}}\n")
        place.env["KEY"] = subprocess.run(["i2kit", "receipt", "key"], env=self.env, stdout=subprocess.PIPE, text=True,
                                          check=True).stdout.split()[0]
        return place
