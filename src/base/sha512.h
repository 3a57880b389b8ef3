/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_SHA512_H
#define I2KIT_BASE_SHA512_H

/* SHA-512, for those who know a file by it: OpenStack's Glance. Our own digests are SHA-256. */

#include <stddef.h>

#include "base/cleanup.h"

#define SHA512_HEX_SIZE 129 /* 128 digits and NUL */

struct sha512; /* a running computation */

struct sha512 *sha512_new(void);
void sha512_free(struct sha512 *hash);
DEFINE_AUTO_PTR(sha512, sha512_free)
void sha512_update(struct sha512 *hash, const void *bytes, size_t size);
/* Ends the computation, lower-case; hash can only be freed after. */
void sha512_finish_hex(struct sha512 *hash, char out[SHA512_HEX_SIZE]);

#endif
