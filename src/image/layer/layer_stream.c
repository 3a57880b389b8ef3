/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer/layer_stream.h"

#include <errno.h>
#include <string.h>

#include <archive.h>

#include "base/alloc.h"
#include "image/unpack/uncompress.h"

#define READ_SIZE ((size_t)256 << 10)

struct layer_stream {
	int fd;
	struct uncompress *uncompress;
	struct archive *tar; /* reads from it through read_chunk() */
	struct sha256 *hash;
	uint64_t offset; /* in the blob */
	bool is_at_end;
	struct error failure; /* of the lower half */
	unsigned char input[READ_SIZE];
};

static ssize_t read_blob(void *arg, const void **ret, struct error *err)
{
	struct layer_stream *stream = arg;
	ssize_t size;
	do
		size = pread(stream->fd, stream->input, READ_SIZE, (off_t)stream->offset);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		(void)error_set_errno(err, errno, "cannot read the blob");
	else
		stream->offset += (uint64_t)size;
	*ret = stream->input;
	return size;
}

/* The next uncompressed bytes, hashed; 0 at the end, -1 with stream->failure. */
static ssize_t next_chunk(struct layer_stream *stream, const void **ret)
{
	ssize_t size = uncompress_next(stream->uncompress, ret, &stream->failure);
	if (size > 0)
		sha256_update(stream->hash, *ret, (size_t)size);
	stream->is_at_end = size == 0;
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

struct layer_stream *layer_stream_new(int fd, struct error *err)
{
	AUTO_PTR(layer_stream) struct layer_stream *stream = xcalloc(1, sizeof(*stream));
	stream->fd = fd;
	stream->hash = sha256_new();
	stream->uncompress = uncompress_new(read_blob, stream);
	stream->tar = archive_read_new();
	if (stream->tar == NULL) {
		(void)error_set(err, ERROR_SYSTEM, "out of memory");
		return NULL;
	}
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
	uncompress_free(stream->uncompress);
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

bool layer_stream_is_at_end(const struct layer_stream *stream)
{
	return stream->is_at_end;
}

uint64_t layer_stream_blob_bytes(const struct layer_stream *stream)
{
	return stream->offset;
}

bool layer_stream_finish(struct layer_stream *stream, struct digest *out_digest, struct error *err)
{
	const void *bytes;
	ssize_t size;
	do
		size = next_chunk(stream, &bytes);
	while (size > 0);
	if (size < 0)
		return layer_stream_error(stream, err);
	*out_digest = sha256_finish_digest(stream->hash);
	return true;
}
