/* SPDX-License-Identifier: Apache-2.0 */
#include "base/es256.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"

#define CURVE		   "prime256v1" /* libcrypto's name of P-256 */
#define MAX_DER_BYTES	   4096
#define MAX_SIGNATURE_SIZE 80 /* in DER: two numbers of 33 bytes and what is around them */

DEFINE_AUTO_PTR(evp_pkey_st, EVP_PKEY_free)
DEFINE_AUTO_PTR(evp_md_ctx_st, EVP_MD_CTX_free)
DEFINE_AUTO_PTR(ECDSA_SIG_st, ECDSA_SIG_free)
DEFINE_AUTO_PTR(bignum_st, BN_free)

struct es256_key {
	EVP_PKEY *pkey; /* owned */
	uint8_t x[ES256_NUMBER_SIZE];
	uint8_t y[ES256_NUMBER_SIZE];
};

void es256_key_free(struct es256_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

static bool export_number(EVP_PKEY *pkey, const char *name, uint8_t out[ES256_NUMBER_SIZE])
{
	AUTO_PTR(bignum_st) BIGNUM *number = NULL;
	return EVP_PKEY_get_bn_param(pkey, name, &number) == 1 &&
	       BN_bn2binpad(number, out, ES256_NUMBER_SIZE) == ES256_NUMBER_SIZE;
}

static bool is_p256(EVP_PKEY *pkey)
{
	char name[32];
	size_t size = 0;
	return EVP_PKEY_is_a(pkey, "EC") == 1 &&
	       EVP_PKEY_get_group_name(pkey, name, sizeof(name), &size) == 1 &&
	       strcmp(name, CURVE) == 0;
}

struct es256_key *es256_key_read(const void *der, size_t size, struct error *err)
{
	const unsigned char *at = der;
	AUTO_PTR(evp_pkey_st)
	EVP_PKEY *pkey = size <= MAX_DER_BYTES ? d2i_AutoPrivateKey(NULL, &at, (long)size) : NULL;
	AUTO_PTR(es256_key) struct es256_key *key = xcalloc(1, sizeof(*key));
	if (pkey == NULL || !is_p256(pkey) ||
	    !export_number(pkey, OSSL_PKEY_PARAM_EC_PUB_X, key->x) ||
	    !export_number(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, key->y)) {
		ERR_clear_error(); /* else libcurl's next TLS call finds it */
		(void)error_set(err, ERROR_INVALID, "this is no private key on the curve P-256");
		return NULL;
	}
	key->pkey = TAKE_PTR(pkey);
	return TAKE_PTR(key);
}

/* The lines of a PEM text between its BEGIN and END, without line ends. */
static void join_lines(const char *pem, struct strbuf *out)
{
	for (const char *line = pem; *line != '\0';) {
		size_t size = strcspn(line, "\r\n");
		if (strncmp(line, "-----", 5) != 0)
			strbuf_append_bytes(out, line, size);
		line += size;
		line += strspn(line, "\r\n");
	}
}

struct es256_key *es256_key_read_pem(const char *pem, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	uint8_t *der = NULL;
	size_t size = 0;
	join_lines(pem, &text);
	if (!base64_decode(strbuf_text(&text), text.size, &der, &size)) {
		(void)error_set(err, ERROR_INVALID, "this is no key in PEM");
		return NULL;
	}
	struct es256_key *key = es256_key_read(der, size, err);
	explicit_bzero(der, size);
	free(der);
	if (text.size > 0)
		explicit_bzero(text.data, text.size);
	return key;
}

void es256_key_point(const struct es256_key *key, uint8_t x[ES256_NUMBER_SIZE],
		     uint8_t y[ES256_NUMBER_SIZE])
{
	memcpy(x, key->x, ES256_NUMBER_SIZE);
	memcpy(y, key->y, ES256_NUMBER_SIZE);
}

/* libcrypto gives ASN.1; JSON Web Signatures have the two numbers bare. */
static bool unpack(const uint8_t *der, size_t size, uint8_t out[ES256_SIGNATURE_SIZE])
{
	const unsigned char *at = der;
	AUTO_PTR(ECDSA_SIG_st) ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)size);
	return pair != NULL &&
	       BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, ES256_NUMBER_SIZE) == ES256_NUMBER_SIZE &&
	       BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + ES256_NUMBER_SIZE, ES256_NUMBER_SIZE) ==
		       ES256_NUMBER_SIZE;
}

bool es256_sign(const struct es256_key *key, const void *bytes, size_t size,
		uint8_t out[ES256_SIGNATURE_SIZE], struct error *err)
{
	uint8_t der[MAX_SIGNATURE_SIZE];
	size_t der_size = sizeof(der);
	AUTO_PTR(evp_md_ctx_st) EVP_MD_CTX *signer = EVP_MD_CTX_new();
	if (signer != NULL &&
	    EVP_DigestSignInit(signer, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
	    EVP_DigestSign(signer, der, &der_size, bytes, size) == 1 && unpack(der, der_size, out))
		return true;
	ERR_clear_error();
	return error_set(err, ERROR_SYSTEM, "libcrypto cannot sign with ES256");
}
