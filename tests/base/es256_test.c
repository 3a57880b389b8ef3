/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/es256.h"

/* The key of RFC 7515, appendix A.3, as the two forms in which tools keep one. */
static const char SEC1[] = "-----BEGIN EC PRIVATE KEY-----\n"
			   "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49\n"
			   "AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b\n"
			   "focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
			   "-----END EC PRIVATE KEY-----\n";
static const char PKCS8[] = "-----BEGIN PRIVATE KEY-----\r\n"
			    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjpsQnnGQmL+YBIff\r\n"
			    "H1136cspYG6+0iY7X1fCE9+E9LKhRANCAAR/zc4ncPbEXUGDy+5v20t7WAczNXvp\r\n"
			    "7xO6z248e9FURcfxRM0bvZt+hyzf7bnuufSzaV1uqQskrYpGIyiFiOWt\r\n"
			    "-----END PRIVATE KEY-----";

static void reads_the_key_of_rfc_7515(void **state)
{
	static const char *const forms[] = {SEC1, PKCS8};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		AUTO_PTR(es256_key) struct es256_key *key = es256_key_read_pem(forms[i], NULL);
		uint8_t x[ES256_NUMBER_SIZE];
		uint8_t y[ES256_NUMBER_SIZE];
		assert_non_null(key);
		es256_key_point(key, x, y);
		AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
		base64_append_url(&text, x, sizeof(x));
		strbuf_append_char(&text, ' ');
		base64_append_url(&text, y, sizeof(y));
		assert_string_equal(strbuf_text(&text),
				    "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU "
				    "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
	}
}

static bool verify(const char *signed_text, const uint8_t pair[ES256_SIGNATURE_SIZE])
{
	AUTO_FREE uint8_t *der = NULL;
	size_t size = 0;
	const char *body = strchr(SEC1, '\n') + 1;
	AUTO(strbuf_clear) struct strbuf joined = STRBUF_INIT;
	for (; *body != '-'; body++)
		if (*body != '\n')
			strbuf_append_char(&joined, *body);
	assert_true(base64_decode(strbuf_text(&joined), joined.size, &der, &size));
	const unsigned char *at = der;
	EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &at, (long)size);
	ECDSA_SIG *numbers = ECDSA_SIG_new();
	assert_int_equal(
		ECDSA_SIG_set0(numbers, BN_bin2bn(pair, 32, NULL), BN_bin2bn(pair + 32, 32, NULL)),
		1);
	unsigned char *signature = NULL;
	int signature_size = i2d_ECDSA_SIG(numbers, &signature);
	EVP_MD_CTX *verifier = EVP_MD_CTX_new();
	bool is_good =
		EVP_DigestVerifyInit(verifier, NULL, EVP_sha256(), NULL, pkey) == 1 &&
		EVP_DigestVerify(verifier, signature, (size_t)signature_size,
				 (const unsigned char *)signed_text, strlen(signed_text)) == 1;
	EVP_MD_CTX_free(verifier);
	OPENSSL_free(signature);
	ECDSA_SIG_free(numbers);
	EVP_PKEY_free(pkey);
	return is_good;
}

/* Often, for a number that begins with zeros must keep its 32 bytes. */
static void what_it_signs_libcrypto_verifies(void **state)
{
	AUTO_PTR(es256_key) struct es256_key *key = es256_key_read_pem(SEC1, NULL);
	uint8_t pair[ES256_SIGNATURE_SIZE];
	(void)state;
	for (int i = 0; i < 300; i++) {
		assert_true(es256_sign(key, "a.b", 3, pair, NULL));
		assert_true(verify("a.b", pair));
	}
	assert_false(verify("a.c", pair));
	pair[63] ^= 1;
	assert_false(verify("a.b", pair));
}

static void refuses_what_is_no_such_key(void **state)
{
	/* P-384 */
	static const char other[] =
		"-----BEGIN EC PRIVATE KEY-----\n"
		"MIGkAgEBBDAwgDXpBcvbVnxLstxfOdtFmPH7b2DPt52AgoBXYbkttuLQAFJNbtIc\n"
		"zeIisLrDfvugBwYFK4EEACKhZANiAAT3lKa3r55Z2jzlEIvLBNmOGfVyKasml6ZG\n"
		"Jo/TN0acAbEMbiA00GolRMHyK2vqtdKmhnuIQNkXhbZhTvQ/lUAUFaJX3vxhuROf\n"
		"ykE8mg0ySPRFNvKay/PHBq6mE4QrJA4=\n-----END EC PRIVATE KEY-----\n";
	static const char *const bad[] = {other,  "",	  "-----BEGIN EC PRIVATE KEY-----",
					  "AAAA", "a*b=", "MHcCAQEE"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		assert_null(es256_key_read_pem(bad[i], &err));
		assert_int_equal(err.kind, ERROR_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_key_of_rfc_7515),
		cmocka_unit_test(what_it_signs_libcrypto_verifies),
		cmocka_unit_test(refuses_what_is_no_such_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
