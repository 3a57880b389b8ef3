/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/machine/disk_format.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

/* The first 128 KiB hold the signatures of ext4, XFS, btrfs, swap, LUKS, GPT, squashfs, FAT. */
#define HEAD_BYTES ((size_t)128 << 10)
#define TAIL_BYTES ((uint64_t)64 << 10) /* left free at the end, the mark in its last block */
#define LEAST_DISK ((uint64_t)1 << 20)

/* Documentation/filesystems/ext4/super.rst */
#define GROUP_BYTES	  ((uint64_t)DISK_BLOCK_BYTES * 8 * DISK_BLOCK_BYTES)
#define SUPER_OFFSET	  1024 /* of the first one */
#define SUPER_BLOCKS_LOW  0x04
#define SUPER_BLOCK_SIZE  0x18 /* 2 ^ (10 + this) */
#define SUPER_MOUNTS	  0x34
#define SUPER_MAGIC	  0x38
#define SUPER_FEATURES	  0x60
#define SUPER_RO_FEATURES 0x64
#define SUPER_BLOCKS_HIGH 0x150
#define FEATURE_64BIT	  0x80
#define FEATURE_RO_QUOTA  0x100
#define SUPER_BYTES	  1024

static const char begun_text[] = "i2kit volume: formatting\n";
static const char done_text[] = "i2kit volume: formatted\n";

static uint32_t number_at(const uint8_t *super, size_t offset)
{
	const uint8_t *at = super + offset;
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static bool is_super(const uint8_t *super)
{
	return super[SUPER_MAGIC] == 0x53 && super[SUPER_MAGIC + 1] == 0xef;
}

static bool read_head(int fd, struct disk_format *ret, struct error *err)
{
	AUTO_FREE uint8_t *head = xcalloc(1, HEAD_BYTES);
	ssize_t size = pread(fd, head, HEAD_BYTES, 0);
	if (size < 0)
		return error_set_errno(err, errno, "reading the disk");
	ret->is_head_blank = true;
	for (ssize_t i = 0; i < size && ret->is_head_blank; i++)
		ret->is_head_blank = head[i] == 0;
	const uint8_t *super = head + SUPER_OFFSET;
	if (is_super(super) && number_at(super, SUPER_BLOCK_SIZE) == 2) {
		bool is_64bit = (number_at(super, SUPER_FEATURES) & FEATURE_64BIT) != 0;
		ret->mount_count = number_at(super, SUPER_MOUNTS) & UINT16_MAX;
		ret->has_quota = (number_at(super, SUPER_RO_FEATURES) & FEATURE_RO_QUOTA) != 0;
		ret->found_blocks = number_at(super, SUPER_BLOCKS_LOW);
		if (is_64bit)
			ret->found_blocks |= (uint64_t)number_at(super, SUPER_BLOCKS_HIGH) << 32;
	}
	return true;
}

/* sparse_super: copies are in groups 1 and powers of 3, 5 and 7. */
static bool find_copies(int fd, struct disk_format *ret, struct error *err)
{
	static const unsigned groups[] = {1, 3, 5, 7, 9, 25, 27, 49};
	for (size_t i = 0; i < ARRAY_SIZE(groups) && !ret->has_other_superblock; i++) {
		uint8_t super[SUPER_BYTES];
		uint64_t at = groups[i] * GROUP_BYTES;
		if (at + sizeof(super) > ret->size_bytes)
			break;
		if (pread(fd, super, sizeof(super), (off_t)at) < 0)
			return error_set_errno(err, errno, "reading the disk");
		ret->has_other_superblock = is_super(super);
	}
	return true;
}

static off_t mark_place(uint64_t size_bytes)
{
	return (off_t)(size_bytes / DISK_BLOCK_BYTES - 1) * DISK_BLOCK_BYTES;
}

static bool read_mark(int fd, struct disk_format *ret, struct error *err)
{
	char text[sizeof(begun_text)] = "";
	if (ret->size_bytes < LEAST_DISK)
		return true;
	if (pread(fd, text, sizeof(text) - 1, mark_place(ret->size_bytes)) < 0)
		return error_set_errno(err, errno, "reading the disk");
	if (strncmp(text, begun_text, strlen(begun_text)) == 0)
		ret->mark = DISK_MARK_BEGUN;
	else if (strncmp(text, done_text, strlen(done_text)) == 0)
		ret->mark = DISK_MARK_DONE;
	return true;
}

bool disk_format_read(int fd, struct disk_format *ret, struct error *err)
{
	off_t size = lseek(fd, 0, SEEK_END);
	*ret = (struct disk_format){.size_bytes = size > 0 ? (uint64_t)size : 0};
	if (size < 0)
		return error_set_errno(err, errno, "the size of the disk");
	uint64_t tail = ret->size_bytes >= LEAST_DISK ? TAIL_BYTES : 0;
	ret->fs_blocks = (ret->size_bytes - tail) / DISK_BLOCK_BYTES;
	return read_head(fd, ret, err) && find_copies(fd, ret, err) && read_mark(fd, ret, err);
}

bool disk_format_is_lost(const struct disk_format *format, bool is_known)
{
	return format->is_head_blank && format->mark != DISK_MARK_BEGUN &&
	       (is_known || format->has_other_superblock || format->mark == DISK_MARK_DONE);
}

bool disk_format_is_fresh(const struct disk_format *format, bool wants_quota)
{
	return format->found_blocks > 0 && format->mount_count == 0 &&
	       format->has_quota == wants_quota;
}

bool disk_format_is_wanted(const struct disk_format *format)
{
	return format->mark == DISK_MARK_BEGUN || format->is_head_blank;
}

uint64_t disk_format_blocks(const struct disk_format *format, uint64_t size_bytes)
{
	uint64_t left_free = format->size_bytes / DISK_BLOCK_BYTES - format->fs_blocks;
	uint64_t blocks = size_bytes / DISK_BLOCK_BYTES;
	bool is_smaller = size_bytes >= LEAST_DISK && size_bytes < format->size_bytes;
	return is_smaller ? blocks - left_free : format->fs_blocks;
}

bool disk_format_mark(int fd, enum disk_mark mark, struct error *err)
{
	struct disk_format format;
	uint8_t block[DISK_BLOCK_BYTES] = {0};
	if (!disk_format_read(fd, &format, err))
		return false;
	if (format.size_bytes < LEAST_DISK || format.found_blocks > format.fs_blocks)
		return true;
	const char *text = mark == DISK_MARK_DONE ? done_text : begun_text;
	memcpy(block, text, strlen(text));
	if (pwrite(fd, block, sizeof(block), mark_place(format.size_bytes)) !=
		    (ssize_t)sizeof(block) ||
	    fsync(fd) < 0)
		return error_set_errno(err, errno, "marking the disk");
	return true;
}
