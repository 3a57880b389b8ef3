/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <string.h>

#include "base/alloc.h"
#include "base/sha256.h"
#include "test.h"

#define HEX	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define NOTHING "sha256:" HEX /* of no bytes: FIPS 180-4's own example */

static void a_text_is_read_and_written_as_it_was(void **state)
{
	struct digest digest;
	struct digest same;
	(void)state;
	assert_true(digest_parse(NOTHING, &digest));
	assert_string_equal(DIGEST_TEXT(&digest), NOTHING);
	assert_string_equal(DIGEST_HEX(&digest), HEX);
	assert_true(digest_parse_hex(HEX, &same));
	assert_true(digest_equal(&digest, &same));
	same = sha256_digest("", 0);
	assert_true(digest_equal(&digest, &same));
	same.bytes[31] ^= 1;
	assert_false(digest_equal(&digest, &same));
}

static void what_is_no_digest_changes_nothing(void **state)
{
	static const char *const wrong[] = {
		"",
		HEX,
		"sha256:",
		"sha512:" HEX,
		NOTHING "0",
		NOTHING " ",
		"sha256:E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"sha256:g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"sha256:3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	};
	struct digest digest = sha256_digest("", 0);
	(void)state;
	assert_false(digest_parse(NULL, &digest));
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_false(digest_is_valid(wrong[i]));
		assert_false(digest_parse(wrong[i], &digest));
	}
	assert_string_equal(DIGEST_TEXT(&digest), NOTHING);
}

/* Who asks for an image by it must not get any image. */
static void none_has_no_text_and_no_text_is_none(void **state)
{
	struct digest none = {0};
	(void)state;
	assert_false(digest_is_set(&none));
	assert_string_equal(DIGEST_TEXT(&none), "");
	assert_string_equal(DIGEST_HEX(&none), "");
	assert_string_equal(DIGEST_TEXT(NULL), "");
	assert_false(digest_parse("sha256:"
				  "00000000000000000000000000000000"
				  "00000000000000000000000000000000",
				  &none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_read_and_written_as_it_was),
		cmocka_unit_test(what_is_no_digest_changes_nothing),
		cmocka_unit_test(none_has_no_text_and_no_text_is_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
