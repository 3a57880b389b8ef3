/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
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
 * Where the file systems can share blocks, the disk costs no second copy of its layers.
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

static int open_piece(const struct disk_piece *piece, struct error *err)
{
	struct stat st;
	AUTO_CLOSE int from = open(piece->path, O_RDONLY | O_CLOEXEC);
	if (from < 0 || fstat(from, &st) != 0) {
		(void)error_set_errno(err, errno, "cannot read '%s'", piece->path);
		return -1;
	}
	if ((uint64_t)st.st_size != piece->size) {
		(void)error_set(err, ERROR_CORRUPT, "'%s' has another size than when it was made",
				piece->path);
		return -1;
	}
	return take_fd(&from);
}

/* Fills the buffer, but for the piece's end. */
static bool read_piece(const struct disk_piece *piece, int from, uint64_t at, uint8_t *buffer,
		       size_t *ret_size, struct error *err)
{
	uint64_t left = piece->size - at;
	size_t wanted = left < PIECE_SIZE ? (size_t)left : PIECE_SIZE;
	ssize_t count;
	do
		count = pread(from, buffer, wanted, (off_t)at);
	while (count < 0 && errno == EINTR);
	if (count <= 0)
		return error_set_errno(err, count < 0 ? errno : EIO, "cannot read '%s'",
				       piece->path);
	*ret_size = (size_t)count;
	return true;
}

/*
 * The other thread: copies the files and checks that each is what its digest says, while the first
 * one hashes the disk as a whole. Both read the files; only this one writes them.
 */
struct copier {
	const struct disk_writing *writing;
	uint8_t *buffer;
	struct error failure;
	atomic_bool has_stopped;
	pthread_t thread;
	bool is_running;
};

static bool copy_file(struct copier *copier, const struct disk_piece *piece)
{
	struct error *err = &copier->failure;
	AUTO_CLOSE int from = open_piece(piece, err);
	AUTO(free_hash) struct sha256 *hash = sha256_new();
	char digest[DIGEST_SIZE];
	size_t size;
	if (from < 0)
		return false;
	bool is_shared = share_blocks(from, copier->writing->fd, piece);
	if (is_shared && piece->was_just_made)
		return true;
	for (uint64_t done = 0; done < piece->size; done += size) {
		if (atomic_load(&copier->has_stopped))
			return error_set(err, ERROR_CANCELLED, "cancelled");
		if (!read_piece(piece, from, done, copier->buffer, &size, err))
			return false;
		sha256_update(hash, copier->buffer, size);
		if (!is_shared &&
		    !write_at(copier->writing->fd, copier->buffer, size, piece->offset + done, err))
			return false;
	}
	format_digest(hash, digest);
	return strcmp(digest, piece->digest) == 0 ||
	       error_set(err, ERROR_CORRUPT, "'%s' is damaged: it is not %s any more", piece->path,
			 piece->digest);
}

static void *copy_files(void *arg)
{
	struct copier *copier = arg;
	for (size_t i = 0; i < copier->writing->piece_count; i++)
		if (copier->writing->pieces[i].bytes == NULL &&
		    !copy_file(copier, &copier->writing->pieces[i]))
			break;
	return NULL;
}

static bool copier_start(struct copier *copier, struct error *err)
{
	copier->buffer = xmalloc(PIECE_SIZE);
	int code = pthread_create(&copier->thread, NULL, copy_files, copier);
	copier->is_running = code == 0;
	return code == 0 || error_set_errno(err, code, "cannot start a thread");
}

/* Waits for it; true when all files are copied and whole. */
static bool copier_join(struct copier *copier, struct error *err)
{
	if (copier->is_running)
		(void)pthread_join(copier->thread, NULL);
	copier->is_running = false;
	return copier->failure.kind == ERROR_NONE || error_move(err, &copier->failure);
}

static void copier_clear(struct copier *copier)
{
	atomic_store(&copier->has_stopped, true);
	(void)copier_join(copier, NULL);
	error_clear(&copier->failure);
	free(copier->buffer);
}

static bool hash_file(const struct disk_writing *writing, const struct disk_piece *piece,
		      struct hashes *hashes, struct error *err)
{
	AUTO_FREE uint8_t *buffer = xmalloc(PIECE_SIZE);
	AUTO_CLOSE int from = open_piece(piece, err);
	size_t size;
	if (from < 0)
		return false;
	for (uint64_t done = 0; done < piece->size; done += size) {
		if (!read_piece(piece, from, done, buffer, &size, err))
			return false;
		sha256_update(hashes->disk, buffer, size);
		hashes->at += size;
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
	return write_at(writing->fd, piece->bytes, (size_t)piece->size, piece->offset, err);
}

bool disk_write(const struct disk_writing *writing, char out_digest[DIGEST_SIZE], struct error *err)
{
	AUTO(free_hash) struct sha256 *hash = sha256_new();
	struct hashes hashes = {.disk = hash};
	if (ftruncate(writing->fd, (off_t)writing->size) != 0)
		return error_set_errno(err, errno, "cannot make the disk");
	AUTO(copier_clear) struct copier copier = {.writing = writing};
	if (!copier_start(&copier, err))
		return false;
	for (size_t i = 0; i < writing->piece_count; i++) {
		const struct disk_piece *piece = &writing->pieces[i];
		hash_zeros(&hashes, piece->offset);
		if (piece->bytes == NULL ? !hash_file(writing, piece, &hashes, err)
					 : !write_bytes(writing, piece, &hashes, err))
			return false;
	}
	hash_zeros(&hashes, writing->size);
	format_digest(hash, out_digest);
	return copier_join(&copier, err);
}
