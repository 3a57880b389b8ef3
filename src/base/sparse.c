/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sparse.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

/* A full file system writes less before it says so. */
static bool write_at(int to, const char *bytes, size_t size, off_t offset)
{
	for (size_t done = 0; done < size;) {
		ssize_t count = pwrite(to, bytes + done, size - done, offset + (off_t)done);
		if (count < 0 && errno != EINTR)
			return false;
		if (count > 0)
			done += (size_t)count;
	}
	return true;
}

static bool copy_range(int from, int to, off_t start, off_t end, struct error *err)
{
	while (start < end) {
		off_t in = start, out = start;
		ssize_t count = copy_file_range(from, &in, to, &out, (size_t)(end - start), 0);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			break;
		start += count;
	}
	AUTO_FREE char *buffer = xmalloc((size_t)1 << 20);
	while (start < end) {
		size_t wanted = end - start < 1 << 20 ? (size_t)(end - start) : (size_t)1 << 20;
		ssize_t count = pread(from, buffer, wanted, start);
		if (count <= 0)
			return error_set_errno(err, count < 0 ? errno : EIO, "cannot read it");
		if (!write_at(to, buffer, (size_t)count, start))
			return error_set_errno(err, errno, "cannot write it");
		start += count;
	}
	return true;
}

bool fd_copy_sparse(int from, int to, struct error *err)
{
	struct stat st;
	if (fstat(from, &st) != 0 || ftruncate(to, st.st_size) != 0)
		return error_set_errno(err, errno, "cannot copy it");
	for (off_t at = 0; at < st.st_size;) {
		off_t start = lseek(from, at, SEEK_DATA);
		if (start < 0 && errno == ENXIO)
			break;
		off_t end = start < 0 ? st.st_size : lseek(from, start, SEEK_HOLE);
		start = start < 0 ? at : start;
		end = end < 0 ? st.st_size : end;
		if (!copy_range(from, to, start, end, err))
			return false;
		at = end;
	}
	return true;
}
