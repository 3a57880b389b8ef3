# SPDX-License-Identifier: Apache-2.0
"""What Elastic Load Balancing refuses of listeners' rules: numbers, conditions, actions, and how many of them there are."""
import re

from rules import RESOURCE_RULES, resource_rule

ELB = "AWS::ElasticLoadBalancingV2::"
QUOTAS = "Application Load Balancers: quotas"


def live(making):
    """What there is at this moment of an operation, as it was sent: what is made or changed already is new, what is yet to be
    changed or removed is old. (logical id, resource)"""
    operation = making.operation
    old = operation.old.resources if operation.old else {}
    for logical in making.stack.physical:
        is_new = logical in operation.done or logical == making.logical or logical not in old
        resource = (operation.new.resources if is_new else old).get(logical)
        if resource:
            yield logical, resource


def listeners_of(making, balancer):
    return {n for n, r in live(making) if r["Type"] == ELB + "Listener" and r["Properties"]["LoadBalancerArn"] == balancer}


def balancer_of(making):
    """As the template refers to it."""
    resources = making.operation.new.resources
    return resources[making.resource["Properties"]["ListenerArn"]["Ref"]]["Properties"]["LoadBalancerArn"]


def groups_of(action):
    if "TargetGroupArn" in action:
        return [action["TargetGroupArn"]["Ref"]]
    return [g["TargetGroupArn"]["Ref"] for g in action.get("ForwardConfig", {}).get("TargetGroups", [])]


def forwards(making):
    """What leads to target groups by now: (logical id, load balancer, target group), by listeners and their rules."""
    found = dict(live(making))
    for logical, one in found.items():
        if one["Type"] not in (ELB + "Listener", ELB + "ListenerRule"):
            continue
        p = one["Properties"]
        listener = p if one["Type"] == ELB + "Listener" else found[p["ListenerArn"]["Ref"]]["Properties"]
        for action in p.get("DefaultActions") or p["Actions"]:
            for group in groups_of(action):
                yield logical, listener["LoadBalancerArn"]["Ref"], group


@resource_rule(ELB + "Listener", "target-once", "a target group belongs to one load balancer",
               "ELBv2 API: CreateListener, error TargetGroupAssociationLimit")
def a_target_group_has_one_balancer(making):
    mine = [(b, t) for logical, b, t in forwards(making) if logical == making.logical]
    for balancer, target in mine:
        if any(t == target and b != balancer for _, b, t in forwards(making)):
            return "The following target groups cannot be associated with more than one load balancer"
    return None


RESOURCE_RULES.setdefault(ELB + "ListenerRule", []).append(("target-once", a_target_group_has_one_balancer))


@resource_rule(ELB + "ListenerRule", "targets-count", "a load balancer of HTTP leads to at most 100 target groups",
               QUOTAS + "; ELBv2 API: CreateRule, error TooManyUniqueTargetGroupsPerLoadBalancer")
def not_too_many_target_groups(making):
    mine = balancer_of(making)["Ref"]
    if len({t for _, b, t in forwards(making) if b == mine}) > 100:
        return "You have reached the maximum number of unique target groups (TooManyUniqueTargetGroupsPerLoadBalancer)"
    return None


@resource_rule(ELB + "ListenerRule", "rule-priority", "a rule's priority, 1 to 50,000, is the listener's only one, at each moment of an update; all "
               "listeners of a load balancer have at most 100 rules", "ELBv2 API: CreateRule, Priority, errors PriorityInUse and TooManyRules; " + QUOTAS)
def a_priority_is_there_once(making):
    mine = making.resource["Properties"]
    listeners = listeners_of(making, balancer_of(making))
    rules = {n: r["Properties"] for n, r in live(making) if r["Type"] == ELB + "ListenerRule" and r["Properties"]["ListenerArn"]["Ref"] in listeners}
    beside = [r["Priority"] for n, r in rules.items() if n != making.logical and r["ListenerArn"] == mine["ListenerArn"]]
    if mine["Priority"] in beside or not 1 <= int(mine["Priority"]) <= 50000:
        return f"Priority '{mine['Priority']}' is currently in use (PriorityInUse)"
    return "You have reached the maximum number of rules (TooManyRules)" if len(rules) > 100 else None


# --- conditions

HOST = re.compile(r"[A-Za-z0-9.*?-]*\.[A-Za-z*?]+")
PATH = re.compile(r"""[A-Za-z0-9_.$/~"'@:+*?&-]+""")
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}")
CONFIGS = {"host-header": "HostHeaderConfig", "path-pattern": "PathPatternConfig", "http-header": "HttpHeaderConfig",
           "http-request-method": "HttpRequestMethodConfig", "query-string": "QueryStringConfig", "source-ip": "SourceIpConfig"}
# Of expressions: no looking around, references to groups, atomic groups, possessive counts or classes of Unicode.
NOT_IN_EXPRESSIONS = re.compile(r"\(\?[=!<>]|\\[1-9]|\\p\{|[*+?}]\+")


def texts_of(condition):
    """All texts that are compared, as they are counted."""
    config = condition.get(CONFIGS.get(condition["Field"]), {})
    values = config.get("Values", condition.get("Values", []))
    return [v.get("Key", "") + v["Value"] if isinstance(v, dict) else v for v in values], config.get("RegexValues", [])


def is_expression(text):
    try:
        re.compile(text)
    except re.error:
        return False
    return 1 <= len(text) <= 128 and not NOT_IN_EXPRESSIONS.search(text)


def bad_texts(condition):
    field, (values, expressions) = condition["Field"], texts_of(condition)
    if expressions and (values or field not in ("host-header", "path-pattern", "http-header")):
        return expressions
    bad = [v for v in values if not 1 <= len(v) <= 128] + [e for e in expressions if not is_expression(e)]
    if field == "host-header":
        bad += [v for v in values if not HOST.fullmatch(v)]
    elif field == "path-pattern":
        bad += [v for v in values if not PATH.fullmatch(v)]
    elif field == "http-request-method":
        bad += [v for v in values if not re.fullmatch("[A-Z_-]{1,40}", v)]
    elif field == "http-header":
        name = condition["HttpHeaderConfig"]["HttpHeaderName"]
        bad += [] if HEADER_NAME.fullmatch(name) and name.lower() != "host" else [name]
    return bad + [v for v in values if not re.fullmatch(r"[\x20-\x7e]*", v)]


@resource_rule(ELB + "ListenerRule", "rule-conditions", "conditions of a rule: one at least, one at most of host, path and method; three texts in each and five in all, "
               "of 128 characters and the field's alphabet, with five wildcards; a host has a dot, and letters alone after its last one",
               "ELBv2 API: RuleCondition and its configurations; Application Load Balancers: Condition types for listener rules, quotas")
def conditions_are_such(making):
    conditions = making.properties["Conditions"]
    fields = [c["Field"] for c in conditions]
    resources = making.operation.new.resources
    if resources[balancer_of(making)["Ref"]]["Properties"]["Type"] != "application":
        return "Rules are not supported for this load balancer type (UnsupportedFunction)"
    if not conditions or any(fields.count(f) > 1 for f in ("host-header", "path-pattern", "http-request-method", "source-ip")):
        return f"Condition fields {fields} are not valid (InvalidConfigurationRequest)"
    texts = [texts_of(c) for c in conditions]
    bad = [b for c in conditions for b in bad_texts(c)]
    if bad or any(not 1 <= len(v) + len(e) <= 3 for v, e in texts):
        return f"Condition values {bad or texts} are not valid (InvalidConfigurationRequest)"
    if sum(len(v) + len(e) for v, e in texts) > 5:
        return "Rule condition values exceed the maximum of 5, they are not valid"
    if sum(len(re.findall(r"(?<!\\)[*?]", one)) for v, _ in texts for one in v) > 5:
        return "Rule wildcards exceed the maximum of 5, they are not valid"
    return None


# --- actions

def redirect_problem(config, protocol):
    changed = {k: v for k, v in config.items() if k != "StatusCode" and v != {"Path": "/#{path}", "Query": "#{query}"}.get(k, "#{%s}" % k.lower())}
    if not set(changed) & {"Protocol", "Host", "Port", "Path"}:
        return "the redirect would lead to itself (InvalidLoadBalancerAction)"
    if protocol == "HTTPS" and config.get("Protocol") == "HTTP":
        return "a redirect from HTTPS to HTTP is not supported (InvalidLoadBalancerAction)"
    if not config.get("Path", "/").startswith("/") or re.sub(r"#\{(protocol|host|port|path|query)\}", "", json_free(config)).count("#{"):
        return "the redirect is not valid (InvalidLoadBalancerAction)"
    port = config.get("Port", "#{port}")
    return None if port == "#{port}" or port.isdigit() and 1 <= int(port) <= 65535 else "the port is not valid (InvalidLoadBalancerAction)"


def json_free(config):
    return " ".join(str(v) for v in config.values())


def action_problem(making, action, protocol):
    resources = making.operation.new.resources
    if action["Type"] == "redirect":
        return redirect_problem(action["RedirectConfig"], protocol)
    if action["Type"] == "fixed-response":
        kind = action["FixedResponseConfig"].get("ContentType", "text/plain")
        known = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")
        return None if kind in known else f"ContentType {kind} is not valid (InvalidLoadBalancerAction)"
    groups = groups_of(action)
    weights = [int(g.get("Weight", 1)) for g in action.get("ForwardConfig", {}).get("TargetGroups", [])]
    if action["Type"] != "forward" or not 1 <= len(groups) <= 5 or len(set(groups)) < len(groups) or any(not 0 <= w <= 999 for w in weights):
        return f"the forward to {groups} {weights} is not valid (InvalidLoadBalancerAction)"
    if any(resources[g]["Properties"]["Protocol"] not in ("HTTP", "HTTPS") for g in groups):
        return "the target group's protocol does not fit (IncompatibleProtocols)"
    return None


@resource_rule(ELB + "ListenerRule", "rule-actions", "one action that ends a request: forward to one to five target groups of HTTP, each once, with weights of 0 to 999; a redirect "
               "that changes something, and not from HTTPS to HTTP; a fixed response of a known type",
               "ELBv2 API: Action, ForwardActionConfig, TargetGroupTuple, RedirectActionConfig, FixedResponseActionConfig; " + QUOTAS)
def actions_are_such(making):
    actions = making.resource["Properties"]["Actions"]
    listener = making.operation.new.resources[making.resource["Properties"]["ListenerArn"]["Ref"]]["Properties"]
    if len(actions) != 1:
        return "a rule has one action of forward, redirect and fixed-response (InvalidLoadBalancerAction)"
    return action_problem(making, actions[0], listener["Protocol"])
