/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk/disk_piece.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

int disk_piece_open(const struct disk_piece *piece, struct error *err)
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
		if (piece->hint != NULL)
			(void)error_hint(err, "%s", piece->hint);
		return -1;
	}
	return take_fd(&from);
}

/* Fills the buffer, but for the piece's end. */
bool disk_piece_read(const struct disk_piece *piece, int from, uint64_t at, uint8_t *buffer,
		     size_t *ret_size, struct error *err)
{
	uint64_t left = piece->size - at;
	size_t wanted = left < DISK_CHUNK_SIZE ? (size_t)left : DISK_CHUNK_SIZE;
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

bool disk_write_at(int fd, const uint8_t *bytes, size_t size, uint64_t offset, struct error *err)
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
