# SPDX-License-Identifier: Apache-2.0
"""The result page, and /json for programs."""

import html
import json
import os
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2

OPTIONS = {"a": os.environ.get("OPTION_A", "Cats"), "b": os.environ.get("OPTION_B", "Dogs")}
DATABASE = dict(host=os.environ.get("DB_HOST", "db"), user=os.environ.get("DB_USER", "postgres"),
                password=os.environ.get("DB_PASSWORD", "postgres"), dbname="postgres", connect_timeout=5)
PAGE = """<!doctype html><meta http-equiv=refresh content=2><title>Result</title>
<style>body{{font:1.2em sans-serif;text-align:center}}b{{font-size:3em}}</style><h1>Result</h1>
<p><b>{percent_a}%</b> {a} &nbsp; <b>{percent_b}%</b> {b}</p><p>{total} votes</p>
<p><small>served by {host}</small></p>"""


def count():
    database = psycopg2.connect(**DATABASE)
    try:
        with database.cursor() as cursor:
            cursor.execute("SELECT vote, count(*) FROM votes GROUP BY vote")
            found = dict(cursor.fetchall())
    except psycopg2.errors.UndefinedTable:
        found = {}
    finally:
        database.close()
    return {key: found.get(key, 0) for key in OPTIONS}


class Handler(BaseHTTPRequestHandler):
    def answer(self, status, text, kind):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/healthz":
            return self.answer(200, "ok\n", "text/plain")
        try:
            votes = count()
        except psycopg2.Error as error:
            return self.answer(503, f"{error}\n", "text/plain")
        if self.path == "/json":
            return self.answer(200, json.dumps(votes) + "\n", "application/json")
        total = sum(votes.values())
        percent = {f"percent_{key}": round(100 * value / total) if total else 0 for key, value in votes.items()}
        names = {key: html.escape(value) for key, value in OPTIONS.items()}
        return self.answer(200, PAGE.format(total=total, host=html.escape(socket.gethostname()), **percent, **names),
                           "text/html; charset=utf-8")


if __name__ == "__main__":
    print("result: listening on :80", flush=True)
    ThreadingHTTPServer(("", 80), Handler).serve_forever()
