# SPDX-License-Identifier: Apache-2.0
"""CloudFormation: change sets, asynchronous operations with events, signals, rollbacks."""
import json
import re
import time
import uuid

from operation import Operation, Stack, stamp
from template import Invalid, Template, parse, stack_tags, template_text
from rules import check_form
from wire import AwsError, answer_query, members, numbered


def invalid(message):
    raise AwsError(400, "ValidationError", message)


class CloudFormation:
    namespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/"

    def __init__(self, world):
        self.world = world

    def action(self, request):
        return request.parameters().get("Action", "?")

    def handle(self, request, action):
        p = request.parameters()
        if p.get("Version") != "2010-05-15" or not hasattr(self, action) or action[0].islower():
            raise AwsError(400, "InvalidAction", action)
        check_form(self.world, "cloudformation", action, p, lambda why: AwsError(400, "ValidationError", why))
        self.caller = request.access_key
        return answer_query(action, getattr(self, action)(p), self.namespace)

    def find(self, name, needed=True):
        found = [s for s in self.world.stacks.values()
                 if name == s.id or (name == s.name and s.status != "DELETE_COMPLETE")]
        if not found and needed:
            invalid(f"Stack with id {name} does not exist")
        return found[0] if found else None

    def begin(self, stack, kind, status, **more):
        stack.caller = self.caller
        operation = Operation(self.world, stack, kind, **more)
        stack.set(status, "User Initiated")
        operation.start()

    def DescribeStacks(self, p):
        stacks = ([self.find(p["StackName"])] if "StackName" in p else
                  [s for s in self.world.stacks.values() if s.status != "DELETE_COMPLETE"])
        return {"Stacks": members([{
            "StackId": s.id, "StackName": s.name, "CreationTime": stamp(s.created),
            "StackStatus": s.status, "StackStatusReason": s.reason, "DisableRollback": False,
            "EnableTerminationProtection": s.is_protected, "RoleARN": s.role,
            "Outputs": members([{"OutputKey": k, "OutputValue": v} for k, v in s.outputs.items()]),
            "Tags": members([{"Key": k, "Value": v} for k, v in s.tags.items()])} for s in stacks])}

    def DescribeStackEvents(self, p):
        events, start = self.find(p["StackName"]).events, int(p.get("NextToken", "0"))
        page = {"StackEvents": members(events[start:start + 20])}
        if start + 20 < len(events):
            page["NextToken"] = str(start + 20)
        return page

    def DescribeStackResource(self, p):
        stack, logical = self.find(p["StackName"]), p["LogicalResourceId"]
        template = stack.operation_template if hasattr(stack, "operation_template") else {}
        resources = {**template, **(stack.template.resources if stack.template else {})}
        if logical not in stack.physical or logical not in resources:
            invalid(f"Resource {logical} does not exist for stack {stack.name}")
        return {"StackResourceDetail": {
            "StackName": stack.name, "StackId": stack.id, "LogicalResourceId": logical,
            "PhysicalResourceId": stack.physical[logical], "ResourceType": resources[logical]["Type"],
            "LastUpdatedTimestamp": stamp(stack.created), "ResourceStatus": "CREATE_COMPLETE"}}

    def GetTemplate(self, p):
        stack = self.find(p["StackName"])
        return {"TemplateBody": json.dumps(stack.template.body) if stack.template else ""}

    def CreateChangeSet(self, p):
        name, kind = p["StackName"], p.get("ChangeSetType", "UPDATE")
        body = template_text(self.world, p)
        stack = self.find(name, needed=False)
        if kind == "CREATE":
            if stack and stack.status != "REVIEW_IN_PROGRESS":
                raise AwsError(400, "AlreadyExistsException", f"Stack [{name}] already exists")
            if not stack:
                stack = Stack(self.world, name)
                self.world.stacks[stack.id] = stack
        elif not stack:
            invalid(f"Stack [{name}] does not exist")
        elif (stack.status == "ROLLBACK_COMPLETE" and self.world.refuses("rollback-complete")) or \
                stack.status.endswith("_IN_PROGRESS") or stack.status in (
                    "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "CREATE_FAILED"):
            invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
        tags = stack_tags(self.world, p)
        role = p.get("RoleARN")
        if role and not re.fullmatch(r"arn:aws[\w-]*:iam::\d{12}:role/.+", role) and self.world.refuses("pass-role"):
            invalid(f"Role {role} is invalid or cannot be assumed")
        arn = (f"arn:aws:cloudformation:{self.world.region}:{self.world.account}:changeSet/"
               f"{p['ChangeSetName']}/{uuid.uuid4()}")
        change_set = {"arn": arn, "ready": time.time() + 0.3, "tags": tags, "kind": kind, "why": None,
                      "changes": [], "template": None, "role": role}
        try:
            change_set["template"] = Template(parse(self.world, body), self.world)
            if change_set["template"].has_iam() and p.get("Capabilities.member.1") not in (
                    "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"):
                raise AwsError(400, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]")
            old = stack.template if kind == "UPDATE" else None
            change_set["changes"] = change_set["template"].changes(old)
            if not change_set["changes"] and tags == stack.tags:
                change_set["why"] = "The submitted information didn't contain changes. Submit different information to create a change set."
        except (ValueError, Invalid) as error:
            invalid(f"Template error: {error}")
        stack.change_sets[arn] = change_set
        return {"Id": arn, "StackId": stack.id}

    def change_set(self, p):
        for stack in self.world.stacks.values():
            for arn, one in stack.change_sets.items():
                if p["ChangeSetName"] in (arn, arn.split("/")[1]) and p.get("StackName") in (None, stack.name, stack.id):
                    return stack, one
        raise AwsError(404, "ChangeSetNotFound", f"ChangeSet [{p['ChangeSetName']}] does not exist")

    def DescribeChangeSet(self, p):
        stack, c = self.change_set(p)
        is_ready = time.time() >= c["ready"]
        status = ("FAILED" if c["why"] else "CREATE_COMPLETE") if is_ready else "CREATE_IN_PROGRESS"
        start = int(p.get("NextToken", "0"))
        changes = [] if c["why"] or not is_ready else c["changes"]
        fields = {"ChangeSetId": c["arn"], "StackId": stack.id, "StackName": stack.name, "Status": status,
                  "StatusReason": c["why"] if is_ready else None, "ExecutionStatus": "AVAILABLE",
                  "Changes": members([{"Type": "Resource", "ResourceChange": {
                      "Action": action, "LogicalResourceId": logical,
                      "ResourceType": (c["template"].resources.get(logical)
                                       or stack.template.resources[logical])["Type"],
                      "Replacement": "False" if action == "Modify" else None}}
                      for action, logical in changes[start:start + 15]])}
        if start + 15 < len(changes):
            fields["NextToken"] = str(start + 15)
        return fields

    def DeleteChangeSet(self, p):
        stack, c = self.change_set(p)
        del stack.change_sets[c["arn"]]
        return {}

    def ExecuteChangeSet(self, p):
        token = p.get("ClientRequestToken")
        for stack in self.world.stacks.values():
            if token and stack.executed.get(p["ChangeSetName"]) == token:
                return {}       # the answer to the first one was lost
            if p["ChangeSetName"] in stack.executed and self.world.refuses("execute-token"):
                raise AwsError(404, "ChangeSetNotFound", f"ChangeSet [{p['ChangeSetName']}] does not exist")
        stack, c = self.change_set(p)
        if c["why"] or time.time() < c["ready"]:
            raise AwsError(400, "InvalidChangeSetStatus", "it cannot be executed in its current state")
        stack.executed[c["arn"]] = token
        stack.change_sets, stack.role = {}, c["role"] or stack.role
        word = "create" if c["kind"] == "CREATE" else "update"
        self.begin(stack, word, word.upper() + "_IN_PROGRESS", template=c["template"], tags=c["tags"])
        return {}

    def UpdateTerminationProtection(self, p):
        stack = self.find(p["StackName"])
        stack.is_protected = p["EnableTerminationProtection"] == "true"
        return {"StackId": stack.id}

    def DeleteStack(self, p):
        stack = self.find(p["StackName"], needed=False)
        if stack and stack.is_protected and self.world.refuses("protected"):
            invalid(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
        if stack and stack.status != "DELETE_COMPLETE" and stack.status != "DELETE_IN_PROGRESS":
            self.begin(stack, "delete", "DELETE_IN_PROGRESS")
        return {}

    def ContinueUpdateRollback(self, p):
        stack = self.find(p["StackName"])
        if stack.status != "UPDATE_ROLLBACK_FAILED":
            invalid(f"Stack [{stack.name}] is in [{stack.status}] state")
        self.begin(stack, "unstick", "UPDATE_ROLLBACK_IN_PROGRESS")
        return {}

    def SignalResource(self, p):
        stack = self.find(p["StackName"])
        if p.get("Status") not in ("SUCCESS", "FAILURE") or not p.get("UniqueId"):
            invalid("Status or UniqueId")
        if p.get("LogicalResourceId") not in stack.signals or not stack.status.endswith("IN_PROGRESS"):
            invalid(f"Resource {p.get('LogicalResourceId')} waits for no signal")
        stack.signals[p["LogicalResourceId"]][p["UniqueId"]] = p["Status"]
        return {}
