/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_SHA256_H
#define I2KIT_BASE_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "base/error.h"

#define SHA256_SIZE	32
#define SHA256_HEX_SIZE 65 /* 64 digits and NUL */

struct sha256; /* a running computation */

struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *hash);
DEFINE_AUTO_PTR(sha256, sha256_free)
void sha256_update(struct sha256 *hash, const void *bytes, size_t size);
/* Ends the computation; hash can only be freed after. */
void sha256_finish(struct sha256 *hash, uint8_t out[SHA256_SIZE]);
struct digest sha256_finish_digest(struct sha256 *hash);

void sha256_bytes(const void *bytes, size_t size, uint8_t out[SHA256_SIZE]);
void sha256_hex(const uint8_t raw[SHA256_SIZE], char out[SHA256_HEX_SIZE]);
struct digest sha256_digest(const void *bytes, size_t size);
/* Reads fd from offset 0 to its end. */
MUST_CHECK bool sha256_fd(int fd, struct digest *ret, struct error *err);
/* HMAC-SHA-256, RFC 2104. */
void sha256_hmac(const void *key, size_t key_size, const void *bytes, size_t size,
		 uint8_t out[SHA256_SIZE]);

/*
 * SHA-1 in hex, for file names that other programs derive that way. Proves nothing about the bytes.
 */
#define SHA1_HEX_SIZE 41
void sha1_hex(const void *bytes, size_t size, char out[SHA1_HEX_SIZE]);

#endif
