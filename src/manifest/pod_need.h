/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_POD_NEED_H
#define I2KIT_MANIFEST_POD_NEED_H

#include "manifest/app.h"

/*
 * The processor and the memory that a pod's containers need, from their limits or, where they have
 * none, their requests, counted as the scheduler of Kubernetes counts: containers and sidecars run
 * side by side; an init container runs before them, beside the sidecars that stand before it. What
 * the machine itself takes comes on top. One decision for a VM here and an instance in a cloud.
 */
struct pod_need {
	uint64_t cpu_millis;   /* 0: none says any */
	uint64_t memory_bytes; /* 64 MiB for each that says none; 0: none says any */
	size_t side_by_side;   /* how many run at once: containers and sidecars */
};

struct pod_need pod_need_of(const struct pod_spec *pod);

#endif
