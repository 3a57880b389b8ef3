# SPDX-License-Identifier: Apache-2.0
"""Moves votes from Redis to PostgreSQL; the last vote of a voter counts. A vote leaves Redis when the
database has it: until then it is on a second list, and is taken from there after a crash."""

import os
import socket
import time

import psycopg2

REDIS = (os.environ.get("REDIS_HOST", "redis"), 6379)
DATABASE = dict(host=os.environ.get("DB_HOST", "db"), user=os.environ.get("DB_USER", "postgres"),
                password=os.environ.get("DB_PASSWORD", "postgres"), dbname="postgres", connect_timeout=5)


class Redis:
    """As much of Redis' own protocol as it takes."""

    def __init__(self):
        self.connection = socket.create_connection(REDIS, timeout=30)
        self.answers = self.connection.makefile("rb")

    def ask(self, *words):
        request = b"*%d\r\n" % len(words)
        request += b"".join(b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words)
        self.connection.sendall(request)
        head = self.answers.readline()
        if head[:1] not in (b"$", b":", b"*"):
            raise OSError("redis: " + head.decode(errors="replace").strip())
        size = int(head[1:])
        if head[:1] != b"$":
            return size
        return self.answers.read(size + 2)[:size].decode() if size >= 0 else None


def votes(redis):
    """Each vote as it comes; those that a worker before us did not finish first."""
    while redis.ask("LMOVE", "counting", "votes", "RIGHT", "LEFT"):
        pass
    while True:
        line = redis.ask("BLMOVE", "votes", "counting", "LEFT", "RIGHT", "10")
        if isinstance(line, str):
            yield line


def work():
    database = psycopg2.connect(**DATABASE)
    database.autocommit = True
    with database.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS votes (voter text PRIMARY KEY, vote text NOT NULL)")
        redis = Redis()
        print("worker: connected", flush=True)
        for line in votes(redis):
            voter, vote = line.split(" ", 1)
            cursor.execute("INSERT INTO votes VALUES (%s, %s) ON CONFLICT (voter) DO UPDATE SET vote = excluded.vote",
                           (voter, vote))
            redis.ask("LREM", "counting", "1", line)
            print(f"worker: {voter[:8]} votes {vote}", flush=True)


if __name__ == "__main__":
    while True:
        try:
            work()
        except (OSError, psycopg2.Error) as error:
            print(f"worker: {str(error).strip()}; again in a second", flush=True)
            time.sleep(1)
