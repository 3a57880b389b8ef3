/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer/layer_stream.h"

#include <errno.h>
#include <string.h>

#include <archive.h>

#include "base/alloc.h"
#include "image/unpack/gunzip.h"

#define READ_SIZE ((size_t)256 << 10)

struct layer_stream {
	int fd;
	struct gunzip *gunzip; /* uncompresses, or NULL: */
	struct archive *raw;   /* does */
	struct archive *tar;   /* reads from either through read_chunk() */
	struct sha256 *hash;
	uint64_t blob_bytes;
	uint64_t tar_bytes;
	struct error failure; /* of the lower half */
	unsigned char input[READ_SIZE];
};

static ssize_t read_some(struct layer_stream *stream, const void **ret)
{
	ssize_t size;
	do
		size = pread(stream->fd, stream->input, READ_SIZE, (off_t)stream->blob_bytes);
	while (size < 0 && errno == EINTR);
	if (size > 0)
		stream->blob_bytes += (uint64_t)size;
	*ret = stream->input;
	return size;
}

static ssize_t read_blob(struct archive *archive, void *arg, const void **ret)
{
	ssize_t size = read_some(arg, ret);
	if (size < 0)
		archive_set_error(archive, errno, "%s", "cannot read the blob");
	return size;
}

static ssize_t read_gzip(void *arg, const void **ret, struct error *err)
{
	ssize_t size = read_some(arg, ret);
	if (size < 0)
		(void)error_set_errno(err, errno, "cannot read the blob");
	return size;
}

static ssize_t uncompress(struct layer_stream *stream, const void **ret)
{
	size_t size = 0;
	la_int64_t offset;
	if (stream->gunzip != NULL) {
		ssize_t count = gunzip_next(stream->gunzip, ret, &stream->failure);
		if (count < 0)
			(void)error_prefix(&stream->failure, "cannot be uncompressed");
		return count;
	}
	int code = archive_read_data_block(stream->raw, ret, &size, &offset);
	if (code == ARCHIVE_EOF)
		return 0;
	if (code < ARCHIVE_WARN) {
		const char *text = archive_error_string(stream->raw);
		(void)error_set(&stream->failure, ERROR_CORRUPT, "cannot be uncompressed: %s",
				text == NULL ? "damaged" : text);
		return -1;
	}
	return (ssize_t)size;
}

/* The next uncompressed bytes, hashed and counted; 0 at the end, -1 with stream->failure. */
static ssize_t next_chunk(struct layer_stream *stream, const void **ret)
{
	ssize_t size = uncompress(stream, ret);
	if (size <= 0)
		return size;
	stream->tar_bytes += (uint64_t)size;
	if (stream->tar_bytes > LAYER_BYTES_MAX ||
	    (stream->tar_bytes > LAYER_RATIO_FROM &&
	     stream->tar_bytes / LAYER_RATIO_MAX > stream->blob_bytes)) {
		(void)error_set(&stream->failure, ERROR_INVALID,
				"unpacks to more than %llu MiB from %llu KiB, which is too much",
				(unsigned long long)(stream->tar_bytes >> 20),
				(unsigned long long)(stream->blob_bytes >> 10));
		return -1;
	}
	sha256_update(stream->hash, *ret, (size_t)size);
	return size;
}

static la_ssize_t read_chunk(struct archive *archive, void *arg, const void **ret)
{
	struct layer_stream *stream = arg;
	ssize_t size = next_chunk(stream, ret);
	if (size < 0)
		archive_set_error(archive, EIO, "%s", "lower half failed");
	return size;
}

static bool open_raw(struct layer_stream *stream, struct error *err)
{
	struct archive_entry *entry;
	uint8_t magic[2];
	if (pread(stream->fd, magic, sizeof(magic), 0) == sizeof(magic) &&
	    gunzip_is_gzip(magic, sizeof(magic))) {
		stream->gunzip = gunzip_new(read_gzip, stream);
		return true;
	}
	archive_read_support_filter_zstd(stream->raw);
	archive_read_support_filter_xz(stream->raw);
	archive_read_support_filter_bzip2(stream->raw);
	archive_read_support_filter_lz4(stream->raw);
	archive_read_support_format_raw(stream->raw);
	archive_read_support_format_empty(stream->raw);
	if (archive_read_open(stream->raw, stream, NULL, read_blob, NULL) != ARCHIVE_OK ||
	    archive_read_next_header(stream->raw, &entry) != ARCHIVE_OK) {
		const char *text = archive_error_string(stream->raw);
		return error_set(err, ERROR_CORRUPT, "cannot be uncompressed: %s",
				 text == NULL ? "empty" : text);
	}
	return true;
}

struct layer_stream *layer_stream_new(int fd, struct error *err)
{
	AUTO_PTR(layer_stream) struct layer_stream *stream = xcalloc(1, sizeof(*stream));
	stream->fd = fd;
	stream->hash = sha256_new();
	stream->raw = archive_read_new();
	stream->tar = archive_read_new();
	if (stream->raw == NULL || stream->tar == NULL) {
		(void)error_set(err, ERROR_SYSTEM, "out of memory");
		return NULL;
	}
	if (!open_raw(stream, err))
		return NULL;
	archive_read_support_format_tar(stream->tar);
	if (archive_read_open(stream->tar, stream, NULL, read_chunk, NULL) != ARCHIVE_OK) {
		(void)layer_stream_error(stream, err);
		return NULL;
	}
	return TAKE_PTR(stream);
}

void layer_stream_free(struct layer_stream *stream)
{
	if (stream == NULL)
		return;
	archive_read_free(stream->tar);
	archive_read_free(stream->raw);
	gunzip_free(stream->gunzip);
	sha256_free(stream->hash);
	error_clear(&stream->failure);
	free(stream);
}

struct archive *layer_stream_tar(struct layer_stream *stream)
{
	return stream->tar;
}

bool layer_stream_error(const struct layer_stream *stream, struct error *err)
{
	if (stream->failure.kind != ERROR_NONE)
		return error_set(err, stream->failure.kind, "%s", stream->failure.message);
	const char *text = archive_error_string(stream->tar);
	return error_set(err, ERROR_CORRUPT, "not a tar: %s", text == NULL ? "damaged" : text);
}

uint64_t layer_stream_blob_bytes(const struct layer_stream *stream)
{
	return stream->blob_bytes;
}

bool layer_stream_finish(struct layer_stream *stream, char out_digest[DIGEST_SIZE],
			 struct error *err)
{
	const void *bytes;
	ssize_t size;
	do
		size = next_chunk(stream, &bytes);
	while (size > 0);
	if (size < 0)
		return layer_stream_error(stream, err);
	sha256_finish_digest(stream->hash, out_digest);
	return true;
}
