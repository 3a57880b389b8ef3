# SPDX-License-Identifier: Apache-2.0
"""What metrics.c writes, read by the parser of prometheus_client, which refuses what the OpenMetrics
specification refuses: order, units, suffixes, escapes, sample types, the end."""
import re
import subprocess
import sys

try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families
except ImportError:
    print("SKIP: python3-prometheus-client is not installed")
    sys.exit(77)


def families(*arguments):
    text = subprocess.run([sys.argv[1], *arguments], check=True, capture_output=True).stdout.decode("utf-8")
    return text, {family.name: family for family in text_string_to_metric_families(text)}


def one(family, **labels):
    found = [s for s in family.samples if all(s.labels.get(k) == v for k, v in labels.items())]
    assert len(found) == 1, (family.name, labels, family.samples)
    return found[0]


text, read = families()
assert text.endswith("# EOF\n")
documented = set(re.findall(r"^\| `(i2kit_[a-z_]+)`", open(sys.argv[2], encoding="utf-8").read(), re.M))
written = {sample.name for family in read.values() for sample in family.samples}
assert documented == written, documented ^ written
for family in read.values():
    assert family.documentation and family.type != "unknown", family.name
    assert not family.unit or family.name.endswith("_" + family.unit), family.name
    for sample in family.samples:
        assert sample.labels["project"] == "shop", sample
    keys = [(s.name, tuple(sorted(s.labels.items()))) for s in family.samples]
    assert len(keys) == len(set(keys)), f"{family.name}: a sample stands twice"

cpu = one(read["i2kit_instance_cpu_seconds"], instance="web-0")
assert (cpu.name, cpu.value) == ("i2kit_instance_cpu_seconds_total", 1.234567)
assert one(read["i2kit_instance_state"], instance="web-0", i2kit_instance_state="Ready").value == 1
assert sum(s.value for s in read["i2kit_instance_state"].samples) == 2
assert one(read["i2kit_instance_boot_seconds"], stage="ready").value == 4.15
assert one(read["i2kit_instance_created_timestamp_seconds"]).value == 1764000000.123456
assert one(read["i2kit_container_last_exit_code"], container="nginx").value == 137
assert one(read["i2kit_container_fs_write_bytes"]).value == 8192
assert one(read["i2kit_instance_network_transmit_bytes"]).value == 2000
assert one(read["i2kit_service_accepted_connections"], protocol="tcp").value == 1290
assert one(read["i2kit_pod_replicas"], pod='a"b\\c\nd\ufffd').value == 1
assert one(read["i2kit_instance"], instance="web-0").labels["image"].startswith("sha256:3f2a9c")
# A VM that has not been measured has no sample, and no zero either.
assert len(read["i2kit_instance_memory_used_bytes"].samples) == 1
assert len(read["i2kit_container_memory_bytes"].samples) == 1

_, empty = families("empty")
assert set(empty) == set(read) and not any(family.samples for family in empty.values())

# The checks can fail: each of these is refused.
for broken in (text.replace("# EOF\n", ""), text.replace("_total{", "{", 1), text + "more\n",
               text.replace('\\"', '"', 1), text.replace("# UNIT i2kit_instance_memory_bytes bytes", "# UNIT i2kit_instance_memory_bytes seconds")):
    try:
        list(text_string_to_metric_families(broken))
    except ValueError:
        continue
    raise AssertionError("the parser takes what is broken")
print("ok", len(read), "families")
