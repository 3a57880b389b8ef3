# SPDX-License-Identifier: Apache-2.0
"""The voting page: every vote is one line on a Redis list. $REDIS_HOST, $OPTION_A, $OPTION_B."""

import html
import os
import socket
import uuid
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

OPTIONS = {"a": os.environ.get("OPTION_A", "Cats"), "b": os.environ.get("OPTION_B", "Dogs")}
REDIS = (os.environ.get("REDIS_HOST", "redis"), 6379)
PAGE = """<!doctype html><meta name=viewport content="width=device-width"><title>Vote</title>
<style>body{{font:1.2em sans-serif;text-align:center}}button{{font-size:2em;margin:.5em;padding:.5em 1em}}
.mine{{background:#9d9}}</style><h1>{a} or {b}?</h1>
<form method=post><button name=vote value=a class={class_a}>{a}</button>
<button name=vote value=b class={class_b}>{b}</button></form><p><small>served by {host}</small></p>"""


def redis_push(key, value):
    """RPUSH in Redis' own protocol."""
    parts = [b"RPUSH", key.encode(), value.encode()]
    request = b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
    with socket.create_connection(REDIS, timeout=5) as connection:
        connection.sendall(request)
        answer = connection.recv(64)
    if not answer.startswith(b":"):
        raise OSError("redis: " + answer.decode(errors="replace").strip())


class Handler(BaseHTTPRequestHandler):
    def page(self, status, vote=None, voter=None):
        text = PAGE.format(host=html.escape(socket.gethostname()), class_a="mine" if vote == "a" else "",
                           class_b="mine" if vote == "b" else "",
                           **{key: html.escape(value) for key, value in OPTIONS.items()})
        self.answer(status, text, "text/html; charset=utf-8", voter)

    def answer(self, status, text, kind="text/plain", voter=None):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if voter:
            self.send_header("Set-Cookie", f"voter={voter}; HttpOnly; SameSite=Lax")
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/healthz":
            return self.answer(200, "ok\n")
        return self.page(200)

    def do_POST(self):
        size = min(int(self.headers.get("Content-Length") or 0), 4096)
        vote = parse_qs(self.rfile.read(size).decode(errors="replace")).get("vote", [""])[0]
        if vote not in OPTIONS:
            return self.answer(400, "vote is a or b\n")
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("voter")
        voter = cookie.value if cookie and len(cookie.value) == 32 and cookie.value.isalnum() else uuid.uuid4().hex
        try:
            redis_push("votes", f"{voter} {vote}")
        except OSError as error:
            return self.answer(503, f"the vote was not taken: {error}\n")
        return self.page(200, vote, voter)


if __name__ == "__main__":
    print("vote: listening on :80", flush=True)
    ThreadingHTTPServer(("", 80), Handler).serve_forever()
