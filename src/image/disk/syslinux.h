/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_DISK_SYSLINUX_H
#define I2KIT_IMAGE_DISK_SYSLINUX_H

/*
 * What `syslinux --install` does to a FAT file system, for a ldlinux.sys that lies in one piece:
 * the boot sector's code goes around the file system's own fields and learns the file's first
 * sector; the file learns where its other sectors are. (Fields: syslinux 6's patch area, magic
 * 0x3eb202fe.)
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* boot_code: the base's ldlinux.bss, 512 bytes; sector: the FAT's boot sector, changed in place. */
MUST_CHECK bool syslinux_install(uint8_t sector[512], const uint8_t boot_code[512],
				 uint8_t *ldlinux, size_t ldlinux_size, uint64_t ldlinux_offset,
				 struct error *err);

#endif
