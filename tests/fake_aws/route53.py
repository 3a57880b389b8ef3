# SPDX-License-Identifier: Apache-2.0
"""The part of Route 53 that instances and i2kit use: the record sets of private zones, which CloudFormation makes."""
import ipaddress
import re
import time
import xml.etree.ElementTree as ET

from rules import check_call, declare
from wire import Answer, AwsError, Raw, items, xml_of

NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
PATH = re.compile(r"/2013-04-01/hostedzone/([A-Z0-9]+)/rrset(/?)")
MOST_CHANGES, MOST_CHARACTERS, MOST_ANSWERS = 1000, 32000, 8

declare("zone-there", "a zone whose records are changed or listed is there", "Route 53 API: error NoSuchHostedZone")
declare("zone-empty", "a zone is deleted when it has no records but its own", "Route 53 API: DeleteHostedZone, error HostedZoneNotEmpty")
declare("records-batch", "a batch has 1 to 1,000 records, of which an UPSERT counts as two, and 32,000 characters of values, "
        "no record twice, and is taken whole or not at all",
        "Route 53 Developer Guide: quotas on ChangeResourceRecordSets requests; error InvalidChangeBatch")
declare("record-shape", "a record is within its zone, has a TTL and values, addresses are IPv4; a set identifier and a routing "
        "policy come together; NS, CNAME and alias records have no multivalue answers",
        "Route 53 API: ResourceRecordSet; Developer Guide: values specific for multivalue answer records")
declare("record-kinds", "records of one name and type are all simple or all of one policy, and a set identifier is there once",
        "Route 53 API: ResourceRecordSet, SetIdentifier")
declare("record-delete", "a record is deleted by all its values, and is there", "Route 53 API: Change, Action DELETE")
declare("prior-request", "while a change of a zone is taken in no other one is", "Route 53 API: error PriorRequestNotComplete")
declare("route53-rate", "an account may make 50 calls at once and 10 a second after that",
        "Route 53 Developer Guide: throttling for API requests")


def plain(name):
    return name.rstrip(".").lower()


def by_labels(key):
    """Zones are listed by the labels from the last one on."""
    name, kind, identifier = key
    return ([label for label in reversed(name.split("."))], kind, identifier or "")


class Route53:
    def __init__(self, world):
        self.world = world
        self.tokens, self.filled = None, time.monotonic()

    def action(self, request):
        found = PATH.fullmatch(request.path)
        if found and request.method == "POST" and found[2]:
            return "ChangeResourceRecordSets"
        return "ListResourceRecordSets" if found and request.method == "GET" and not found[2] else "?"

    def throttle(self):
        burst, rate = self.world.settings["route53_rate"]
        now = time.monotonic()
        tokens = burst if self.tokens is None else min(burst, self.tokens + (now - self.filled) * rate)
        self.filled, self.tokens = now, tokens
        if tokens < 1 and self.world.refuses("route53-rate"):
            raise AwsError(400, "Throttling", "Rate exceeded")
        self.tokens -= 1

    def handle(self, request, action):
        self.throttle()
        if action == "?":
            raise AwsError(404, "UnknownOperationException", request.path)
        zone = PATH.fullmatch(request.path)[1]
        if zone not in self.world.zones and self.world.refuses("zone-there"):
            raise AwsError(404, "NoSuchHostedZone", f"No hosted zone found with ID: {zone}")
        inner = getattr(self, action)(zone, request)
        return Answer(200, f'<?xml version="1.0"?>\n<{action}Response xmlns="{NAMESPACE}">{inner}</{action}Response>',
                      content_type="text/xml")

    # --- listing
    def managed(self, zone):
        """Records of the stacks themselves, beside those of the zone."""
        name = self.world.zones[zone][0]
        found = {(one[1], one[2], None) for records in self.world.records.values() for one in records if one[0] == zone}
        return found | {(name, "NS", None), (name, "SOA", None)}

    def everything(self, zone):
        return sorted({**{k: None for k in self.managed(zone)}, **self.world.zone_records.get(zone, {})}.items(),
                      key=lambda pair: by_labels(pair[0]))

    def ListResourceRecordSets(self, zone, request):
        q = request.query
        given = {"HostedZoneId": zone, **{member: q[name] for member, name in (
            ("StartRecordName", "name"), ("StartRecordType", "type"), ("StartRecordIdentifier", "identifier"),
            ("MaxItems", "maxitems")) if name in q}}
        check_call(self.world, "route53", "ListResourceRecordSets", given, lambda why: AwsError(400, "InvalidInput", why))
        if ("type" in q and "name" not in q) or ("identifier" in q and "type" not in q):
            raise AwsError(400, "InvalidInput", "a type needs a name, and an identifier a type")
        start = by_labels((plain(q.get("name", "")), q.get("type", ""), q.get("identifier", ""))) if "name" in q else None
        rest = [pair for pair in self.everything(zone) if start is None or by_labels(pair[0]) >= start]
        most = min(int(q.get("maxitems", "300")), 300, self.world.settings["records_page"])
        fields = {"ResourceRecordSets": items([self.shown(key, one) for key, one in rest[:most]], "ResourceRecordSet"),
                  "IsTruncated": len(rest) > most, "MaxItems": most}
        if len(rest) > most:
            name, kind, identifier = rest[most][0]
            fields.update(NextRecordName=name + ".", NextRecordType=kind, NextRecordIdentifier=identifier)
        return xml_of(fields)

    def shown(self, key, one):
        name, kind, identifier = key
        if one is None:
            return {"Name": name + ".", "Type": kind}
        values = items([{"Value": v} for v in one["values"]], "ResourceRecord")
        return {"Name": name + ".", "Type": kind, "SetIdentifier": identifier, "MultiValueAnswer": one["multivalue"] or None,
                "TTL": one["ttl"], "ResourceRecords": Raw(values)}

    # --- changes
    def parse(self, body):
        """The body as the structure that the model describes."""
        try:
            root = ET.fromstring(body)
        except ET.ParseError:
            raise AwsError(400, "InvalidInput", "Invalid XML ; cvc-elt.1") from None
        if root.tag != f"{{{NAMESPACE}}}ChangeResourceRecordSetsRequest":
            raise AwsError(400, "InvalidInput", f"Invalid XML ; {root.tag}")

        def value(node, lists=("Changes", "ResourceRecords")):
            tag = node.tag.partition("}")[2]
            if tag in lists:
                return [value(child) for child in node]
            return {c.tag.partition("}")[2]: value(c) for c in node} if len(node) else node.text or ""
        return value(root)

    def ChangeResourceRecordSets(self, zone, request):
        given = {"HostedZoneId": zone, **self.parse(request.body)}
        check_call(self.world, "route53", "ChangeResourceRecordSets", given, lambda why: AwsError(400, "InvalidInput", why))
        busy = self.world.busy_zones.get(zone, 0)
        if time.monotonic() < busy and self.world.refuses("prior-request"):
            raise AwsError(400, "PriorRequestNotComplete", "The request was rejected because Route 53 was still processing a prior request.")
        self.world.busy_zones[zone] = time.monotonic() + self.world.settings["records_busy_s"]
        changes = given["ChangeBatch"]["Changes"]
        self.check_size(changes)
        records = dict(self.world.zone_records.get(zone, {}))
        for change in changes:
            self.change(zone, records, change["Action"], change["ResourceRecordSet"])
        self.world.zone_records[zone] = records
        return xml_of({"ChangeInfo": {"Id": "/change/C2682N5HXP0BZ4", "Status": "PENDING",
                                      "SubmittedAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}})

    def invalid(self, rule, why):
        if self.world.refuses(rule):
            raise AwsError(400, "InvalidChangeBatch", f"[{why}]")

    def check_size(self, changes):
        weight = [2 if c["Action"] == "UPSERT" else 1 for c in changes]
        sets = [c["ResourceRecordSet"] for c in changes]
        keys = [(c["Action"], plain(s["Name"]), s["Type"], s.get("SetIdentifier")) for c, s in zip(changes, sets)]
        count = sum(w * max(1, len(s.get("ResourceRecords", []))) for w, s in zip(weight, sets))
        length = sum(w * sum(len(r["Value"]) for r in s.get("ResourceRecords", [])) for w, s in zip(weight, sets))
        if not changes or count > MOST_CHANGES or length > MOST_CHARACTERS:
            self.invalid("records-batch", f"Number of records limit of {MOST_CHANGES} or of characters exceeded")
        if len(set(keys)) != len(keys):
            self.invalid("records-batch", "The request contains an invalid set of changes for a resource record set: it is there twice")

    def check_shape(self, zone, one):
        name, kind = plain(one["Name"]), one["Type"]
        what = f"'{kind} {name}.'"
        own = self.world.zones[zone][0]
        if name != own and not name.endswith("." + own):
            self.invalid("record-shape", f"RRSet with DNS name {name}. is not permitted in zone {own}.")
        if any(not 1 <= len(label) <= 63 for label in name.split(".")) or len(name) > 255:
            self.invalid("record-shape", f"FATAL problem: DomainLabelEmpty or too long in {what}")
        if "AliasTarget" not in one and (not str(one.get("TTL", "")).isdigit() or not one.get("ResourceRecords")):
            self.invalid("record-shape", f"Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]] in {what}")
        multivalue = one.get("MultiValueAnswer") == "true"
        if multivalue != ("SetIdentifier" in one):
            self.invalid("record-shape", f"Invalid request: MultiValueAnswer and SetIdentifier in {what}")
        if multivalue and (kind in ("NS", "CNAME") or "AliasTarget" in one):
            self.invalid("record-shape", f"Invalid request: no multivalue answer for {what}")
        for record in one.get("ResourceRecords", []) if kind == "A" else []:
            try:
                ipaddress.IPv4Address(record["Value"])
            except ValueError:
                self.invalid("record-shape", f"Invalid Resource Record: FATAL problem: ARRDATAIllegalIPv4Address with '{record['Value']}'")

    def change(self, zone, records, action, one):
        self.check_shape(zone, one)
        name, kind, identifier = plain(one["Name"]), one["Type"], one.get("SetIdentifier")
        key = (name, kind, identifier)
        made = {"values": [r["Value"] for r in one.get("ResourceRecords", [])], "ttl": int(one.get("TTL", 0)),
                "multivalue": one.get("MultiValueAnswer") == "true"}
        if action == "DELETE":
            if records.get(key) != made:
                self.invalid("record-delete", f"Tried to delete resource record set [name='{name}.', type='{kind}', "
                             f"set-identifier='{identifier}'] but it was not found, or the values provided do not match the current values")
            records.pop(key, None)
            return
        others = {k for k in (*self.managed(zone), *records) if k[:2] == key[:2] and k != key}
        if any((k[2] is None) != (identifier is None) for k in others):
            self.invalid("record-kinds", f"RRSet with DNS name {name}., type {kind}, SetIdentifier {identifier} cannot be created as a "
                         "non-multivalue RRSet with the same name and type already exists")
        if action == "CREATE" and (key in records or key in self.managed(zone)):
            self.invalid("record-kinds", f"Tried to create resource record set [name='{name}.', type='{kind}'] but it already exists")
        records[key] = made

    # --- what a resolver in the network would say
    def resolve(self, name):
        """All addresses up to eight, from whichever zone has the name."""
        for records in self.world.zone_records.values():
            found = [v for (one, kind, _), record in sorted(records.items(), key=str) if one == plain(name) and kind == "A"
                     for v in record["values"]]
            if found:
                return found[:MOST_ANSWERS]
        return []
