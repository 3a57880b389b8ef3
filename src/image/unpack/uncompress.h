/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_UNPACK_UNCOMPRESS_H
#define I2KIT_IMAGE_UNPACK_UNCOMPRESS_H

/*
 * Bytes that gzip, zstd, xz, bzip2, lz4 or nothing has packed, as their content, piece by piece and
 * within a budget: whatever reads from outside (layers, saved images, tars of a base) reads through
 * this, so that a bomb ends soon wherever it comes in.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "image/unpack/gunzip.h"

/*
 * What may come out for what went in, counted from the first byte: gzip's best (1:1032) and a free
 * 16 MiB, so that no small file is a bomb. Zeros of a real image reach this by no packer's default.
 */
#define UNCOMPRESS_RATIO_MAX  1100u
#define UNCOMPRESS_FREE_BYTES ((uint64_t)16 << 20)
#define UNCOMPRESS_BYTES_MAX  ((uint64_t)64 << 30)

struct archive;
struct uncompress;

/* Reads through `read`, as gunzip_new() does. */
struct uncompress *uncompress_new(gunzip_read_fn *read, void *arg);
void uncompress_free(struct uncompress *uncompress);
DEFINE_AUTO_PTR(uncompress, uncompress_free)

/* The next bytes of the content, which stay until the next call; 0 at the end, -1 with err. */
MUST_CHECK ssize_t uncompress_next(struct uncompress *uncompress, const void **ret,
				   struct error *err);

/* Whether anything is packed at all; known after the first bytes. */
bool uncompress_is_packed(const struct uncompress *uncompress);
uint64_t uncompress_in_bytes(const struct uncompress *uncompress);  /* read so far */
uint64_t uncompress_out_bytes(const struct uncompress *uncompress); /* given so far */

/* Whether bytes begin in one of the ways that packed bytes do. */
bool uncompress_looks_packed(const void *bytes, size_t size);

#endif
