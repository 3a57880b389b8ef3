#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every example in the help of the verbs, typed at a terminal. docs_verbs.sh WORD: the verbs with that word in their name.
exec "$(dirname "$0")/docs.sh" --part verbs "$@"
