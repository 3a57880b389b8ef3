/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_VM_DISK_TOOL_H
#define I2KIT_LOCAL_VM_DISK_TOOL_H

/* qemu-img on disks of volumes (qcow2), mke2fs; by the starter where there is one (starter.h). */

#include <stdint.h>

#include "base/error.h"

MUST_CHECK bool disk_tool_make(const char *path, uint64_t size_bytes, struct error *err);
/* It takes QEMU's lock: what a VM still writes to is not copied half-way. */
MUST_CHECK bool disk_tool_copy(const char *path, const char *from, struct error *err);
MUST_CHECK bool disk_tool_grow(const char *path, uint64_t size_bytes, struct error *err);
/* mke2fs on a raw file, as wire/scratch_format.h has it. */
MUST_CHECK bool disk_tool_format(const char *path, bool has_quota, struct error *err);

#endif
