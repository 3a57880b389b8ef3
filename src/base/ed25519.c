/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ed25519.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/cleanup.h"

DEFINE_AUTO_PTR(evp_pkey_st, EVP_PKEY_free)
DEFINE_AUTO_PTR(evp_md_ctx_st, EVP_MD_CTX_free)
DEFINE_AUTO_PTR(evp_pkey_ctx_st, EVP_PKEY_CTX_free)

static bool export_key(EVP_PKEY *pkey, struct ed25519_key *ret, struct error *err)
{
	struct ed25519_key key;
	size_t seed_size = sizeof(key.seed);
	size_t public_size = sizeof(key.public_key);
	if (EVP_PKEY_get_raw_private_key(pkey, key.seed, &seed_size) != 1 ||
	    EVP_PKEY_get_raw_public_key(pkey, key.public_key, &public_size) != 1 ||
	    seed_size != sizeof(key.seed) || public_size != sizeof(key.public_key))
		return error_set(err, ERROR_SYSTEM, "libcrypto does not give out an Ed25519 key");
	*ret = key;
	return true;
}

bool ed25519_generate(struct ed25519_key *ret, struct error *err)
{
	AUTO_PTR(evp_pkey_ctx_st)
	EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, NULL);
	AUTO_PTR(evp_pkey_st) EVP_PKEY *pkey = NULL;
	if (maker == NULL || EVP_PKEY_keygen_init(maker) != 1 || EVP_PKEY_keygen(maker, &pkey) != 1)
		return error_set(err, ERROR_SYSTEM, "libcrypto cannot make an Ed25519 key");
	return export_key(pkey, ret, err);
}

bool ed25519_from_seed(const uint8_t seed[ED25519_KEY_SIZE], struct ed25519_key *ret,
		       struct error *err)
{
	AUTO_PTR(evp_pkey_st)
	EVP_PKEY *pkey =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, ED25519_KEY_SIZE);
	if (pkey == NULL)
		return error_set(err, ERROR_SYSTEM, "libcrypto refuses the Ed25519 seed");
	return export_key(pkey, ret, err);
}

bool ed25519_sign(const struct ed25519_key *key, const void *bytes, size_t size,
		  uint8_t out[ED25519_SIGNATURE_SIZE], struct error *err)
{
	AUTO_PTR(evp_pkey_st)
	EVP_PKEY *pkey =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->seed, ED25519_KEY_SIZE);
	AUTO_PTR(evp_md_ctx_st) EVP_MD_CTX *signer = EVP_MD_CTX_new();
	uint8_t signature[ED25519_SIGNATURE_SIZE];
	size_t signature_size = sizeof(signature);
	if (pkey == NULL || signer == NULL ||
	    EVP_DigestSignInit(signer, NULL, NULL, NULL, pkey) != 1 ||
	    EVP_DigestSign(signer, signature, &signature_size, bytes, size) != 1)
		return error_set(err, ERROR_SYSTEM, "libcrypto cannot sign with Ed25519");
	memcpy(out, signature, sizeof(signature));
	return true;
}

bool ed25519_verify(const uint8_t public_key[ED25519_KEY_SIZE], const void *bytes, size_t size,
		    const uint8_t signature[ED25519_SIGNATURE_SIZE])
{
	AUTO_PTR(evp_pkey_st)
	EVP_PKEY *pkey =
		EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, ED25519_KEY_SIZE);
	AUTO_PTR(evp_md_ctx_st) EVP_MD_CTX *verifier = EVP_MD_CTX_new();
	return pkey != NULL && verifier != NULL &&
	       EVP_DigestVerifyInit(verifier, NULL, NULL, NULL, pkey) == 1 &&
	       EVP_DigestVerify(verifier, signature, ED25519_SIGNATURE_SIZE, bytes, size) == 1;
}
