/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_IMAGE_GLANCE_H
#define I2KIT_CLOUD_OPENSTACK_IMAGE_GLANCE_H

/*
 * Images of Glance (v2) that are ours: in our project, private, tagged "i2kit", with what they are in their
 * properties. A snapshot that somebody makes of a server has all properties of the server's image: only
 * its bytes tell that it is not that image.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "cloud/openstack/client/client.h"
#include "cloud/openstack/image/disk_firmware.h"
#include "cloud/provider.h"

struct glance_image {
	char *id;	      /* all owned */
	char *status;	      /* "queued", "saving", "importing", "active", "killed" … */
	char *hash_algorithm; /* "sha512" unless the cloud is told otherwise; or NULL */
	char *hash;	/* of what was uploaded, in hex; NULL: nothing was, or nobody counted */
	char *verified; /* how much was compared: a verify_kind_name(); NULL: not yet */
	uint64_t size_bytes; /* 0: not known yet */
};
void glance_image_clear(struct glance_image *image);

struct glance_list {
	struct glance_image *items; /* owned; newest first */
	size_t count;
};
void glance_list_clear(struct glance_list *list);

/* Those of a digest. */
MUST_CHECK bool glance_list_of(struct openstack_client *client, const struct digest *digest,
			       struct glance_list *ret, struct error *err);
MUST_CHECK bool glance_get(struct openstack_client *client, const char *id,
			   struct glance_image *ret, struct error *err);

/* What an image is made with: who it is, and the hardware that its disk has drivers for. Owned; pure. */
char *glance_document(const struct cloud_upload *disk, struct disk_firmware firmware);
/* *ret_id is owned; it is queued, and has no bytes yet. */
MUST_CHECK bool glance_create(struct openstack_client *client, const char *document, char **ret_id,
			      struct error *err);
/* The last of an image: protected, and how it was compared, in one change. */
MUST_CHECK bool glance_mark(struct openstack_client *client, const struct glance_image *image,
			    const char *verified, struct error *err);
/* One that is not protected; success too when it is not there. */
MUST_CHECK bool glance_delete(struct openstack_client *client, const char *id, struct error *err);

#endif
