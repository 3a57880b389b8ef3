/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_DATA_DISK_H
#define I2KIT_GUEST_MACHINE_DATA_DISK_H

/* Disks that containers write to, found by serial: volumes. */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/*
 * A blank disk gets a file system first, unless it must have had one: is_known says that the host
 * has seen it. One that is smaller than its disk grows, where flags let it be written.
 */
MUST_CHECK bool data_disk_mount(const char *serial, bool is_known, unsigned long flags,
				const char *folder, struct error *err);

#endif
