/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_DISK_DISK_WRITER_H
#define I2KIT_IMAGE_DISK_DISK_WRITER_H

/* Writes pieces, in order, into a sparse file and hashes all of it, gaps included, on the way. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/progress.h"
#include "base/sha256.h"
#include "image/disk/disk_piece.h"

struct disk_writing {
	int fd;				 /* an empty file */
	const struct disk_piece *pieces; /* ascending, not overlapping */
	size_t piece_count;
	uint64_t size; /* of the disk */
	const struct progress *progress;
	const char *what;
};

MUST_CHECK bool disk_write(const struct disk_writing *writing, struct digest *out_digest,
			   struct error *err);

#endif
