/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/image/disk_feed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define PIECE_BYTES ((size_t)1 << 20)

bool disk_feed_open(struct disk_feed *feed, const struct cloud_upload *disk, const char *step,
		    const struct progress *progress, struct error *err)
{
	*feed = (struct disk_feed){
		.disk = disk, .progress = progress, .step = step, .failure = ERROR_INIT};
	feed->fd = open(disk->path, O_RDONLY | O_CLOEXEC);
	if (feed->fd < 0)
		return error_set_errno(err, errno, "cannot open %s", disk->path);
	feed->sha256 = sha256_new();
	feed->sha512 = sha512_new();
	progress_start(progress, step, disk->pod, PROGRESS_BYTES, disk->size_bytes);
	return true;
}

void disk_feed_clear(struct disk_feed *feed)
{
	auto_close(&feed->fd);
	sha256_free(feed->sha256);
	sha512_free(feed->sha512);
	error_clear(&feed->failure);
	*feed = (struct disk_feed){.fd = -1};
}

long disk_feed_next(void *bytes, size_t size, void *arg)
{
	struct disk_feed *feed = arg;
	uint64_t left = feed->disk->size_bytes - feed->at;
	size_t wanted = left < size ? (size_t)left : size;

	if (progress_is_cancelled(feed->progress)) {
		(void)error_set(&feed->failure, ERROR_CANCELLED, "stopped");
		return -1;
	}
	ssize_t got = wanted > 0 ? pread(feed->fd, bytes, wanted, (off_t)feed->at) : 0;
	if (got < 0) {
		(void)error_set_errno(&feed->failure, errno, "cannot read %s", feed->disk->path);
		return -1;
	}
	if (got == 0 && wanted > 0) {
		(void)error_set(&feed->failure, ERROR_CORRUPT, "%s became shorter meanwhile",
				feed->disk->path);
		return -1;
	}
	sha256_update(feed->sha256, bytes, (size_t)got);
	sha512_update(feed->sha512, bytes, (size_t)got);
	feed->at += (uint64_t)got;
	progress_update(feed->progress, feed->step, feed->disk->pod, PROGRESS_BYTES, feed->at,
			feed->disk->size_bytes);
	return (long)got;
}

bool disk_feed_end(struct disk_feed *feed, struct disk_hashes *ret, struct error *err)
{
	const struct cloud_upload *disk = feed->disk;

	if (feed->at != disk->size_bytes)
		return error_set(err, ERROR_NETWORK,
				 "the image service took a part of the disk alone");
	ret->sha256 = sha256_finish_digest(feed->sha256);
	sha512_finish_hex(feed->sha512, ret->sha512);
	return digest_equal(&ret->sha256, &disk->digest) ||
	       error_set(err, ERROR_CORRUPT, "%s is not %s any more", disk->path,
			 DIGEST_TEXT(&disk->digest));
}

bool disk_feed_hash(const struct cloud_upload *disk, const struct progress *progress,
		    struct disk_hashes *ret, struct error *err)
{
	AUTO(disk_feed_clear) struct disk_feed feed = {.fd = -1};
	AUTO_FREE void *piece = xmalloc(PIECE_BYTES);
	long got;

	if (!disk_feed_open(&feed, disk, "hash", progress, err))
		return false;
	while ((got = disk_feed_next(piece, PIECE_BYTES, &feed)) > 0)
		continue;
	if (got < 0)
		return error_move(err, &feed.failure);
	progress_done(progress, "hash", disk->pod, NULL);
	return disk_feed_end(&feed, ret, err);
}
