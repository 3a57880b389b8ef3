# SPDX-License-Identifier: Apache-2.0
"""Checks what comes in against Amazon's own service models, which botocore carries: every member must be known,
what is required must be there, and lengths, ranges, patterns and enumerations must hold.

botocore itself checks little of that when it sends; the services check all of it.
"""
import functools
import re

import botocore.session

# The one enumeration that grows by the month: a type is checked by DescribeInstanceTypes instead.
OPEN_ENUMS = {"InstanceType"}


class Mismatch(Exception):
    """Says which member is wrong and why."""


@functools.lru_cache(maxsize=None)
def service_model(service):
    return botocore.session.Session().get_service_model(service)


@functools.lru_cache(maxsize=None)
def input_shape(service, operation):
    return service_model(service).operation_model(operation).input_shape


@functools.lru_cache(maxsize=None)
def compiled(pattern):
    """Java's pattern as Python's; None where it says nothing that Python could check."""
    text = re.sub(r"\\p\{L\}|\\p\{Z\}|\\p\{N\}|\\p\{L\\p\{Z\}", r"\\w ", pattern).replace(r"\p{P}", "!-/:-@")
    if r"\p" in text or "&&" in text or r"\uD800\uDC00" in text:
        return None
    try:
        return re.compile(text)
    except re.error:
        return None


def check(shape, value, where=""):
    """Raises Mismatch. `value` as botocore would take it: dict, list, str, int, bool, bytes."""
    kind = shape.type_name
    if kind == "structure":
        check_structure(shape, value, where)
    elif kind == "list":
        if not isinstance(value, list):
            raise Mismatch(f"{where} is not a list")
        check_range(shape, len(value), where, "items")
        for number, one in enumerate(value, 1):
            check(shape.member, one, f"{where}.{number}")
    elif kind == "map":
        check_range(shape, len(value), where, "entries")
        for key, one in value.items():
            check(shape.key, key, f"{where}.key")
            check(shape.value, one, f"{where}.{key}")
    else:
        check_scalar(shape, value, where)


def check_structure(shape, value, where):
    if not isinstance(value, dict):
        raise Mismatch(f"{where or 'the request'} is not a structure")
    for name in value:
        if name not in shape.members:
            raise Mismatch(f"{where + '.' if where else ''}{name} is not a member that {shape.name} has")
    for name in shape.required_members:
        if value.get(name) is None:
            raise Mismatch(f"{where + '.' if where else ''}{name} is required")
    for name, one in value.items():
        if one is not None:
            check(shape.members[name], one, f"{where}.{name}" if where else name)


def check_range(shape, size, where, unit):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        raise Mismatch(f"{where}: {size} {unit}, {low} at least")
    if high is not None and size > high:
        raise Mismatch(f"{where}: {size} {unit}, {high} at most")


def check_scalar(shape, value, where):
    kind = shape.type_name
    if isinstance(value, (dict, list)):
        raise Mismatch(f"{where} is not a plain value")
    if kind in ("integer", "long", "float", "double"):
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise Mismatch(f"{where} is no number") from None
        check_range(shape, number, where, "")
    elif kind == "boolean":
        if value not in (True, False, "true", "false"):
            raise Mismatch(f"{where} is neither true nor false")
    elif kind == "string":
        text = str(value)
        check_range(shape, len(text), where, "characters")
        if getattr(shape, "enum", None) and shape.name not in OPEN_ENUMS and text not in shape.enum:
            raise Mismatch(f"{where}: '{text}' is none of {', '.join(shape.enum[:12])}")
        pattern = shape.metadata.get("pattern")
        wanted = compiled(pattern) if pattern else None
        if wanted and not wanted.fullmatch(text):
            raise Mismatch(f"{where}: '{text[:60]}' does not match {pattern}")


# --- the form of the two query protocols → the structure that the model describes

def from_form(service, operation, form):
    """The parameters of a query call as a nested structure; Mismatch on what the model does not know."""
    model = service_model(service)
    is_ec2 = model.metadata["protocol"] == "ec2"
    shape = input_shape(service, operation)
    rest = {k: v for k, v in form.items() if k not in ("Action", "Version")}
    if shape is None:
        value = {}
    else:
        value = read_structure(shape, rest, "", is_ec2)
    if rest:
        raise Mismatch(f"unknown parameters {sorted(rest)[:4]}")
    return value


def wire_name(shape, name, is_ec2):
    member = shape.members[name]
    if is_ec2:
        if member.serialization.get("queryName"):
            return member.serialization["queryName"]
        given = member.serialization.get("name", name)
        return given[0].upper() + given[1:]
    return member.serialization.get("name", name)


def read_structure(shape, rest, prefix, is_ec2):
    found = {}
    for name, member in shape.members.items():
        key = prefix + wire_name(shape, name, is_ec2)
        value = read(member, rest, key, is_ec2)
        if value is not None:
            found[name] = value
    return found


def read(shape, rest, key, is_ec2):
    """Takes what belongs to `key` out of `rest`; None where nothing does."""
    if shape.type_name == "structure":
        if not any(k.startswith(key + ".") for k in rest):
            return None
        return read_structure(shape, rest, key + ".", is_ec2)
    if shape.type_name == "list":
        return read_list(shape, rest, key, is_ec2)
    return rest.pop(key, None)


def read_list(shape, rest, key, is_ec2):
    middle = "." if is_ec2 or shape.serialization.get("flattened") else \
        f".{shape.member.serialization.get('name', 'member')}."
    if rest.get(key) == "":     # an empty list, said
        rest.pop(key)
        return []
    start = key + middle
    numbers = {int(m[1]) for k in rest for m in [re.match(re.escape(start) + r"(\d+)(\.|$)", k)] if m}
    if not numbers:
        return None
    if sorted(numbers) != list(range(1, len(numbers) + 1)):
        raise Mismatch(f"{key}.N is not numbered from 1")
    return [read(shape.member, rest, f"{start}{n}", is_ec2) for n in sorted(numbers)]
