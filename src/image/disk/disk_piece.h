/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_DISK_DISK_PIECE_H
#define I2KIT_IMAGE_DISK_DISK_PIECE_H

/* One run of bytes of a disk: from memory, or the whole of a file. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"

/* Stays in a core's own cache between being read and hashed. */
#define DISK_CHUNK_SIZE ((size_t)256 << 10)

struct disk_piece {
	uint64_t offset;
	uint64_t size;
	const void *bytes;	     /* borrowed; or NULL: … */
	const char *path;	     /* … the content of this file, */
	const struct digest *digest; /* which must have this digest … */
	const char *checksum;	     /* … or this sum instead, unless it is "" or NULL … */
	bool was_just_made;	     /* … but for one that this process has just made */
	const char *hint;	     /* what to type when it is damaged; or NULL */
};

/* The piece's file, which must have its size; -1 on failure. */
MUST_CHECK int disk_piece_open(const struct disk_piece *piece, struct error *err);
/* The next chunk of the file; less only at its end. */
MUST_CHECK bool disk_piece_read(const struct disk_piece *piece, int fd, uint64_t at,
				uint8_t *buffer, size_t *ret_size, struct error *err);
MUST_CHECK bool disk_write_at(int fd, const uint8_t *bytes, size_t size, uint64_t offset,
			      struct error *err);

#endif
