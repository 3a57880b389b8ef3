/* SPDX-License-Identifier: Apache-2.0 */
#include "test.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/scale_words.h"

static void reads(const char *line, const char *replicas, const char *wanted)
{
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list shown = STRING_LIST_INIT;
	AUTO(scale_words_clear) struct scale_words scales = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;

	string_list_split(&words, line, ' ');
	if (!scale_words_read(&words, replicas, &scales, &err)) {
		assert_int_equal(err.kind, ERROR_USAGE);
		assert_string_equal(err.message, wanted);
		return;
	}
	for (size_t i = 0; i < scales.count; i++)
		string_list_addf(&shown, "%s:%u", scales.items[i].pod, scales.items[i].replicas);
	AUTO_FREE char *got = string_list_join(&shown, " ");
	assert_string_equal(got, wanted);
}

static void numbers_come_in_three_spellings(void **state)
{
	(void)state;
	reads("web=3", NULL, "web:3");
	reads("web 3", NULL, "web:3");
	reads("web 3 db=0 deploy/api 1", NULL, "web:3 db:0 deploy/api:1");
	reads("web db", "2", "web:2 db:2");
	reads("web=1 db", "2", "web:1 db:2");
}

static void what_has_no_number_is_a_usage_error(void **state)
{
	(void)state;
	reads("web", NULL, "'web' is not POD=N, N at most 1000");
	reads("web=3 db", NULL, "'db' is not POD=N, N at most 1000");
	reads("web=", NULL, "'web=' is not POD=N, N at most 1000");
	reads("=3", NULL, "'=3' is not POD=N, N at most 1000");
	reads("web=1001", NULL, "'web=1001' is not POD=N, N at most 1000");
	reads("web", "x", "--replicas: 'x' is no number up to 1000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_come_in_three_spellings),
		cmocka_unit_test(what_has_no_number_is_a_usage_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
