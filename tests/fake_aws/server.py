#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A strict stand-in for AWS on loopback, for tests.

usage: server.py [--port N] [--port-file FILE] [--region R] [--tls CERT KEY]

Every call must be signed (key AKIDFAKE, secret fake/secret+key). /_fake/ is for the test: POST
faults, settings; GET state, disk?snapshot=S&size=N; POST reset.
"""
import argparse
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import identity  # noqa: E402
import sign_in  # noqa: E402
import signature  # noqa: E402
from cloudformation import CloudFormation  # noqa: E402
from ebs import Ebs  # noqa: E402
from ec2 import Ec2  # noqa: E402
from kms import Kms  # noqa: E402
from route53 import Route53  # noqa: E402
from s3 import S3  # noqa: E402
from parameters import Logs, Parameters  # noqa: E402
from wire import Answer, AwsError, Request, answer_json, error_answer  # noqa: E402
from world import World  # noqa: E402


def make_services(world):
    world.route53 = Route53(world)
    return {"ebs": Ebs(world), "ec2": Ec2(world), "sts": identity.Sts(world),
            "cloudformation": CloudFormation(world), "ssm": Parameters(world),
            "logs": Logs(world), "s3": S3(world),
            "kms": Kms(world), "route53": world.route53}


class Fake:
    def __init__(self, region, scheme):
        self.region, self.scheme = region, scheme
        self.reset()

    def reset(self):
        self.world = World(self.region)
        self.services = make_services(self.world)
        self.metadata = identity.Metadata(self.world)

    def admin(self, request):
        world = self.world
        what = request.path[len("/_fake/"):]
        if what == "reset":
            self.reset()
        elif what == "faults":
            world.faults = json.loads(request.body)
        elif what == "settings":
            world.settings.update(json.loads(request.body))
        elif what == "user-data":
            self.metadata.user_data = request.body
        elif what == "state":
            return answer_json(world.summary())
        elif what == "disk":
            return Answer(200, world.disk(request.query["snapshot"], int(request.query["size"])))
        else:
            return Answer(404, "no such thing")
        return answer_json({})

    def unsigned(self, request):
        """Places that give credentials; None where the request must be signed."""
        if request.path.startswith("/_fake/"):
            return self.admin(request)
        if request.path.startswith("/latest/"):
            return self.metadata.handle(request)
        if request.path == "/container-credentials":
            return identity.container(self.world, request)
        if request.path == "/federation/credentials":
            return identity.sso(self.world, request)
        if request.path == "/token":
            return identity.oidc_token(self.world, request)
        if request.path == "/v1/token":
            return sign_in.token(self.world, request, f"{self.scheme}://{request.header('Host')}{request.path}")
        return None

    def call(self, request):
        with self.world.lock:
            answer = self.unsigned(request)
        if answer is not None:
            return answer, None
        world, name, action = self.world, "?", "?"
        fault = None
        try:
            signature.scope_of(request)
            is_web = b"Action=AssumeRoleWithWebIdentity" in request.body
            name = "sts" if is_web else request.service
            service = self.services.get(name)
            if service is None:
                signature.check(request, world.keys, self.scheme)
                raise AwsError(404, "UnknownService", f"the fake has no {name}")
            action = service.action(request)
            with world.lock:
                world.calls.append(f"{name}:{action}")
                fault = world.take_fault(name, action)
            if not is_web:
                signature.check(request, world.keys, self.scheme, world.settings["clock_skew_s"])
                seat = "us-east-1" if name == "route53" else world.region
                if request.region != seat:
                    raise AwsError(403, "SignatureDoesNotMatch", f"Credential should be scoped to a valid region: {seat}")
            if fault and "status" in fault:
                raise AwsError(fault["status"], fault.get("code", "InternalError"),
                               fault.get("message", "injected"))
            with world.lock:
                world.authorize(name, action, request)
                return service.handle(request, action), fault
        except AwsError as error:
            return error_answer(name, error), fault


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake = None

    def log_message(self, *args):
        pass

    def serve(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        path, _, query = self.path.partition("?")
        answer, fault = self.fake.call(Request(self.command, path, query, self.headers, body))
        if fault and fault.get("delay_s"):
            time.sleep(fault["delay_s"])
        if fault and fault.get("reset"):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        self.send(answer, fault)

    def date_time_string(self, timestamp=None):
        return super().date_time_string(time.time() + self.fake.world.settings["clock_skew_s"])

    def send(self, answer, fault):
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if fault and fault.get("truncate"):
            self.wfile.write(answer.body[:len(answer.body) // 2])
            self.close_connection = True
            return
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = serve


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        kind = sys.exc_info()[0]
        if kind not in (ConnectionResetError, BrokenPipeError, OSError, ValueError):
            super().handle_error(request, client_address)


def start(port=0, region="eu-west-1", tls=None, address="127.0.0.1"):
    """Starts in a thread; returns (server, Fake, URL)."""
    fake = Fake(region, "https" if tls else "http")
    handler = type("BoundHandler", (Handler,), {"fake": fake})
    server = Server((address, port), handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, fake, f"{fake.scheme}://{address}:{server.server_address[1]}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--port-file")
    parser.add_argument("--region", default="eu-west-1")
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--tls", nargs=2)
    options = parser.parse_args()
    server, _, url = start(options.port, options.region, options.tls, options.address)
    if options.port_file:
        with open(options.port_file + ".new", "w") as out:
            out.write(url)
        os.rename(options.port_file + ".new", options.port_file)
    print(url, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
