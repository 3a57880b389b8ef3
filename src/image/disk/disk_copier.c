/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk/disk_copier.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "image/disk/disk_writer.h"
#include "image/layer/checksum.h"

/* After each so much the writing to the medium begins, so that the fsync has little to do. */
#define FLUSH_SIZE ((uint64_t)4 << 20)

/* Where the file systems can share blocks, the disk costs no second copy of its layers. */
static bool share_blocks(int from, int to, const struct disk_piece *piece)
{
	struct file_clone_range range = {
		.src_fd = from, .src_length = piece->size, .dest_offset = piece->offset};
	return ioctl(to, FICLONERANGE, &range) == 0;
}

/* What a piece's bytes are checked with. */
struct piece_check {
	enum { CHECK_NOTHING, CHECK_SUM, CHECK_DIGEST } how;
	struct sha256 *hash;
	uint64_t sum;
};

static void check_begin(struct piece_check *check, const struct disk_piece *piece)
{
	if (piece->was_just_made)
		return;
	check->how =
		piece->checksum == NULL || piece->checksum[0] == '\0' ? CHECK_DIGEST : CHECK_SUM;
	if (check->how == CHECK_DIGEST)
		check->hash = sha256_new();
}

static void piece_check_clear(struct piece_check *check)
{
	sha256_free(check->hash);
}

static void check_update(struct piece_check *check, const uint8_t *bytes, size_t size)
{
	if (check->how == CHECK_DIGEST)
		sha256_update(check->hash, bytes, size);
	else if (check->how == CHECK_SUM)
		check->sum = checksum_update(check->sum, bytes, size);
}

static bool is_wanted(struct piece_check *check, const struct disk_piece *piece)
{
	if (check->how == CHECK_DIGEST) {
		struct digest actual = sha256_finish_digest(check->hash);
		return piece->digest != NULL && digest_equal(&actual, piece->digest);
	}
	char actual[CHECKSUM_SIZE];
	checksum_format(check->sum, actual);
	return strcmp(actual, piece->checksum) == 0;
}

static bool check_end(struct piece_check *check, const struct disk_piece *piece, struct error *err)
{
	if (check->how == CHECK_NOTHING || is_wanted(check, piece))
		return true;
	(void)error_set(err, ERROR_CORRUPT, "'%s' is damaged: it is not %s any more", piece->path,
			DIGEST_TEXT(piece->digest));
	return piece->hint != NULL ? error_hint(err, "%s", piece->hint) : false;
}

/* The next chunk that the other thread has done with; NULL when it has stopped. */
static struct disk_chunk *await_room(struct disk_copier *copier)
{
	(void)pthread_mutex_lock(&copier->mutex);
	while (copier->filled - copier->used == DISK_CHUNKS && !copier->has_stopped)
		(void)pthread_cond_wait(&copier->changed, &copier->mutex);
	bool has_stopped = copier->has_stopped;
	(void)pthread_mutex_unlock(&copier->mutex);
	return has_stopped ? NULL : &copier->chunks[copier->filled % DISK_CHUNKS];
}

static void hand_over(struct disk_copier *copier)
{
	(void)pthread_mutex_lock(&copier->mutex);
	copier->filled++;
	(void)pthread_cond_signal(&copier->changed);
	(void)pthread_mutex_unlock(&copier->mutex);
}

static bool copy_chunk(struct disk_copier *copier, const struct disk_piece *piece, int from,
		       uint64_t at, bool is_shared, struct piece_check *check, size_t *ret_size)
{
	struct error *err = &copier->failure;
	struct disk_chunk *chunk = await_room(copier);
	if (chunk == NULL)
		return error_set(err, ERROR_CANCELLED, "cancelled");
	if (!disk_piece_read(piece, from, at, chunk->bytes, &chunk->size, err))
		return false;
	*ret_size = chunk->size;
	hand_over(copier);
	/* Both only read it now. The other thread is behind, so this one has the time. */
	check_update(check, chunk->bytes, *ret_size);
	return is_shared ||
	       disk_write_at(copier->writing->fd, chunk->bytes, *ret_size, piece->offset + at, err);
}

static bool copy_bytes(struct disk_copier *copier, const struct disk_piece *piece, int from,
		       bool is_shared, struct piece_check *check)
{
	uint64_t flushed = 0;
	size_t size = 0;
	for (uint64_t done = 0; done < piece->size; done += size) {
		if (!copy_chunk(copier, piece, from, done, is_shared, check, &size))
			return false;
		if (is_shared || (done + size - flushed < FLUSH_SIZE && done + size < piece->size))
			continue;
		(void)sync_file_range(copier->writing->fd, (off_t)(piece->offset + flushed),
				      (off_t)(done + size - flushed), SYNC_FILE_RANGE_WRITE);
		flushed = done + size;
	}
	return check_end(check, piece, &copier->failure);
}

static bool copy_file(struct disk_copier *copier, const struct disk_piece *piece)
{
	AUTO_CLOSE int from = disk_piece_open(piece, &copier->failure);
	AUTO(piece_check_clear) struct piece_check check = {0};
	if (from < 0)
		return false;
	check_begin(&check, piece);
	bool is_shared = share_blocks(from, copier->writing->fd, piece);
	return copy_bytes(copier, piece, from, is_shared, &check);
}

static void *copy_files(void *arg)
{
	struct disk_copier *copier = arg;
	for (size_t i = 0; i < copier->writing->piece_count; i++)
		if (copier->writing->pieces[i].bytes == NULL &&
		    !copy_file(copier, &copier->writing->pieces[i]))
			break;
	(void)pthread_mutex_lock(&copier->mutex);
	copier->has_ended = true;
	(void)pthread_cond_signal(&copier->changed);
	(void)pthread_mutex_unlock(&copier->mutex);
	return NULL;
}

bool disk_copier_start(struct disk_copier *copier, const struct disk_writing *writing,
		       struct error *err)
{
	copier->writing = writing;
	(void)pthread_mutex_init(&copier->mutex, NULL);
	(void)pthread_cond_init(&copier->changed, NULL);
	for (size_t i = 0; i < DISK_CHUNKS; i++)
		copier->chunks[i].bytes = xmalloc(DISK_CHUNK_SIZE);
	int code = pthread_create(&copier->thread, NULL, copy_files, copier);
	copier->is_running = code == 0;
	return code == 0 || error_set_errno(err, code, "cannot start a thread");
}

bool disk_copier_next(struct disk_copier *copier, const struct disk_chunk **ret, struct error *err)
{
	(void)pthread_mutex_lock(&copier->mutex);
	if (copier->is_taken) {
		copier->used++;
		(void)pthread_cond_signal(&copier->changed);
	}
	while (copier->filled == copier->used && !copier->has_ended)
		(void)pthread_cond_wait(&copier->changed, &copier->mutex);
	copier->is_taken = copier->filled != copier->used;
	*ret = &copier->chunks[copier->used % DISK_CHUNKS];
	(void)pthread_mutex_unlock(&copier->mutex);
	if (copier->is_taken)
		return true;
	return disk_copier_join(copier, err) &&
	       error_set(err, ERROR_CORRUPT, "the disk's files are shorter than they were");
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
	if (copier->writing == NULL)
		return;
	(void)pthread_mutex_lock(&copier->mutex);
	copier->has_stopped = true;
	(void)pthread_cond_signal(&copier->changed);
	(void)pthread_mutex_unlock(&copier->mutex);
	(void)!disk_copier_join(copier, NULL);
	for (size_t i = 0; i < DISK_CHUNKS; i++)
		free(copier->chunks[i].bytes);
	(void)pthread_cond_destroy(&copier->changed);
	(void)pthread_mutex_destroy(&copier->mutex);
	error_clear(&copier->failure);
}
