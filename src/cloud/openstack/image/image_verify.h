/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_IMAGE_IMAGE_VERIFY_H
#define I2KIT_CLOUD_OPENSTACK_IMAGE_IMAGE_VERIFY_H

/*
 * Whether an image holds what the disk holds: by the hash that Glance made of what it was sent, and by what
 * it gives back of what it stored.
 */

#include "cloud/openstack/image/disk_feed.h"
#include "cloud/openstack/image/glance.h"

enum image_hash {
	IMAGE_HASH_EQUAL,
	IMAGE_HASH_DIFFERS,
	IMAGE_HASH_UNKNOWN, /* Glance made none, or one that we cannot make */
};
/* Pure. */
enum image_hash image_verify_hash(const struct glance_image *image,
				  const struct disk_hashes *hashes);

/*
 * ERROR_CORRUPT when something else comes back. by_chance: of a full one, read so many pieces of 64 KiB
 * that nobody could foresee; 0: all. *ret_verified: how many bytes were compared.
 */
MUST_CHECK bool image_verify_run(struct openstack_client *client, const struct glance_image *image,
				 const struct cloud_upload *disk, unsigned by_chance,
				 const struct progress *progress, uint64_t *ret_verified,
				 struct error *err);

#endif
