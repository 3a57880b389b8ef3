/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LAYER_LAYER_STREAM_H
#define I2KIT_IMAGE_LAYER_LAYER_STREAM_H

/*
 * A layer's blob as libarchive entries: uncompressed (gzip, zstd, xz, bzip2, lz4 or not at all),
 * hashed on the way, bounded. The hash is what proves the diff id under which the converted layer
 * is shared with other images.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/sha256.h"

struct archive;
struct layer_stream;

/* Reads fd (borrowed) from its start. NULL on failure. */
MUST_CHECK struct layer_stream *layer_stream_new(int fd, struct error *err);
void layer_stream_free(struct layer_stream *stream);
DEFINE_AUTO_PTR(layer_stream, layer_stream_free)

/* The tar reader over it: archive_read_next_header() and archive_read_data_block(). */
struct archive *layer_stream_tar(struct layer_stream *stream);
/* An error of the tar reader or of what is below it, whichever is the cause. */
bool layer_stream_error(const struct layer_stream *stream, struct error *err);
/* All of the tar's bytes were read. */
bool layer_stream_is_at_end(const struct layer_stream *stream);
uint64_t layer_stream_blob_bytes(const struct layer_stream *stream); /* read so far */
/* Reads the rest and gives the digest of the whole tar. */
MUST_CHECK bool layer_stream_finish(struct layer_stream *stream, struct digest *out_digest,
				    struct error *err);

#endif
