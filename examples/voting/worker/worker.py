# SPDX-License-Identifier: Apache-2.0
"""Moves votes from Redis to PostgreSQL; the last vote of a voter counts."""

import os
import socket
import time

import psycopg2

REDIS = (os.environ.get("REDIS_HOST", "redis"), 6379)
DATABASE = dict(host=os.environ.get("DB_HOST", "db"), user=os.environ.get("DB_USER", "postgres"),
                password=os.environ.get("DB_PASSWORD", "postgres"), dbname="postgres", connect_timeout=5)


def votes():
    """Each vote as it comes: BLPOP in Redis' own protocol."""
    with socket.create_connection(REDIS, timeout=30) as connection, connection.makefile("rb") as answers:
        while True:
            connection.sendall(b"*3\r\n$5\r\nBLPOP\r\n$5\r\nvotes\r\n$2\r\n10\r\n")
            head = answers.readline()
            if head.startswith(b"*-1"):
                continue
            if head != b"*2\r\n":
                raise OSError("redis: " + head.decode(errors="replace").strip())
            parts = []
            for _ in range(2):
                size = int(answers.readline()[1:])
                parts.append(answers.read(size + 2)[:size].decode())
            yield parts[1].split(" ", 1)


def work():
    database = psycopg2.connect(**DATABASE)
    database.autocommit = True
    with database.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS votes (voter text PRIMARY KEY, vote text NOT NULL)")
        print("worker: connected", flush=True)
        for voter, vote in votes():
            cursor.execute("INSERT INTO votes VALUES (%s, %s) ON CONFLICT (voter) DO UPDATE SET vote = excluded.vote",
                           (voter, vote))
            print(f"worker: {voter[:8]} votes {vote}", flush=True)


if __name__ == "__main__":
    while True:
        try:
            work()
        except (OSError, psycopg2.Error) as error:
            print(f"worker: {str(error).strip()}; again in a second", flush=True)
            time.sleep(1)
