# SPDX-License-Identifier: Apache-2.0
"""How an application load balancer answers a request, by the listeners and rules of a template.

ELBv2 API: RuleCondition and its configurations, RedirectActionConfig; Application Load Balancers: Listener rules (rules are
asked by priority, the default action last; all conditions of a rule hold, one value of each).
"""
import re
from urllib.parse import parse_qsl

ELB = "AWS::ElasticLoadBalancingV2::"


class Request:
    def __init__(self, host, path, method="GET", query="", headers=()):
        self.host, self.path, self.method, self.query = host, path, method, query
        self.headers = [(n.lower(), v) for n, v in headers]


def fits(pattern, text, is_exact_case):
    """* is any number of characters, ? is one, a backslash takes the next one as it is."""
    out, rest = "", iter(pattern)
    for c in rest:
        out += ".*" if c == "*" else "." if c == "?" else re.escape(next(rest, "") if c == "\\" else c)
    return re.fullmatch(out, text, re.DOTALL | (0 if is_exact_case else re.IGNORECASE)) is not None


def matches(config, text, is_exact_case):
    """One of Values, or a regular expression found in it, which knows small from large letters."""
    if any(re.search(r, text) for r in config.get("RegexValues", [])):
        return True
    return any(fits(v, text, is_exact_case) for v in config.get("Values", []))


def has_pair(request, values):
    pairs = parse_qsl(request.query, keep_blank_values=True)
    return any(fits(v["Value"], value, False) and ("Key" not in v or fits(v["Key"], key, False))
               for v in values for key, value in pairs)


def holds(condition, request):
    field = condition["Field"]
    if field == "host-header":
        return matches(condition["HostHeaderConfig"], request.host, False)
    if field == "path-pattern":
        return matches(condition["PathPatternConfig"], request.path, True)
    if field == "http-request-method":
        return request.method in condition["HttpRequestMethodConfig"]["Values"]
    if field == "http-header":
        config = condition["HttpHeaderConfig"]
        return any(matches(config, v, False) for n, v in request.headers if n == config["HttpHeaderName"].lower())
    if field == "query-string":
        return has_pair(request, condition["QueryStringConfig"]["Values"])
    raise AssertionError(field)


def listener_of(resources, balancer, port):
    return next((n for n, r in resources.items() if r["Type"] == ELB + "Listener" and r["Properties"]["Port"] == port
                 and r["Properties"]["LoadBalancerArn"] == {"Ref": balancer}), None)


def rules_of(resources, listener):
    """By priority: (logical id, properties)."""
    mine = [(n, r["Properties"]) for n, r in resources.items()
            if r["Type"] == ELB + "ListenerRule" and r["Properties"]["ListenerArn"] == {"Ref": listener}]
    return sorted(mine, key=lambda rule: int(rule[1]["Priority"]))


def action_for(resources, balancer, port, request):
    """The action that is performed; None: nothing listens there."""
    listener = listener_of(resources, balancer, port)
    if listener is None:
        return None
    for _, rule in rules_of(resources, listener):
        if all(holds(c, request) for c in rule["Conditions"]):
            return rule["Actions"][-1]
    return resources[listener]["Properties"]["DefaultActions"][-1]


def location(action, request, protocol, port):
    """Where a redirect leads."""
    config = action["RedirectConfig"]
    words = {"protocol": protocol, "host": request.host, "port": str(port), "path": request.path[1:], "query": request.query}

    def part(name, otherwise):
        return re.sub(r"#\{(\w+)\}", lambda m: words[m[1]], config.get(name, otherwise))
    query = part("Query", "#{query}")
    return (f"{part('Protocol', '#{protocol}').lower()}://{part('Host', '#{host}')}:{part('Port', '#{port}')}"
            f"{part('Path', '/#{path}')}{'?' if query else ''}{query}")


def forwarded(action):
    """[(target group's logical id, weight)]"""
    if "TargetGroupArn" in action:
        return [(action["TargetGroupArn"]["Ref"], 1)]
    return [(g["TargetGroupArn"]["Ref"], g.get("Weight", 1)) for g in action["ForwardConfig"]["TargetGroups"]]
