# SPDX-License-Identifier: Apache-2.0
"""Debian packages without root: downloaded by apt (which checks their signatures), unpacked into
folders, never installed. Downloads and built programs are kept in $XDG_CACHE_HOME/i2kit."""

import gzip
import os
import re
import shutil
import subprocess
import sys
import urllib.parse

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "i2kit")
APT_QUIET = ["-qq", "-o", "APT::Sandbox::User=root"]


def fail(message, hint=None):
    sys.stderr.write(f"error: {message}\n")
    if hint:
        sys.stderr.write(f"  hint: {hint}\n")
    sys.exit(1)


def say(text):
    sys.stderr.write(text + "\n")


def run(argv, **options):
    """Runs to the end; its output is shown only when it fails."""
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        sys.stderr.write(done.stdout[-4000:])
        fail(f"'{' '.join(argv[:6])}' failed with status {done.returncode}")
    return done.stdout


def need(program, package):
    if shutil.which(program) is None and not os.path.exists(f"/usr/sbin/{program}"):
        fail(f"'{program}' is not installed", f"scripts/setup, or: apt-get install {package}")


def packages_from_lists(names):
    """{name: (uri, file name, size)} of the candidate versions."""
    out = subprocess.run(["apt-get", *APT_QUIET, "download", "--print-uris", *names],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if out.returncode != 0:
        fail("apt knows no " + " ".join(names) + ": " + out.stderr.strip().splitlines()[-1],
             "apt-get update")
    found = {}
    for line in out.stdout.splitlines():
        match = re.match(r"'([^']+)' (\S+) (\d+)", line)
        if match:
            found[match[2].split("_")[0]] = (match[1], match[2], int(match[3]))
    return found


def download(names):
    """Fetches packages into the cache; returns {name: path of the .deb}."""
    folder = os.path.join(CACHE, "debs")
    os.makedirs(folder, exist_ok=True)
    wanted = packages_from_lists(names)
    missing = [name for name, (_, file, size) in wanted.items()
               if not os.path.exists(f"{folder}/{file}") or os.path.getsize(f"{folder}/{file}") != size]
    if missing:
        say(f"downloading {len(missing)} packages")
        run(["apt-get", *APT_QUIET, "download", *missing], cwd=folder)
    return {name: f"{folder}/{file}" for name, (_, file, _) in wanted.items()}


def version_of(deb):
    """The Debian version, epoch and all, from apt's file name."""
    return urllib.parse.unquote(os.path.basename(deb).split("_")[1])


def unpack(deb, folder):
    os.makedirs(folder, exist_ok=True)
    run(["dpkg-deb", "-x", deb, folder])


def _source_stanzas():
    """The machine's own Debian sources, as deb-src."""
    paths = ["/etc/apt/sources.list"]
    if os.path.isdir("/etc/apt/sources.list.d"):
        paths += sorted(f"/etc/apt/sources.list.d/{name}" for name in os.listdir("/etc/apt/sources.list.d"))
    lines, stanzas = [], []
    for path in filter(os.path.isfile, paths):
        text = open(path, encoding="utf-8").read()
        if path.endswith(".list"):
            lines += [re.sub(r"^\s*deb(-src)?\b", "deb-src", line) for line in text.splitlines()
                      if re.match(r"\s*deb(-src)?\s.*debian.*\bmain\b", line)]
        elif path.endswith(".sources"):
            for stanza in re.split(r"\n\s*\n", text):
                if re.search(r"(?m)^URIs:.*debian", stanza) and re.search(r"(?m)^Components:.*main", stanza):
                    stanzas.append(re.sub(r"(?m)^Types:.*$", "Types: deb-src", stanza).strip())
    return "\n".join(dict.fromkeys(lines)), "\n\n".join(stanzas)


def download_source(package, folder):
    """apt-get source without a deb-src line on the machine. Returns the unpacked folder."""
    lists = os.path.join(CACHE, "apt-lists")
    os.makedirs(f"{lists}/partial", exist_ok=True)
    lines, stanzas = _source_stanzas()
    parts = os.path.join(CACHE, "apt-sources")
    shutil.rmtree(parts, ignore_errors=True)
    os.makedirs(parts)
    for name, text in (("i2kit.list", lines), ("i2kit.sources", stanzas)):
        if text:
            with open(f"{parts}/{name}", "w", encoding="utf-8") as out:
                out.write(text + "\n")
    options = [*APT_QUIET, "-o", "Dir::Etc::sourcelist=/dev/null", "-o", f"Dir::Etc::sourceparts={parts}",
               "-o", f"Dir::State::lists={lists}", "-o", f"Dir::Cache::srcpkgcache=", "-o", "Dir::Cache::pkgcache="]
    run(["apt-get", *options, "update"])
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    run(["apt-get", *options, "source", package], cwd=folder)
    return next(f"{folder}/{name}" for name in sorted(os.listdir(folder)) if os.path.isdir(f"{folder}/{name}"))


def licences(tree, package):
    """The licence names of a package's machine-readable copyright file, or NOASSERTION."""
    path = f"{tree}/usr/share/doc/{package}/copyright"
    if not os.path.isfile(path):
        return "NOASSERTION"
    with open(path, encoding="utf-8", errors="replace") as file:
        names = re.findall(r"(?m)^License:[ \t]*(\S[^\n]*)", file.read())
    return ", ".join(dict.fromkeys(name.strip() for name in names)) or "NOASSERTION"


def read_maybe_gzip(path):
    raw = open(path, "rb").read()
    return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
