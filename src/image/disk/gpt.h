/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_DISK_GPT_H
#define I2KIT_IMAGE_DISK_GPT_H

/*
 * GUID partition tables (UEFI specification 2.10, chapter 5) with 512-byte sectors and a protective
 * MBR that holds a boot loader's code. The table has room for 128 entries, as everywhere, or for
 * 256 where a pod has more layers than that: Linux numbers no more partitions of a disk than 255.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"

#define SECTOR_SIZE	   512u
#define DISK_ALIGNMENT	   ((uint64_t)512 << 10) /* the block of the EBS direct API */
#define GPT_PARTITIONS_MAX 255u
#define GPT_HEAD_SIZE	   (66u * SECTOR_SIZE)
#define GPT_TAIL_SIZE	   (65u * SECTOR_SIZE)
#define GPT_BOOT_CODE_SIZE 440u

enum gpt_type { GPT_EFI_SYSTEM, GPT_LINUX, GPT_OTHER };

struct gpt_partition {
	char name[37]; /* ASCII */
	char uuid[UUID_SIZE];
	enum gpt_type type;
	uint64_t offset; /* bytes */
	uint64_t size;	 /* bytes; a multiple of SECTOR_SIZE */
	bool is_bios_bootable;
};

struct gpt_table {
	char disk_uuid[UUID_SIZE];
	struct gpt_partition partitions[GPT_PARTITIONS_MAX];
	size_t partition_count;
	uint64_t disk_size; /* bytes */
};

/* head goes to offset 0, tail to the last GPT_TAIL_SIZE bytes. boot_code: 440 bytes, or NULL. */
void gpt_make(const struct gpt_table *table, const uint8_t *boot_code, uint8_t head[GPT_HEAD_SIZE],
	      uint8_t tail[GPT_TAIL_SIZE]);

/* Reads and checks the primary table from the disk's first GPT_HEAD_SIZE bytes. */
MUST_CHECK bool gpt_parse(const uint8_t *head, size_t size, uint64_t disk_size,
			  struct gpt_table *ret, struct error *err);

#endif
