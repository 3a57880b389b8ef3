#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Signatures as cosign makes them, without cosign: what it attaches to an image in a registry, with a Rekor
log's promise where asked for.

    signatures.py key PREFIX                              PREFIX.pem, PREFIX.pub
    signatures.py attach HOST REPO DIGEST NAME KEY.pem KEY.pub [LOG.pem [wrong]]
"""
import base64, hashlib, json, subprocess, sys, urllib.request

def run(*argv, **more):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, **more).stdout

def b64(data):
    return base64.b64encode(data).decode()

def make_key(prefix):
    run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", prefix + ".pem")
    open(prefix + ".pub", "wb").write(run("openssl", "pkey", "-in", prefix + ".pem", "-pubout"))

def sign(key, data):
    if b"ED25519" in run("openssl", "pkey", "-in", key, "-noout", "-text"):
        open(key + ".data", "wb").write(data)
        return run("openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", key + ".data")
    return run("openssl", "dgst", "-sha256", "-sign", key, input=data)

def request(method, url, body=None, kind="application/octet-stream"):
    call = urllib.request.Request(url, data=body, method=method, headers={"Content-Type": kind})
    with urllib.request.urlopen(call) as answer:
        return answer.headers.get("Location")

def push(host, repo, data):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    where = request("POST", f"http://{host}/v2/{repo}/blobs/uploads/", b"")
    request("PUT", where + ("&" if "?" in where else "?") + "digest=" + digest, data)
    return {"digest": digest, "size": len(data)}

def bundle(log, wrong, payload, signature, public):
    content = payload + b" " if wrong else payload
    entry = {"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
        "data": {"hash": {"algorithm": "sha256", "value": hashlib.sha256(content).hexdigest()}},
        "signature": {"content": b64(signature), "publicKey": {"content": b64(open(public, "rb").read())}}}}
    promise = {"body": b64(json.dumps(entry).encode()), "integratedTime": 1700000000, "logID": "c0d2", "logIndex": 7}
    canonical = json.dumps(promise, sort_keys=True, separators=(",", ":")).encode()
    return json.dumps({"SignedEntryTimestamp": b64(sign(log, canonical)), "Payload": promise})

def attach(host, repo, digest, name, key, public, log=None, wrong=None):
    payload = json.dumps({"critical": {"identity": {"docker-reference": name}, "image": {"docker-manifest-digest": digest},
                                       "type": "cosign container image signature"}, "optional": None}).encode()
    signature = sign(key, payload)
    annotations = {"dev.cosignproject.cosign/signature": b64(signature)}
    if log:
        annotations["dev.sigstore.cosign/bundle"] = bundle(log, wrong, payload, signature, public)
    layer = push(host, repo, payload)
    config = push(host, repo, json.dumps({"architecture": "", "os": "", "config": {}, "rootfs": {"type": "layers",
                                          "diff_ids": [layer["digest"]]}}).encode())
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **config},
                "layers": [{"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", **layer, "annotations": annotations}]}
    request("PUT", f"http://{host}/v2/{repo}/manifests/{digest.replace(':', '-')}.sig", json.dumps(manifest).encode(), manifest["mediaType"])

{"key": make_key, "attach": attach}[sys.argv[1]](*sys.argv[2:])
