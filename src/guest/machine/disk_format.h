/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_GUEST_MACHINE_DISK_FORMAT_H
#define I2KIT_GUEST_MACHINE_DISK_FORMAT_H

/*
 * Whether a data disk has ever had a file system: one whose head reads as zeros is new, or it is
 * broken and full of somebody's data. Beside the head there are ext4's other superblocks, and a
 * mark of ours in the last block, which the file system leaves free:
 *
 *	no mark → BEGUN (mkfs runs) → DONE (containers may write)
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define DISK_BLOCK_BYTES 4096u /* of the file systems we make */

enum disk_mark { DISK_MARK_NONE, DISK_MARK_BEGUN, DISK_MARK_DONE };

struct disk_format {
	uint64_t size_bytes;   /* of the disk */
	uint64_t fs_blocks;    /* how many our file system takes, or may grow to */
	uint64_t found_blocks; /* how many ext4 at the head says that it has; 0: there is none */
	bool is_head_blank;
	bool has_other_superblock; /* of ext4, behind the head */
	enum disk_mark mark;
	unsigned mount_count; /* of ext4 at the head */
	bool has_quota;	      /* it counts what projects have */
};

MUST_CHECK bool disk_format_read(int fd, struct disk_format *ret, struct error *err);
/* As mkfs leaves it: nobody has mounted it. */
bool disk_format_is_fresh(const struct disk_format *format, bool wants_quota);
/* The file system was begun and is not done, or there has never been one. */
bool disk_format_is_wanted(const struct disk_format *format);
/* Blank where it should not be. is_known: somebody else has seen a file system on it. */
bool disk_format_is_lost(const struct disk_format *format, bool is_known);
/* How many blocks a file system gets that uses size_bytes of the disk at most (0: all): as many as
 * on a disk of just that size. */
uint64_t disk_format_blocks(const struct disk_format *format, uint64_t size_bytes);
/* Synced. Nothing where a file system of an older release goes up to the end of the disk. */
MUST_CHECK bool disk_format_mark(int fd, enum disk_mark mark, struct error *err);

#endif
