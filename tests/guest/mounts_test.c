/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "guest/documents/mount_list.h"
#include "guest/machine/rootfs.h"
#include "guest/machine/rootfs_copy.h"
#include "guest/machine/rootfs_folders.h"
#include "test.h"

static void add(struct mount_list *list, const char *source, const char *destination)
{
	(void)mount_list_add(list, xstrdup(source), xstrdup(destination));
}

static char *order_of(const struct mount_list *list)
{
	AUTO(string_list_clear) struct string_list places = STRING_LIST_INIT;
	for (size_t i = 0; i < list->count; i++)
		string_list_addf(&places, "%s=%s", list->items[i].destination,
				 list->items[i].source);
	return places.count > 0 ? string_list_join(&places, " ") : xstrdup("");
}

static void outer_mounts_come_before_those_inside_them(void **state)
{
	AUTO(mount_list_clear) struct mount_list list = {0};
	(void)state;
	add(&list, "claim", "/data/db");
	add(&list, "deep", "/srv/a/b");
	add(&list, "hosts", "/etc/hosts");
	add(&list, "memory", "/srv");
	add(&list, "image", "/data");
	mount_list_order(&list);
	AUTO_FREE char *order = order_of(&list);
	assert_string_equal(order, "/srv=memory /data=image /data/db=claim /etc/hosts=hosts "
				   "/srv/a/b=deep");
}

static void the_last_mount_of_a_place_is_the_one(void **state)
{
	AUTO(mount_list_clear) struct mount_list list = {0};
	(void)state;
	add(&list, "ours", "/etc/hosts");
	add(&list, "one", "/a");
	add(&list, "theirs", "/etc/hosts");
	add(&list, "two", "/a");
	assert_string_equal(mount_list_find(&list, "/a")->source, "two");
	assert_null(mount_list_find(&list, "/b"));
	mount_list_order(&list);
	AUTO_FREE char *order = order_of(&list);
	assert_string_equal(order, "/a=two /etc/hosts=theirs");
}

/* A folder "root" and a folder "volume". */
struct scene {
	char top[32];
	char *root;
	char *volume;
};

static int begin(void **state)
{
	struct scene *scene = xcalloc(1, sizeof(*scene));
	memcpy(scene->top, "/tmp/mounts-test.XXXXXX", 24);
	assert_non_null(mkdtemp(scene->top));
	scene->root = path_join(scene->top, "root");
	scene->volume = path_join(scene->top, "volume");
	assert_int_equal(mkdir(scene->root, 0755), 0);
	assert_int_equal(mkdir(scene->volume, 0755), 0);
	*state = scene;
	return 0;
}

static int end(void **state)
{
	struct scene *scene = *state;
	assert_true(path_remove_tree(scene->top, NULL));
	free(scene->root);
	free(scene->volume);
	free(scene);
	return 0;
}

static void make_file(const char *folder, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(folder, name);
	AUTO_FREE char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	assert_true(path_make_folders(parent, 0755, NULL));
	assert_true(file_write_atomic(path, text, strlen(text), 0640, NULL));
}

static void make_link(const char *folder, const char *name, const char *target)
{
	AUTO_FREE char *path = path_join(folder, name);
	assert_int_equal(symlink(target, path), 0);
}

static bool has(const char *folder, const char *name, const char *text)
{
	AUTO_FREE char *path = path_join(folder, name);
	AUTO_FREE char *found = NULL;
	return file_read(path, 4096, &found, NULL, NULL) && strcmp(found, text) == 0;
}

static void expect_place(const struct scene *scene, const char *path, const char *wanted)
{
	AUTO_FREE char *place = rootfs_resolve(scene->root, path);
	assert_string_equal(place, wanted);
}

static void places_are_normal_and_follow_links_beneath_the_root(void **state)
{
	struct scene *scene = *state;
	make_file(scene->root, "run/x", "");
	make_file(scene->root, "var/lib/x", "");
	make_link(scene->root, "var/run", "/run");
	make_link(scene->root, "var/up", "../../../run");
	make_link(scene->root, "gone", "/mnt/later");
	make_link(scene->root, "loop", "loop");
	expect_place(scene, "/one/", "/one");
	expect_place(scene, "two//three/./", "/two/three");
	expect_place(scene, "/", "/");
	expect_place(scene, "", "/");
	expect_place(scene, "/../../x", "/x");
	expect_place(scene, "/var/run/app/", "/run/app");
	expect_place(scene, "/var/up/app", "/run/app");
	expect_place(scene, "/var/run/../lib", "/lib");
	expect_place(scene, "/gone/x", "/mnt/later/x");
	expect_place(scene, "/loop/x", "/loop/x");
}

static void an_empty_claim_is_filled_once(void **state)
{
	struct scene *scene = *state;
	bool is_filled = false;
	make_file(scene->root, "data/conf/a", "image's");
	make_link(scene->root, "data/link", "conf/a");
	AUTO_FREE char *data = path_join(scene->root, "data");
	AUTO_FREE char *source = path_join(scene->root, "data/conf/a");
	AUTO_FREE char *target = path_join(scene->volume, "conf/a");
	bool has_attributes = setxattr(source, "user.kind", "x", 1, 0) == 0;
	assert_int_equal(chmod(data, 0750), 0);
	assert_true(rootfs_copy_fill(scene->root, "/data", scene->volume, &is_filled, NULL));
	assert_true(is_filled);
	assert_true(has(scene->volume, "conf/a", "image's"));
	assert_true(has(scene->volume, "link", "image's"));
	char kind = '\0';
	assert_true(!has_attributes ||
		    (getxattr(target, "user.kind", &kind, 1) == 1 && kind == 'x'));
	struct stat status;
	assert_int_equal(stat(scene->volume, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0750);
	AUTO_FREE char *left = path_join(scene->volume, "..i2kit-fill");
	assert_false(path_exists(left));

	make_file(scene->volume, "conf/a", "mine");
	assert_true(rootfs_copy_fill(scene->root, "/data", scene->volume, &is_filled, NULL));
	assert_false(is_filled);
	assert_true(has(scene->volume, "conf/a", "mine"));
}

static void a_fill_that_was_cut_short_becomes_whole(void **state)
{
	struct scene *scene = *state;
	bool is_filled = false;
	make_file(scene->root, "data/a", "a");
	make_file(scene->root, "data/b", "b");
	make_file(scene->volume, "a", "a"); /* moved before the power went */
	make_file(scene->volume, "..i2kit-fill/b", "half");
	assert_true(rootfs_copy_fill(scene->root, "/data", scene->volume, &is_filled, NULL));
	assert_true(is_filled);
	assert_true(has(scene->volume, "a", "a"));
	assert_true(has(scene->volume, "b", "b"));
}

static void a_claim_in_use_is_left_alone(void **state)
{
	struct scene *scene = *state;
	bool is_filled = true;
	make_file(scene->root, "data/a", "a");
	make_file(scene->volume, "mine", "1");
	assert_true(rootfs_copy_fill(scene->root, "/data", scene->volume, &is_filled, NULL));
	assert_false(is_filled);
	assert_false(has(scene->volume, "a", "a"));
}

static void expect_mode(const char *folder, const char *name, unsigned mode)
{
	AUTO_FREE char *path = path_join(folder, name);
	struct stat status;
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, mode);
}

static void make_folder(const char *top, const char *name, mode_t mode)
{
	AUTO_FREE char *path = path_join(top, name);
	assert_true(path_make_folders(path, 0755, NULL));
	assert_int_equal(chmod(path, mode), 0);
}

/* Layers 5, 6, 7 under top; what is stacked is made by hand, as OverlayFS shows it. */
static void folders_without_an_entry_keep_the_mode_from_below(void **state)
{
	struct scene *scene = *state;
	static const size_t layers[] = {5, 6, 7};
	struct layer_stack stack = {.folder = scene->top, .layers = layers, .count = 3};
	AUTO_FREE char *bottom = path_join(scene->top, "5");
	AUTO_FREE char *middle = path_join(scene->top, "6");
	AUTO_FREE char *upper = path_join(scene->top, "7");
	struct string_list implied[3] = {0};
	make_folder(bottom, "tmp", 01777);
	make_folder(bottom, "priv/deep", 0711);
	make_folder(bottom, "priv", 0700);
	make_folder(bottom, "told", 0700);
	make_folder(bottom, "real", 0700);
	make_folder(bottom, "gone", 0700);
	make_folder(middle, "tmp", 0755);
	make_folder(middle, "told", 0750);
	make_folder(middle, "", 0755);
	make_link(middle, "gone", "/etc");
	make_folder(middle, "new", 0755);
	make_folder(upper, "tmp", 0755);
	make_folder(upper, "priv/deep", 0755);
	make_folder(upper, "told", 0755);
	make_folder(upper, "gone", 0755);
	make_folder(upper, "new", 0755);
	string_list_add(&implied[1], "tmp");
	string_list_add(&implied[1], "new");
	string_list_split(&implied[2], "tmp|priv|priv/deep|told|gone|new", '|');
	static const char *const seen[] = {"tmp", "priv/deep", "priv", "told", "gone", "new"};
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
		make_folder(scene->root, seen[i], 0755);
	assert_true(rootfs_folders_restore(&stack, implied, scene->root, NULL));
	expect_mode(scene->root, "tmp", 01777);
	expect_mode(scene->root, "priv", 0700);
	expect_mode(scene->root, "priv/deep", 0711);
	expect_mode(scene->root, "told", 0750);
	expect_mode(scene->root, "gone", 0755); /* a link between: it is a new folder */
	expect_mode(scene->root, "new", 0755);
	for (size_t i = 0; i < 3; i++)
		string_list_clear(&implied[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outer_mounts_come_before_those_inside_them),
		cmocka_unit_test(the_last_mount_of_a_place_is_the_one),
		cmocka_unit_test_setup_teardown(places_are_normal_and_follow_links_beneath_the_root,
						begin, end),
		cmocka_unit_test_setup_teardown(an_empty_claim_is_filled_once, begin, end),
		cmocka_unit_test_setup_teardown(a_fill_that_was_cut_short_becomes_whole, begin,
						end),
		cmocka_unit_test_setup_teardown(a_claim_in_use_is_left_alone, begin, end),
		cmocka_unit_test_setup_teardown(folders_without_an_entry_keep_the_mode_from_below,
						begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
