/* SPDX-License-Identifier: Apache-2.0 */
#include "local/client/volume_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/process.h"
#include "base/process_run.h"

#include "test.h"

static char *folder;

static int setup(void **state)
{
	(void)state;
	folder = xstrdup("/tmp/i2kit-volumes-XXXXXX");
	return mkdtemp(folder) == NULL || setenv("XDG_DATA_HOME", folder, 1) != 0 ||
			       setenv("XDG_STATE_HOME", folder, 1) != 0
		       ? -1
		       : 0;
}

static int teardown(void **state)
{
	(void)state;
	bool is_removed = path_remove_tree(folder, NULL);
	free(folder);
	return is_removed ? 0 : -1;
}

static void what_qemu_img_says_is_read(void **state)
{
	static const char text[] =
		"{\"snapshots\":[{\"id\":\"1\",\"name\":\"before\",\"date-sec\":1},"
		"{\"id\":\"2\",\"name\":\"after\"}],\"virtual-size\":1073741824,"
		"\"filename\":\"x\",\"format\":\"qcow2\",\"actual-size\":200704,"
		"\"backing-filename\":\"/etc/shadow\"}";
	AUTO(volume_facts_clear) struct volume_facts facts = {0};
	AUTO(volume_facts_clear) struct volume_facts none = {0};
	(void)state;

	assert_true(volume_facts_read(text, strlen(text), &facts, NULL));
	assert_int_equal(facts.size_bytes, 1073741824);
	assert_string_equal(facts.leans_on, "/etc/shadow");
	assert_int_equal(facts.snapshots.count, 2);
	assert_string_equal(facts.snapshots.items[1], "after");
	assert_false(volume_facts_read("{}", 2, &none, NULL));
}

static void names_are_words(void **state)
{
	static const char *const bad[] = {"", "../x", "a/b", ".x", "-rf", "a b", "a@b"};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;

	assert_true(volume_name_check("data-db-0", &err));
	assert_true(volume_name_check("2026-11-30T15:02:03Z", &err));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_false(volume_name_check(bad[i], &err));
		error_clear(&err);
	}
}

static void write_file(const char *path, const char *text)
{
	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
}

static const struct volume_file *find(struct volume_file_list *list)
{
	volume_file_list_clear(list);
	assert_true(volume_files_list("shop", list, NULL));
	return volume_files_find(list, "shop", "data", NULL);
}

/* The same bytes come out that went in, snapshots bring back what was. */
static void a_volume_goes_in_and_out_and_back_in_time(void **state)
{
	AUTO(volume_file_list_clear) struct volume_file_list list = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *in = path_join(folder, "in.img");
	AUTO_FREE char *other = path_join(folder, "other.img");
	AUTO_FREE char *out = path_join(folder, "out.img");
	AUTO_FREE char *program = process_find_program("qemu-img");
	AUTO_FREE char *text = NULL;
	(void)state;

	if (program == NULL)
		skip();
	write_file(in, "one");
	write_file(other, "two");
	assert_true(volume_file_import("shop", "data", in, false, &err));
	assert_false(volume_file_import("shop", "data", in, false, &err));
	assert_int_equal(err.kind, ERROR_EXISTS);
	error_clear(&err);
	assert_true(volume_file_snapshot(find(&list), "first", &err));
	assert_string_equal(find(&list)->snapshots.items[0], "first");
	assert_false(volume_file_snapshot(find(&list), "first", &err));
	error_clear(&err);
	assert_false(volume_file_restore(find(&list), "frist", &err));
	assert_string_equal(err.hint, "did you mean 'first'?");
	error_clear(&err);
	assert_true(volume_file_restore(find(&list), "first", &err));
	assert_true(volume_file_export(find(&list), "raw", out, false, &err));
	assert_true(file_read(out, 1 << 20, &text, NULL, NULL));
	assert_int_equal(strncmp(text, "one", 3), 0);
	assert_false(volume_file_export(find(&list), "raw", out, false, &err));
	assert_int_equal(err.kind, ERROR_EXISTS);
	error_clear(&err);
	assert_true(volume_file_forget(find(&list), "first", &err));
	assert_int_equal(find(&list)->snapshots.count, 0);
	assert_true(volume_file_import("shop", "data", other, true, &err));
	assert_true(volume_file_remove(find(&list), &err));
	assert_null(find(&list));
}

/* Such a disk would show the pod a file of this machine. */
static void a_file_that_leans_on_another_one_is_refused(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(process_output_clear) struct process_output output = {0};
	AUTO_FREE char *in = path_join(folder, "secret.img");
	AUTO_FREE char *evil = path_join(folder, "evil.qcow2");
	AUTO_FREE char *program = process_find_program("qemu-img");
	(void)state;

	if (program == NULL)
		skip();
	write_file(in, "secret");
	const char *const argv[] = {"qemu-img", "create", "-q",	 "-f", "qcow2", "-b",
				    in,		"-F",	  "raw", evil, NULL};
	const struct process_run run = {.argv = argv, .timeout_ms = 10000};
	assert_true(process_run(&run, &output, &err));
	assert_false(volume_file_import("shop", "evil", evil, false, &err));
	assert_non_null(strstr(err.message, "is part of another file"));
}

static void shared_ones_are_folders_and_tars(void **state)
{
	AUTO(volume_file_list_clear) struct volume_file_list list = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *shared = xasprintf("%s/i2kit/volumes/tree/files.shared", folder);
	AUTO_FREE char *file = path_join(shared, "a");
	AUTO_FREE char *tar = path_join(folder, "files.tar");
	AUTO_FREE char *text = NULL;
	(void)state;

	assert_true(path_make_folders(shared, 0700, NULL));
	write_file(file, "one");
	assert_true(volume_files_list("tree", &list, NULL));
	assert_int_equal(list.count, 1);
	const struct volume_file *volume = &list.items[0];
	assert_string_equal(volume->name, "files");
	assert_true(volume->is_shared && volume->used_bytes > 0);
	assert_true(volume_file_snapshot(volume, "before", &err));
	assert_true(volume_file_export(volume, "tar", tar, false, &err));
	assert_false(volume_file_export(volume, "qcow2", tar, true, &err));
	error_clear(&err);
	write_file(file, "two");
	volume_file_list_clear(&list);
	assert_true(volume_files_list("tree", &list, NULL));
	volume = &list.items[0];
	assert_string_equal(volume->snapshots.items[0], "before");
	assert_true(volume_file_restore(volume, "before", &err));
	assert_true(file_read(file, 64, &text, NULL, NULL));
	assert_string_equal(text, "one");
	assert_false(volume_file_restore(volume, "never", &err));
	error_clear(&err);
	assert_true(volume_file_forget(volume, "before", &err));
	assert_true(volume_file_remove(volume, &err) && !path_exists(shared));
	assert_true(volume_file_import("tree", "files", tar, false, &err));
	free(TAKE_PTR(text));
	assert_true(file_read(file, 64, &text, NULL, NULL));
	assert_string_equal(text, "one");
	/* It is there already; replaced only when asked for. */
	assert_false(volume_file_import("tree", "files", tar, false, &err));
	error_clear(&err);
	assert_true(volume_file_import("tree", "files", tar, true, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shared_ones_are_folders_and_tars),
		cmocka_unit_test(what_qemu_img_says_is_read),
		cmocka_unit_test(names_are_words),
		cmocka_unit_test(a_volume_goes_in_and_out_and_back_in_time),
		cmocka_unit_test(a_file_that_leans_on_another_one_is_refused),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
