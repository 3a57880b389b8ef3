/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk_copier.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/checksum.h"
#include "image/disk_writer.h"

/* After each so much the writing to the medium begins, so that the fsync has little to do. */
#define FLUSH_SIZE ((uint64_t)8 << 20)

/*
 * Where the file systems can share blocks, the disk costs no second copy of its layers. Elsewhere
 * the kernel copies them, which is worth its while only when the bytes need not be looked at.
 */
static bool share_blocks(int from, int to, const struct disk_piece *piece)
{
	struct file_clone_range range = {
		.src_fd = from, .src_length = piece->size, .dest_offset = piece->offset};
	uint64_t done = 0;
	if (ioctl(to, FICLONERANGE, &range) == 0)
		return true;
	while (piece->was_just_made && done < piece->size) {
		off_t in = (off_t)done, out = (off_t)(piece->offset + done);
		uint64_t left = piece->size - done;
		ssize_t count = copy_file_range(from, &in, to, &out,
						(size_t)(left < FLUSH_SIZE ? left : FLUSH_SIZE), 0);
		if (count <= 0)
			return false;
		(void)sync_file_range(to, (off_t)(piece->offset + done), count,
				      SYNC_FILE_RANGE_WRITE);
		done += (uint64_t)count;
	}
	return piece->was_just_made;
}

/* What a piece's bytes are checked with: its checksum, or the digest where there is none. */
struct check {
	struct sha256 *hash; /* NULL: the other */
	uint64_t sum;
};

static void check_clear(struct check *check)
{
	sha256_free(check->hash);
}

static void check_update(struct check *check, const uint8_t *bytes, size_t size)
{
	if (check->hash != NULL)
		sha256_update(check->hash, bytes, size);
	else
		check->sum = checksum_update(check->sum, bytes, size);
}

static bool check_end(struct check *check, const struct disk_piece *piece, struct error *err)
{
	char actual[DIGEST_SIZE];
	const char *wanted = check->hash != NULL ? piece->digest : piece->checksum;
	if (check->hash != NULL)
		sha256_finish_digest(check->hash, actual);
	else
		checksum_format(check->sum, actual);
	return (wanted != NULL && strcmp(actual, wanted) == 0) ||
	       error_set(err, ERROR_CORRUPT, "'%s' is damaged: it is not %s any more", piece->path,
			 piece->digest);
}

static bool copy_bytes(struct disk_copier *copier, const struct disk_piece *piece, int from,
		       bool is_shared, struct check *check)
{
	struct error *err = &copier->failure;
	int to = copier->writing->fd;
	uint64_t flushed = 0;
	size_t size;
	for (uint64_t done = 0; done < piece->size; done += size) {
		if (atomic_load(&copier->has_stopped))
			return error_set(err, ERROR_CANCELLED, "cancelled");
		if (!disk_piece_read(piece, from, done, copier->buffer, &size, err))
			return false;
		check_update(check, copier->buffer, size);
		if (is_shared)
			continue;
		if (!disk_write_at(to, copier->buffer, size, piece->offset + done, err))
			return false;
		if (done + size - flushed < FLUSH_SIZE && done + size < piece->size)
			continue;
		(void)sync_file_range(to, (off_t)(piece->offset + flushed),
				      (off_t)(done + size - flushed), SYNC_FILE_RANGE_WRITE);
		flushed = done + size;
	}
	return true;
}

static bool copy_file(struct disk_copier *copier, const struct disk_piece *piece)
{
	struct error *err = &copier->failure;
	AUTO_CLOSE int from = disk_piece_open(piece, err);
	AUTO(check_clear) struct check check = {0};
	if (from < 0)
		return false;
	bool is_shared = share_blocks(from, copier->writing->fd, piece);
	if (is_shared && piece->was_just_made)
		return true;
	if (piece->checksum == NULL || piece->checksum[0] == '\0')
		check.hash = sha256_new();
	return copy_bytes(copier, piece, from, is_shared, &check) && check_end(&check, piece, err);
}

static void *copy_files(void *arg)
{
	struct disk_copier *copier = arg;
	for (size_t i = 0; i < copier->writing->piece_count; i++)
		if (copier->writing->pieces[i].bytes == NULL &&
		    !copy_file(copier, &copier->writing->pieces[i]))
			break;
	return NULL;
}

bool disk_copier_start(struct disk_copier *copier, struct error *err)
{
	copier->buffer = xmalloc(DISK_CHUNK_SIZE);
	int code = pthread_create(&copier->thread, NULL, copy_files, copier);
	copier->is_running = code == 0;
	return code == 0 || error_set_errno(err, code, "cannot start a thread");
}

bool disk_copier_join(struct disk_copier *copier, struct error *err)
{
	if (copier->is_running)
		(void)pthread_join(copier->thread, NULL);
	copier->is_running = false;
	return copier->failure.kind == ERROR_NONE || error_move(err, &copier->failure);
}

void disk_copier_clear(struct disk_copier *copier)
{
	atomic_store(&copier->has_stopped, true);
	(void)!disk_copier_join(copier, NULL);
	error_clear(&copier->failure);
	free(copier->buffer);
}
