# SPDX-License-Identifier: Apache-2.0
"""Requests as the services see them, and answers in the four protocols."""
import json
import uuid
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape


class AwsError(Exception):
    """An error answer: raise it anywhere in a service."""

    def __init__(self, status, code, message, **extra):
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message, self.extra = status, code, message, extra


class Request:
    def __init__(self, method, path, raw_query, headers, body):
        self.method, self.path, self.raw_query = method, path, raw_query
        self.headers, self.body = headers, body
        self.query = dict(parse_qsl(raw_query, keep_blank_values=True))
        self.form = None
        self.service = self.region = self.access_key = None

    def header(self, name):
        return self.headers.get(name)

    def parameters(self):
        if self.form is None:
            self.form = dict(parse_qsl(self.body.decode(), keep_blank_values=True))
        return self.form


class Answer:
    def __init__(self, status=200, body=b"", headers=None, content_type=None):
        self.status, self.headers = status, headers or {}
        self.body = body.encode() if isinstance(body, str) else body
        if content_type:
            self.headers["Content-Type"] = content_type


def xml_of(value):
    """dict → elements, list → repeated <item> or <member> (chosen by the key's list wrapper)."""
    if isinstance(value, dict):
        return "".join(f"<{k}>{xml_of(v)}</{k}>" for k, v in value.items() if v is not None)
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(str(value)) if not isinstance(value, Raw) else value


class Raw(str):
    """Ready XML."""


def items(values, tag="item"):
    return Raw("".join(f"<{tag}>{xml_of(v)}</{tag}>" for v in values))


def members(values):
    return items(values, "member")


def answer_ec2(action, fields):
    inner = xml_of({"requestId": str(uuid.uuid4()), **fields})
    return Answer(200, f'<?xml version="1.0" encoding="UTF-8"?>\n<{action}Response '
                       f'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">{inner}'
                       f'</{action}Response>', content_type="text/xml;charset=UTF-8")


def answer_query(action, fields, namespace):
    return Answer(200, f'<{action}Response xmlns="{namespace}"><{action}Result>{xml_of(fields)}'
                       f'</{action}Result><ResponseMetadata><RequestId>{uuid.uuid4()}</RequestId>'
                       f'</ResponseMetadata></{action}Response>', content_type="text/xml")


def answer_json(fields, status=200, headers=None):
    return Answer(status, json.dumps(fields), headers, "application/json")


def error_answer(service, error):
    request_id = str(uuid.uuid4())
    if service == "ec2":
        return Answer(error.status, '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>'
                      f'<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>'
                      f'</Error></Errors><RequestID>{request_id}</RequestID></Response>',
                      content_type="text/xml")
    if service in ("ebs", "logs", "ssm", "sso", "kms"):
        body = {"Message": error.message, **error.extra}
        headers = {"x-amzn-RequestId": request_id}
        if service == "ebs":
            headers["x-amzn-ErrorType"] = error.code + ":http://internal.amazon.com/"
        else:
            body = {"__type": "com.amazonaws#" + error.code, "message": error.message}
        return Answer(error.status, json.dumps(body), headers, "application/json")
    if service == "s3":
        return Answer(error.status, '<?xml version="1.0" encoding="UTF-8"?>\n<Error>'
                      f'<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>'
                      f'<RequestId>{request_id}</RequestId></Error>', content_type="application/xml")
    return Answer(error.status, f'<ErrorResponse xmlns="http://fake/"><Error><Type>Sender</Type>'
                  f'<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>'
                  f'</Error><RequestId>{request_id}</RequestId></ErrorResponse>',
                  content_type="text/xml")


def numbered(parameters, prefix):
    """{"Filter.1.Name": …} → [{"Name": …}, …] for `prefix` "Filter"; plain values come as {"": v}."""
    found = {}
    for key, value in parameters.items():
        if not key.startswith(prefix + "."):
            continue
        number, _, rest = key[len(prefix) + 1:].partition(".")
        if number.isdigit():
            found.setdefault(int(number), {})[rest] = value
    if found and sorted(found) != list(range(1, len(found) + 1)):
        raise AwsError(400, "InvalidParameterValue", f"{prefix}.N is not numbered from 1")
    return [found[n] for n in sorted(found)]
