#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# usage: docs.sh [--part pages|verbs|habits] [WORD]
#
# Every command that the pages, the man page and the examples tell people to type, typed at a terminal; docs_verbs.sh
# and docs_habits.sh are its other parts. With WORD, those pages alone that have it in their name.
set -u
. "$(dirname "$0")/lib/prologue.sh"
isolated "$@"
part=pages
if [ "${1:-}" = --part ]; then
	part=$2
	shift 2
fi
need docker-registry skopeo umoci buildah jq curl python3
# Where a builder keeps what it makes goes with the test.
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/storage/root"\nrunroot = "%s/storage/run"\n' "$work" "$work" >"$work/storage.conf"
export CONTAINERS_STORAGE_CONF=$work/storage.conf BUILDAH_ISOLATION=chroot I2KIT_BUILDER=buildah
cleanup() { for project in $("$i2kit" ls -o name); do "$i2kit" -p "$project" down --volumes; done; }
DOCS_WORK=$work I2KIT_IMAGES=$images python3 "$top/tests/e2e/docs.py" "$part" "$@"
