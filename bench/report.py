# SPDX-License-Identifier: Apache-2.0
"""usage: report.py tables FILE BENCH       prints the tables of samples that a bench recorded
       report.py json FILE HEAD            what bench/run keeps; HEAD: a JSON object to start from
       report.py markdown JSON             the same as tables for bench/README.md

FILE has a line `BENCH figure NAME VALUE UNIT`, `BENCH sample TABLE WAY VALUE UNIT`, `BENCH missing WHAT
WHY`, `BENCH missed GOAL` or `BENCH end STATUS SECONDS LAST-LINE-OF-STDERR` for each thing found, its words
parted by tabs."""

import json
import statistics
import sys


class Table:
    """Ways to do one thing; the first is what the others are divided by, round by round."""

    def __init__(self, title):
        self.title = title
        self.ways = {}

    def add(self, way, value, unit):
        self.ways.setdefault(way, ([], unit))[0].append(value)

    def rows(self):
        if not self.ways:
            return
        base, base_unit = next(iter(self.ways.values()))
        for way, (values, unit) in self.ways.items():
            ratios = [value / other for value, other in zip(values, base) if other > 0 and unit == base_unit]
            yield {"way": way, "unit": unit, "samples": values, "median": statistics.median(values),
                   "low": min(values), "high": max(values),
                   "ratio": statistics.median(ratios) if ratios else None,
                   "ratioLow": min(ratios, default=None), "ratioHigh": max(ratios, default=None)}


def read(path):
    """{bench: {"figures", "tables", "missing", "missed", "status", "seconds", "error"?}}, in the order found."""
    benches = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            name, kind, *words = line.rstrip("\n").split("\t")
            bench = benches.setdefault(name, {"figures": [], "tables": {}, "missing": [], "missed": []})
            if kind == "figure":
                bench["figures"].append({"name": words[0], "value": float(words[1]), "unit": words[2]})
            elif kind == "sample":
                bench["tables"].setdefault(words[0], Table(words[0])).add(words[1], float(words[2]), words[3])
            elif kind == "missing":
                bench["missing"].append({"what": words[0], "why": words[1]})
            elif kind == "missed":
                bench["missed"].append(words[0])
            elif kind == "end":
                bench["status"], bench["seconds"] = int(words[0]), float(words[1])
                if bench["status"] != (1 if bench["missed"] else 0):
                    bench["error"] = words[2] if len(words) > 2 and words[2] else f"exit status {bench['status']}"
    return benches


def number(value):
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


def spread(low, high, form=number):
    return f"{form(low)}–{form(high)}"


def cells(row):
    ratio = ""
    if row["ratio"] is not None:
        ratio = f"{row['ratio']:.2f} ({spread(row['ratioLow'], row['ratioHigh'], lambda v: f'{v:.2f}')})"
    return [row["way"], f"{number(row['median'])} {row['unit']}", spread(row["low"], row["high"]), ratio,
            str(len(row["samples"]))]


HEAD = ["", "median", "spread", "ratio to the first", "n"]


def print_tables(benches, name):
    for table in benches.get(name, {"tables": {}})["tables"].values():
        lines = [[table.title, *HEAD[1:]], *map(cells, table.rows())]
        widths = [max(len(line[i]) for line in lines) for i in range(len(HEAD))]
        print()
        for line in lines:
            first = line[0].ljust(widths[0])
            print("  ".join([first] + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:])]).rstrip())


def as_json(benches, head):
    for bench in benches.values():
        bench["tables"] = [{"title": table.title, "rows": list(table.rows())} for table in bench["tables"].values()]
    return {**head, "benches": benches}


def print_markdown(report):
    print(f"Measured {report['date']}, i2kit {report['i2kit']}, in one run of `bench/run`"
          f"{' --quick' if report.get('quick') else ''}:\n{report['machine']}.\n{report['versions']}.")
    for name, bench in report["benches"].items():
        print(f"\n### {name}")
        for table in bench["tables"]:
            print(f"\n| {table['title']} | {' | '.join(HEAD[1:])} |\n|---|--:|--:|--:|--:|")
            for row in table["rows"]:
                print(f"| {' | '.join(cells(row))} |")
        if bench["figures"]:
            print("\n| | |\n|---|--:|")
            for figure in bench["figures"]:
                print(f"| {figure['name']} | {number(figure['value'])} {figure['unit']} |")
        for lack in bench["missing"]:
            print(f"\nNot compared with {lack['what']}: {lack['why']}.")
        for goal in bench.get("missed", []):
            print(f"\nMissed: {goal}.")
        if "error" in bench:
            print(f"\nThis bench did not come to its end: {bench['error']}.")


def main():
    words = sys.argv[1:]
    if len(words) == 3 and words[0] == "tables":
        print_tables(read(words[1]), words[2])
    elif len(words) == 3 and words[0] == "json":
        json.dump(as_json(read(words[1]), json.loads(words[2])), sys.stdout, indent=2, ensure_ascii=False)
        print()
    elif len(words) == 2 and words[0] == "markdown":
        with open(words[1], encoding="utf-8") as file:
            print_markdown(json.load(file))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
