#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What i2kit makes of kustomizations beside kustomize itself (tests/oracle/kustomize.py), which Go builds from its
# module; without a Go that knows it there is nothing to compare with.
set -eu
top=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
build=${I2KIT_BUILD:-$top/build}
version=$(go env GOVERSION 2>/dev/null || true)
case $version in
go1.2[1-9]* | go1.[3-9][0-9]* | go[2-9]*) ;;
*)
	echo "SKIP: the comparison with kustomize needs Go 1.21 or later, here is ${version:-none}"
	exit 0
	;;
esac
mkdir -p "$top/out/oracle"
if ! GOBIN="$top/out/oracle" go install sigs.k8s.io/kustomize/kustomize/v5@v5.4.2 2>&1; then
	echo "SKIP: kustomize cannot be had from the module proxy"
	exit 0
fi
cd "$top"
python3 tests/oracle/kustomize.py "$build/i2kit" out/oracle/kustomize 1 120
