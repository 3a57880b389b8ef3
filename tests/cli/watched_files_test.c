/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watched_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "manifest/load.h"
#include "manifest/problem.h"

#include "test.h"

static char folder[64];
static struct app app;
static struct watched_files files;

static void write_file(const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(folder, name);

	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
}

static int start(void **state)
{
	struct load_options options = {.folder = folder};
	struct problem_list problems = {0};
	AUTO_FREE char *layout = NULL;
	(void)state;

	(void)snprintf(folder, sizeof(folder), "/tmp/i2kit-watch-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	layout = path_join(folder, "image");
	(void)mkdir(layout, 0700);
	write_file("image/index.json", "{}");
	write_file("a.tar", "x");
	write_file("i2kit.yml", "name: web\ncontainers:\n"
				"  one: {image: 'oci:image'}\n"
				"  two: {image: 'oci-archive:a.tar'}\n"
				"  three: {image: 'nginx:1.22'}\n");
	if (!app_load(&options, &app, &problems, NULL))
		return -1;
	problem_list_clear(&problems);
	watched_files_make(&app, &files);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	watched_files_clear(&files);
	app_clear(&app);
	return path_remove_tree(folder, NULL) ? 0 : -1;
}

static bool look(size_t *ret_pods)
{
	struct string_list pods = STRING_LIST_INIT;
	bool has_changed = watched_files_look(&files, &pods);

	*ret_pods = pods.count;
	string_list_clear(&pods);
	return has_changed;
}

static void the_manifest_and_the_local_images_are_watched(void **state)
{
	size_t pods;
	(void)state;

	assert_int_equal(files.count, 3);
	assert_false(look(&pods));
}

static void a_change_counts_when_it_has_come_to_rest(void **state)
{
	size_t pods;
	(void)state;

	write_file("image/index.json", "{\"a\":1}");
	assert_false(look(&pods));
	assert_true(look(&pods));
	assert_int_equal(pods, 1);
	watched_files_accept(&files);
	assert_false(look(&pods));
}

static void a_manifest_is_no_image(void **state)
{
	size_t pods;
	(void)state;

	write_file("i2kit.yml", "name: other");
	assert_false(look(&pods));
	assert_true(look(&pods));
	assert_int_equal(pods, 0);
}

static void what_is_away_is_waited_for(void **state)
{
	AUTO_FREE char *archive = path_join(folder, "a.tar");
	size_t pods;
	(void)state;

	assert_int_equal(unlink(archive), 0);
	assert_false(look(&pods));
	assert_false(look(&pods));
	write_file("a.tar", "xyz");
	assert_false(look(&pods));
	assert_true(look(&pods));
	assert_int_equal(pods, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_manifest_and_the_local_images_are_watched),
		TEST(a_change_counts_when_it_has_come_to_rest),
		TEST(a_manifest_is_no_image),
		TEST(what_is_away_is_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
