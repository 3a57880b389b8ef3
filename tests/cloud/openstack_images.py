# SPDX-License-Identifier: Apache-2.0
"""usage: openstack_images.py PUSH-DISK I2KIT

Disks into a Glance on loopback that takes what the Image API v2 takes (its schema, content types, states, protection,
pages of two) and nothing else, and that fails on demand: cut connections, closed ways, other bytes than it was sent."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

from openstack_login import PASSWORD, Handler, Keystone

MIB = 1 << 20
FORMATS = ("raw", "qcow2", "iso", "vmdk", "vdi", "vhd", "vhdx", "ami", "ari", "aki", "ploop")
BASE = {"name": str, "disk_format": str, "container_format": str, "visibility": str, "min_disk": int, "min_ram": int, "tags": list, "protected": bool}


class Cloud(Keystone):
    def handle_error(self, request, client_address):
        pass  # clients that are cut off or killed are what is tested

    def __init__(self):
        super().__init__(Glance)

    def reset(self):
        super().reset()
        self.images, self.stored, self.calls = {}, {}, []
        self.cut_at, self.put_status, self.flip, self.has_ranges = [], [], None, True
        self.can_upload, self.ways, self.algorithm = True, ["glance-direct", "web-download"], "sha512"
        self.import_is_lost, self.mark_status, self.slow, self.hidden = False, [], 0, ()

    def add(self, data, status="active", owner="p1", **properties):
        ident = f"i{len(self.stored)}"
        self.stored[ident] = data
        self.images[ident] = {"id": ident, "status": status, "owner": owner, "visibility": "private", "protected": False,
                              "tags": ["i2kit"], "size": len(data), "os_hash_algo": "sha512",
                              "os_hash_value": hashlib.sha512(data).hexdigest(), **properties}
        return ident


class Glance(Handler):
    def refuse(self, status, message):
        """As Debian 12's Glance (tests/e2e/openstack.py compares): JSON with a page's line breaks for who wants JSON, else the page."""
        if not self.path.startswith("/image/"):
            return super().refuse(status, message)
        if "json" in self.headers.get("Accept", ""):
            return self.answer(status, {"message": f"{message}<br /><br />\n\n\n", "code": f"{status} x", "title": "x"}, Content_Type="application/json")
        return self.answer(status, f"<html><head><title>{status}</title></head><body>{message}<br /><br /></body></html>", Content_Type="text/html")

    def is_known(self):
        tokens = self.server.tokens
        if tokens and self.headers["X-Auth-Token"] == tokens[-1]:
            return True
        self.close_connection = True
        self.refuse(401, "The request you have made requires authentication.")
        return False

    def find(self, ident):
        image = self.server.images.get(ident)
        if image is None:
            self.close_connection = True
            self.refuse(404, f"No image found with ID {ident}")
        return image

    def do_POST(self):
        self.server.calls.append(("POST", self.path))
        if not self.path.startswith("/image/"):
            return super().do_POST()
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.is_known():
            return None
        if self.headers["Content-Type"] != "application/json":
            return self.refuse(415, "Unsupported Media Type")
        match = re.fullmatch(r"/image/v2/images/([^/]+)/import", self.path)
        if match:
            image = self.find(match[1])
            if image is None:
                return None
            if sent != {"method": {"name": "glance-direct"}} or "glance-direct" not in self.server.ways or image["status"] != "uploading":
                return self.refuse(409, "Image needs to be staged before 'glance-direct' method can be used")
            self.settle(image, "queued" if self.server.import_is_lost else "active")
            return self.answer(202, "")
        if self.path != "/image/v2/images":
            return self.refuse(404, "no such")
        wrong = [k for k, v in sent.items() if not isinstance(v, BASE.get(k, str)) or (isinstance(v, str) and len(v) > 255)]
        if wrong or sent.get("disk_format") not in FORMATS or sent.get("container_format") != "bare" or sent.get("visibility") != "private":
            return self.refuse(400, f"Provided object does not match schema 'image': {wrong}")
        ident = self.server.add(b"", **{"protected": False, **sent})
        self.server.images[ident].update(status="queued", size=None, os_hash_algo=None, os_hash_value=None)
        return self.answer(201, self.server.images[ident], Location=f"/v2/images/{ident}")

    def settle(self, image, status="active"):
        data = self.server.stored[image["id"]]
        hashed = hashlib.new(self.server.algorithm, data).hexdigest()
        image.update(status=status, size=len(data), os_hash_algo=self.server.algorithm, os_hash_value=hashed)
        if self.server.flip is not None:
            at = self.server.flip % len(data)
            self.server.stored[image["id"]] = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]

    def handle_expect_100(self):
        return True  # Glance's server says "go on" when the bytes are read, and not before

    def take_bytes(self, image, state):
        if self.headers.get("Expect") == "100-continue":
            self.send_response_only(100)
            self.end_headers()
        size, data = int(self.headers["Content-Length"]), bytearray()
        cut = self.server.cut_at.pop(0) if self.server.cut_at else None
        image["status"] = state
        while len(data) < size:
            if cut is not None and len(data) >= cut:
                image["status"] = "queued"
                self.connection.close()
                self.close_connection = True
                return None
            try:
                piece = self.rfile.read(min(65536, size - len(data)))
            except ConnectionError:
                piece = b""
            time.sleep(self.server.slow)
            if not piece:
                image["status"] = "queued"  # as Glance does when a client goes away
                return None
            data += piece
        return bytes(data)

    def do_PUT(self):
        self.server.calls.append(("PUT", self.path))
        match = re.fullmatch(r"/image/v2/images/([^/]+)/(file|stage)", self.path)
        if not self.is_known():
            return
        image = self.find(match[1])
        if image is None:
            return
        self.close_connection = True
        if self.headers["Content-Type"] != "application/octet-stream":
            self.refuse(415, "Unsupported Media Type")
        elif match[2] == "file" and not self.server.can_upload:
            self.refuse(403, "You are not authorized to complete upload_image action.")
        elif self.server.put_status:
            self.refuse(self.server.put_status.pop(0), "as you like")
        elif image["status"] != "queued":
            self.refuse(409, f"Image status transition from {image['status']} to saving is not allowed")
        else:
            data = self.take_bytes(image, "saving" if match[2] == "file" else "uploading")
            if data is None:
                return
            self.server.stored[image["id"]] = data
            if match[2] == "file":
                self.settle(image)
            self.answer(204, "")

    def do_PATCH(self):
        self.server.calls.append(("PATCH", self.path))
        changes = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        image = self.is_known() and self.find(self.path.rsplit("/", 1)[1])
        if not image:
            return
        if self.headers["Content-Type"] != "application/openstack-images-v2.1-json-patch":
            return self.refuse(415, "Unsupported Media Type")
        if self.server.mark_status:
            return self.refuse(self.server.mark_status.pop(0), "as you like")
        for change in changes:
            key = change["path"][1:]
            if set(change) != {"op", "path", "value"} or (change["op"] == "replace" and key not in image):
                return self.refuse(409, f"Property {key} does not exist.")
            image[key] = change["value"]
        return self.answer(200, image)

    def do_DELETE(self):
        self.server.calls.append(("DELETE", self.path))
        image = self.is_known() and self.find(self.path.rsplit("/", 1)[1])
        if not image:
            return
        if image["protected"]:
            return self.refuse(403, "Image is protected and cannot be deleted.")
        del self.server.images[image["id"]]
        return self.answer(204, "")

    def do_GET(self):
        self.server.calls.append(("GET", self.path))
        url = urllib.parse.urlsplit(self.path)
        if not url.path.startswith("/image/"):
            return super().do_GET()
        if not self.is_known():
            return None
        if url.path == "/image/v2/info/import":
            return self.answer(200, {"import-methods": {"description": "x", "type": "array", "value": self.server.ways}})
        if url.path == "/image/v2/images":
            return self.list(dict(urllib.parse.parse_qsl(url.query)))
        match = re.fullmatch(r"/image/v2/images/([^/]+)(/file)?", url.path)
        image = match and self.find(match[1])
        if not image:
            return None
        return self.download(image["id"]) if match[2] else self.answer(200, {k: v for k, v in image.items() if k not in self.server.hidden})

    def list(self, query):
        marker, tag, limit = query.pop("marker", None), query.pop("tag", None), int(query.pop("limit", 25))
        found = [i for i in self.server.images.values() if (tag is None or tag in i["tags"]) and all(str(i.get(k)) == v for k, v in query.items())]
        start = [i["id"] for i in found].index(marker) + 1 if marker else 0
        page = found[start:start + min(limit, 2)]
        body = {"images": page, "schema": "/v2/schemas/images", "first": "/v2/images"}
        if start + 2 < len(found):
            body["next"] = "/v2/images?" + urllib.parse.urlencode({**query, "tag": tag, "limit": limit, "marker": page[-1]["id"]})
        return self.answer(200, body)

    def download(self, ident):
        data, status = self.server.stored[ident], 200
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if match and self.server.has_ranges:
            data, status = data[int(match[1]):int(match[2]) + 1], 206
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def disk(seed=1, size=3 * MIB):
    """Boot code, a signature, and bytes without a pattern."""
    data = bytearray(b"".join(hashlib.sha512(f"{seed}.{i}".encode()).digest() for i in range(size // 64)))
    data[510:512] = b"\x55\xaa"
    data[512:520] = bytes(8)
    return bytes(data)


class Bed:
    def __init__(self, cloud, folder):
        self.cloud, self.folder = cloud, folder
        clouds = {"clouds": {"one": {"auth": {"auth_url": cloud.url, **PASSWORD}}}}
        with open(f"{folder}/clouds.yaml", "w", encoding="utf-8") as file:
            json.dump(clouds, file)
        self.write(disk())

    def write(self, data):
        self.data, self.hex = data, hashlib.sha256(data).hexdigest()
        with open(f"{self.folder}/disk.raw", "wb") as file:
            file.write(data)

    def start(self, verify="full", hexes=None):
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "XDG_RUNTIME_DIR": self.folder, "PUSH_PROVIDER": "openstack"}
        for key in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            environment.update({key: os.environ[key]} if key in os.environ else {})
        return subprocess.Popen([os.path.abspath(sys.argv[1]), "shop", "web", "disk.raw", f"sha256:{hexes or self.hex}", verify], cwd=self.folder,
                                env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def push(self, *args, **keys):
        child = self.start(*args, **keys)
        out, err = child.communicate(timeout=60)
        assert child.returncode in (0, 1), (child.returncode, err)
        return (child.returncode == 0, out.split(), err)

    def only(self):
        images = list(self.cloud.images.values())
        assert len(images) == 1, images
        return images[0]

    def puts(self):
        return [path for method, path in self.cloud.calls if method == "PUT"]


def test_a_disk_becomes_a_protected_image_that_says_what_it_is(bed):
    done, out, err = bed.push()
    assert done and out == ["i0", "new", "6", "6", "6", "-"], (out, err)
    image = bed.only()
    wanted = {"name": f"i2kit-shop-web-{bed.hex[:12]}", "disk_format": "raw", "min_disk": 1, "hw_disk_bus": "virtio", "hw_cdrom_bus": "scsi",
              "hw_scsi_model": "virtio-scsi", "hw_vif_model": "virtio", "hw_rng_model": "virtio", "hw_firmware_type": "bios", "i2kit_sha256": bed.hex,
              "i2kit_project": "shop", "i2kit_pod": "web", "i2kit_verified": "full", "protected": True, "visibility": "private", "tags": ["i2kit"]}
    assert {k: image.get(k) for k in wanted} == wanted, image
    assert bed.cloud.stored["i0"] == bed.data
    assert [c for c in bed.cloud.calls if c[0] != "GET"][-1][0] == "PATCH", "the mark is the last"


def test_a_disk_of_uefi_alone_says_so(bed):
    data = bytearray(bed.data)
    data[:446] = bytes(446)
    data[512:520] = b"EFI PART"
    data[1024:1040] = bytes.fromhex("28732ac11ff8d211ba4b00a0c93ec93b")
    bed.write(bytes(data))
    assert bed.push()[0] and bed.only()["hw_firmware_type"] == "uefi"


def test_what_nothing_can_start_is_refused(bed):
    bed.write(bytes(MIB))
    done, _, err = bed.push()
    assert not done and "neither BIOS nor UEFI" in err and not bed.cloud.images, err


def test_a_second_time_nothing_is_sent(bed):
    assert bed.push()[0]
    done, out, _ = bed.push()
    assert done and out[:3] == ["i0", "there", "0"] and len(bed.puts()) == 1, out


def test_a_snapshot_with_the_images_name_is_not_the_image(bed):
    for number in range(3):
        bed.cloud.add(disk(seed=7 + number), i2kit_sha256=bed.hex, i2kit_verified="full", base_image_ref="i9")
    done, out, _ = bed.push()
    assert done and out[:2] == ["i3", "new"] and len(bed.cloud.images) == 4, out
    assert bed.push()[1][:2] == ["i3", "there"], "beyond the first page"


def test_another_projects_image_is_not_ours(bed):
    bed.cloud.add(bed.data, owner="p2", i2kit_sha256=bed.hex, i2kit_verified="full")
    assert bed.push()[1][:2] == ["i1", "new"]


def test_a_connection_that_breaks_begins_again(bed):
    bed.cloud.cut_at = [MIB, 2 * MIB]
    done, out, err = bed.push()
    assert done and out[1] == "new" and bed.only()["i2kit_verified"] == "full", err
    assert len(bed.puts()) == 3


def test_one_that_always_breaks_ends_and_leaves_nothing(bed):
    bed.cloud.cut_at = [MIB] * 9
    done, _, err = bed.push()
    assert not done and not bed.cloud.images and len(bed.puts()) == 3, err


def test_away_is_tried_again_and_a_full_quota_is_not(bed):
    bed.cloud.put_status = [503, 502]
    assert bed.push()[0] and len(bed.puts()) == 3
    bed.write(disk(seed=2))
    bed.cloud.calls, bed.cloud.put_status = [], [413]
    done, _, err = bed.push()
    assert not done and "413" in err and len(bed.puts()) == 1 and len(bed.cloud.images) == 1, err


def test_a_token_that_ends_before_the_bytes_is_fetched_again(bed):
    bed.cloud.put_status = [401]
    assert bed.push()[0] and len(bed.cloud.logins) == 2 and bed.only()["status"] == "active"


def test_a_killed_run_is_cleared_up_by_the_next(bed):
    bed.write(disk(size=16 * MIB))  # more than sockets hold
    bed.cloud.slow = 0.02
    child = bed.start()
    while not any(i["status"] == "saving" for i in list(bed.cloud.images.values())):
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    bed.cloud.slow = 0
    done, out, err = bed.push()
    assert done and out[1] == "new" and bed.only()["i2kit_verified"] == "full", err
    assert bed.only()["id"] != "i0"


def test_what_was_sent_and_not_marked_is_compared_and_marked(bed):
    bed.cloud.add(bed.data, i2kit_sha256=bed.hex)
    done, out, _ = bed.push()
    assert done and out == ["i0", "there", "0", "6", "6", "-"] and not bed.puts() and bed.only()["protected"], out


def test_a_mark_that_fails_is_an_error_and_the_next_run_marks(bed):
    bed.cloud.mark_status = [500]
    done, _, err = bed.push()
    assert not done and "500" in err and "i2kit_verified" not in bed.only()
    assert bed.push()[1][:3] == ["i0", "there", "0"] and bed.only()["protected"]


def test_a_cloud_that_hides_properties_is_no_reason_to_end(bed):
    bed.cloud.hidden = ("i2kit_sha256", "i2kit_verified")   # Glance's property protections
    done, out, err = bed.push()
    assert done and out[1] == "new" and bed.only()["i2kit_verified"] == "full", err


def test_where_uploads_are_closed_it_is_imported(bed):
    bed.cloud.can_upload = False
    done, out, err = bed.push()
    assert done and out[1] == "new" and bed.only()["i2kit_verified"] == "full", err
    assert [path.rsplit("/", 1)[1] for path in bed.puts()] == ["file", "stage"]


def test_where_all_is_closed_it_is_said_and_nothing_is_left(bed):
    bed.cloud.can_upload, bed.cloud.ways = False, ["web-download"]
    done, _, err = bed.push()
    assert not done and "403" in err and "upload_image" in err and not bed.cloud.images, err


def test_an_import_that_is_given_up_is_an_error(bed):
    bed.cloud.can_upload, bed.cloud.import_is_lost = False, True
    done, _, err = bed.push()
    assert not done and "'queued'" in err and not bed.cloud.images, err


def test_other_bytes_in_the_store_are_found(bed):
    for verify, at in (("full", 2 * MIB + 77), ("sample", -1), ("sample", 0)):
        bed.cloud.reset()
        bed.cloud.flip = at
        done, _, err = bed.push(verify)
        assert not done and "something else" in err and not bed.cloud.images, (verify, at, err)


def test_samples_are_ranges(bed):
    done, out, _ = bed.push("sample")
    assert done and int(out[4]) < 6 and bed.only()["i2kit_verified"] == "sample", out


def test_without_ranges_a_sample_is_all(bed):
    bed.cloud.has_ranges = False
    done, out, _ = bed.push("sample")
    assert done and out[4] == "6", out


def test_another_hash_will_do_and_none_is_made_up_for_by_reading(bed):
    bed.cloud.algorithm = "sha256"
    assert bed.push()[0] and bed.push()[1][1] == "there"
    bed.cloud.reset()
    bed.cloud.algorithm = "md5"
    assert bed.push()[0] and bed.push()[1][1] == "there"


def test_a_disk_that_changed_is_not_sent_under_its_old_name(bed):
    done, _, err = bed.push(hexes=hashlib.sha256(b"").hexdigest())
    assert not done and "not sha256:e3b0" in err and not bed.cloud.images, err


def test_promote_only_images_by_hand(bed):
    """The program itself, with a disk that it has built."""
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
    images, base = os.environ.get("I2KIT_IMAGES", f"{top}/out/images"), os.environ.get("I2KIT_BASE", f"{top}/out/base")
    if not os.path.exists(f"{images}/toolbox/index.json") or not os.path.exists(f"{base}/base.json"):
        return
    with open(f"{bed.folder}/i2kit.yml", "w", encoding="utf-8") as file:
        file.write(f"name: shop\ncontainers:\n  main: {{image: 'oci:{images}/toolbox', command: [sleep, '1000']}}\n")
    with open(f"{bed.folder}/environment.yml", "w", encoding="utf-8") as file:
        file.write("name: prod\nprovider: {type: openstack, cloud: one}\n")
    environment = {"PATH": os.environ["PATH"], "HOME": bed.folder, "XDG_RUNTIME_DIR": bed.folder, "I2KIT_BASE": base}

    def run(*words):
        done = subprocess.run([os.path.abspath(sys.argv[2]), *words, "-e", "environment.yml"], cwd=bed.folder, env=environment,
                              capture_output=True, text=True, timeout=90)
        return done.returncode, done.stdout, done.stderr

    status, out, err = run("promote", "--only-images", "--plan", "--force")
    assert status == 0 and "to send" in out and not bed.cloud.images, (out, err)
    status, out, err = run("promote", "--only-images", "--force", "--yes")
    image = bed.only()
    assert status == 0 and image["id"] in out and image["i2kit_sha256"] in out and image["i2kit_verified"] == "full", (out, err)
    assert hashlib.sha256(bed.cloud.stored[image["id"]]).hexdigest() == image["i2kit_sha256"]
    status, out, err = run("promote", "--only-images", "--force", "--yes")
    assert status == 0 and "there already" in out and len(bed.puts()) == 1, (out, err)


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    cloud = Cloud()
    print(f"1..{len(tests)}")
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        cloud.reset()
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(Bed(cloud, folder))
                print(f"ok {number} - {name[5:].replace('_', ' ')}", flush=True)
            except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"not ok {number} - {name[5:].replace('_', ' ')}\n# {error}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
