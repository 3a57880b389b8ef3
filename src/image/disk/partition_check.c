/* SPDX-License-Identifier: Apache-2.0 */
#include "image/disk/partition_check.h"

#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"

#define PIECE_SIZE ((size_t)1 << 20)

bool partition_check_digest(int fd, const char *path, uint64_t offset, uint64_t size,
			    struct digest *ret, struct error *err)
{
	AUTO_PTR(sha256) struct sha256 *hash = sha256_new();
	AUTO_FREE uint8_t *buffer = xmalloc(PIECE_SIZE);

	while (size > 0) {
		size_t wanted = size < PIECE_SIZE ? (size_t)size : PIECE_SIZE;
		ssize_t count = pread(fd, buffer, wanted, (off_t)offset);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return error_set_errno(err, count < 0 ? errno : EIO, "cannot read '%s'",
					       path);
		sha256_update(hash, buffer, (size_t)count);
		offset += (uint64_t)count;
		size -= (uint64_t)count;
	}
	*ret = sha256_finish_digest(hash);
	return true;
}

bool partition_check_all(int fd, const char *path, const struct toc *toc, struct error *err)
{
	for (size_t i = 0; i < toc->partition_count; i++) {
		const struct toc_partition *partition = &toc->partitions[i];
		struct digest digest;
		if (!digest_is_set(&partition->digest))
			continue;
		if (!partition_check_digest(fd, path, partition->offset, partition->size, &digest,
					    err))
			return false;
		if (!digest_equal(&digest, &partition->digest))
			return error_set(err, ERROR_CORRUPT,
					 "partition %u (%s) was changed: it is not %.19s any more",
					 partition->number, partition->name,
					 DIGEST_TEXT(&partition->digest));
	}
	return true;
}
