#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every habit of kubectl's, docker's and virsh's fingers that doc/coming-from.md says yes to, typed at a terminal.
exec "$(dirname "$0")/docs.sh" --part habits "$@"
