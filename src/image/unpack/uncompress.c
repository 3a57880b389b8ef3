/* SPDX-License-Identifier: Apache-2.0 */
#include "image/unpack/uncompress.h"

#include <errno.h>
#include <string.h>

#include <archive.h>

#include "base/alloc.h"
#include "base/strbuf.h"

struct uncompress {
	gunzip_read_fn *read;
	void *arg;
	struct strbuf head; /* read to see how the rest is packed */
	bool has_begun;
	bool is_head_given;
	bool is_packed;
	struct gunzip *gunzip;	/* uncompresses, or */
	struct archive *others; /* does, or neither */
	uint64_t in_bytes;
	uint64_t out_bytes;
	struct error failure; /* of read, below libarchive */
};

struct uncompress *uncompress_new(gunzip_read_fn *read, void *arg)
{
	struct uncompress *uncompress = xcalloc(1, sizeof(*uncompress));
	uncompress->read = read;
	uncompress->arg = arg;
	return uncompress;
}

void uncompress_free(struct uncompress *uncompress)
{
	if (uncompress == NULL)
		return;
	strbuf_clear(&uncompress->head);
	gunzip_free(uncompress->gunzip);
	(void)archive_read_free(uncompress->others);
	error_clear(&uncompress->failure);
	free(uncompress);
}

/* How bytes are packed: one of libarchive's ARCHIVE_FILTER_*. */
static int filter_of(const void *bytes, size_t size)
{
	static const struct {
		int filter;
		const char *bytes;
		size_t size;
	} magics[] = {
		{ARCHIVE_FILTER_GZIP, "\x1f\x8b", 2},
		{ARCHIVE_FILTER_BZIP2, "BZh", 3},
		{ARCHIVE_FILTER_ZSTD, "\x28\xb5\x2f\xfd", 4},
		{ARCHIVE_FILTER_XZ, "\xfd\x37zXZ", 6},
		{ARCHIVE_FILTER_LZ4, "\x04\x22\x4d\x18", 4},
		{ARCHIVE_FILTER_LZ4, "\x02\x21\x4c\x18", 4},
	};
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++) {
		if (size >= magics[i].size && memcmp(bytes, magics[i].bytes, magics[i].size) == 0)
			return magics[i].filter;
	}
	/* A frame to skip, which zstd and lz4 share; eStargz' zstd cousin begins with one. */
	const unsigned char *start = bytes;
	if (size >= 4 && (start[0] & 0xf0) == 0x50 && memcmp(start + 1, "\x2a\x4d\x18", 3) == 0)
		return ARCHIVE_FILTER_ZSTD;
	return ARCHIVE_FILTER_NONE;
}

bool uncompress_looks_packed(const void *bytes, size_t size)
{
	return filter_of(bytes, size) != ARCHIVE_FILTER_NONE;
}

static ssize_t read_more(struct uncompress *uncompress, const void **ret, struct error *err)
{
	ssize_t size = uncompress->read(uncompress->arg, ret, err);
	if (size > 0)
		uncompress->in_bytes += (uint64_t)size;
	return size;
}

static ssize_t read_piece(void *arg, const void **ret, struct error *err)
{
	struct uncompress *uncompress = arg;
	if (uncompress->is_head_given || uncompress->head.size == 0)
		return read_more(uncompress, ret, err);
	uncompress->is_head_given = true;
	*ret = uncompress->head.data;
	return (ssize_t)uncompress->head.size;
}

static la_ssize_t on_read(struct archive *archive, void *arg, const void **ret)
{
	struct uncompress *uncompress = arg;
	ssize_t size = read_piece(uncompress, ret, &uncompress->failure);
	if (size < 0)
		archive_set_error(archive, EIO, "%s", "lower half failed");
	return size;
}

static bool set_failure(struct uncompress *uncompress, struct error *err)
{
	if (uncompress->failure.kind != ERROR_NONE)
		return error_move(err, &uncompress->failure);
	const char *text = archive_error_string(uncompress->others);
	return error_set(err, ERROR_CORRUPT, "cannot be uncompressed: %s",
			 text == NULL ? "damaged" : text);
}

/*
 * One filter and no other: libarchive would look for packed bytes inside what is packed, where no
 * budget reaches, and for some ways of packing it would start programs of the host.
 */
static bool open_others(struct uncompress *uncompress, int filter, struct error *err)
{
	struct archive_entry *entry;
	struct archive *raw = archive_read_new();
	if (raw == NULL)
		return error_set(err, ERROR_SYSTEM, "out of memory");
	uncompress->others = raw;
	(void)archive_read_support_format_raw(raw);
	(void)archive_read_support_format_empty(raw);
	return (archive_read_append_filter(raw, filter) == ARCHIVE_OK &&
		archive_read_open(raw, uncompress, NULL, on_read, NULL) == ARCHIVE_OK &&
		archive_read_next_header(raw, &entry) == ARCHIVE_OK) ||
	       set_failure(uncompress, err);
}

static bool begin(struct uncompress *uncompress, struct error *err)
{
	enum { MAGIC_MAX_BYTES = 6 };
	struct strbuf *head = &uncompress->head;
	const void *bytes;
	ssize_t size = 1;
	while (head->size < MAGIC_MAX_BYTES && size > 0) {
		size = read_more(uncompress, &bytes, err);
		if (size < 0)
			return false;
		strbuf_append_bytes(head, bytes, (size_t)size);
	}
	uncompress->has_begun = true;
	int filter = filter_of(strbuf_text(head), head->size);
	uncompress->is_packed = filter != ARCHIVE_FILTER_NONE;
	if (filter == ARCHIVE_FILTER_GZIP)
		uncompress->gunzip = gunzip_new(read_piece, uncompress);
	else if (uncompress->is_packed)
		return open_others(uncompress, filter, err);
	return true;
}

static ssize_t next_piece(struct uncompress *uncompress, const void **ret, struct error *err)
{
	size_t size = 0;
	la_int64_t offset;
	if (uncompress->gunzip != NULL) {
		ssize_t count = gunzip_next(uncompress->gunzip, ret, err);
		if (count < 0)
			(void)error_prefix(err, "cannot be uncompressed");
		return count;
	}
	if (uncompress->others == NULL)
		return read_piece(uncompress, ret, err);
	int code = archive_read_data_block(uncompress->others, ret, &size, &offset);
	if (code == ARCHIVE_EOF)
		return 0;
	if (code < ARCHIVE_WARN) {
		(void)set_failure(uncompress, err);
		return -1;
	}
	return (ssize_t)size;
}

static bool check_budget(const struct uncompress *uncompress, struct error *err)
{
	uint64_t out = uncompress->out_bytes;
	bool is_bomb = out > UNCOMPRESS_FREE_BYTES &&
		       (out - UNCOMPRESS_FREE_BYTES) / UNCOMPRESS_RATIO_MAX > uncompress->in_bytes;
	if (!is_bomb && out <= UNCOMPRESS_BYTES_MAX)
		return true;
	return error_set(err, ERROR_INVALID,
			 "unpacks to more than %llu MiB from %llu KiB, which is too much",
			 (unsigned long long)(out >> 20),
			 (unsigned long long)(uncompress->in_bytes >> 10));
}

ssize_t uncompress_next(struct uncompress *uncompress, const void **ret, struct error *err)
{
	if (!uncompress->has_begun && !begin(uncompress, err))
		return -1;
	ssize_t size = next_piece(uncompress, ret, err);
	if (size <= 0)
		return size;
	uncompress->out_bytes += (uint64_t)size;
	return check_budget(uncompress, err) ? size : -1;
}

bool uncompress_is_packed(const struct uncompress *uncompress)
{
	return uncompress->is_packed;
}

uint64_t uncompress_in_bytes(const struct uncompress *uncompress)
{
	return uncompress->in_bytes;
}

uint64_t uncompress_out_bytes(const struct uncompress *uncompress)
{
	return uncompress->out_bytes;
}
