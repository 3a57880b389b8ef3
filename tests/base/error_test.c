/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/string_list.h"
#include "test.h"

static void prefixes_stack_outside_in(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_false(error_set(&err, ERROR_INVALID, "bad %d", 3));
	assert_false(error_prefix(&err, "layer %s", "x"));
	assert_false(error_prefix(&err, "pod 'web'"));
	assert_string_equal(err.message, "pod 'web': layer x: bad 3");
	assert_int_equal(err.kind, ERROR_INVALID);
}

static void errno_decides_the_kind(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	error_set_errno(&err, ENOSPC, "write");
	assert_int_equal(err.kind, ERROR_FULL);
	error_set_errno(&err, EACCES, "open");
	assert_int_equal(err.kind, ERROR_DENIED);
}

static void lists_end_in_null(void **state)
{
	AUTO(string_list_clear) struct string_list list = STRING_LIST_INIT;
	(void)state;
	string_list_split(&list, "a,,b", ',');
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[1], "");
	assert_null(list.items[3]);
	for (int i = 0; i < 40; i++) {
		string_list_addf(&list, "%d", i);
		assert_null(list.items[list.count]);
	}
}

static void kinds_have_words_and_come_back_from_them(void **state)
{
	(void)state;
	for (unsigned i = ERROR_USAGE; i <= ERROR_SYSTEM; i++)
		assert_int_equal(error_kind_of_word(error_kind_word((enum error_kind)i)), i);
	assert_int_equal(error_kind_of_word("from the future"), ERROR_SYSTEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_have_words_and_come_back_from_them),
		cmocka_unit_test(prefixes_stack_outside_in),
		cmocka_unit_test(errno_decides_the_kind),
		cmocka_unit_test(lists_end_in_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
