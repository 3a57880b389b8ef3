/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk/disk_writer.h"

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "image/disk/disk_copier.h"

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

/* The copier writes it. */
static bool hash_file(const struct disk_writing *writing, struct disk_copier *copier,
		      const struct disk_piece *piece, struct hashes *hashes, struct error *err)
{
	uint64_t end = hashes->at + piece->size;
	while (hashes->at < end) {
		const struct disk_chunk *chunk;
		if (!disk_copier_next(copier, &chunk, err))
			return false;
		sha256_update(hashes->disk, chunk->bytes, chunk->size);
		hashes->at += chunk->size;
		progress_update(writing->progress, "disk", writing->what, PROGRESS_BYTES,
				hashes->at, writing->size);
		if (progress_is_cancelled(writing->progress))
			return error_set(err, ERROR_CANCELLED, "cancelled");
	}
	return true;
}

static bool write_bytes(const struct disk_writing *writing, const struct disk_piece *piece,
			struct hashes *hashes, struct error *err)
{
	sha256_update(hashes->disk, piece->bytes, (size_t)piece->size);
	hashes->at += piece->size;
	return disk_write_at(writing->fd, piece->bytes, (size_t)piece->size, piece->offset, err);
}

bool disk_write(const struct disk_writing *writing, struct digest *out_digest, struct error *err)
{
	AUTO(free_hash) struct sha256 *hash = sha256_new();
	struct hashes hashes = {.disk = hash};
	if (ftruncate(writing->fd, (off_t)writing->size) != 0)
		return error_set_errno(err, errno, "cannot make the disk");
	AUTO(disk_copier_clear) struct disk_copier copier = {0};
	if (!disk_copier_start(&copier, writing, err))
		return false;
	for (size_t i = 0; i < writing->piece_count; i++) {
		const struct disk_piece *piece = &writing->pieces[i];
		hash_zeros(&hashes, piece->offset);
		if (piece->bytes == NULL ? !hash_file(writing, &copier, piece, &hashes, err)
					 : !write_bytes(writing, piece, &hashes, err))
			return false;
	}
	hash_zeros(&hashes, writing->size);
	*out_digest = sha256_finish_digest(hash);
	return disk_copier_join(&copier, err);
}
