/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "image/oci/archive_find.h"
#include "image/oci/archive_import.h"
#include "image/oci/source_walk.h"

enum { CHUNK_SIZE = 1 << 20 };

struct file_reader {
	int fd;
	char *chunk; /* owned */
};

static ssize_t read_file(void *arg, const void **ret_bytes, struct error *err)
{
	const struct file_reader *reader = arg;
	for (;;) {
		ssize_t got = read(reader->fd, reader->chunk, CHUNK_SIZE);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			error_set_errno(err, errno, "read");
		*ret_bytes = reader->chunk;
		return got;
	}
}

bool source_archive_fetch(const struct source_request *request, struct image_ref *ret,
			  struct error *err)
{
	struct stat st;
	AUTO(archive_listing_clear) struct archive_listing listing = {0};
	const struct reference *reference = request->reference;
	AUTO_CLOSE int fd = open(reference->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set_errno(err, errno, "%s", reference->path);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_INVALID, "%s is not a file", reference->path);
	AUTO_FREE char *stamp =
		xasprintf("%lld.%09ld:%lld:%llu", (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
			  (long long)st.st_size, (unsigned long long)st.st_ino);
	if (source_reuse(request, stamp, ret))
		return true;
	AUTO_FREE char *chunk = xmalloc(CHUNK_SIZE);
	struct file_reader reader = {.fd = fd, .chunk = chunk};
	ret->source = xstrdup(reference->path);
	ret->stamp = TAKE_PTR(stamp);
	ret->time_ns = clock_wall_ns();
	bool is_found = archive_import(request, read_file, &reader, &listing, err) &&
			(reference->transport == TRANSPORT_OCI_ARCHIVE
				 ? archive_find_oci(request, &listing, ret, err)
				 : archive_find_docker(request, &listing, ret, err));
	return is_found || error_prefix(err, "%s", reference->path);
}
