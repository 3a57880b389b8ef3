/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_SCRATCH_SIZE_H
#define I2KIT_RELEASE_SCRATCH_SIZE_H

/*
 * How large the disk is on which a pod's containers write what is in no volume, and its emptyDirs
 * without a medium. The laptop and every cloud give the same. Pure.
 */

#include <stdint.h>

#include "manifest/app.h"

/*
 * Bytes, whole MiB; 0: no disk, all of that stays in memory. What limits.ephemeral-storage of all
 * containers say together; or, where one says none, 10 GiB (requests, where they are more) for
 * these, beside the sizeLimits of the emptyDirs. Memory alone is for pods whose containers each say
 * "0". Init containers run before the others, so the largest of both counts; sidecars run beside
 * them.
 */
uint64_t scratch_size(const struct pod_spec *pod);

#endif
