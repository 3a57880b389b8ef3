# SPDX-License-Identifier: Apache-2.0
"""What AWS refuses, as a list: each rule has a name, what it says in our words, and where Amazon says it.

All of them hold in every test; tests/cloud/fake_refuses.py sees each one refuse, tests/cloud/first_time.py drives whole
projects against them.
"""
from typing import NamedTuple

import model

class Rule(NamedTuple):
    says: str
    source: str


RULES = {}
RESOURCE_RULES = {}     # resource type → [(name, function of a Making → what is wrong, or None)]


def declare(name, says, source):
    assert name not in RULES, name
    RULES[name] = Rule(says, source)


def resource_rule(kind, name, says, source):
    """For a function that gets a Making and returns what the service would say, or None."""
    def add(function):
        declare(name, says, source)
        RESOURCE_RULES.setdefault(kind, []).append((name, function))
        return function
    return add


class Making:
    """One resource about to be made or changed."""

    def __init__(self, operation, logical, properties, verb, resource=None):
        self.operation, self.logical, self.verb = operation, logical, verb
        self.world, self.stack = operation.world, operation.stack
        self.resource = resource or operation.new.resources[logical]
        self.properties = properties        # every reference resolved
        self.physical = operation.stack.physical.get(logical, "")

    def resolved(self, reference):
        """The properties of the resource that an unresolved {'Ref': …} of ours means."""
        return self.operation.resolve(self.operation.new.resources[reference["Ref"]].get("Properties", {}))


def check_call(world, service, operation, given, error):
    """A call's parameters against the service's model; `error` makes what is raised."""
    try:
        model.check(model.input_shape(service, operation), given)
    except model.Mismatch as wrong:
        if world.refuses("model"):
            raise error(str(wrong)) from None


def check_form(world, service, operation, form, error):
    """The same for a query protocol's form."""
    try:
        given = model.from_form(service, operation, form)
        shape = model.input_shape(service, operation)
        if shape is not None:
            model.check(shape, given)
    except model.Mismatch as wrong:
        if world.refuses("model"):
            raise error(str(wrong)) from None


def problem_of(making):
    """What the first rule that applies says; None when all are content."""
    for name, function in RESOURCE_RULES.get("*", []) + RESOURCE_RULES.get(making.resource["Type"], []):
        why = function(making)
        if why and making.world.refuses(name):
            return why
    return None


declare("model", "a call has the members that the service's model has, within its lengths, ranges, patterns and "
        "enumerations", "botocore: data/SERVICE/*/service-2.json")
declare("template-size", "a template in the call itself has at most 51,200 bytes, one in a bucket at most 1 MB",
        "CloudFormation API: CreateChangeSet, TemplateBody and TemplateURL; User Guide: quotas")
declare("template-url", "TemplateURL names an object that is there, in a bucket, by https",
        "CloudFormation API: CreateChangeSet, TemplateURL")
declare("template-outputs", "at most 200 outputs with alphanumeric names, and a description of at most 1,024 bytes",
        "CloudFormation User Guide: quotas; template anatomy: Outputs")
declare("logical-id-once", "a logical id is alphanumeric and there once", "CloudFormation User Guide: Resources")
declare("template-resolves", "{{resolve:…}} in a template is looked up and replaced, and refused when it leads nowhere",
        "CloudFormation User Guide: dynamic references")
declare("stack-tags", "a stack has at most 50 tags, none twice, none beginning with aws:, and the roles and instances "
        "that inherit them take only letters, digits, spaces and _.:/=+-@",
        "CloudFormation API: CreateChangeSet, Tags; IAM API: Tag")
declare("rollback-complete", "a stack whose creation was rolled back can only be deleted",
        "CloudFormation User Guide: stack status codes, ROLLBACK_COMPLETE")
declare("execute-token", "a change set is executed once; the same ClientRequestToken again is the same request",
        "CloudFormation API: ExecuteChangeSet, ClientRequestToken")
declare("pass-role", "a stack's RoleARN is the ARN of a role", "CloudFormation API: CreateChangeSet, RoleARN")
declare("protected", "a stack with termination protection is not deleted",
        "CloudFormation API: UpdateTerminationProtection")
declare("ssm-braces", "a parameter's value holds no {{…}}", "SSM API: PutParameter, Value")
declare("ssm-value", "a standard parameter's value has 1 to 4,096 bytes", "SSM API: PutParameter, Value and Tier")
declare("ami-name", "an image's name is the account's only one in the region; 3 to 128 characters of a small alphabet",
        "EC2 API: RegisterImage, Name; error InvalidAMIName.Duplicate")
declare("logs-prefix", "names of streams and a prefix of names exclude each other",
        "CloudWatch Logs API: FilterLogEvents, logStreamNamePrefix")
