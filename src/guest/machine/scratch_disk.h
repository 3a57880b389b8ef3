/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_SCRATCH_DISK_H
#define I2KIT_GUEST_MACHINE_SCRATCH_DISK_H

/*
 * The disk for what containers write outside of volumes, and for emptyDirs. It begins empty with
 * each boot: a host brings it formatted (wire/scratch_format.h); one that is blank, was mounted
 * before or cannot limit what shall be limited gets a new file system.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct scratch_disk {
	const char *serial;
	uint64_t size_bytes; /* how much of it is used; 0: all */
	bool has_quota;	     /* parts of it will be limited */
};

MUST_CHECK bool scratch_disk_mount(const struct scratch_disk *scratch, const char *folder,
				   struct error *err);
/*
 * What is in an empty folder of the disk takes size_bytes at most. project: a number of the
 * folder's own, not 0. Mounted with has_quota.
 */
MUST_CHECK bool scratch_disk_limit(const char *serial, const char *folder, unsigned project,
				   uint64_t size_bytes, struct error *err);

#endif
