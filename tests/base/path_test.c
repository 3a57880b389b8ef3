/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "test.h"

static char folder[] = "/tmp/i2kit-path-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return path_remove_tree(folder, NULL) ? 0 : -1;
}

static void an_atomic_write_is_read_back_and_leaves_nothing_beside(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *deep = path_join(folder, "a/b/c");
	AUTO_FREE char *file = path_join(deep, "f");
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	(void)state;
	assert_true(path_make_folders(deep, 0700, &err));
	assert_true(file_write_atomic(file, "abc", 3, 0600, &err));
	assert_true(file_read(file, 3, &text, &size, &err));
	assert_string_equal(text, "abc");
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(deep), 0); /* empty: no temporary file is left */
}

static void a_file_over_the_limit_is_refused(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *file = path_join(folder, "big");
	AUTO_FREE char *text = NULL;
	(void)state;
	assert_true(file_write_atomic(file, "abcd", 4, 0600, &err));
	assert_false(file_read(file, 3, &text, NULL, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_null(text);
}

static void a_second_lock_is_busy(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *file = path_join(folder, "lock");
	(void)state;
	AUTO_CLOSE int first = file_lock(file, false, &err);
	assert_true(first >= 0);
	assert_int_equal(file_lock(file, false, &err), -1);
	assert_int_equal(err.kind, ERROR_BUSY);
}

static void joins_have_one_slash(void **state)
{
	(void)state;
	AUTO_FREE char *a = path_join("/x/", "/y");
	AUTO_FREE char *b = path_join("/", "y");
	assert_string_equal(a, "/x/y");
	assert_string_equal(b, "/y");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_atomic_write_is_read_back_and_leaves_nothing_beside),
		cmocka_unit_test(a_file_over_the_limit_is_refused),
		cmocka_unit_test(a_second_lock_is_busy),
		cmocka_unit_test(joins_have_one_slash),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
