"""A guest book: entries are in PostgreSQL, the number of visits in redis.

GET / shows both, POST / adds the text that is sent. $DB_HOST, $DB_PASSWORD, $REDIS_HOST."""

import json
import os
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2

DB = {"host": os.environ.get("DB_HOST", "db"), "user": "postgres", "password": os.environ.get("DB_PASSWORD", ""), "connect_timeout": 5}
REDIS = (os.environ.get("REDIS_HOST", "redis"), 6379)
with open("version", encoding="ascii") as file:
    VERSION = file.read().strip()


def count_visit():
    """INCR in redis' own protocol."""
    with socket.create_connection(REDIS, timeout=5) as connection:
        connection.sendall(b"INCR visits\r\n")
        answer = connection.recv(64).decode(errors="replace").strip()
    if not answer.startswith(":"):
        raise OSError("redis: " + answer)
    return int(answer[1:])


def query(text, *values):
    connection = psycopg2.connect(**DB)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS entry (id serial PRIMARY KEY, text text NOT NULL)")
            cursor.execute(text, values)
            return [row[0] for row in cursor.fetchall()] if cursor.description else []
    finally:
        connection.close()


class Handler(BaseHTTPRequestHandler):
    def answer(self, status, value):
        body = (json.dumps(value) + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/healthz":
            self.answer(200, "ok")
        else:
            self.answer(200, {"version": VERSION, "visits": count_visit(), "entries": query("SELECT text FROM entry ORDER BY id")})

    def do_POST(self):
        size = min(int(self.headers.get("Content-Length", 0)), 1000)
        query("INSERT INTO entry (text) VALUES (%s)", self.rfile.read(size).decode(errors="replace"))
        self.answer(201, "written")

    def log_message(self, format, *args):
        if self.path != "/healthz":
            print(self.address_string(), format % args)


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8000), Handler).serve_forever()
