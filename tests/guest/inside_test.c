/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "guest/machine/inside.h"
#include "test.h"

/* A folder "volume" beside a folder "outside". */
struct scene {
	char top[32];
	int outside;
	int volume;
};

static int begin(void **state)
{
	struct scene *scene = xcalloc(1, sizeof(*scene));
	memcpy(scene->top, "/tmp/inside-test.XXXXXX", 24);
	assert_non_null(mkdtemp(scene->top));
	int top = open(scene->top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(top, "outside", 0755), 0);
	assert_int_equal(mkdirat(top, "volume", 0755), 0);
	scene->outside = openat(top, "outside", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scene->volume = openat(top, "volume", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)close(top);
	*state = scene;
	return 0;
}

static int end(void **state)
{
	struct scene *scene = *state;
	(void)close(scene->outside);
	(void)close(scene->volume);
	assert_true(path_remove_tree(scene->top, NULL));
	free(scene);
	return 0;
}

static bool exists(int folder, const char *path)
{
	return faccessat(folder, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void folders_are_made_behind_links_that_stay_inside(void **state)
{
	struct scene *scene = *state;
	assert_int_equal(mkdirat(scene->volume, "a", 0755), 0);
	assert_int_equal(symlinkat("a", scene->volume, "link"), 0);
	assert_true(inside_make_folders(scene->volume, "link/b/c", 0777, NULL));
	assert_true(exists(scene->volume, "a/b/c"));
	assert_true(inside_make_folders(scene->volume, "link/b/c", 0777, NULL));
}

static void nothing_is_made_behind_links_that_lead_outside(void **state)
{
	struct scene *scene = *state;
	AUTO_FREE char *absolute = path_join(scene->top, "outside");
	assert_int_equal(symlinkat("../outside", scene->volume, "relative"), 0);
	assert_int_equal(symlinkat(absolute, scene->volume, "absolute"), 0);
	assert_false(inside_make_folders(scene->volume, "relative/x", 0777, NULL));
	assert_false(inside_make_folders(scene->volume, "absolute/x", 0777, NULL));
	assert_false(inside_write(scene->volume, "relative/x", "text", 4, 0644, NULL));
	assert_false(exists(scene->outside, "x"));
	assert_int_equal(inside_open(scene->volume, "absolute", O_PATH, 0), -1);
	assert_int_equal(errno, EXDEV);
}

static void a_link_to_a_file_outside_is_replaced_and_not_followed(void **state)
{
	struct scene *scene = *state;
	int fd = openat(scene->outside, "secret", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "before", 6), 6);
	(void)close(fd);
	assert_int_equal(symlinkat("../outside/secret", scene->volume, "file"), 0);
	assert_true(inside_write(scene->volume, "file", "after!!", 7, 0640, NULL));
	struct stat status;
	assert_int_equal(fstatat(scene->volume, "file", &status, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(status.st_mode, S_IFREG | 0640);
	assert_int_equal(fstatat(scene->outside, "secret", &status, 0), 0);
	assert_int_equal(status.st_size, 6);
}

static void a_file_with_content_is_written_in_place(void **state)
{
	struct scene *scene = *state;
	struct stat first;
	struct stat second;
	assert_true(inside_write(scene->volume, "file", "a long text", 11, 0644, NULL));
	assert_int_equal(fstatat(scene->volume, "file", &first, 0), 0);
	assert_true(inside_write(scene->volume, "file", "short", 5, 0600, NULL));
	assert_int_equal(fstatat(scene->volume, "file", &second, 0), 0);
	assert_int_equal(first.st_ino, second.st_ino);
	assert_int_equal(second.st_size, 5);
	assert_int_equal(second.st_mode & 07777, 0600);
}

static void a_fifo_does_not_block_the_writer(void **state)
{
	struct scene *scene = *state;
	assert_int_equal(mkfifoat(scene->volume, "file", 0600), 0);
	assert_true(inside_write(scene->volume, "file", "text", 4, 0644, NULL));
	struct stat status;
	assert_int_equal(fstatat(scene->volume, "file", &status, 0), 0);
	assert_true(S_ISREG(status.st_mode));
}

static void a_tree_deeper_than_any_path_is_removed(void **state)
{
	struct scene *scene = *state;
	int folder = dup(scene->volume);
	for (int i = 0; i < 5000; i++) {
		assert_int_equal(mkdirat(folder, i == 0 ? "deep" : "d", 0755), 0);
		int next =
			openat(folder, i == 0 ? "deep" : "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		int file = openat(folder, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		(void)close(file);
		(void)close(folder);
		folder = next;
	}
	(void)close(folder);
	assert_true(inside_remove(scene->volume, "deep", NULL));
	assert_false(exists(scene->volume, "deep"));
	assert_true(exists(scene->volume, "f"));
	assert_true(inside_remove(scene->volume, "deep", NULL));
}

static void removing_does_not_follow_links(void **state)
{
	struct scene *scene = *state;
	assert_int_equal(mkdirat(scene->outside, "kept", 0755), 0);
	assert_int_equal(mkdirat(scene->volume, "a", 0755), 0);
	assert_int_equal(symlinkat("../../outside", scene->volume, "a/link"), 0);
	assert_int_equal(symlinkat("../outside", scene->volume, "link"), 0);
	assert_false(inside_remove(scene->volume, "link/kept", NULL));
	assert_true(inside_remove(scene->volume, "a", NULL));
	assert_true(inside_remove(scene->volume, "link", NULL));
	assert_true(exists(scene->outside, "kept"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(folders_are_made_behind_links_that_stay_inside,
						begin, end),
		cmocka_unit_test_setup_teardown(nothing_is_made_behind_links_that_lead_outside,
						begin, end),
		cmocka_unit_test_setup_teardown(
			a_link_to_a_file_outside_is_replaced_and_not_followed, begin, end),
		cmocka_unit_test_setup_teardown(a_file_with_content_is_written_in_place, begin,
						end),
		cmocka_unit_test_setup_teardown(a_fifo_does_not_block_the_writer, begin, end),
		cmocka_unit_test_setup_teardown(a_tree_deeper_than_any_path_is_removed, begin, end),
		cmocka_unit_test_setup_teardown(removing_does_not_follow_links, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
