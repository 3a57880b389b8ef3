# SPDX-License-Identifier: Apache-2.0
"""An image of several layers as an OCI layout."""

import gzip
import hashlib
import io
import json
import os
import tarfile

PREFIX = "application/vnd.oci.image."


def pack(files):
    """A layer of {path: content}: bytes of a tar."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            if content is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return raw.getvalue()


class Layout:
    def __init__(self, folder, layers):
        self.folder = folder
        os.makedirs(folder + "/blobs/sha256")
        described, diff_ids = [], []
        for files in layers:
            raw = pack(files)
            diff_ids.append("sha256:" + hashlib.sha256(raw).hexdigest())
            described.append(self.blob(gzip.compress(raw, 1, mtime=0), "layer.v1.tar+gzip"))
        config = self.blob(json.dumps({"architecture": "amd64", "os": "linux", "config": {"Cmd": ["x"]},
                                       "rootfs": {"type": "layers", "diff_ids": diff_ids}}).encode(), "config.v1+json")
        manifest = self.blob(json.dumps({"schemaVersion": 2, "mediaType": PREFIX + "manifest.v1+json", "config": config,
                                         "layers": described}).encode(), "manifest.v1+json")
        self.digest, self.diff_ids = manifest["digest"], diff_ids
        self.write("index.json", json.dumps({"schemaVersion": 2, "manifests": [manifest]}).encode())
        self.write("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')

    def write(self, name, content):
        with open(f"{self.folder}/{name}", "wb") as file:
            file.write(content)

    def blob(self, content, kind):
        digest = hashlib.sha256(content).hexdigest()
        self.write("blobs/sha256/" + digest, content)
        return {"mediaType": PREFIX + kind, "digest": "sha256:" + digest, "size": len(content)}
