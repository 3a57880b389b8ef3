/* SPDX-License-Identifier: Apache-2.0 */
#include "local/template/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/sha256.h"
#include "local/template/memory_split.h"

#define READ_BYTES ((size_t)1 << 20)

static const uint8_t zeros[MEMORY_PAGE_SIZE];

static bool write_page(uint64_t at, const uint8_t *bytes_or_null, void *arg, struct error *err)
{
	const int *fd = arg;
	struct stat st;

	if (bytes_or_null == NULL || memcmp(bytes_or_null, zeros, sizeof(zeros)) == 0) {
		/* A hole, unless it was something else before. */
		if (fstat(*fd, &st) == 0 && (uint64_t)st.st_size <= at)
			return true;
		bytes_or_null = zeros;
	}
	ssize_t written = pwrite(*fd, bytes_or_null, MEMORY_PAGE_SIZE, (off_t)at);
	return written == MEMORY_PAGE_SIZE ||
	       error_set_errno(err, written < 0 ? errno : ENOSPC, "a template's memory");
}

bool memory_file_make(const char *path, int from, uint64_t offset, struct strbuf *rest,
		      uint64_t *ret_bytes, struct error *err)
{
	struct stat st;

	if (fstat(from, &st) < 0)
		return error_set_errno(err, errno, "the saved state");
	AUTO_CLOSE int to = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0)
		return error_set_errno(err, errno, "%s", path);
	size_t size = (size_t)st.st_size;
	if (offset >= size)
		return error_set(err, ERROR_CORRUPT, "the saved state is not whole");
	uint8_t *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, from, 0);
	if (bytes == MAP_FAILED)
		return error_set_errno(err, errno, "the saved state");
	const struct memory_sink sink = {.page = write_page, .arg = &to};
	bool is_good = memory_split(bytes + offset, size - offset, &sink, rest, ret_bytes, err);
	(void)munmap(bytes, size);
	if (is_good && ftruncate(to, (off_t)*ret_bytes) < 0)
		return error_set_errno(err, errno, "%s", path);
	return is_good;
}

static void add_pages(struct sha256 *hash, const uint8_t *bytes, size_t size, uint64_t at,
		      uint64_t *used)
{
	uint8_t place[8];

	for (size_t i = 0; i + MEMORY_PAGE_SIZE <= size; i += MEMORY_PAGE_SIZE) {
		if (memcmp(bytes + i, zeros, sizeof(zeros)) == 0)
			continue;
		bytes_put_u64(place, at + i);
		sha256_update(hash, place, sizeof(place));
		sha256_update(hash, bytes + i, MEMORY_PAGE_SIZE);
		*used += MEMORY_PAGE_SIZE;
	}
}

bool memory_file_digest(int fd, struct digest *ret, uint64_t *ret_used, struct error *err)
{
	AUTO_FREE uint8_t *buffer = xmalloc(READ_BYTES);
	AUTO_PTR(sha256) struct sha256 *hash = sha256_new();
	off_t at = 0;

	*ret_used = 0;
	while ((at = lseek(fd, at, SEEK_DATA)) >= 0) {
		at -= at % MEMORY_PAGE_SIZE;
		ssize_t size = pread(fd, buffer, READ_BYTES, at);
		if (size < MEMORY_PAGE_SIZE)
			break;
		size -= size % MEMORY_PAGE_SIZE;
		add_pages(hash, buffer, (size_t)size, (uint64_t)at, ret_used);
		at += size;
	}
	if (at >= 0 || errno != ENXIO)
		return error_set(err, ERROR_CORRUPT, "a template's memory cannot be read");
	*ret = sha256_finish_digest(hash);
	return true;
}

bool memory_file_check(const char *path, uint64_t bytes, const struct digest *digest,
		       struct error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct digest found;
	uint64_t used;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set_errno(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != bytes)
		return error_set(err, ERROR_CORRUPT, "the template's memory is not whole");
	/* Another that reads it, by ACL, is whom QEMU runs as. */
	if (st.st_uid != geteuid() || (st.st_mode & S_IRWXO) != 0)
		return error_set(err, ERROR_DENIED, "the template's memory is not this user's");
	return memory_file_digest(fd, &found, &used, err) &&
	       (digest_equal(&found, digest) ||
		error_set(err, ERROR_CORRUPT, "the template's memory is damaged"));
}
