/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_DATA_DISK_H
#define I2KIT_GUEST_MACHINE_DATA_DISK_H

/* Disks that containers write to, found by serial: volumes, and the scratch disk. */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/*
 * A blank disk gets a file system first, unless it must have had one: is_known says that the host
 * has seen it. One that is smaller than its disk grows, where flags let it be written.
 */
MUST_CHECK bool data_disk_mount(const char *serial, bool is_known, unsigned long flags,
				const char *folder, struct error *err);
/* As data_disk_mount(), but parts of it can be limited, and of a larger disk only size_bytes are
 * used (0: all). */
MUST_CHECK bool data_disk_mount_scratch(const char *serial, uint64_t size_bytes, const char *folder,
					struct error *err);
/*
 * What is in an empty folder of the scratch disk takes size_bytes at most. project: a number of the
 * folder's own, not 0. Fails where the disk was formatted without quotas.
 */
MUST_CHECK bool data_disk_limit(const char *serial, const char *folder, unsigned project,
				uint64_t size_bytes, struct error *err);

#endif
