/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ed25519.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/alloc.h"
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

/* --- behind a passphrase -------------------------------------------------------------------- */

DEFINE_AUTO_PTR(bio_st, BIO_free_all)
DEFINE_AUTO_PTR(pkcs8_priv_key_info_st, PKCS8_PRIV_KEY_INFO_free)
DEFINE_AUTO_PTR(X509_sig_st, X509_SIG_free)

enum { SCRYPT_N = 1 << 14, SCRYPT_R = 8, SCRYPT_P = 1 }; /* as `openssl pkcs8 -scrypt` has them */

static X509_SIG *seal(EVP_PKEY *pkey, const char *passphrase)
{
	AUTO_PTR(pkcs8_priv_key_info_st) PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(pkey);
	X509_ALGOR *how = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, SCRYPT_N,
						SCRYPT_R, SCRYPT_P);
	X509_SIG *sealed = plain != NULL && how != NULL
				   ? PKCS8_set0_pbe(passphrase, (int)strlen(passphrase), plain, how)
				   : NULL;
	if (sealed == NULL)
		X509_ALGOR_free(how); /* which is sealed's else */
	return sealed;
}

bool ed25519_seal(const struct ed25519_key *key, const char *passphrase, char **ret,
		  struct error *err)
{
	AUTO_PTR(evp_pkey_st)
	EVP_PKEY *pkey =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->seed, ED25519_KEY_SIZE);
	AUTO_PTR(X509_sig_st) X509_SIG *sealed = pkey != NULL ? seal(pkey, passphrase) : NULL;
	AUTO_PTR(bio_st) BIO *out = BIO_new(BIO_s_mem());
	char *text = NULL;
	if (sealed == NULL || out == NULL || PEM_write_bio_PKCS8(out, sealed) != 1)
		return error_set(err, ERROR_SYSTEM, "libcrypto cannot seal an Ed25519 key");
	long size = BIO_get_mem_data(out, &text);
	*ret = xstrndup(text, (size_t)size);
	return true;
}

static bool unseal(const X509_SIG *sealed, const char *passphrase, struct ed25519_key *ret,
		   struct error *err)
{
	AUTO_PTR(pkcs8_priv_key_info_st)
	PKCS8_PRIV_KEY_INFO *plain = PKCS8_decrypt(sealed, passphrase, (int)strlen(passphrase));
	if (plain == NULL)
		return error_set(err, ERROR_DENIED, "the passphrase is another one");
	AUTO_PTR(evp_pkey_st) EVP_PKEY *pkey = EVP_PKCS82PKEY(plain);
	if (pkey == NULL || EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519)
		return error_set(err, ERROR_CORRUPT, "it is not an Ed25519 key");
	return export_key(pkey, ret, err);
}

bool ed25519_unseal(const char *pem, size_t size, const char *passphrase, struct ed25519_key *ret,
		    struct error *err)
{
	AUTO_PTR(bio_st) BIO *in = size < INT_MAX ? BIO_new_mem_buf(pem, (int)size) : NULL;
	AUTO_PTR(X509_sig_st)
	X509_SIG *sealed = in != NULL ? PEM_read_bio_PKCS8(in, NULL, NULL, NULL) : NULL;
	bool is_ok = sealed != NULL
			     ? unseal(sealed, passphrase, ret, err)
			     : error_set(err, ERROR_CORRUPT, "it is not a key behind a passphrase");
	ERR_clear_error();
	return is_ok;
}
