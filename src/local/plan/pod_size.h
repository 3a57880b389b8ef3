/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_POD_SIZE_H
#define I2KIT_LOCAL_PLAN_POD_SIZE_H

#include "manifest/app.h"

/* Sizes of the VM: what the pod needs (manifest/pod_need.h) and what the machine takes itself. */
void pod_size_make(const struct pod_spec *pod, unsigned *ret_cpus, uint64_t *ret_memory_bytes);

#endif
