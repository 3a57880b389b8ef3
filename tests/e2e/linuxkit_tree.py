#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: linuxkit_tree.py FILE.tar

Lists what unpacking the tar leaves: one line a file, with everything that a file has; of several
entries with one name the last. Where an image came from is not part of it."""
import hashlib
import sys
import tarfile

OWN = ("path", "linkpath", "size", "mtime", "uid", "gid", "LINUXKIT.source")


def main():
    lines = {}
    with tarfile.open(sys.argv[1]) as archive:
        for member in archive:
            name = member.name.rstrip("/")
            content = hashlib.sha256(archive.extractfile(member).read()).hexdigest() if member.isreg() else "-"
            more = ",".join(f"{k}={v}" for k, v in sorted(member.pax_headers.items()) if k not in OWN)
            link = member.linkname.removeprefix("./") if member.islnk() else member.linkname
            lines[name] = (f"{name} {member.type.decode()} {member.mode:o} {member.uid}:{member.gid} {int(member.mtime)} "
                           f"{member.devmajor}:{member.devminor} {link or '-'} {content} {more}")
    for name in sorted(lines):
        print(lines[name])


main()
