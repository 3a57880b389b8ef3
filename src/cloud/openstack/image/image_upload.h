/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_IMAGE_IMAGE_UPLOAD_H
#define I2KIT_CLOUD_OPENSTACK_IMAGE_IMAGE_UPLOAD_H

/*
 * A disk into an image of Glance, as one stream:
 *
 *	queued ──PUT file──▶ saving ──▶ active
 *	   └────PUT stage──▶ uploading ──POST import──▶ importing ──▶ active
 *
 * The second way where the cloud forbids the first. Glance cannot go on with a part: an image whose upload
 * broke off is deleted, and the whole is sent again.
 */

#include "cloud/openstack/image/disk_feed.h"
#include "cloud/openstack/image/glance.h"

/*
 * Ends with an active image that holds what the hashes say, as far as the cloud counted it. On an error
 * nothing is left of it.
 */
MUST_CHECK bool image_upload_run(struct openstack_client *client, const struct cloud_upload *disk,
				 const struct progress *progress, struct glance_image *ret,
				 struct disk_hashes *ret_hashes, struct error *err);
/* Until it is active, or not on its way there any more; that is not an error. */
MUST_CHECK bool image_upload_wait(struct openstack_client *client, const char *id,
				  uint64_t timeout_ms, const struct progress *progress,
				  struct glance_image *ret, struct error *err);

#endif
