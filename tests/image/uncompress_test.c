/* SPDX-License-Identifier: Apache-2.0 */
#include "image/unpack/uncompress.h"

#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "image/oci/archive_import.h"
#include "test.h"

enum { PACKED_MAX = 4 << 20, PIECE = 1 << 20 };
#define BOMB_SIZE ((size_t)64 << 20)

/* Bytes, given out in pieces of a size. */
struct input {
	const char *bytes;
	size_t size, at, piece;
};

static ssize_t give(void *arg, const void **ret, struct error *err)
{
	struct input *input = arg;
	size_t left = input->size - input->at;
	size_t count = left < input->piece ? left : input->piece;
	(void)err;
	*ret = input->bytes + input->at;
	input->at += count;
	return (ssize_t)count;
}

/* `head` and then `zeros` zeros, packed by libarchive's filter of that number. */
static void pack(int filter, const void *head, size_t head_size, size_t zeros, struct strbuf *ret)
{
	static const char nothing[PIECE];
	AUTO_FREE char *packed = xmalloc(PACKED_MAX);
	size_t used = 0;
	struct archive_entry *entry = archive_entry_new();
	struct archive *archive = archive_write_new();
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_write_set_format_raw(archive);
	assert_int_equal(archive_write_add_filter(archive, filter), ARCHIVE_OK);
	(void)archive_write_set_filter_option(archive, "xz", "compression-level", "0");
	archive_write_set_bytes_in_last_block(archive, 1);
	assert_int_equal(archive_write_open_memory(archive, packed, PACKED_MAX, &used), ARCHIVE_OK);
	assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
	if (head_size > 0)
		assert_int_equal(archive_write_data(archive, head, head_size), head_size);
	for (; zeros > 0; zeros -= zeros < PIECE ? zeros : PIECE)
		assert_true(archive_write_data(archive, nothing, zeros < PIECE ? zeros : PIECE) >
			    0);
	assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
	archive_entry_free(entry);
	strbuf_append_bytes(ret, packed, used);
}

static bool unpack(const struct strbuf *packed, size_t piece, struct strbuf *ret,
		   uint64_t *ret_size, struct error *err)
{
	struct input input = {.bytes = packed->data, .size = packed->size, .piece = piece};
	AUTO_PTR(uncompress) struct uncompress *uncompress = uncompress_new(give, &input);
	const void *bytes;
	ssize_t size;
	while ((size = uncompress_next(uncompress, &bytes, err)) > 0) {
		if (ret != NULL)
			strbuf_append_bytes(ret, bytes, (size_t)size);
	}
	*ret_size = uncompress_out_bytes(uncompress);
	return size == 0;
}

static const int filters[] = {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_XZ,
			      ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_LZ4};

static void every_way_of_packing_is_undone_in_any_pieces(void **state)
{
	static const size_t pieces[] = {1, 5, 4096};
	static const char text[] = "the same text, again and again";
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(filters) * ARRAY_SIZE(pieces); i++) {
		AUTO(strbuf_clear) struct strbuf packed = STRBUF_INIT;
		AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
		uint64_t size;
		pack(filters[i / ARRAY_SIZE(pieces)], text, sizeof(text), 0, &packed);
		assert_true(uncompress_looks_packed(packed.data, packed.size));
		assert_true(unpack(&packed, pieces[i % ARRAY_SIZE(pieces)], &out, &size, NULL));
		assert_int_equal(size, sizeof(text));
		assert_memory_equal(out.data, text, sizeof(text));
	}
}

static void what_is_not_packed_passes_as_it_is(void **state)
{
	static const char *const texts[] = {"", "x", "\037", "plain text that is longer"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		AUTO(strbuf_clear) struct strbuf in = STRBUF_INIT;
		AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
		uint64_t size;
		strbuf_append(&in, texts[i]);
		assert_true(unpack(&in, 3, &out, &size, NULL));
		assert_string_equal(strbuf_text(&out), texts[i]);
	}
}

/* 64 MiB of zeros; the budget begins with the first byte, whatever packed them. */
static void a_bomb_ends_soon(void **state)
{
	static const int bombs[] = {ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_BZIP2};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bombs); i++) {
		AUTO(strbuf_clear) struct strbuf packed = STRBUF_INIT;
		AUTO(error_clear) struct error err = ERROR_INIT;
		uint64_t size;
		pack(bombs[i], NULL, 0, BOMB_SIZE, &packed);
		assert_false(unpack(&packed, PIECE, NULL, &size, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
		assert_non_null(strstr(err.message, "too much"));
		assert_true(size <= UNCOMPRESS_FREE_BYTES + UNCOMPRESS_RATIO_MAX * packed.size +
					    (PIECE << 1));
	}
}

/* No gzip is a bomb by the ratio alone, and a sparse file of an image is none. */
static void zeros_in_gzip_are_let_through(void **state)
{
	AUTO(strbuf_clear) struct strbuf packed = STRBUF_INIT;
	uint64_t size;
	(void)state;
	pack(ARCHIVE_FILTER_GZIP, NULL, 0, BOMB_SIZE, &packed);
	assert_true(unpack(&packed, PIECE, NULL, &size, NULL));
	assert_int_equal(size, BOMB_SIZE);
}

static void packed_inside_packed_stays_packed(void **state)
{
	AUTO(strbuf_clear) struct strbuf inner = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf outer = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	uint64_t size;
	(void)state;
	pack(ARCHIVE_FILTER_ZSTD, "text", 4, 0, &inner);
	pack(ARCHIVE_FILTER_XZ, inner.data, inner.size, 0, &outer);
	assert_true(unpack(&outer, PIECE, &out, &size, NULL));
	assert_int_equal(size, inner.size);
	assert_memory_equal(out.data, inner.data, size);
}

static void every_cut_is_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		AUTO(strbuf_clear) struct strbuf packed = STRBUF_INIT;
		AUTO(error_clear) struct error err = ERROR_INIT;
		uint64_t size;
		pack(filters[i], "0123456789", 10, 100000, &packed);
		packed.size -= 5;
		if (unpack(&packed, 100, NULL, &size, &err))
			fail_msg("filter %d", filters[i]);
		assert_int_equal(err.kind, ERROR_CORRUPT);
	}
}

/* A saved image of one file, packed by zstd. */
static bool import(const char *name, const void *head, size_t head_size, size_t zeros,
		   struct error *err)
{
	AUTO(strbuf_clear) struct strbuf packed = STRBUF_INIT;
	AUTO(archive_listing_clear) struct archive_listing listing = {0};
	char folder[] = "/tmp/i2kit-archive-XXXXXX", start[2048];
	size_t used = 0;
	assert_non_null(mkdtemp(folder));
	struct archive *tar = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	archive_write_set_format_ustar(tar);
	archive_write_set_bytes_per_block(tar, 0);
	assert_int_equal(archive_write_open_memory(tar, start, sizeof(start), &used), ARCHIVE_OK);
	archive_entry_set_pathname(entry, name);
	archive_entry_set_mode(entry, S_IFREG | 0644);
	archive_entry_set_size(entry, (la_int64_t)(head_size + zeros));
	assert_int_equal(archive_write_header(tar, entry), ARCHIVE_OK);
	memcpy(start + used, head, head_size);
	pack(ARCHIVE_FILTER_ZSTD, start, used + head_size, zeros + 2048, &packed);
	archive_entry_free(entry);
	(void)archive_write_free(tar);
	struct store *store = store_open(folder, err);
	const struct source_request request = {.store = store};
	struct input input = {.bytes = packed.data, .size = packed.size, .piece = PIECE};
	bool is_good = archive_import(&request, give, &input, &listing, err);
	AUTO_FREE char *blobs = path_join(folder, "blobs/sha256");
	if (!is_good)
		assert_int_equal(rmdir(blobs), 0); /* nothing is kept */
	store_close(store);
	assert_true(path_remove_tree(folder, NULL));
	return is_good;
}

static void a_saved_image_has_the_same_budget(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_true(import("a/layer.tar", "text", 4, 1000, &err));
	assert_false(import("a/layer.tar", "text", 4, BOMB_SIZE, &err));
	assert_non_null(strstr(err.message, "too much"));
	/* What nobody asks for is skipped, and counts all the same. */
	error_clear(&err);
	assert_false(import("a/junk", "text", 4, BOMB_SIZE, &err));
	assert_non_null(strstr(err.message, "too much"));
}

static void a_layer_is_not_packed_twice_to_nothing(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_true(import("a/layer.tar", "\037\213", 2, 1 << 20, &err));
	assert_false(import("a/layer.tar", "\037\213", 2, 12 << 20, &err));
	assert_non_null(strstr(err.message, "packed twice"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_of_packing_is_undone_in_any_pieces),
		cmocka_unit_test(what_is_not_packed_passes_as_it_is),
		cmocka_unit_test(a_bomb_ends_soon),
		cmocka_unit_test(zeros_in_gzip_are_let_through),
		cmocka_unit_test(packed_inside_packed_stays_packed),
		cmocka_unit_test(every_cut_is_an_error),
		cmocka_unit_test(a_saved_image_has_the_same_budget),
		cmocka_unit_test(a_layer_is_not_packed_twice_to_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
