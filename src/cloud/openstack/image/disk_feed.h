/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_IMAGE_DISK_FEED_H
#define I2KIT_CLOUD_OPENSTACK_IMAGE_DISK_FEED_H

/* A disk read once from beginning to end, for whoever sends it, with both digests of what was read. */

#include <stdint.h>

#include "base/progress.h"
#include "base/sha256.h"
#include "base/sha512.h"
#include "cloud/provider.h"

struct disk_hashes {
	struct digest sha256;
	char sha512[SHA512_HEX_SIZE];
};

struct disk_feed {
	const struct cloud_upload *disk; /* borrowed */
	const struct progress *progress; /* borrowed; or NULL */
	const char *step;		 /* of the progress */
	int fd;
	uint64_t at;
	struct sha256 *sha256; /* owned */
	struct sha512 *sha512; /* owned */
	struct error failure;  /* why the last piece did not come */
};
MUST_CHECK bool disk_feed_open(struct disk_feed *feed, const struct cloud_upload *disk,
			       const char *step, const struct progress *progress,
			       struct error *err);
void disk_feed_clear(struct disk_feed *feed);

/* An http_source_fn; arg: the feed. */
long disk_feed_next(void *bytes, size_t size, void *arg);
/*
 * After the last piece. ERROR_CORRUPT when what was read is not what the disk's digest says: it was changed
 * meanwhile.
 */
MUST_CHECK bool disk_feed_end(struct disk_feed *feed, struct disk_hashes *ret, struct error *err);
/* Reads it all, for the digests alone. */
MUST_CHECK bool disk_feed_hash(const struct cloud_upload *disk, const struct progress *progress,
			       struct disk_hashes *ret, struct error *err);

#endif
