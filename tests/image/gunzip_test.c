/* SPDX-License-Identifier: Apache-2.0 */
#include "image/unpack/gunzip.h"

#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "test.h"

#define TEXT_SIZE ((size_t)300000)

/* Compressed bytes, given out in pieces of a size. */
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

static char *make_text(void)
{
	char *text = xmalloc(TEXT_SIZE);
	uint32_t random = 1;
	for (size_t i = 0; i < TEXT_SIZE; i++) {
		random = random * 1664525u + 1013904223u;
		text[i] = (char)('a' + (i % 3000 < 1000 ? (random >> 24) % 26 : i / 3000 % 26));
	}
	return text;
}

/* Appends one gzip stream of the text. */
static void append_gzip(struct strbuf *out, const char *text, size_t size)
{
	AUTO_FREE char *packed = xmalloc(TEXT_SIZE * 2);
	size_t used = 0;
	struct archive_entry *entry = archive_entry_new();
	struct archive *gzip = archive_write_new();
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_write_set_format_raw(gzip);
	archive_write_add_filter_gzip(gzip);
	archive_write_set_bytes_in_last_block(gzip, 1);
	assert_int_equal(archive_write_open_memory(gzip, packed, TEXT_SIZE * 2, &used), ARCHIVE_OK);
	assert_int_equal(archive_write_header(gzip, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(gzip, text, size), size);
	assert_int_equal(archive_write_free(gzip), ARCHIVE_OK);
	archive_entry_free(entry);
	strbuf_append_bytes(out, packed, used);
}

static bool unpack(const struct strbuf *packed, size_t piece, struct strbuf *ret, struct error *err)
{
	struct input input = {.bytes = packed->data, .size = packed->size, .piece = piece};
	AUTO_PTR(gunzip) struct gunzip *gunzip = gunzip_new(give, &input);
	const void *bytes;
	ssize_t size;
	while ((size = gunzip_next(gunzip, &bytes, err)) > 0)
		strbuf_append_bytes(ret, bytes, (size_t)size);
	return size == 0;
}

static void assert_unpacks(const struct strbuf *packed, const char *text, size_t size)
{
	static const size_t pieces[] = {1, 7, 4096, (size_t)1 << 20};
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
		AUTO(error_clear) struct error err = ERROR_INIT;
		assert_true(unpack(packed, pieces[i], &out, &err));
		assert_int_equal(out.size, size);
		assert_memory_equal(out.data, text, size);
	}
}

static void the_pieces_of_the_input_do_not_matter(void **state)
{
	AUTO(strbuf_clear) struct strbuf packed = STRBUF_INIT;
	AUTO_FREE char *text = make_text();
	(void)state;
	append_gzip(&packed, text, TEXT_SIZE);
	assert_true(gunzip_is_gzip(packed.data, packed.size));
	assert_unpacks(&packed, text, TEXT_SIZE);
}

/* What pigz and eStargz write. */
static void streams_behind_one_another_are_one(void **state)
{
	AUTO(strbuf_clear) struct strbuf packed = STRBUF_INIT;
	AUTO_FREE char *text = make_text();
	(void)state;
	append_gzip(&packed, text, 200000);
	append_gzip(&packed, text, 0);
	append_gzip(&packed, text + 200000, TEXT_SIZE - 200000);
	assert_unpacks(&packed, text, TEXT_SIZE);
}

static void what_follows_and_is_no_gzip_is_left_alone(void **state)
{
	static const char *const tails[] = {"\037\037", "x"};
	AUTO_FREE char *text = make_text();
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		AUTO(strbuf_clear) struct strbuf packed = STRBUF_INIT;
		AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
		append_gzip(&packed, text, 1000);
		strbuf_append(&packed, tails[i]);
		assert_true(unpack(&packed, (size_t)1 << 20, &out, NULL));
		assert_int_equal(out.size, 1000);
	}
}

static void every_cut_is_an_error(void **state)
{
	AUTO(strbuf_clear) struct strbuf packed = STRBUF_INIT;
	AUTO_FREE char *text = make_text();
	(void)state;
	append_gzip(&packed, text, 20000);
	for (size_t size = 2; size < packed.size; size += size < 40 ? 1 : 97) {
		struct strbuf cut = packed;
		AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
		AUTO(error_clear) struct error err = ERROR_INIT;
		cut.size = size;
		assert_false(unpack(&cut, 512, &out, &err));
		assert_int_equal(err.kind, ERROR_CORRUPT);
		assert_non_null(strstr(err.message, "cut short"));
	}
}

/* The last eight bytes are the checksum and the length. */
static void a_wrong_checksum_is_an_error(void **state)
{
	AUTO(strbuf_clear) struct strbuf packed = STRBUF_INIT;
	AUTO_FREE char *text = make_text();
	(void)state;
	append_gzip(&packed, text, 20000);
	for (size_t i = 1; i <= 8; i++) {
		AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
		AUTO(error_clear) struct error err = ERROR_INIT;
		packed.data[packed.size - i] ^= 0x10;
		assert_false(unpack(&packed, 512, &out, &err));
		assert_non_null(strstr(err.message, "checksum"));
		packed.data[packed.size - i] ^= 0x10;
	}
}

static void a_damaged_byte_is_never_another_text(void **state)
{
	AUTO(strbuf_clear) struct strbuf packed = STRBUF_INIT;
	AUTO_FREE char *text = make_text();
	(void)state;
	append_gzip(&packed, text, 20000);
	for (size_t at = 10; at < packed.size; at += 31) {
		AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
		packed.data[at] ^= 0x55;
		if (unpack(&packed, 4096, &out, NULL)) {
			assert_int_equal(out.size, 20000);
			assert_memory_equal(out.data, text, 20000);
		}
		packed.data[at] ^= 0x55;
	}
}

/* RFC 1952 §2.3: extra field, name, comment and the header's own checksum. */
static void every_part_of_a_header_is_passed(void **state)
{
	static const char header[] = "\037\213\010\034\0\0\0\0\0\003\003\0abcname\0comment";
	AUTO(strbuf_clear) struct strbuf packed = STRBUF_INIT, whole = STRBUF_INIT;
	AUTO_FREE char *text = make_text();
	(void)state;
	append_gzip(&packed, text, 20000);
	strbuf_append_bytes(&whole, header, sizeof(header));
	strbuf_append_bytes(&whole, packed.data + 10, packed.size - 10);
	assert_unpacks(&whole, text, 20000);
	whole.data[2] = 7; /* not deflate */
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(unpack(&whole, 512, &out, &err));
	assert_non_null(strstr(err.message, "header"));
}

/* A header of that FLG with long fields; its own checksum is right or not. */
static void append_long_header(struct strbuf *out, unsigned char flags, bool is_right)
{
	static const char start[] = "\037\213\010X\0\0\0\0\0\003";
	char field[400];
	uint32_t crc = 0xffffffff;
	memset(field, 'f', sizeof(field));
	strbuf_append_bytes(out, start, 10);
	out->data[3] = (char)flags;
	if ((flags & 4) != 0) {
		strbuf_append_bytes(out, "\220\001", 2); /* 400 */
		strbuf_append_bytes(out, field, sizeof(field));
	}
	for (unsigned flag = 8; flag <= 16; flag *= 2) {
		if ((flags & flag) == 0)
			continue;
		strbuf_append_bytes(out, field, sizeof(field));
		strbuf_append_bytes(out, "", 1);
	}
	if ((flags & 2) == 0)
		return;
	for (size_t i = 0; i < out->size; i++) {
		crc ^= (unsigned char)out->data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
	}
	crc = is_right ? ~crc : crc;
	strbuf_append_char(out, (char)(crc & 0xff));
	strbuf_append_char(out, (char)(crc >> 8 & 0xff));
}

/* bgzip and eStargz have an extra field, gzip(1) a name; a piece of the input may end in them. */
static void long_headers_are_passed_in_any_pieces(void **state)
{
	AUTO(strbuf_clear) struct strbuf packed = STRBUF_INIT;
	AUTO_FREE char *text = make_text();
	(void)state;
	append_gzip(&packed, text, 20000);
	for (unsigned flags = 0; flags < 32; flags++) {
		AUTO(strbuf_clear) struct strbuf whole = STRBUF_INIT;
		AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
		append_long_header(&whole, (unsigned char)flags, true);
		strbuf_append_bytes(&whole, packed.data + 10, packed.size - 10);
		assert_unpacks(&whole, text, 20000);
		AUTO(strbuf_clear) struct strbuf twice = STRBUF_INIT;
		strbuf_append_bytes(&twice, whole.data, whole.size);
		strbuf_append_bytes(&twice, whole.data, whole.size);
		assert_true(unpack(&twice, 13, &out, NULL));
		assert_int_equal(out.size, 40000);
	}
}

static void a_wrong_header_is_an_error(void **state)
{
	AUTO(strbuf_clear) struct strbuf packed = STRBUF_INIT;
	AUTO_FREE char *text = make_text();
	(void)state;
	append_gzip(&packed, text, 20000);
	for (unsigned flags = 2; flags < 256; flags = flags == 2 ? 32 : flags * 2) {
		AUTO(strbuf_clear) struct strbuf whole = STRBUF_INIT;
		AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
		AUTO(error_clear) struct error err = ERROR_INIT;
		append_long_header(&whole, (unsigned char)flags, false);
		strbuf_append_bytes(&whole, packed.data + 10, packed.size - 10);
		assert_false(unpack(&whole, 512, &out, &err));
		assert_non_null(strstr(err.message, "header"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_pieces_of_the_input_do_not_matter),
		cmocka_unit_test(streams_behind_one_another_are_one),
		cmocka_unit_test(what_follows_and_is_no_gzip_is_left_alone),
		cmocka_unit_test(every_cut_is_an_error),
		cmocka_unit_test(a_wrong_checksum_is_an_error),
		cmocka_unit_test(a_damaged_byte_is_never_another_text),
		cmocka_unit_test(every_part_of_a_header_is_passed),
		cmocka_unit_test(long_headers_are_passed_in_any_pieces),
		cmocka_unit_test(a_wrong_header_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
