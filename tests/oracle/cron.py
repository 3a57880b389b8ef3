#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: cron.py OURS THEIRS SEED COUNT

When CronJobs are due: COUNT random schedules, in random time zones around their changes of clocks, with
random histories, asked of OURS (tests/local/cron_times.c) and of Kubernetes' own controller (THEIRS:
kubernetes/cron/main.go). Schedules that one refuses the other must refuse, too."""

import random
import subprocess
import sys

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Asia/Kolkata", "Australia/Lord_Howe",
         "Africa/Casablanca", "America/St_Johns", "Asia/Tehran", "Pacific/Apia", "Asia/Beirut", "America/Havana",
         "America/Santiago", "Europe/Dublin", "Africa/Cairo", "Asia/Kathmandu", "Pacific/Chatham", "Etc/GMT+12"]
BOUNDS = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)]
NAMES = [[], [], [], "jan feb mar apr may jun jul aug sep oct nov dec JAN Dec".split(), "sun mon tue wed thu fri sat SUN Fri".split()]
DESCRIPTORS = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly", "@every 1h30m", "@every 90s",
               "@every 1.5h", "@every 300ms", "@every -5m", "@every 0", "@every 2h5m7s", "@every", "@Daily", "@every 5", "@reboot",
               "@every 1h30", "@every .5h", "@every 36h", "@every 1.s", "@every .s", "@every +7m"]
# Changes of clocks are near: spring and autumn of both halves of the earth, midnights in Beirut and São Paulo.
# Not 2011-12-30 in Samoa, a day that never was: theirs looks for it for ever.
MOMENTS = [1711846800, 1729990800, 1710054000, 1730613600, 1541300400, 1518919200, 1679781600, 1709164800, 1735689600,
           4070908800, 2147483647, 2524608000, 951782400]


def value(dice, which):
    low, high = BOUNDS[which]
    roll = dice.random()
    if roll < 0.12 and NAMES[which]:
        return dice.choice(NAMES[which])
    if roll < 0.16:
        return str(dice.choice([-1, high + 1, 7, 60, 99999999999999999999, "x", "", "+1", "00", "1.5"]))
    return str(dice.randint(low, high))


def part(dice, which):
    roll = dice.random()
    text = "*" if roll < 0.35 else "?" if roll < 0.4 else value(dice, which)
    if dice.random() < 0.2:
        text += "-" + value(dice, which)
    if dice.random() < 0.25:
        text += "/" + str(dice.choice([1, 2, 3, 5, 15, 20, 30, 70, 0, "", "x", "+2", "-1"]) if dice.random() < 0.3 else dice.randint(1, 20))
    if dice.random() < 0.01:
        text += dice.choice(["-1", "/2", "-", ","])
    return text


def field(dice, which):
    return ",".join(part(dice, which) for _ in range(dice.choice([1, 1, 1, 1, 2, 3])))


def simple(dice, which):
    low, high = BOUNDS[which]
    roll = dice.random()
    if roll < 0.4:
        return "*"
    if roll < 0.5:
        return f"*/{dice.randint(1, 12)}"
    return str(dice.randint(low, high))


def schedule(dice):
    roll = dice.random()
    if roll < 0.1:
        return dice.choice(DESCRIPTORS)
    make = simple if roll < 0.6 else field
    fields = [make(dice, which) for which in range(5)]
    if dice.random() < 0.02:
        fields = fields[:dice.randint(0, 4)] if dice.random() < 0.5 else fields + ["*"]
    return dice.choice([" ", " ", " ", "  ", "\t"]).join(fields)


def line(dice):
    now = dice.choice(MOMENTS) + dice.randint(-200000, 200000)
    created = now - dice.choice([0, 30, 600, 90000, 9000000, 90000000])
    last = "" if dice.random() < 0.5 else str(now - dice.choice([1, 59, 61, 3600, 86400, 8640000]))
    deadline = "" if dice.random() < 0.5 else str(dice.choice([0, 10, 300, 100000, 3153600000]))
    return "|".join([schedule(dice), dice.choice(ZONES), str(created), last, deadline, str(now)])


def main():
    dice = random.Random(int(sys.argv[3]))
    lines = [line(dice) for _ in range(int(sys.argv[4]))]
    text = "".join(one + "\n" for one in lines)
    ours, theirs = (subprocess.run([program], input=text, capture_output=True, text=True, check=True).stdout.splitlines()
                    for program in sys.argv[1:3])
    differ = [(asked, a, b) for asked, a, b in zip(lines, ours, theirs) if a.split() != b.split()]
    for asked, a, b in differ[:20]:
        print(f"{asked!r}: ours {a}, theirs {b}")
    refused = sum(1 for b in theirs if b == "refused")
    print(f"{len(lines)} schedules, {refused} refused, {len(differ)} differ")
    return 1 if differ or len(ours) != len(lines) or len(theirs) != len(lines) else 0


if __name__ == "__main__":
    sys.exit(main())
