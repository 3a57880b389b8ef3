# SPDX-License-Identifier: Apache-2.0
"""Debian packages without root: downloaded by apt (which checks their signatures), unpacked into
folders, never installed. Downloads and built programs are kept in $XDG_CACHE_HOME/i2kit."""

import functools
import gzip
import os
import re
import shutil
import subprocess
import sys
import urllib.parse

CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "i2kit")
APT_QUIET = ["-qq", "-o", "APT::Sandbox::User=root"]
# What goes into virtual machines is this release's, whatever the machine's own is.
BASE_RELEASE = "bookworm"


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


def packages_from_lists(names, options):
    """{name: (uri, file name, size)} of the candidate versions."""
    out = subprocess.run(["apt-get", *APT_QUIET, *options, "download", "--print-uris", *names],
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


def download(names, release=BASE_RELEASE):
    """Fetches a release's packages into the cache; returns {name: path of the .deb}."""
    folder = os.path.join(CACHE, "debs")
    os.makedirs(folder, exist_ok=True)
    # With the machine's own lists where it is of this release: nothing is fetched then but packages.
    options = [] if release == BASE_RELEASE == this_release() else _lists_of(release, "deb")
    wanted = packages_from_lists(names, options)
    missing = [name for name, (_, file, size) in wanted.items()
               if not os.path.exists(f"{folder}/{file}") or os.path.getsize(f"{folder}/{file}") != size]
    if missing:
        say(f"downloading {len(missing)} packages")
        run(["apt-get", *APT_QUIET, *options, "download", *missing], cwd=folder)
    return {name: f"{folder}/{file}" for name, (_, file, _) in wanted.items()}


def version_of(deb):
    """The Debian version, epoch and all, from apt's file name."""
    return urllib.parse.unquote(os.path.basename(deb).split("_")[1])


def unpack(deb, folder):
    os.makedirs(folder, exist_ok=True)
    run(["dpkg-deb", "-x", deb, folder])


def this_release():
    """The code name of the machine's own release; "" where it has none."""
    with open("/etc/os-release", encoding="utf-8") as file:
        found = re.search(r'(?m)^VERSION_CODENAME="?(\w+)', file.read())
    return found[1] if found else ""


UBUNTU = {"noble"}


@functools.lru_cache
def ubuntu_keyring():
    """Ubuntu's keys: the machine's own, or those that Debian 13 has in a package, which Debian's keys sign."""
    path = "usr/share/keyrings/ubuntu-archive-keyring.gpg"
    if os.path.exists("/" + path):
        return "/" + path
    folder = os.path.join(CACHE, "ubuntu-keyring")
    if not os.path.exists(f"{folder}/{path}"):
        unpack(download(["ubuntu-keyring"], "trixie")["ubuntu-keyring"], folder)
    return f"{folder}/{path}"


def _entries():
    """(URI, suites, components, keyring or "") of the machine's apt sources, in their order."""
    paths = ["/etc/apt/sources.list"]
    if os.path.isdir("/etc/apt/sources.list.d"):
        paths += sorted(f"/etc/apt/sources.list.d/{name}" for name in os.listdir("/etc/apt/sources.list.d"))
    for path in filter(os.path.isfile, paths):
        text = open(path, encoding="utf-8").read()
        if path.endswith(".list"):
            for line in text.splitlines():
                match = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)", line)
                if match:
                    key = re.search(r"signed-by=(\S+)", match[1] or "")
                    yield match[2], match[3].split(), match[4].split(), key[1] if key else ""
        elif path.endswith(".sources"):
            for stanza in re.split(r"\n\s*\n", text):
                fields = dict(re.findall(r"(?m)^([\w-]+):[ \t]*(.+)$", stanza))
                if "deb" in fields.get("Types", "").split() and fields.get("Enabled", "yes") != "no":
                    for uri in fields.get("URIs", "").split():
                        yield (uri, fields.get("Suites", "").split(), fields.get("Components", "").split(),
                               fields.get("Signed-By", "").strip())


def sources(release, kind="deb"):
    """A .sources file for the release: the machine's own mirror where it is of the same distribution."""
    own = this_release()
    wanted = "universe" if release in UBUNTU else "main"
    stanzas = []
    for uri, suites, components, keyring in _entries():
        named = [suite for suite in suites if re.match(rf"({own}|stable|testing)\b", suite)] if own else []
        distribution = "ubuntu" if release in UBUNTU else "debian"
        if not named or "main" not in components or distribution not in uri + os.path.basename(keyring):
            continue
        renamed = dict.fromkeys(re.sub(r"^\w+", release, suite) for suite in named)
        key = f"Signed-By: {keyring}\n" if keyring.startswith("/") else ""
        stanzas.append(f"Types: {kind}\nURIs: {uri}\nSuites: {' '.join(renamed)}\n"
                       f"Components: {' '.join(dict.fromkeys(['main', wanted]))}\n{key}")
    if not stanzas and release in UBUNTU:
        mirror = os.environ.get("I2KIT_UBUNTU_MIRROR", "http://archive.ubuntu.com/ubuntu")
        stanzas.append(f"Types: {kind}\nURIs: {mirror}\nSuites: {release} {release}-updates {release}-security\n"
                       f"Components: main universe\nSigned-By: {ubuntu_keyring()}\n")
    elif not stanzas:
        mirror = os.environ.get("I2KIT_DEBIAN_MIRROR", "http://deb.debian.org/debian")
        stanzas.append(f"Types: {kind}\nURIs: {mirror}\nSuites: {release} {release}-updates\n"
                       "Components: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n")
    return "\n".join(stanzas)


@functools.lru_cache
def _lists_of(release, kind):
    """apt-get's options to look at a release's lists alone, kept in the cache and brought up to date."""
    lists = os.path.join(CACHE, f"apt-lists-{release}-{kind}")
    os.makedirs(f"{lists}/partial", exist_ok=True)
    parts = os.path.join(CACHE, f"apt-sources-{release}-{kind}")
    shutil.rmtree(parts, ignore_errors=True)
    os.makedirs(parts)
    with open(f"{parts}/i2kit.sources", "w", encoding="utf-8") as out:
        out.write(sources(release, kind))
    # Without the machine's status: or apt would take what is installed here for the newest.
    options = ["-o", "Dir::Etc::sourcelist=/dev/null", "-o", f"Dir::Etc::sourceparts={parts}", "-o", f"Dir::State::lists={lists}",
               "-o", "Dir::State::status=/dev/null", "-o", "Dir::Cache::srcpkgcache=", "-o", "Dir::Cache::pkgcache="]
    run(["apt-get", *APT_QUIET, *options, "update"])
    return options


def download_source(package, folder):
    """apt-get source without a deb-src line on the machine. Returns the unpacked folder."""
    options = [*APT_QUIET, *_lists_of(BASE_RELEASE, "deb-src")]
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
