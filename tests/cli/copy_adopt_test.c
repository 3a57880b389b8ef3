/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/copy_adopt.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"

#include "test.h"

static char folder[64];
static char *from;
static char *to;

static char *below(const char *base, const char *name)
{
	return path_join(base, name);
}

static void write_at(const char *base, const char *name, const char *text, mode_t mode)
{
	AUTO_FREE char *path = below(base, name);

	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
	assert_int_equal(chmod(path, mode), 0);
}

static void assert_file(const char *base, const char *name, const char *text, mode_t mode)
{
	AUTO_FREE char *path = below(base, name);
	AUTO_FREE char *content = NULL;
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	assert_true(S_ISREG(status.st_mode));
	assert_int_equal(status.st_mode & 07777, mode);
	assert_true(file_read(path, 100, &content, NULL, NULL));
	assert_string_equal(content, text);
}

static void make_folder(const char *base, const char *name, mode_t mode)
{
	AUTO_FREE char *path = below(base, name);

	assert_int_equal(mkdir(path, mode), 0);
}

static int start(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/i2kit-adopt-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	from = below(folder, "from");
	to = below(folder, "to");
	return mkdir(from, 0700);
}

static int stop(void **state)
{
	(void)state;
	free(from);
	free(to);
	return path_remove_tree(folder, NULL) ? 0 : -1;
}

static void files_folders_and_links_move(void **state)
{
	AUTO_FREE char *link = below(from, "sub/link");
	AUTO_FREE char *moved = below(to, "sub/link");
	size_t left_out = 9;
	char target[16] = "";
	(void)state;

	make_folder(from, "sub", 0750);
	write_at(from, "sub/a", "one", 0640);
	assert_int_equal(symlink("a", link), 0);
	assert_true(copy_adopt(from, to, &left_out, NULL));
	assert_int_equal(left_out, 0);
	assert_file(to, "sub/a", "one", 0640);
	assert_int_equal(readlink(moved, target, sizeof(target) - 1), 1);
	assert_string_equal(target, "a");
}

static void what_is_there_is_replaced_or_kept(void **state)
{
	size_t left_out;
	(void)state;

	assert_int_equal(mkdir(to, 0755), 0);
	make_folder(to, "sub", 0755);
	write_at(to, "sub/a", "old", 0600);
	write_at(to, "sub/b", "mine", 0600);
	make_folder(from, "sub", 0500);
	AUTO_FREE char *sub = below(from, "sub");
	assert_int_equal(chmod(sub, 0700), 0);
	write_at(from, "sub/a", "new", 0644);
	assert_true(copy_adopt(from, to, &left_out, NULL));
	assert_file(to, "sub/a", "new", 0644);
	assert_file(to, "sub/b", "mine", 0600);
}

static void a_link_in_the_way_is_not_followed(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *outside = below(folder, "outside");
	AUTO_FREE char *link = below(to, "sub");
	AUTO_FREE char *file = below(outside, "a");
	size_t left_out;
	(void)state;

	assert_int_equal(mkdir(outside, 0755), 0);
	assert_int_equal(mkdir(to, 0755), 0);
	assert_int_equal(symlink(outside, link), 0);
	make_folder(from, "sub", 0755);
	write_at(from, "sub/a", "evil", 0644);
	assert_false(copy_adopt(from, to, &left_out, &err));
	assert_false(path_exists(file));
}

static void a_linked_file_is_replaced_not_written_through(void **state)
{
	AUTO_FREE char *outside = below(folder, "outside");
	AUTO_FREE char *link = below(to, "a");
	size_t left_out;
	(void)state;

	write_at(folder, "outside", "mine", 0600);
	assert_int_equal(mkdir(to, 0755), 0);
	assert_int_equal(symlink(outside, link), 0);
	write_at(from, "a", "evil", 0644);
	assert_true(copy_adopt(from, to, &left_out, NULL));
	assert_file(folder, "outside", "mine", 0600);
	assert_file(to, "a", "evil", 0644);
}

static void set_id_bits_and_pipes_stay_out(void **state)
{
	AUTO_FREE char *pipe_path = below(from, "pipe");
	AUTO_FREE char *copied = below(to, "pipe");
	size_t left_out;
	(void)state;

	write_at(from, "tool", "x", 04755);
	assert_int_equal(mkfifo(pipe_path, 0600), 0);
	assert_true(copy_adopt(from, to, &left_out, NULL));
	assert_int_equal(left_out, 1);
	assert_file(to, "tool", "x", 0755);
	assert_false(path_exists(copied));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_folders_and_links_move),
		TEST(what_is_there_is_replaced_or_kept),
		TEST(a_link_in_the_way_is_not_followed),
		TEST(a_linked_file_is_replaced_not_written_through),
		TEST(set_id_bits_and_pipes_stay_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
