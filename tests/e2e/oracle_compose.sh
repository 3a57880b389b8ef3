#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What i2kit reads of Compose files beside the specification's own loader (tests/oracle/compose.py), a program that Go
# builds with its module; without a Go that knows it there is nothing to compare with. Further files, such as public
# ones, may be named: tests/e2e/oracle_compose.sh FILE…
set -eu
top=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
build=${I2KIT_BUILD:-$top/build}
version=$(go env GOVERSION 2>/dev/null || true)
case $version in
go1.2[4-9]* | go1.[3-9][0-9]* | go[2-9]*) ;;
*)
	echo "SKIP: the comparison with compose-go needs Go 1.24 or later, here is ${version:-none}"
	exit 0
	;;
esac
mkdir -p "$top/out/oracle"
if ! (cd "$top/tests/oracle/compose" && go build -o "$top/out/oracle/compose" .) 2>&1; then
	echo "SKIP: compose-go cannot be had from the module proxy"
	exit 0
fi
python3 "$top/tests/oracle/compose.py" "$build/tests/manifest/compose-project" "$top/out/oracle/compose" 1 250 "$@"
