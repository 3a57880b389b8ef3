/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_UNPACK_GUNZIP_H
#define I2KIT_IMAGE_UNPACK_GUNZIP_H

/*
 * A gzip stream (RFC 1952) as its content, piece by piece, with every checksum checked; the only
 * place that knows ISA-L, which takes a third of zlib's time. Nearly all layers are gzip, and
 * uncompressing them was a quarter of a cold build.
 */

#include <stddef.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/error.h"

/* The next compressed bytes, which stay until the next call; 0 at the end, -1 with err. */
typedef ssize_t gunzip_read_fn(void *arg, const void **ret, struct error *err);

struct gunzip;

struct gunzip *gunzip_new(gunzip_read_fn *read, void *arg);
void gunzip_free(struct gunzip *gunzip);
DEFINE_AUTO_PTR(gunzip, gunzip_free)

/*
 * The next uncompressed bytes, which stay until the next call; 0 at the end, -1 with err. Streams
 * behind one another count as one; what follows the last and is no gzip is left alone, as gzip(1)
 * does.
 */
MUST_CHECK ssize_t gunzip_next(struct gunzip *gunzip, const void **ret, struct error *err);

/* Whether bytes begin a gzip stream. */
bool gunzip_is_gzip(const void *bytes, size_t size);

#endif
