/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk/base_folder.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "wire/guest_level.h"

#include "test.h"

static char *folder;

static int make_folder(void **state)
{
	(void)state;
	folder = xstrdup("/tmp/i2kit-base-XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	bool is_removed = path_remove_tree(folder, NULL);
	free(folder);
	return is_removed ? 0 : -1;
}

static void write_index(const char *text)
{
	AUTO_FREE char *path = path_join(folder, "base.json");
	assert_true(file_write_atomic(path, text, strlen(text), 0644, NULL));
}

/* An index of one file with that digest. */
static void write_good_index(const struct digest *digest)
{
	AUTO_FREE char *text = xasprintf(
		"{\"name\":\"b\",\"cmdline\":\"quiet\",\"kernel\":\"vmlinuz\",\"initrd\":"
		"\"initrd\","
		"\"base\":\"base.sqfs\",\"files\":[{\"name\":\"vmlinuz\",\"size\":6,\"digest\":"
		"\"%s\"}]}",
		DIGEST_TEXT(digest));
	write_index(text);
}

static void age_is(const char *guest, const char *wanted_or_null)
{
	AUTO(base_folder_clear) struct base_folder base = {0};
	AUTO_FREE char *text = xasprintf(
		"{\"name\":\"b\",%s\"cmdline\":\"quiet\",\"kernel\":\"k\",\"initrd\":\"i\","
		"\"base\":\"b\",\"files\":[]}",
		guest);

	write_index(text);
	assert_true(base_folder_load(folder, &base, NULL));
	AUTO_FREE char *complaint = base_folder_complaint(&base);
	if (wanted_or_null == NULL)
		assert_null(complaint);
	else
		assert_non_null(strstr(complaint, wanted_or_null));
}

/* One that scripts/make-base made before it said what its guest can do is old. */
static void a_base_of_another_age_is_told(void **state)
{
	AUTO_FREE char *current = xasprintf("\"guest\":%u,", GUEST_LEVEL);
	AUTO_FREE char *newer = xasprintf("\"guest\":%u,", GUEST_LEVEL + 1);
	(void)state;

	age_is(current, NULL);
	age_is("", "is older than this i2kit");
	age_is(newer, "is of a newer i2kit");
}

static void a_base_is_read_and_its_files_are_checked(void **state)
{
	AUTO(base_folder_clear) struct base_folder base = {0};
	AUTO_FREE char *path = path_join(folder, "vmlinuz");
	AUTO_FREE char *bytes = NULL;
	AUTO(error_clear) struct error err = ERROR_INIT;
	size_t size;
	(void)state;
	struct digest digest = sha256_digest("kernel", 6);
	write_good_index(&digest);
	assert_true(file_write_atomic(path, "kernel", 6, 0644, NULL));
	assert_true(base_folder_load(folder, &base, NULL));
	assert_string_equal(base.kernel, "vmlinuz");
	assert_true(base_folder_read(&base, "vmlinuz", &bytes, &size, NULL));
	assert_memory_equal(bytes, "kernel", 6);
	free(TAKE_PTR(bytes));
	assert_true(file_write_atomic(path, "kernal", 6, 0644, NULL));
	assert_false(base_folder_read(&base, "vmlinuz", &bytes, &size, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	error_clear(&err);
	assert_false(base_folder_read(&base, "absent", &bytes, &size, &err));
	assert_non_null(strstr(err.message, "absent"));
}

static void an_index_that_leads_out_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"name\":\"b\",\"cmdline\":\"q\",\"kernel\":\"../"
		"vmlinuz\",\"initrd\":\"i\",\"base\":\"b\"}",
		"{\"name\":\"b\",\"cmdline\":\"q\",\"kernel\":\"/"
		"vmlinuz\",\"initrd\":\"i\",\"base\":\"b\"}",
		"{\"name\":\"b\",\"cmdline\":\"q\\nroot=\",\"kernel\":\"k\",\"initrd\":\"i\","
		"\"base\":\"b\"}",
		"{\"name\":\"b\",\"cmdline\":\"q\",\"kernel\":\"k\",\"initrd\":\"i\",\"base\":"
		"\"b\","
		"\"files\":[{\"name\":\"k\",\"size\":-1,\"digest\":\"sha256:0\"}]}",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		AUTO(base_folder_clear) struct base_folder base = {0};
		AUTO(error_clear) struct error err = ERROR_INIT;
		write_index(bad[i]);
		if (base_folder_load(folder, &base, &err))
			fail_msg("accepted: %s", bad[i]);
		assert_non_null(strstr(err.message, "base.json"));
	}
}

static void the_base_that_is_named_comes_first(void **state)
{
	AUTO(base_folder_clear) struct base_folder base = {0};
	(void)state;
	struct digest digest = sha256_digest("kernel", 6);
	write_good_index(&digest);
	assert_int_equal(setenv("I2KIT_BASE", folder, 1), 0);
	assert_true(base_folder_load(NULL, &base, NULL));
	assert_string_equal(base.path, folder);
	assert_false(base_folder_load("/nowhere", &base, NULL));
	assert_int_equal(unsetenv("I2KIT_BASE"), 0);
}

/* Where an installed program was built says nothing about where it runs. */
static void nobody_else_s_source_tree_is_asked(void **state)
{
	AUTO(base_folder_clear) struct base_folder base = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_int_equal(unsetenv("I2KIT_BASE"), 0);
#ifndef I2KIT_SOURCE_BASE
	if (base_folder_load(NULL, &base, &err))
		assert_null(strstr(base.path, "out/base"));
	else
		assert_non_null(strstr(err.hint, "I2KIT_BASE"));
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_base_of_another_age_is_told),
		cmocka_unit_test(a_base_is_read_and_its_files_are_checked),
		cmocka_unit_test(an_index_that_leads_out_is_refused),
		cmocka_unit_test(the_base_that_is_named_comes_first),
		cmocka_unit_test(nobody_else_s_source_tree_is_asked),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
