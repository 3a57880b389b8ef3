/* SPDX-License-Identifier: Apache-2.0 */
#include "base/public_key.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/alloc.h"
#include "base/sha256.h"

enum { PEM_MAX_BYTES = 64 << 10, RSA_MIN_BITS = 2048 };

DEFINE_AUTO_PTR(evp_pkey_st, EVP_PKEY_free)
DEFINE_AUTO_PTR(evp_md_ctx_st, EVP_MD_CTX_free)
DEFINE_AUTO_PTR(bio_st, BIO_free)

struct public_key {
	EVP_PKEY *pkey; /* owned */
	struct digest digest;
};

void public_key_free(struct public_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

static bool is_known_kind(EVP_PKEY *pkey)
{
	return EVP_PKEY_is_a(pkey, "EC") == 1 || EVP_PKEY_is_a(pkey, "ED25519") == 1 ||
	       (EVP_PKEY_is_a(pkey, "RSA") == 1 && EVP_PKEY_get_bits(pkey) >= RSA_MIN_BITS);
}

struct public_key *public_key_read(const char *pem, size_t size, struct error *err)
{
	AUTO_PTR(bio_st)
	BIO *text = size > 0 && size <= PEM_MAX_BYTES ? BIO_new_mem_buf(pem, (int)size) : NULL;
	AUTO_PTR(evp_pkey_st)
	EVP_PKEY *pkey = text != NULL ? PEM_read_bio_PUBKEY(text, NULL, NULL, NULL) : NULL;
	unsigned char *der = NULL;
	int der_size = pkey != NULL && is_known_kind(pkey) ? i2d_PUBKEY(pkey, &der) : 0;
	ERR_clear_error(); /* else libcurl's next TLS call finds it */
	if (der_size <= 0) {
		(void)error_set(err, ERROR_INVALID,
				"no public key in PEM that is ECDSA, Ed25519 or RSA of %d bits",
				RSA_MIN_BITS);
		return NULL;
	}
	struct public_key *key = xcalloc(1, sizeof(*key));
	key->pkey = TAKE_PTR(pkey);
	key->digest = sha256_digest(der, (size_t)der_size);
	OPENSSL_free(der);
	return key;
}

struct digest public_key_digest(const struct public_key *key)
{
	return key->digest;
}

bool public_key_verify(const struct public_key *key, const void *bytes, size_t size,
		       const void *signature, size_t signature_size)
{
	/* Ed25519 hashes by itself. */
	const EVP_MD *hash = EVP_PKEY_is_a(key->pkey, "ED25519") == 1 ? NULL : EVP_sha256();
	AUTO_PTR(evp_md_ctx_st) EVP_MD_CTX *verifier = EVP_MD_CTX_new();
	bool is_good = verifier != NULL &&
		       EVP_DigestVerifyInit(verifier, NULL, hash, NULL, key->pkey) == 1 &&
		       EVP_DigestVerify(verifier, signature, signature_size, bytes, size) == 1;
	ERR_clear_error();
	return is_good;
}
