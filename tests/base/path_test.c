/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/folder_list.h"
#include "base/path_below.h"
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

static void what_a_killed_writer_left_is_removed_and_nothing_else(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *file = path_join(folder, "plan.json");
	AUTO_FREE char *left = path_join(folder, "plan.json.a1B2c3");
	AUTO_FREE char *other = path_join(folder, "plan.json.old");
	(void)state;
	assert_true(file_write_atomic(file, "a", 1, 0600, &err));
	assert_true(file_write_atomic(left, "b", 1, 0600, &err));
	assert_true(file_write_atomic(other, "c", 1, 0600, &err));
	file_remove_drafts(file);
	assert_true(path_exists(file));
	assert_false(path_exists(left));
	assert_true(path_exists(other));
}

static void an_atomic_write_has_no_name_until_it_is_whole(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *place = path_join(folder, "draft");
	AUTO_FREE char *file = path_join(place, "f");
	(void)state;
	assert_true(path_make_folders(place, 0700, &err));
	/*
	 * A write that fails half-way (the size is too large for the disk) is as good as a death.
	 */
	struct rlimit old;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	struct rlimit small = {.rlim_cur = 4096, .rlim_max = old.rlim_max};
	static char big[65536];
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_false(file_write_atomic(file, big, sizeof(big), 0600, &err));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(rmdir(place), 0);
}

static void a_pipe_nobody_writes_to_is_refused_at_once(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *file = path_join(folder, "pipe.yml");
	AUTO_FREE char *text = NULL;
	(void)state;
	assert_int_equal(mkfifo(file, 0600), 0);
	(void)alarm(5);
	assert_false(file_read(file, 100, &text, NULL, &err));
	(void)alarm(0);
	assert_non_null(strstr(err.message, "a pipe"));
}

static void a_pipe_of_the_shell_is_read(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *text = NULL;
	char name[32];
	int pipes[2];
	(void)state;
	assert_int_equal(pipe(pipes), 0);
	AUTO_CLOSE int in = pipes[0];
	assert_int_equal(write(pipes[1], "name: x", 7), 7);
	assert_int_equal(close(pipes[1]), 0);
	(void)snprintf(name, sizeof(name), "/dev/fd/%d", in);
	assert_true(file_read(name, 100, &text, NULL, &err));
	assert_string_equal(text, "name: x");
}

/* In /tmp anybody could have made it first: link, open to others, or somebody else's. */
static void a_runtime_folder_that_is_not_ours_alone_is_refused(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *place = path_join(folder, "runtime");
	AUTO_FREE char *real = path_join(folder, "elsewhere");
	AUTO_FREE char *ours = path_join(place, "i2kit");
	AUTO_FREE char *below = path_join(ours, "vm");
	struct stat st;
	(void)state;
	assert_int_equal(setenv("XDG_RUNTIME_DIR", place, 1), 0);
	assert_true(path_make_folders(place, 0755, &err));
	assert_true(path_make_folders(real, 0700, &err));
	assert_int_equal(symlink(real, ours), 0);
	assert_false(path_make_folders(below, 0700, &err));
	assert_int_equal(err.kind, ERROR_DENIED);
	assert_int_equal(unlink(ours), 0);
	error_clear(&err);
	assert_int_equal(mkdir(ours, 0700), 0);
	assert_int_equal(chmod(ours, 0777), 0);
	assert_false(path_make_folders(below, 0700, &err));
	assert_int_equal(chmod(ours, 0755), 0);
	error_clear(&err);
	assert_true(path_make_folders(below, 0700, &err));
	assert_int_equal(stat(ours, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	if (geteuid() == 0) {
		assert_int_equal(chown(ours, 65534, 65534), 0);
		assert_false(path_make_folders(below, 0700, &err));
	}
}

static void a_folder_is_listed_sorted_and_whole(void **state)
{
	char listed[] = "/tmp/i2kit-list-XXXXXX";
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_non_null(mkdtemp(listed));
	static const char *const made[] = {"b", ".hidden", "a"};
	for (size_t i = 0; i < 3; i++) {
		AUTO_FREE char *path = path_join(listed, made[i]);
		assert_true(file_write_atomic(path, "", 0, 0600, NULL));
	}
	assert_true(folder_list(listed, &names, &err));
	assert_int_equal(names.count, 3);
	assert_string_equal(names.items[0], ".hidden");
	assert_string_equal(names.items[2], "b");
	assert_true(path_remove_tree(listed, NULL));
	assert_false(folder_list(listed, &names, &err));
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
	assert_int_equal(names.count, 3);
}

static void what_is_below_a_folder_begins_after_its_slash(void **state)
{
	(void)state;
	assert_string_equal(path_below("/a", "/a/b/c"), "b/c");
	assert_string_equal(path_below("/a", "/a"), "");
	assert_string_equal(path_below("/", "/a"), "a");
	assert_string_equal(path_below("/", "/"), "");
	assert_null(path_below("/a", "/ab"));
	assert_null(path_below("/a/b", "/a"));
	assert_null(path_below("/a", "/b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_atomic_write_is_read_back_and_leaves_nothing_beside),
		cmocka_unit_test(a_file_over_the_limit_is_refused),
		cmocka_unit_test(a_second_lock_is_busy),
		cmocka_unit_test(joins_have_one_slash),
		cmocka_unit_test(what_a_killed_writer_left_is_removed_and_nothing_else),
		cmocka_unit_test(an_atomic_write_has_no_name_until_it_is_whole),
		cmocka_unit_test(a_pipe_nobody_writes_to_is_refused_at_once),
		cmocka_unit_test(a_pipe_of_the_shell_is_read),
		cmocka_unit_test(a_runtime_folder_that_is_not_ours_alone_is_refused),
		cmocka_unit_test(a_folder_is_listed_sorted_and_whole),
		cmocka_unit_test(what_is_below_a_folder_begins_after_its_slash),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
