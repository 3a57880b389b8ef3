/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_IMAGE_DISK_FIRMWARE_H
#define I2KIT_CLOUD_OPENSTACK_IMAGE_DISK_FIRMWARE_H

/*
 * What a disk can be started by, read from its first sectors: boot code in the MBR, and a partition of the
 * EFI system type in the GPT (UEFI Specification 2.10, chapter 5).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define DISK_FIRMWARE_HEAD ((size_t)34 * 512) /* MBR, GPT header, its 128 entries */

struct disk_firmware {
	bool has_bios;
	bool has_uefi;
};

/* Pure. */
struct disk_firmware disk_firmware_of(const uint8_t head[DISK_FIRMWARE_HEAD]);
/* ERROR_INVALID for a disk that neither starts. */
MUST_CHECK bool disk_firmware_read(const char *path, struct disk_firmware *ret, struct error *err);

#endif
