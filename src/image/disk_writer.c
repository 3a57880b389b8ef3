/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define PIECE_SIZE ((size_t)1 << 20)

struct hashes {
	struct sha256 *disk;
	uint64_t at; /* bytes of the disk that are hashed */
};

static void free_hash(struct sha256 **hash)
{
	sha256_free(*hash);
}

static void hash_zeros(struct hashes *hashes, uint64_t until)
{
	static const uint8_t zeros[65536];
	while (hashes->at < until) {
		uint64_t left = until - hashes->at;
		size_t piece = left < sizeof(zeros) ? (size_t)left : sizeof(zeros);
		sha256_update(hashes->disk, zeros, piece);
		hashes->at += piece;
	}
}

static void format_digest(struct sha256 *hash, char out[DIGEST_SIZE])
{
	uint8_t raw[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	sha256_finish(hash, raw);
	sha256_hex(raw, hex);
	memcpy(out, "sha256:", strlen("sha256:"));
	memcpy(out + strlen("sha256:"), hex, sizeof(hex));
}

static bool write_at(int fd, const uint8_t *bytes, size_t size, uint64_t offset, struct error *err)
{
	while (size > 0) {
		ssize_t count = pwrite(fd, bytes, size, (off_t)offset);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return error_set_errno(err, errno, "cannot write the disk");
		bytes += count;
		size -= (size_t)count;
		offset += (uint64_t)count;
	}
	return true;
}

/*
 * Where the file systems can share blocks, the disk costs no second copy of its layers. A file that
 * cannot be shared is copied while it is hashed.
 */
static bool share_blocks(int from, int to, const struct disk_piece *piece)
{
	uint64_t done = 0;
	while (done < piece->size) {
		off_t in = (off_t)done, out = (off_t)(piece->offset + done);
		ssize_t count =
			copy_file_range(from, &in, to, &out, (size_t)(piece->size - done), 0);
		if (count <= 0)
			return false;
		done += (uint64_t)count;
	}
	return true;
}

static bool copy_file(const struct disk_writing *writing, const struct disk_piece *piece, int from,
		      struct hashes *hashes, struct sha256 *own, struct error *err)
{
	AUTO_FREE uint8_t *buffer = xmalloc(PIECE_SIZE);
	bool is_shared = share_blocks(from, writing->fd, piece);
	for (uint64_t done = 0; done < piece->size;) {
		uint64_t left = piece->size - done;
		size_t wanted = left < PIECE_SIZE ? (size_t)left : PIECE_SIZE;
		ssize_t count = pread(from, buffer, wanted, (off_t)done);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return error_set_errno(err, count < 0 ? errno : EIO, "cannot read '%s'",
					       piece->path);
		sha256_update(hashes->disk, buffer, (size_t)count);
		sha256_update(own, buffer, (size_t)count);
		if (!is_shared &&
		    !write_at(writing->fd, buffer, (size_t)count, piece->offset + done, err))
			return false;
		done += (uint64_t)count;
		hashes->at += (uint64_t)count;
		progress_update(writing->progress, "disk", writing->what, PROGRESS_BYTES,
				hashes->at, writing->size);
		if (progress_is_cancelled(writing->progress))
			return error_set(err, ERROR_CANCELLED, "cancelled");
	}
	return true;
}

static bool write_file(const struct disk_writing *writing, const struct disk_piece *piece,
		       struct hashes *hashes, struct error *err)
{
	AUTO_CLOSE int from = open(piece->path, O_RDONLY | O_CLOEXEC);
	AUTO(free_hash) struct sha256 *own = sha256_new();
	struct stat st;
	char digest[DIGEST_SIZE];
	if (from < 0 || fstat(from, &st) != 0)
		return error_set_errno(err, errno, "cannot read '%s'", piece->path);
	if ((uint64_t)st.st_size != piece->size)
		return error_set(err, ERROR_CORRUPT, "'%s' has another size than when it was made",
				 piece->path);
	if (!copy_file(writing, piece, from, hashes, own, err))
		return false;
	format_digest(own, digest);
	return strcmp(digest, piece->digest) == 0 ||
	       error_set(err, ERROR_CORRUPT, "'%s' is damaged: it is not %s any more", piece->path,
			 piece->digest);
}

bool disk_write(const struct disk_writing *writing, char out_digest[DIGEST_SIZE], struct error *err)
{
	AUTO(free_hash) struct sha256 *hash = sha256_new();
	struct hashes hashes = {.disk = hash};
	if (ftruncate(writing->fd, (off_t)writing->size) != 0)
		return error_set_errno(err, errno, "cannot make the disk");
	for (size_t i = 0; i < writing->piece_count; i++) {
		const struct disk_piece *piece = &writing->pieces[i];
		hash_zeros(&hashes, piece->offset);
		if (piece->bytes == NULL) {
			if (!write_file(writing, piece, &hashes, err))
				return false;
			continue;
		}
		sha256_update(hashes.disk, piece->bytes, (size_t)piece->size);
		hashes.at += piece->size;
		if (!write_at(writing->fd, piece->bytes, (size_t)piece->size, piece->offset, err))
			return false;
	}
	hash_zeros(&hashes, writing->size);
	format_digest(hash, out_digest);
	return true;
}
