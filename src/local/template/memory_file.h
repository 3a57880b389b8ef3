/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_TEMPLATE_MEMORY_FILE_H
#define I2KIT_LOCAL_TEMPLATE_MEMORY_FILE_H

/*
 * The memory of a saved guest as a file of its size, sparse where it is zeros, which VMs map
 * privately: what they read they share, what they write is each one's own.
 */

#include "base/digest.h"
#include "base/error.h"
#include "base/strbuf.h"

/*
 * Makes the file of the memory in a stream, of which the first byte is at offset in a file.
 * rest: what is left of the stream (memory_split.h).
 */
MUST_CHECK bool memory_file_make(const char *path, int from, uint64_t offset, struct strbuf *rest,
				 uint64_t *ret_bytes, struct error *err);
/* Of all pages that are not zeros, with where they are. used: bytes of those. */
MUST_CHECK bool memory_file_digest(int fd, struct digest *ret, uint64_t *ret_used,
				   struct error *err);
/* Whether it is this user's, and as it was made: ERROR_CORRUPT, ERROR_DENIED. */
MUST_CHECK bool memory_file_check(const char *path, uint64_t bytes, const struct digest *digest,
				  struct error *err);

#endif
