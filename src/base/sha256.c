/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha256.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

struct sha256 {
	EVP_MD_CTX *md; /* owned */
};

struct sha256 *sha256_new(void)
{
	struct sha256 *hash = xcalloc(1, sizeof(*hash));
	hash->md = EVP_MD_CTX_new();
	if (hash->md == NULL || EVP_DigestInit_ex(hash->md, EVP_sha256(), NULL) != 1)
		abort();
	return hash;
}

void sha256_free(struct sha256 *hash)
{
	if (hash == NULL)
		return;
	EVP_MD_CTX_free(hash->md);
	free(hash);
}

void sha256_update(struct sha256 *hash, const void *bytes, size_t size)
{
	if (EVP_DigestUpdate(hash->md, bytes, size) != 1)
		abort();
}

void sha256_finish(struct sha256 *hash, uint8_t out[SHA256_SIZE])
{
	unsigned size = 0;
	if (EVP_DigestFinal_ex(hash->md, out, &size) != 1 || size != SHA256_SIZE)
		abort();
}

void sha256_bytes(const void *bytes, size_t size, uint8_t out[SHA256_SIZE])
{
	AUTO_PTR(sha256) struct sha256 *hash = sha256_new();
	sha256_update(hash, bytes, size);
	sha256_finish(hash, out);
}

void sha256_hex(const uint8_t raw[SHA256_SIZE], char out[SHA256_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < SHA256_SIZE; i++) {
		out[2 * i] = digits[raw[i] >> 4];
		out[2 * i + 1] = digits[raw[i] & 15];
	}
	out[2 * (size_t)SHA256_SIZE] = '\0';
}

struct digest sha256_finish_digest(struct sha256 *hash)
{
	struct digest digest;
	sha256_finish(hash, digest.bytes);
	return digest;
}

struct digest sha256_digest(const void *bytes, size_t size)
{
	struct digest digest;
	sha256_bytes(bytes, size, digest.bytes);
	return digest;
}

bool sha256_fd(int fd, struct digest *ret, struct error *err)
{
	AUTO_PTR(sha256) struct sha256 *hash = sha256_new();
	const size_t chunk_size = (size_t)1 << 20;
	AUTO_FREE char *chunk = xmalloc(chunk_size);
	off_t offset = 0;

	for (;;) {
		ssize_t got = pread(fd, chunk, chunk_size, offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(err, errno, "read");
		if (got == 0)
			break;
		sha256_update(hash, chunk, (size_t)got);
		offset += got;
	}
	*ret = sha256_finish_digest(hash);
	return true;
}

void sha256_hmac(const void *key, size_t key_size, const void *bytes, size_t size,
		 uint8_t out[SHA256_SIZE])
{
	unsigned out_size = 0;
	/* HMAC() takes the key's size as int; our keys are secrets of a few hundred bytes. */
	if (HMAC(EVP_sha256(), key, (int)key_size, bytes, size, out, &out_size) == NULL)
		abort();
}

void sha1_hex(const void *bytes, size_t size, char out[SHA1_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t raw[20];
	unsigned raw_size = 0;
	if (EVP_Digest(bytes, size, raw, &raw_size, EVP_sha1(), NULL) != 1 ||
	    raw_size != sizeof(raw))
		abort();
	for (size_t i = 0; i < sizeof(raw); i++) {
		out[2 * i] = digits[raw[i] >> 4];
		out[2 * i + 1] = digits[raw[i] & 15];
	}
	out[2 * sizeof(raw)] = '\0';
}
