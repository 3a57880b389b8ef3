/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_DISK_FAT_H
#define I2KIT_IMAGE_DISK_FAT_H

/*
 * A FAT16 file system with long names, laid out in one piece: every file is contiguous, the order
 * of the files is the order on the disk, no time and no owner. Microsoft's FAT specification 1.03.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct fat_file {
	const char *path; /* "EFI/BOOT/BOOTX64.EFI"; ASCII; folders are made */
	uint64_t size;	  /* bytes */
	uint64_t offset;  /* filled in: from the start of the file system */
};

struct fat_layout {
	uint8_t *head; /* owned: boot sector, tables, folders; the file system's first bytes */
	size_t head_size;
	uint64_t size;	    /* of the file system, bytes; a multiple of `alignment` */
	uint64_t data_used; /* end of the last file, bytes */
};
void fat_layout_clear(struct fat_layout *layout);

struct fat_options {
	uint32_t serial;
	uint64_t partition_offset; /* on the disk, bytes */
	uint64_t alignment;	   /* of the size */
};

MUST_CHECK bool fat_make(struct fat_file *files, size_t file_count,
			 const struct fat_options *options, struct fat_layout *ret,
			 struct error *err);

/*
 * Finds `name` in the root folder of a file system made as above. head is the file system's first
 * FAT_READ_SIZE bytes (or all, where it has fewer); offsets are from its start.
 */
#define FAT_READ_SIZE ((size_t)512 << 10)
MUST_CHECK bool fat_find(const uint8_t *head, size_t size, const char *name, uint64_t *ret_offset,
			 uint64_t *ret_size, struct error *err);

#endif
