/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/ed25519.h"

static void encodes_the_vectors_of_rfc_4648(void **state)
{
	(void)state;
	static const char *const vectors[][2] = {{"", ""},
						 {"f", "Zg=="},
						 {"fo", "Zm8="},
						 {"foo", "Zm9v"},
						 {"foob", "Zm9vYg=="},
						 {"fooba", "Zm9vYmE="},
						 {"foobar", "Zm9vYmFy"}};
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		AUTO_FREE char *text = base64_encode(vectors[i][0], strlen(vectors[i][0]));
		assert_string_equal(text, vectors[i][1]);
		AUTO_FREE uint8_t *bytes = NULL;
		size_t size = 99;
		assert_true(base64_decode(text, strlen(text), &bytes, &size));
		assert_int_equal(size, strlen(vectors[i][0]));
		assert_string_equal((const char *)bytes, vectors[i][0]);
	}
}

static void refuses_what_is_not_exact(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9v", "Zm9-", "Zm9v\n"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		uint8_t *bytes = NULL;
		size_t size = 0;
		assert_false(base64_decode(bad[i], strlen(bad[i]), &bytes, &size));
		assert_null(bytes);
	}
}

/* RFC 8032, 7.1, test 2. */
static void signs_the_vector_of_rfc_8032(void **state)
{
	(void)state;
	static const uint8_t seed[32] = {0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda,
					 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f,
					 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24,
					 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb};
	static const uint8_t start[8] = {0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8};
	struct ed25519_key key;
	assert_true(ed25519_from_seed(seed, &key, NULL));
	uint8_t signature[ED25519_SIGNATURE_SIZE];
	assert_true(ed25519_sign(&key, "\x72", 1, signature, NULL));
	assert_memory_equal(signature, start, sizeof(start));
	assert_true(ed25519_verify(key.public_key, "\x72", 1, signature));
	assert_false(ed25519_verify(key.public_key, "\x73", 1, signature));
	signature[63] ^= 1;
	assert_false(ed25519_verify(key.public_key, "\x72", 1, signature));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encodes_the_vectors_of_rfc_4648),
		cmocka_unit_test(refuses_what_is_not_exact),
		cmocka_unit_test(signs_the_vector_of_rfc_8032),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
