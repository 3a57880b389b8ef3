/* SPDX-License-Identifier: Apache-2.0 */
/* Layers that have files without their folders, over layers that know what those are like. */
#include "image/pod/parent_folders.h"

#include <string.h>
#include <sys/stat.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/alloc.h"
#include "base/path.h"
#include "image/layer/squashfs_reader.h"
#include "test.h"

enum { TAR_MAX = 64 << 10, LAYERS_MAX = 4 };

static char *folder;
static struct store *store;
static struct layer_file files[LAYERS_MAX];
static size_t file_count;

static int setup(void **state)
{
	(void)state;
	folder = xstrdup("/tmp/i2kit-parents-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	store = store_open(folder, NULL);
	return store == NULL ? -1 : 0;
}

static void forget_files(void)
{
	for (size_t i = 0; i < file_count; i++)
		layer_file_clear(&files[i]);
	file_count = 0;
}

static int teardown(void **state)
{
	(void)state;
	store_close(store);
	bool is_removed = path_remove_tree(folder, NULL);
	free(folder);
	return is_removed ? 0 : -1;
}

/* "d 700 0 0 priv", "f 644 0 0 priv/a", "l 777 0 0 lib usr/lib": kind, mode, owner, group, name. */
struct line {
	char kind;
	unsigned mode;
	int uid;
	const char *name;
	const char *target; /* of a link; or an attribute's value */
};

static void add_line(struct archive *tar, const struct line *line)
{
	struct archive_entry *entry = archive_entry_new();
	archive_entry_set_pathname(entry, line->name);
	archive_entry_set_mode(entry, (line->kind == 'd'   ? S_IFDIR
				       : line->kind == 'l' ? S_IFLNK
							   : S_IFREG) |
					      line->mode);
	archive_entry_set_uid(entry, line->uid);
	archive_entry_set_gid(entry, line->uid);
	archive_entry_set_mtime(entry, 1000, 0);
	if (line->kind == 'l')
		archive_entry_set_symlink(entry, line->target);
	else if (line->target != NULL)
		archive_entry_xattr_add_entry(entry, "user.note", line->target,
					      strlen(line->target));
	assert_int_equal(archive_write_header(tar, entry), ARCHIVE_OK);
	archive_entry_free(entry);
}

/* A layer of these lines, converted; the next one up. */
static void add_layer(const struct line *lines, size_t count)
{
	char bytes[TAR_MAX];
	size_t size = 0;
	struct image_layer layer = {0};
	struct layer_request request = {.layer = &layer, .image_name = "test"};
	struct archive *tar = archive_write_new();
	archive_write_set_format_pax_restricted(tar);
	assert_int_equal(archive_write_open_memory(tar, bytes, sizeof(bytes), &size), ARCHIVE_OK);
	for (size_t i = 0; i < count; i++)
		add_line(tar, &lines[i]);
	assert_int_equal(archive_write_free(tar), ARCHIVE_OK);
	assert_true(store_write_blob(store, bytes, size, layer.digest, NULL));
	memcpy(layer.diff_id, layer.digest, DIGEST_SIZE);
	layer.size_bytes = size;
	assert_true(layers_convert(store, &request, 1, NULL, &files[file_count++], NULL));
}
#define LAYER(...)                                                                                 \
	add_layer((const struct line[]){__VA_ARGS__},                                              \
		  ARRAY_SIZE(((const struct line[]){__VA_ARGS__})))

/* The layer on top, opened; NULL: none is needed. */
static struct squashfs_reader *mend(struct string_list *hidden)
{
	const struct layer_file *list[LAYERS_MAX];
	struct image_layer made;
	AUTO(layer_file_clear) struct layer_file file = {0};
	for (size_t i = 0; i < file_count; i++)
		list[i] = &files[i];
	assert_true(parent_folders_make(store, list, file_count, &made, hidden, NULL));
	forget_files();
	if (made.media_type == NULL)
		return NULL;
	struct layer_request request = {.layer = &made, .image_name = "test"};
	assert_true(layers_convert(store, &request, 1, NULL, &file, NULL));
	free(made.media_type);
	struct squashfs_reader *reader = squashfs_reader_new(file.path, NULL);
	assert_non_null(reader);
	return reader;
}

static void assert_folder(struct squashfs_reader *reader, const char *path, unsigned mode,
			  unsigned uid)
{
	AUTO(squashfs_stat_clear) struct squashfs_stat stat = {0};
	bool is_there;
	assert_true(squashfs_reader_find(reader, path, &is_there, &stat, NULL));
	if (!is_there)
		fail_msg("no /%s", path);
	assert_int_equal(stat.mode, S_IFDIR | mode);
	assert_int_equal(stat.uid, uid);
	assert_int_equal(stat.gid, uid);
}

static bool has(struct squashfs_reader *reader, const char *path)
{
	AUTO(squashfs_stat_clear) struct squashfs_stat stat = {0};
	bool is_there;
	assert_true(squashfs_reader_find(reader, path, &is_there, &stat, NULL));
	return is_there;
}

static void folders_keep_what_a_lower_layer_says(void **state)
{
	AUTO(string_list_clear) struct string_list hidden = STRING_LIST_INIT;
	(void)state;
	LAYER({'d', 0755, 0, "./", NULL}, {'d', 01777, 0, "tmp", NULL}, {'d', 0700, 0, "root", "x"},
	      {'d', 0755, 0, "etc", NULL});
	LAYER({'d', 02775, 1000, "shared", NULL}, {'d', 0750, 7, "shared/deep", NULL});
	LAYER({'f', 0644, 0, "tmp/a", NULL}, {'f', 0644, 0, "root/a", NULL},
	      {'f', 0644, 0, "etc/a", NULL}, {'f', 0644, 0, "shared/deep/a", NULL},
	      {'f', 0644, 0, "new/a", NULL});
	AUTO_PTR(squashfs_reader) struct squashfs_reader *reader = mend(&hidden);
	assert_non_null(reader);
	assert_folder(reader, "tmp", 01777, 0);
	assert_folder(reader, "root", 0700, 0);
	assert_folder(reader, "shared", 02775, 1000);
	assert_folder(reader, "shared/deep", 0750, 7);
	assert_false(has(reader, "etc")); /* is right as it is */
	assert_false(has(reader, "new"));
	assert_false(has(reader, "tmp/a"));
	AUTO(squashfs_stat_clear) struct squashfs_stat stat = {0};
	bool is_there;
	assert_true(squashfs_reader_find(reader, "root", &is_there, &stat, NULL));
	const struct squashfs_xattr *note = squashfs_stat_xattr(&stat, "user.note");
	assert_non_null(note);
	assert_memory_equal(note->value, "x", 1);
	assert_int_equal(hidden.count, 0);
}

static void an_image_of_whole_layers_gets_none(void **state)
{
	AUTO(string_list_clear) struct string_list hidden = STRING_LIST_INIT;
	(void)state;
	LAYER({'d', 0755, 0, "./", NULL}, {'d', 01777, 0, "tmp", NULL});
	LAYER({'d', 01777, 0, "tmp", NULL}, {'f', 0644, 0, "tmp/a", NULL},
	      {'f', 0644, 0, "new/a", NULL});
	assert_null(mend(&hidden));
}

static void a_layer_above_that_says_it_wins(void **state)
{
	AUTO(string_list_clear) struct string_list hidden = STRING_LIST_INIT;
	(void)state;
	LAYER({'d', 0700, 0, "a", NULL}, {'d', 0711, 0, "b", NULL});
	LAYER({'f', 0644, 0, "a/x", NULL}, {'f', 0644, 0, "b/x", NULL});
	LAYER({'d', 0750, 0, "a", NULL});
	AUTO_PTR(squashfs_reader) struct squashfs_reader *reader = mend(&hidden);
	assert_non_null(reader);
	assert_false(has(reader, "a"));
	assert_folder(reader, "b", 0711, 0);
}

static void what_was_taken_away_says_nothing(void **state)
{
	AUTO(string_list_clear) struct string_list hidden = STRING_LIST_INIT;
	(void)state;
	LAYER({'d', 0700, 0, "gone", NULL}, {'d', 0755, 0, "emptied", NULL},
	      {'d', 0700, 0, "emptied/in", NULL});
	LAYER({'f', 0644, 0, ".wh.gone", NULL}, {'f', 0644, 0, "emptied/.wh..wh..opq", NULL});
	LAYER({'f', 0644, 0, "gone/x", NULL}, {'f', 0644, 0, "emptied/in/x", NULL});
	assert_null(mend(&hidden));
}

static void a_link_that_is_covered_is_told(void **state)
{
	AUTO(string_list_clear) struct string_list hidden = STRING_LIST_INIT;
	(void)state;
	LAYER({'d', 0755, 0, "usr/lib", NULL}, {'l', 0777, 0, "lib", "usr/lib"},
	      {'l', 0777, 0, "bin", "usr/bin"});
	LAYER({'f', 0644, 0, "lib/x", NULL}, {'f', 0644, 0, "bin", NULL});
	assert_null(mend(&hidden));
	assert_int_equal(hidden.count, 1);
	assert_string_equal(hidden.items[0], "lib");
}

/* The name of a converted layer is its content's: the same every time, on every machine. */
static void the_layer_is_made_once(void **state)
{
	AUTO(string_list_clear) struct string_list hidden = STRING_LIST_INIT;
	char digests[2][DIGEST_SIZE];
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(digests); i++) {
		const struct layer_file *list[2] = {&files[0], &files[1]};
		struct image_layer made;
		LAYER({'d', 01777, 3, "tmp", NULL});
		LAYER({'f', 0644, 0, "tmp/a", NULL});
		assert_true(parent_folders_make(store, list, 2, &made, &hidden, NULL));
		memcpy(digests[i], made.digest, DIGEST_SIZE);
		free(made.media_type);
		forget_files();
	}
	assert_string_equal(digests[0], digests[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders_keep_what_a_lower_layer_says),
		cmocka_unit_test(an_image_of_whole_layers_gets_none),
		cmocka_unit_test(a_layer_above_that_says_it_wins),
		cmocka_unit_test(what_was_taken_away_says_nothing),
		cmocka_unit_test(a_link_that_is_covered_is_told),
		cmocka_unit_test(the_layer_is_made_once),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
