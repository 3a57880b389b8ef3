#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What i2kit makes of .dockerignore files beside Docker's own library (tests/oracle/dockerignore.py), a program that Go
# builds with its module; without a Go that knows it there is nothing to compare with.
# usage: oracle_dockerignore.sh [SEED [ROUNDS]]
set -eu
top=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
build=${I2KIT_BUILD:-$top/build}
if ! command -v go >/dev/null; then
	echo "SKIP: the comparison with moby/patternmatcher needs Go"
	exit 0
fi
mkdir -p "$top/out/oracle"
if ! (cd "$top/tests/oracle/dockerignore" && go build -o "$top/out/oracle/dockerignore" .) 2>&1; then
	echo "SKIP: moby/patternmatcher cannot be had from the module proxy"
	exit 0
fi
python3 "$top/tests/oracle/dockerignore.py" "$build/tests/image/ignore-filter" "$top/out/oracle/dockerignore" "$@"
