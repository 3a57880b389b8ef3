/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer/layer_tree.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "image/layer/layer_tree_finish.h"
#include "test.h"
#include "wire/layer_mark.h"

static struct layer_tree tree;
static struct error err;

static int make_tree(void **state)
{
	(void)state;
	layer_tree_init(&tree);
	return 0;
}

static int clear_tree(void **state)
{
	(void)state;
	layer_tree_clear(&tree);
	error_clear(&err);
	return 0;
}

static bool add(const char *path, uint32_t mode)
{
	struct layer_node *node;
	return layer_tree_add(&tree, &(struct tree_entry){.path = path, .mode = mode}, &node, &err);
}

static bool add_symlink(const char *path, const char *target)
{
	struct layer_node *node;
	return layer_tree_add(
		&tree, &(struct tree_entry){.path = path, .mode = S_IFLNK | 0777, .target = target},
		&node, &err);
}

static bool add_hard_link(const char *path, const char *to)
{
	struct layer_node *node;
	return layer_tree_add(
		&tree, &(struct tree_entry){.path = path, .mode = S_IFREG | 0644, .link_to = to},
		&node, &err);
}

/* By plain names, after layer_tree_finish(). */
static struct layer_node *find(const char *path)
{
	struct layer_node *node = tree.root;
	while (*path != '\0' && node != NULL) {
		size_t size = strcspn(path, "/");
		struct layer_node *child = node->first;
		while (child != NULL &&
		       (strncmp(child->name, path, size) != 0 || child->name[size] != '\0'))
			child = child->next;
		node = child;
		path += size + (path[size] == '/');
	}
	return node;
}

static void names_that_climb_out_are_refused(void **state)
{
	static const char *const names[] = {"../etc/passwd", "a/../../b", "a/..", "..",
					    "/../x",	     "./../x"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_false(add(names[i], S_IFREG | 0644));
		assert_int_equal(err.kind, ERROR_INVALID);
		error_clear(&err);
	}
	assert_false(add_hard_link("x", "../../etc/shadow"));
	layer_tree_finish(&tree);
	assert_null(tree.root->first);
}

static void absolute_names_start_at_the_root_of_the_layer(void **state)
{
	(void)state;
	assert_true(add("/etc//./motd", S_IFREG | 0644));
	layer_tree_finish(&tree);
	assert_non_null(find("etc/motd"));
	assert_int_equal(find("etc")->mode, S_IFDIR | 0755);
}

static void links_on_the_way_stay_inside(void **state)
{
	(void)state;
	assert_true(add_symlink("out", "../../../../srv"));
	assert_true(add("out/file", S_IFREG | 0644));
	assert_true(add_symlink("abs", "/opt"));
	assert_true(add("abs/file", S_IFREG | 0644));
	layer_tree_finish(&tree);
	assert_non_null(find("srv/file"));
	assert_non_null(find("opt/file"));
	assert_true(S_ISLNK(find("out")->mode));
}

static void a_ring_of_links_is_refused(void **state)
{
	(void)state;
	assert_true(add_symlink("a", "b"));
	assert_true(add_symlink("b", "a"));
	assert_false(add("a/file", S_IFREG | 0644));
}

static void a_whiteout_becomes_the_device_0_0(void **state)
{
	(void)state;
	assert_true(add("d/.wh.gone", S_IFREG));
	layer_tree_finish(&tree);
	assert_int_equal(find("d/gone")->mode, S_IFCHR);
	assert_int_equal(find("d/gone")->device, 0);
	assert_null(find("d/.wh.gone"));
}

static void an_opaque_folder_gets_the_attribute(void **state)
{
	(void)state;
	assert_true(add("d", S_IFDIR | 0700));
	assert_true(add("d/.wh..wh..opq", S_IFREG));
	assert_true(add("d/.wh..wh.plnk", S_IFREG));
	layer_tree_finish(&tree);
	assert_string_equal(find("d")->xattrs->name, "trusted.overlay.opaque");
	assert_null(find("d")->first);
}

static void folders_without_an_entry_are_named_at_the_root(void **state)
{
	static const char wanted[] = "a\0a/b\0tmp"; /* and a NUL */
	(void)state;
	assert_true(add("tmp/file", S_IFREG | 0644));
	assert_true(add("a/b/file", S_IFREG | 0644));
	assert_true(add("later/file", S_IFREG | 0644));
	assert_true(add("later", S_IFDIR | 0700));
	assert_true(add("new/.wh..wh..opq", S_IFREG));
	assert_true(add("new/below/file", S_IFREG | 0644));
	layer_tree_finish(&tree);
	assert_string_equal(tree.root->xattrs->name, LAYER_IMPLIED_XATTR "0");
	assert_int_equal(tree.root->xattrs->size, sizeof(wanted));
	assert_memory_equal(tree.root->xattrs->value, wanted, sizeof(wanted));
	assert_null(tree.root->xattrs->next);
}

static void many_such_folders_come_in_pieces(void **state)
{
	size_t total = 0;
	unsigned pieces = 0;
	(void)state;
	for (int i = 0; i < 2000; i++) {
		char path[64];
		(void)snprintf(path, sizeof(path), "folder-with-a-long-name-%08d/file", i);
		assert_true(add(path, S_IFREG | 0644));
	}
	layer_tree_finish(&tree);
	for (const struct layer_xattr *at = tree.root->xattrs; at != NULL; at = at->next) {
		assert_true(at->size <= LAYER_IMPLIED_XATTR_BYTES);
		assert_int_equal(at->value[at->size - 1], '\0');
		total += at->size;
		pieces++;
	}
	assert_int_equal(pieces, 3);
	assert_int_equal(total, 2000 * 33);
}

static void a_layer_cannot_name_folders_itself(void **state)
{
	struct layer_node *node;
	(void)state;
	assert_true(layer_tree_add(&tree, &(struct tree_entry){.path = ".", .mode = S_IFDIR | 0755},
				   &node, &err));
	assert_true(layer_tree_add_xattr(&tree, node, LAYER_IMPLIED_XATTR "0", "etc", 4, &err));
	assert_null(node->xattrs);
}

static void a_whiteout_and_a_folder_of_that_name_hide_the_lower_one(void **state)
{
	(void)state;
	assert_true(add(".wh.first", S_IFREG));
	assert_true(add("first", S_IFDIR | 0755));
	assert_true(add("second/file", S_IFREG));
	assert_true(add(".wh.second", S_IFREG));
	assert_true(add(".wh.third", S_IFREG));
	assert_true(add("third/implied", S_IFREG));
	layer_tree_finish(&tree);
	assert_non_null(find("first")->xattrs);
	assert_non_null(find("second")->xattrs);
	assert_non_null(find("second/file"));
	assert_non_null(find("third")->xattrs);
}

static void a_whiteout_and_a_file_of_that_name_leave_the_file(void **state)
{
	(void)state;
	assert_true(add("kept", S_IFREG | 0600));
	assert_true(add(".wh.kept", S_IFREG));
	assert_true(add(".wh.new", S_IFREG));
	assert_true(add("new", S_IFREG | 0600));
	layer_tree_finish(&tree);
	assert_int_equal(find("kept")->mode, S_IFREG | 0600);
	assert_int_equal(find("new")->mode, S_IFREG | 0600);
}

static void a_whiteout_of_nothing_is_refused(void **state)
{
	(void)state;
	assert_false(add("d/.wh.", S_IFREG));
	assert_false(add("d/.wh...", S_IFREG));
	assert_false(add("d/.wh..", S_IFREG));
}

static void a_replaced_file_lives_on_in_its_hard_links(void **state)
{
	(void)state;
	assert_true(add("file", S_IFREG | 0600));
	assert_true(add_hard_link("other", "/file"));
	assert_true(add("file", S_IFREG | 0644));
	assert_int_equal(layer_tree_finish(&tree), 3);
	assert_int_equal(layer_node_file(find("other"))->mode, S_IFREG | 0600);
	assert_int_equal(layer_node_file(find("other"))->link_count, 1);
	assert_int_equal(find("file")->mode, S_IFREG | 0644);
}

static void hard_links_share_one_inode(void **state)
{
	(void)state;
	assert_true(add("b", S_IFREG | 0600));
	assert_true(add_hard_link("a", "b"));
	assert_true(add_hard_link("c", "a"));
	assert_int_equal(layer_tree_finish(&tree), 2);
	assert_ptr_equal(layer_node_file(find("a")), find("b"));
	assert_int_equal(find("b")->link_count, 3);
}

static void a_hard_link_to_nothing_is_refused(void **state)
{
	(void)state;
	assert_true(add("folder", S_IFDIR | 0755));
	assert_false(add_hard_link("a", "missing"));
	error_clear(&err);
	assert_false(add_hard_link("a", "folder"));
	error_clear(&err);
	assert_false(add_hard_link("a", "no/such/file"));
}

static void a_file_in_place_of_a_folder_takes_all_below_it_away(void **state)
{
	(void)state;
	assert_true(add("d/e/f", S_IFREG));
	assert_true(add("d/g", S_IFREG));
	assert_true(add("d", S_IFREG | 0644));
	assert_int_equal(layer_tree_finish(&tree), 2);
	assert_true(S_ISREG(find("d")->mode));
	assert_null(find("d")->first);
}

static void attributes_that_overlayfs_obeys_are_left_out(void **state)
{
	struct layer_node *node;
	(void)state;
	assert_true(layer_tree_add(&tree, &(struct tree_entry){.path = "f", .mode = S_IFREG | 0644},
				   &node, &err));
	assert_true(layer_tree_add_xattr(&tree, node, "trusted.overlay.redirect", "/etc", 4, &err));
	assert_true(layer_tree_add_xattr(&tree, node, "system.posix_acl_access", "x", 1, &err));
	assert_null(node->xattrs);
	assert_true(layer_tree_add_xattr(&tree, node, "user.b", "1", 1, &err));
	assert_true(layer_tree_add_xattr(&tree, node, "security.capability", "1", 1, &err));
	assert_string_equal(node->xattrs->name, "security.capability");
	assert_true(layer_tree_add_xattr(&tree, node, "user.b", "1", 1, &err));
	assert_null(node->xattrs->next->next);
}

static void names_longer_than_a_file_system_has_are_refused(void **state)
{
	char name[LAYER_NAME_MAX + 2];
	(void)state;
	memset(name, 'x', sizeof(name));
	name[LAYER_NAME_MAX + 1] = '\0';
	assert_false(add(name, S_IFREG));
	name[LAYER_NAME_MAX] = '\0';
	assert_true(add(name, S_IFREG));
}

static void folders_nested_too_deep_are_refused(void **state)
{
	AUTO_FREE char *path = xcalloc(1, 2 * (size_t)LAYER_DEPTH_MAX + 8);
	(void)state;
	for (size_t i = 0; i < LAYER_DEPTH_MAX + 2; i++)
		memcpy(path + 2 * i, "d/", 2);
	assert_false(add(path, S_IFREG));
}

static void replacing_many_files_takes_linear_time(void **state)
{
	char name[32];
	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 50000; i++) {
			(void)snprintf(name, sizeof(name), "d/%u", i);
			assert_true(add(name, S_IFREG | 0644));
		}
	}
	assert_int_equal(layer_tree_finish(&tree), 50002);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_tree, clear_tree)

/* Each name goes forty times through 2,000 folders, and packed it is a few bytes. */
static void a_chain_of_long_links_ends(void **state)
{
	char target[4001];
	(void)state;
	assert_true(add("d", S_IFDIR | 0755));
	for (size_t i = 0; i + 5 <= sizeof(target); i += 5)
		memcpy(target + i, "d/../", 5);
	target[sizeof(target) - 1] = '\0';
	assert_true(add_symlink("l", target));
	unsigned count = 0;
	while (count < 100000 && add("l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/l/f", S_IFREG | 0644))
		count++;
	assert_true(count > 100 && count < 2000);
	assert_non_null(strstr(err.message, "too long a way"));
}

/* Each name of 30 KiB makes 120 folders, whose paths together are 60 times as long. */
static void folders_without_an_entry_are_bounded(void **state)
{
	char path[30000];
	(void)state;
	memset(path, 'x', sizeof(path));
	for (size_t i = 250; i < sizeof(path); i += 250)
		path[i] = '/';
	path[sizeof(path) - 1] = '\0';
	unsigned count = 0;
	while (count < 1000) {
		(void)snprintf(path, 11, "%010u", count);
		path[10] = 'x';
		if (!add(path, S_IFREG | 0644))
			break;
		count++;
	}
	assert_true(count > 5 && count < 20);
	assert_non_null(strstr(err.message, "without an entry"));
}

static void links_that_real_images_have_are_followed_at_any_number(void **state)
{
	char path[64];
	(void)state;
	assert_true(add("usr/lib", S_IFDIR | 0755));
	assert_true(add_symlink("lib", "usr/lib"));
	for (unsigned i = 0; i < 200000; i++) {
		(void)snprintf(path, sizeof(path), "lib/a/b/c/d/e/f/g/%u", i);
		assert_true(add(path, S_IFREG | 0644));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_that_climb_out_are_refused),
		TEST(absolute_names_start_at_the_root_of_the_layer),
		TEST(links_on_the_way_stay_inside),
		TEST(a_ring_of_links_is_refused),
		TEST(a_whiteout_becomes_the_device_0_0),
		TEST(an_opaque_folder_gets_the_attribute),
		TEST(folders_without_an_entry_are_named_at_the_root),
		TEST(many_such_folders_come_in_pieces),
		TEST(a_layer_cannot_name_folders_itself),
		TEST(a_whiteout_and_a_folder_of_that_name_hide_the_lower_one),
		TEST(a_whiteout_and_a_file_of_that_name_leave_the_file),
		TEST(a_whiteout_of_nothing_is_refused),
		TEST(a_replaced_file_lives_on_in_its_hard_links),
		TEST(hard_links_share_one_inode),
		TEST(a_hard_link_to_nothing_is_refused),
		TEST(a_file_in_place_of_a_folder_takes_all_below_it_away),
		TEST(attributes_that_overlayfs_obeys_are_left_out),
		TEST(names_longer_than_a_file_system_has_are_refused),
		TEST(folders_nested_too_deep_are_refused),
		TEST(replacing_many_files_takes_linear_time),
		TEST(a_chain_of_long_links_ends),
		TEST(folders_without_an_entry_are_bounded),
		TEST(links_that_real_images_have_are_followed_at_any_number),
	};
	return cmocka_run_group_tests_name("layer_tree", tests, NULL, NULL);
}
