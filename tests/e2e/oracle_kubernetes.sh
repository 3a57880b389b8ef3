#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What i2kit validate says beside Kubernetes' own validation (tests/oracle/kubernetes.py), and when CronJobs are due beside
# its CronJob controller (tests/oracle/cron.py). Builds both with Go
# from its module; without a Go that knows it there is nothing to compare with.
set -eu
top=$(dirname "$(dirname "$(dirname "$(readlink -f "$0")")")")
build=${I2KIT_BUILD:-$top/build}
version=$(go env GOVERSION 2>/dev/null || true)
case $version in
go1.2[4-9]* | go1.[3-9][0-9]* | go[2-9]*) ;;
*)
	echo "SKIP: the comparison with Kubernetes' validation needs Go 1.24 or later, here is ${version:-none}"
	exit 0
	;;
esac
cd "$top/tests/oracle/kubernetes"
if ! go mod download 2>&1; then
	echo "SKIP: k8s.io/kubernetes cannot be had from the module proxy"
	exit 0
fi
go build -o "$top/out/oracle-kubernetes" .
go build -o "$top/out/oracle-cron" ./cron
cd "$top"
python3 tests/oracle/cron.py "$build/tests/local/cron-times" out/oracle-cron 1 20000
python3 tests/oracle/kubernetes.py "$build/i2kit" out/oracle-kubernetes -v
