# SPDX-License-Identifier: Apache-2.0
"""usage: metrics.py PORT-TEXT VERB-TEXT EXAMPLES"""
import json
import re
import sys

import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families

port, verb, examples = sys.argv[1:]
known = set()
for path in (port, verb):
    with open(path, encoding="utf-8") as file:
        families = {family.name: family for family in text_string_to_metric_families(file.read())}
    names = {sample.name for family in families.values() for sample in family.samples}
    known |= names
    value = {sample.name: sample.value for family in families.values() for sample in family.samples}
    assert value["i2kit_pod_ready_replicas"] == 1, path
    assert value["i2kit_instance_ready"] == 1, path
    assert value["i2kit_instance_cpu_seconds_total"] > 0, path
    assert 0 < value["i2kit_instance_memory_used_bytes"] < value["i2kit_instance_memory_bytes"], path
    assert value["i2kit_container_memory_bytes"] > 0, path
    stages = {s.labels["stage"]: s.value for s in families["i2kit_instance_boot_seconds"].samples}
    assert stages["ready"] == max(stages.values()), stages
    states = [s.labels["i2kit_instance_state"] for s in families["i2kit_instance_state"].samples if s.value == 1]
    assert states == ["Ready"], states

with open(f"{examples}/grafana.json", encoding="utf-8") as file:
    board = json.load(file)
with open(f"{examples}/alerts.yml", encoding="utf-8") as file:
    rules = [rule for group in yaml.safe_load(file)["groups"] for rule in group["rules"]]
for name in ("prometheus.yml", "otel-collector.yml"):
    with open(f"{examples}/{name}", encoding="utf-8") as file:
        assert "127.0.0.1:9464" in json.dumps(yaml.safe_load(file)), name
used = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
used += [variable["query"]["query"] for variable in board["templating"]["list"] if variable["type"] == "query"]
used += [rule["expr"] for rule in rules]
assert len(used) > 20
for expression in used:
    for name in re.findall(r"\bi2kit_[a-z_]+\b", expression):
        if name == "i2kit_container_last_exit_code":  # no container of hello ever ended
            continue
        assert name in known, f"{name} in: {expression}"
print(f"ok: {len(known)} samples, {len(used)} expressions")
