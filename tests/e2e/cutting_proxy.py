#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: cutting_proxy.py LISTEN_PORT TARGET_PORT MODE LOG

A TCP proxy on loopback for the tests of broken transfers. MODE:
  cut:BYTES    each answer of a blob is cut after BYTES bytes, the connection closed
  flip         one byte in the middle of every blob's answer is changed
  norange      the Range header is taken out of requests, and answers cut once after 300000 bytes
  slow:BYTES   blobs trickle at BYTES a second
  fail:COUNT   the first COUNT blob requests are answered 503
Requests for blobs are written to LOG, one line each, with their Range."""
import socket
import sys
import threading
import time

listen, target, mode, log_name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
kind, _, amount = mode.partition(":")
amount = int(amount or 0)
lock = threading.Lock()
seen = {}


def log(line):
    with lock, open(log_name, "a") as out:
        out.write(line + "\n")


def read_head(sock):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte:
            return None
        head += byte
        if head == b"\x16":  # TLS: we speak http only
            return None
    return head


def body_length(head):
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def relay_body(server, client, length, path, is_blob):
    sent = 0
    with lock:
        seen[path] = seen.get(path, 0) + 1
        times = seen[path]
    limit = None
    if is_blob and kind == "cut":
        limit = amount
    if is_blob and kind == "norange" and times == 1:
        limit = 300000
    while sent < length:
        chunk = server.recv(min(65536, length - sent))
        if not chunk:
            return False
        if is_blob and kind == "flip" and sent <= length // 2 < sent + len(chunk):
            at = length // 2 - sent
            chunk = chunk[:at] + bytes([chunk[at] ^ 1]) + chunk[at + 1:]
        if limit is not None and sent + len(chunk) > limit:
            client.sendall(chunk[:limit - sent])
            return False
        client.sendall(chunk)
        sent += len(chunk)
        if is_blob and kind == "slow":
            time.sleep(len(chunk) / amount)
    return True


def serve(client):
    server = socket.create_connection(("127.0.0.1", target))
    try:
        while True:
            head = read_head(client)
            if head is None:
                return
            request = head.split(b"\r\n")[0].decode()
            path = request.split(" ")[1]
            is_blob = "/blobs/" in path
            wanted = [x for x in head.split(b"\r\n") if x.lower().startswith(b"range:")]
            if is_blob:
                log(path.rsplit("/", 1)[1] + " " + (wanted[0].decode() if wanted else "whole"))
            if is_blob and kind == "fail":
                with lock:
                    seen["fail"] = seen.get("fail", 0) + 1
                    must_fail = seen["fail"] <= amount
                if must_fail:
                    client.sendall(b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n")
                    continue
            if is_blob and kind == "norange":
                head = b"\r\n".join(x for x in head.split(b"\r\n") if not x.lower().startswith(b"range:"))
            server.sendall(head)
            answer = read_head(server)
            if answer is None:
                return
            client.sendall(answer)
            length = 0 if request.startswith("HEAD") else body_length(answer)
            if not relay_body(server, client, length, path, is_blob):
                return
    except OSError:
        pass
    finally:
        client.close()
        server.close()


def main():
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", listen))
    listener.listen(64)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()


main()
