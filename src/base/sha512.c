/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha512.h"

#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"

#define SHA512_SIZE 64

struct sha512 {
	EVP_MD_CTX *md; /* owned */
};

struct sha512 *sha512_new(void)
{
	struct sha512 *hash = xcalloc(1, sizeof(*hash));
	hash->md = EVP_MD_CTX_new();
	if (hash->md == NULL || EVP_DigestInit_ex(hash->md, EVP_sha512(), NULL) != 1)
		abort();
	return hash;
}

void sha512_free(struct sha512 *hash)
{
	if (hash == NULL)
		return;
	EVP_MD_CTX_free(hash->md);
	free(hash);
}

void sha512_update(struct sha512 *hash, const void *bytes, size_t size)
{
	if (EVP_DigestUpdate(hash->md, bytes, size) != 1)
		abort();
}

void sha512_finish_hex(struct sha512 *hash, char out[SHA512_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t raw[SHA512_SIZE];
	unsigned size = 0;
	if (EVP_DigestFinal_ex(hash->md, raw, &size) != 1 || size != SHA512_SIZE)
		abort();
	for (size_t i = 0; i < SHA512_SIZE; i++) {
		out[2 * i] = digits[raw[i] >> 4];
		out[2 * i + 1] = digits[raw[i] & 15];
	}
	out[2 * (size_t)SHA512_SIZE] = '\0';
}
