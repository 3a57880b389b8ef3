/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer/layer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/alloc.h"
#include "base/path.h"
#include "image/layer/layer_convert.h"
#include "test.h"

#define BIG ((size_t)2 << 20)

static char *folder;

static int make_folder(void **state)
{
	(void)state;
	folder = xstrdup("/tmp/i2kit-layer-XXXXXX");
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	bool is_removed = path_remove_tree(folder, NULL);
	free(folder);
	return is_removed ? 0 : -1;
}

static void add_file(struct archive *tar, const char *path, const void *bytes, size_t size)
{
	struct archive_entry *entry = archive_entry_new();
	archive_entry_set_pathname(entry, path);
	archive_entry_set_mode(entry, S_IFREG | 0644);
	archive_entry_set_size(entry, (la_int64_t)size);
	archive_entry_set_mtime(entry, 1700000000, 0);
	archive_entry_xattr_add_entry(entry, "user.note", "x", 1);
	assert_int_equal(archive_write_header(tar, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(tar, bytes, size), size);
	archive_entry_free(entry);
}

/* A tar of two files, `second` among them; gzip where asked. */
static char *make_tar(const char *name, const char *second, bool is_gzip)
{
	char *path = path_join(folder, name);
	AUTO_FREE uint8_t *big = xmalloc(BIG);
	uint32_t random = 1;
	for (size_t i = 0; i < BIG; i++) {
		random = random * 1664525u + 1013904223u;
		big[i] = (uint8_t)(i < BIG / 2 ? random >> 24 : i / 1000);
	}
	struct archive *tar = archive_write_new();
	archive_write_set_format_pax_restricted(tar);
	if (is_gzip) {
		archive_write_add_filter_gzip(tar);
		archive_write_set_filter_option(tar, "gzip", "timestamp", NULL);
	}
	assert_int_equal(archive_write_open_filename(tar, path), ARCHIVE_OK);
	add_file(tar, "usr/share/big", big, BIG);
	add_file(tar, second, "hello", 5);
	assert_int_equal(archive_write_free(tar), ARCHIVE_OK);
	return path;
}

/* The size of the blob that the conversion is told. */
static uint64_t told_size;

static bool convert(const char *tar, const char *name, unsigned workers, struct digest *out_diff_id,
		    struct digest *out_digest, struct error *err)
{
	AUTO_CLOSE int fd = open(tar, O_RDONLY | O_CLOEXEC);
	AUTO_FREE char *path = path_join(folder, name);
	struct layer_conversion conversion = {.fd = fd,
					      .path = path,
					      .size_bytes = told_size,
					      .what = "test",
					      .workers = workers};
	if (!layer_convert_blob(&conversion, out_diff_id, err))
		return false;
	AUTO_CLOSE int result = open(path, O_RDONLY | O_CLOEXEC);
	return sha256_fd(result, out_digest, err);
}

static void file_digest(const char *path, struct digest *out)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(sha256_fd(fd, out, NULL));
}

static void the_bytes_do_not_depend_on_the_number_of_cores(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *tar = make_tar("a.tar", "etc/motd", false);
	struct digest diff_id, one, many;
	(void)state;
	assert_true(convert(tar, "one.sqfs", 1, &diff_id, &one, &err));
	assert_true(convert(tar, "many.sqfs", 7, &diff_id, &many, &err));
	assert_true(digest_equal(&one, &many));
	/* A change here is a change of every disk: raise SQUASHFS_WRITER_VERSION. */
	file_digest(tar, &one);
	assert_true(digest_equal(&diff_id, &one));
}

static void the_compression_of_the_blob_does_not_matter(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *plain = make_tar("p.tar", "etc/motd", false);
	AUTO_FREE char *packed = make_tar("p.tar.gz", "etc/motd", true);
	struct digest diff_ids[2], digests[2];
	(void)state;
	assert_true(convert(plain, "p.sqfs", 0, &diff_ids[0], &digests[0], &err));
	assert_true(convert(packed, "q.sqfs", 0, &diff_ids[1], &digests[1], &err));
	assert_true(digest_equal(&diff_ids[0], &diff_ids[1]));
	assert_true(digest_equal(&digests[0], &digests[1]));
}

/* It only decides which block size is tried first. */
static void the_size_of_the_blob_does_not_matter(void **state)
{
	AUTO_FREE char *large = make_tar("l.tar", "etc/motd", false);
	AUTO_FREE char *small = path_join(folder, "s.tar");
	struct archive *tar = archive_write_new();
	(void)state;
	archive_write_set_format_pax_restricted(tar);
	assert_int_equal(archive_write_open_filename(tar, small), ARCHIVE_OK);
	add_file(tar, "etc/motd", "hello", 5);
	assert_int_equal(archive_write_free(tar), ARCHIVE_OK);
	const char *const tars[] = {large, small};
	for (size_t i = 0; i < ARRAY_SIZE(tars); i++) {
		struct digest diff_ids[2], digests[2];
		for (size_t j = 0; j < 2; j++) {
			told_size = j == 0 ? 0 : (uint64_t)1 << 30;
			assert_true(convert(tars[i], "x.sqfs", 0, &diff_ids[j], &digests[j], NULL));
		}
		told_size = 0;
		assert_true(digest_equal(&diff_ids[0], &diff_ids[1]));
		assert_true(digest_equal(&digests[0], &digests[1]));
	}
}

static uint32_t block_size_of(const char *name)
{
	AUTO_FREE char *path = path_join(folder, name);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t super[16];
	assert_int_equal(pread(fd, super, sizeof(super), 0), sizeof(super));
	return (uint32_t)super[12] | (uint32_t)super[13] << 8 | (uint32_t)super[14] << 16;
}

/* Each mounted one takes its blocks from the guest's memory, and most layers are small. */
static void a_small_layer_has_small_blocks(void **state)
{
	AUTO_FREE char *large = make_tar("large.tar", "etc/motd", false);
	AUTO_FREE char *small = path_join(folder, "small.tar");
	struct digest diff_id, digest, whole;
	struct archive *tar = archive_write_new();
	(void)state;
	archive_write_set_format_pax_restricted(tar);
	assert_int_equal(archive_write_open_filename(tar, small), ARCHIVE_OK);
	add_file(tar, "etc/motd", "hello", 5);
	assert_int_equal(archive_write_free(tar), ARCHIVE_OK);
	assert_true(convert(large, "large.sqfs", 0, &diff_id, &digest, NULL));
	assert_int_equal(block_size_of("large.sqfs"), 131072);
	assert_true(convert(small, "small.sqfs", 0, &diff_id, &digest, NULL));
	assert_int_equal(block_size_of("small.sqfs"), 16384);
	file_digest(small, &whole);
	assert_true(digest_equal(&diff_id, &whole));
}

static void the_result_is_whole_pages(void **state)
{
	AUTO_FREE char *tar = make_tar("a.tar", "etc/motd", false);
	AUTO_FREE char *path = path_join(folder, "a.sqfs");
	struct digest diff_id, digest;
	struct stat st;
	(void)state;
	assert_true(convert(tar, "a.sqfs", 0, &diff_id, &digest, NULL));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size % 4096, 0);
	assert_true((size_t)st.st_size < BIG);
}

static void a_hostile_name_is_named(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *tar = make_tar("h.tar", "../../root/.ssh/keys", true);
	struct digest diff_id, digest;
	(void)state;
	assert_false(convert(tar, "h.sqfs", 0, &diff_id, &digest, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_non_null(strstr(err.message, "'../../root/.ssh/keys'"));
}

/* libarchive does not look at gzip's checksum; the diff id is what catches it. */
static void a_damaged_blob_is_not_taken_for_the_layer(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *tar = make_tar("d.tar.gz", "etc/motd", true);
	struct digest diff_id, digest, damaged = {0};
	AUTO_CLOSE int fd = open(tar, O_WRONLY | O_CLOEXEC);
	(void)state;
	assert_true(convert(tar, "d.sqfs", 0, &diff_id, &digest, &err));
	assert_int_equal(pwrite(fd, "damage damage damage", 20, 30000), 20);
	assert_false(convert(tar, "d.sqfs", 0, &damaged, &digest, &err) &&
		     digest_equal(&damaged, &diff_id));
	error_clear(&err);
	assert_int_equal(truncate(tar, 40000), 0);
	assert_false(convert(tar, "d.sqfs", 0, &diff_id, &digest, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	error_clear(&err);
	assert_int_equal(truncate(tar, 0), 0);
	assert_false(convert(tar, "d.sqfs", 0, &diff_id, &digest, &err));
}

/* As umoci 0.4 writes it. */
static void a_tar_may_end_with_its_last_file(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *tar = make_tar("u.tar", "etc/motd", false);
	AUTO_FREE char *bytes = NULL;
	size_t size = 0;
	struct digest diff_id, digest, other_id, other;
	(void)state;

	assert_true(convert(tar, "whole.sqfs", 0, &diff_id, &digest, &err));
	assert_true(file_read(tar, 4 * BIG, &bytes, &size, &err));
	const char *hello = memmem(bytes, size, "hello", 5);
	assert_non_null(hello);
	assert_int_equal(truncate(tar, hello + 5 - bytes), 0);
	assert_true(convert(tar, "u.sqfs", 0, &other_id, &other, &err));
	assert_true(digest_equal(&digest, &other));
	assert_false(digest_equal(&diff_id, &other_id));
	/* Not with a part of it. */
	assert_int_equal(truncate(tar, hello + 4 - bytes), 0);
	assert_false(convert(tar, "u.sqfs", 0, &other_id, &other, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
}

static void make_layer(struct store *store, struct oci_descriptor *layer)
{
	AUTO_FREE char *plain = make_tar("s.tar", "etc/motd", false);
	AUTO_FREE char *packed = make_tar("s.tar.gz", "etc/motd", true);
	AUTO_FREE char *bytes = NULL;
	size_t size;
	file_digest(plain, &layer->diff_id);
	assert_true(file_read(packed, (size_t)16 << 20, &bytes, &size, NULL));
	assert_true(store_write_blob(store, bytes, size, &layer->digest, NULL));
	layer->size_bytes = size;
}

static bool convert_one(struct store *store, const struct oci_descriptor *layer,
			struct disk_layer *ret, struct error *err)
{
	ret->blob = layer;
	ret->image = "test";
	return layers_convert(store, ret, 1, NULL, err);
}

static void a_layer_is_converted_once(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(store) struct store *store = store_open(folder, &err);
	struct oci_descriptor layer = {0};
	AUTO(disk_layer_clear) struct disk_layer first = {0};
	AUTO(disk_layer_clear) struct disk_layer again = {0};
	struct digest digest;
	(void)state;
	make_layer(store, &layer);
	assert_true(convert_one(store, &layer, &first, &err));
	file_digest(first.path, &digest);
	assert_true(digest_equal(&first.digest, &digest));
	AUTO_FREE char *blob = store_path(store, STORE_BLOB, &layer.digest);
	assert_int_equal(unlink(blob), 0);
	assert_true(convert_one(store, &layer, &again, &err));
	assert_string_equal(again.path, first.path);
	assert_true(digest_equal(&again.digest, &digest));
}

/* Else an image could put its own files under the name of another image's layer. */
static void a_layer_that_is_not_its_diff_id_is_refused(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_PTR(store) struct store *store = store_open(folder, &err);
	struct oci_descriptor layer = {0};
	AUTO(disk_layer_clear) struct disk_layer file = {0};
	(void)state;
	make_layer(store, &layer);
	layer.diff_id.bytes[DIGEST_BYTES - 1] ^= 1;
	assert_false(convert_one(store, &layer, &file, &err));
	assert_int_equal(err.kind, ERROR_CORRUPT);
	assert_null(file.path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_bytes_do_not_depend_on_the_number_of_cores),
		TEST(the_compression_of_the_blob_does_not_matter),
		TEST(the_size_of_the_blob_does_not_matter),
		TEST(a_small_layer_has_small_blocks),
		TEST(the_result_is_whole_pages),
		TEST(a_hostile_name_is_named),
		TEST(a_tar_may_end_with_its_last_file),
		TEST(a_damaged_blob_is_not_taken_for_the_layer),
		TEST(a_layer_is_converted_once),
		TEST(a_layer_that_is_not_its_diff_id_is_refused),
	};
	return cmocka_run_group_tests_name("layer", tests, NULL, NULL);
}
