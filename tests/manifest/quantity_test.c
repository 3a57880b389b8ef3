/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "manifest/name_rules.h"
#include "manifest/quantity.h"
#include "test.h"

static uint64_t millis(const char *text)
{
	uint64_t value = UINT64_MAX;
	if (!quantity_parse_millis(text, &value))
		fail_msg("'%s' is a quantity", text);
	return value;
}

static void quantities_are_those_of_kubernetes(void **state)
{
	static const char *const wrong[] = {"",	    "m",    "1.2.3", "1 Gi", "Gi",  "-1",
					    "1KiB", "0x10", "1e400", "nan",  "inf", "1g"};
	(void)state;
	assert_int_equal(millis("500m"), 500);
	assert_int_equal(millis("0.5"), 500);
	assert_int_equal(millis("2"), 2000);
	assert_int_equal(millis("1e3"), 1000000);
	assert_int_equal(millis("1k"), 1000000);
	assert_int_equal(millis("64Mi"), 64LL * 1024 * 1024 * 1000);
	assert_int_equal(millis("1Gi"), 1024LL * 1024 * 1024 * 1000);
	assert_int_equal(millis("1n"), 1);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint64_t value = 0;
		if (quantity_parse_millis(wrong[i], &value))
			fail_msg("'%s' is no quantity", wrong[i]);
	}
}

static void names_follow_rfc_1123(void **state)
{
	char longest[65];
	(void)state;
	memset(longest, 'a', 64);
	longest[63] = '\0';
	assert_true(name_is_valid("web-1"));
	assert_true(name_is_valid(longest));
	longest[63] = 'a';
	longest[64] = '\0';
	assert_false(name_is_valid(longest));
	assert_false(name_is_valid("-web"));
	assert_false(name_is_valid("Web"));
	assert_false(name_is_valid("web.example"));
	assert_true(name_is_subdomain("web.example"));
	assert_false(name_is_subdomain("web..example"));
	assert_true(label_key_is_valid("app.kubernetes.io/name"));
	assert_false(label_key_is_valid("a/b/c"));
	assert_false(label_key_is_valid("/a"));
	assert_true(label_value_is_valid(""));
	assert_true(label_value_is_valid("v1.0_x"));
	assert_false(label_value_is_valid("-x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantities_are_those_of_kubernetes),
		cmocka_unit_test(names_follow_rfc_1123),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
