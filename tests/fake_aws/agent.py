# SPDX-License-Identifier: Apache-2.0
"""What an instance does by itself after its launch and before its end, with its role's permissions alone: its names.

The real one is src/guest/cloud/cloud_names.c, which tests/e2e/guest_cloud.py has talk to this fake from a VM.
"""
import base64
import json
import types

from policy import Policies
from wire import AwsError

TTL_S = 10


def document_of(operation, launch):
    """The release document of a launch template, as the instance reads it."""
    data = operation.resolve(launch["Properties"]["LaunchTemplateData"].get("UserData"))
    try:
        return json.loads(base64.b64decode(data))["i2kit"]["instance"]
    except (TypeError, ValueError, KeyError):
        return {}


def role_of(operation, launch):
    """The policies of its role; None where the profile was given."""
    profile = launch["Properties"]["LaunchTemplateData"].get("IamInstanceProfile", {}).get("Arn")
    if not isinstance(profile, dict):
        return None
    resources = operation.new.resources
    role = resources[resources[profile["Fn::GetAtt"][0]]["Properties"]["Roles"][0]["Ref"]]["Properties"]
    return Policies([operation.resolve(p["PolicyDocument"]) for p in role["Policies"]])


def body_of(instance, names, action):
    changes = "".join(
        f"<Change><Action>{action}</Action><ResourceRecordSet><Name>{n}.</Name><Type>A</Type><SetIdentifier>{instance['id']}"
        f"</SetIdentifier><MultiValueAnswer>true</MultiValueAnswer><TTL>{TTL_S}</TTL><ResourceRecords><ResourceRecord><Value>"
        f"{instance['address']}</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>" for n in names)
    return (f'<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes>'
            f"{changes}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>").encode()


def change(world, instance, action):
    names = instance.get("names") or {}
    zone, records = names.get("zone"), names.get("records", [])
    if not records:
        return None
    if action == "DELETE":      # what it finds of its own
        records = [n for (n, _, one) in world.zone_records.get(zone, {}) if one == instance["id"] and n in records]
    request = types.SimpleNamespace(path=f"/2013-04-01/hostedzone/{zone}/rrset/", method="POST",
                                    body=body_of(instance, records, action))
    if not records:
        return None
    role = instance["role"]
    for need in world.needs.route53("ChangeResourceRecordSets", request) if role else []:
        if not role.allows(need):
            return f"the role may not {need}"
    world.busy_zones.pop(zone, None)    # it would try again
    try:
        world.route53.ChangeResourceRecordSets(zone, request)
    except AwsError as error:
        return str(error)
    return None


def launched(operation, instance, launch):
    instance["names"] = document_of(operation, launch).get("cloud", {}).get("names")
    instance["role"] = role_of(operation, launch)


def ready(world, instance):
    """Why it would not say that it is ready; None: it does."""
    return change(world, instance, "UPSERT")


def terminate(world, instance):
    """A killed one has no time for its names."""
    if instance["state"] != "terminated" and not world.settings.get("killed"):
        change(world, instance, "DELETE")
    instance["state"] = "terminated"
