# SPDX-License-Identifier: Apache-2.0
"""SSM Parameter Store and CloudWatch Logs."""
import json
import re
import zlib

from rules import check_call
from wire import AwsError, answer_json


class JsonService:
    target, name, mismatch_code = "?", "?", "ValidationException"

    def __init__(self, world):
        self.world = world

    def action(self, request):
        prefix, _, action = (request.header("X-Amz-Target") or "").rpartition(".")
        return action if prefix == self.target else "?"

    def handle(self, request, action):
        if request.header("Content-Type") != "application/x-amz-json-1.1":
            raise AwsError(400, "SerializationException", "Content-Type")
        method = getattr(self, action, None)
        if method is None or not action[:1].isupper():
            raise AwsError(400, "UnknownOperationException", action)
        given = json.loads(request.body or b"{}")
        check_call(self.world, self.name, action, given, self.mismatch)
        return answer_json(method(given))

    def mismatch(self, why):
        return AwsError(400, self.mismatch_code, why)


class Parameters(JsonService):
    target, name = "AmazonSSM", "ssm"

    def PutParameter(self, p):
        if not re.match(r"^/[A-Za-z0-9_.\-/]{1,1010}$", p["Name"]) or p["Name"].count("/") > 15:
            raise AwsError(400, "ValidationException", "Parameter name")
        if not 1 <= len(p["Value"].encode()) <= 4096 and self.world.refuses("ssm-value"):
            raise AwsError(400, "ValidationException", "Standard tier parameters support a maximum of 4096")
        if re.search(r"\{\{.*\}\}", p["Value"], re.S) and self.world.refuses("ssm-braces"):
            raise AwsError(400, "ValidationException", "Parameter value can't nest another parameter")
        if p["Type"] not in ("String", "SecureString"):
            raise AwsError(400, "ValidationException", "Type")
        if p["Name"] in self.world.parameters and not p.get("Overwrite"):
            raise AwsError(400, "ParameterAlreadyExists", "The parameter already exists.")
        if "KeyId" in p:
            key = self.world.key(p["KeyId"])
            if (p["Type"] != "SecureString" or key is None or not key.is_usable()) and self.world.refuses("ssm-key"):
                raise AwsError(400, "InvalidKeyId", f"Invalid keyId {p['KeyId']}")
            self.world.parameter_keys[p["Name"]] = key.arn
        self.world.parameters[p["Name"]] = (p["Type"], p["Value"])
        return {"Version": 1, "Tier": "Standard"}

    def shown(self, name, decrypt):
        kind, value = self.world.parameters[name]
        return {"Name": name, "Type": kind, "Version": 1,
                "Value": value if kind == "String" or decrypt else "AQICAH-encrypted"}

    def GetParametersByPath(self, p):
        if not 1 <= p.get("MaxResults", 10) <= 10:
            raise AwsError(400, "ValidationException", "MaxResults")
        names = sorted(n for n in self.world.parameters if n.startswith(p["Path"].rstrip("/") + "/"))
        start = int(p.get("NextToken", "0"))
        page = names[start:start + p.get("MaxResults", 10)]
        answer = {"Parameters": [self.shown(n, p.get("WithDecryption")) for n in page]}
        if start + len(page) < len(names):
            answer["NextToken"] = str(start + len(page))
        return answer

    def GetParameters(self, p):
        if len(p["Names"]) > 10:
            raise AwsError(400, "ValidationException", "at most 10 names")
        return {"Parameters": [self.shown(n, p.get("WithDecryption")) for n in p["Names"]
                               if n in self.world.parameters],
                "InvalidParameters": [n for n in p["Names"] if n not in self.world.parameters]}

    def GetParameter(self, p):
        if p["Name"] not in self.world.parameters:
            raise AwsError(400, "ParameterNotFound", "")
        return {"Parameter": self.shown(p["Name"], p.get("WithDecryption"))}

    def DeleteParameter(self, p):
        if self.world.parameters.pop(p["Name"], None) is None:
            raise AwsError(400, "ParameterNotFound", "")
        return {}


class Logs(JsonService):
    target, name, mismatch_code = "Logs_20140328", "logs", "InvalidParameterException"

    def group(self, p):
        return self.world.log_groups.setdefault(p["logGroupName"], {})

    def CreateLogStream(self, p):
        if p["logStreamName"] in self.group(p):
            raise AwsError(400, "ResourceAlreadyExistsException", "The specified log stream already exists")
        self.group(p)[p["logStreamName"]] = []
        return {}

    def PutLogEvents(self, p):
        stream = self.group(p).get(p["logStreamName"])
        if stream is None:
            raise AwsError(400, "ResourceNotFoundException", "The specified log stream does not exist.")
        times = [e["timestamp"] for e in p["logEvents"]]
        if times != sorted(times) or not 1 <= len(times) <= 10000:
            raise AwsError(400, "InvalidParameterException", "Log events must be in chronological order")
        if sum(len(e["message"].encode()) + 26 for e in p["logEvents"]) > 1048576:
            raise AwsError(400, "InvalidParameterException", "Upload too large")
        stream.extend(p["logEvents"])
        return {"nextSequenceToken": "1"}

    def FilterLogEvents(self, p):
        if p["logGroupName"] not in self.world.log_groups and p["logGroupName"] not in self.world.made_log_groups:
            raise AwsError(400, "ResourceNotFoundException", "The specified log group does not exist.")
        if "logStreamNamePrefix" in p and "logStreamNames" in p and self.world.refuses("logs-prefix"):
            raise AwsError(400, "InvalidParameterException", "logStreamNamePrefix and logStreamNames exclude each other")
        found = sorted(((e["timestamp"], name, e["message"], number) for name, lines in self.group(p).items()
                        for number, e in enumerate(lines) if name.startswith(p.get("logStreamNamePrefix", ""))
                        and p.get("startTime", 0) <= e["timestamp"] <= p.get("endTime", 1 << 62)
                        and p.get("filterPattern", "").strip('"') in e["message"]))
        start = int(p.get("nextToken", "0"))
        page = found[start:start + min(p.get("limit", 10000), self.world.settings["log_page"])]
        answer = {"events": [{"timestamp": t, "logStreamName": n, "message": m, "eventId": f"{zlib.crc32(n.encode())}{i}",
                              "ingestionTime": t} for t, n, m, i in page]}
        if start + len(page) < len(found):
            answer["nextToken"] = str(start + len(page))
        return answer
