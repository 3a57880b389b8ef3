/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_DISK_BLOCK_MAP_H
#define I2KIT_CLOUD_AWS_DISK_BLOCK_MAP_H

/*
 * A disk seen as blocks of 512 KiB: the SHA-256 of every block that is not all zero. Kept per image
 * under PATH_STATE, so that a later disk can be compared with it when this one is long gone.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/progress.h"

#define BLOCK_SIZE ((size_t)512 * 1024)

struct block {
	uint32_t index; /* of the block on the disk */
	struct digest digest;
};

struct block_map {
	struct block *blocks; /* owned; those that are not zero, by index */
	size_t count;
	uint32_t total; /* blocks of the disk, the last one filled up with zeros */
};

void block_map_clear(struct block_map *map);

/*
 * Reads the disk, holes without touching them. ERROR_CORRUPT when the whole does not hash to
 * digest. At most 256 GiB.
 */
MUST_CHECK bool block_map_scan(int fd, const struct digest *digest, const struct progress *progress,
			       struct block_map *ret, struct error *err);
/* One block at `index` of fd into bytes[BLOCK_SIZE], zeros behind the end of the file. */
MUST_CHECK bool block_read(int fd, uint32_t index, void *bytes, struct error *err);
bool block_is_zero(const void *bytes, size_t size);
/* NULL: that block is zero. */
const struct block *block_map_find(const struct block_map *map, uint32_t index);

/* The file in which it is kept; owned. */
char *block_map_path(const struct digest *digest);
MUST_CHECK bool block_map_save(const struct block_map *map, const struct digest *digest,
			       struct error *err);
/*
 * False without an error where none is kept (or what is kept is damaged): then there is no delta.
 */
bool block_map_load(const struct digest *digest, struct block_map *ret);

/*
 * What has to be written for `disk` when the snapshot already holds what `parent` says (NULL:
 * nothing): changed blocks, and zeros where only the parent has something. Digests are those of the
 * bytes to write.
 */
void block_map_difference(const struct block_map *disk, const struct block_map *parent,
			  struct block_map *ret);

#endif
