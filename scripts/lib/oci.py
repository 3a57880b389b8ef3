# SPDX-License-Identifier: Apache-2.0
"""OCI image layouts whose bytes follow from their content alone."""

import gzip
import hashlib
import json
import os
import shutil


def _compact(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


class Layout:
    def __init__(self, folder):
        self.folder = folder + ".part"
        self.final = folder
        self.manifests = []
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(f"{self.folder}/blobs/sha256")

    def blob(self, content, media_type):
        digest = hashlib.sha256(content).hexdigest()
        with open(f"{self.folder}/blobs/sha256/{digest}", "wb") as file:
            file.write(content)
        return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(content)}

    def image(self, tag, layers, config):
        """layers: [(Tree or tar bytes, what it is)], bottom first."""
        descriptors, diff_ids, history = [], [], []
        for layer, what in layers:
            tar = layer if isinstance(layer, bytes) else layer.tar()
            diff_ids.append("sha256:" + hashlib.sha256(tar).hexdigest())
            history.append({"created": "1970-01-01T00:00:00Z", "created_by": what})
            packed = gzip.compress(tar, compresslevel=6, mtime=0)
            descriptors.append(self.blob(packed, "application/vnd.oci.image.layer.v1.tar+gzip"))
        document = {"architecture": "amd64", "os": "linux", "created": "1970-01-01T00:00:00Z", "config": config,
                    "rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": history}
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                    "config": self.blob(_compact(document), "application/vnd.oci.image.config.v1+json"),
                    "layers": descriptors}
        descriptor = self.blob(_compact(manifest), manifest["mediaType"])
        descriptor["platform"] = {"architecture": "amd64", "os": "linux"}
        descriptor["annotations"] = {"org.opencontainers.image.ref.name": tag}
        self.manifests.append(descriptor)

    def finish(self):
        with open(f"{self.folder}/oci-layout", "wb") as file:
            file.write(_compact({"imageLayoutVersion": "1.0.0"}))
        with open(f"{self.folder}/index.json", "wb") as file:
            file.write(_compact({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                                 "manifests": self.manifests}))
        shutil.rmtree(self.final, ignore_errors=True)
        os.rename(self.folder, self.final)
