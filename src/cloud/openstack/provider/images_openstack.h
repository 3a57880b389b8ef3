/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PROVIDER_IMAGES_OPENSTACK_H
#define I2KIT_CLOUD_OPENSTACK_PROVIDER_IMAGES_OPENSTACK_H

/* plan_image and ensure_image of provider.h. */

#include "cloud/provider.h"

MUST_CHECK bool openstack_plan_image(struct cloud *cloud, const struct cloud_upload *disk,
				     const struct progress *progress, struct cloud_image *ret,
				     struct error *err);
MUST_CHECK bool openstack_ensure_image(struct cloud *cloud, const struct cloud_upload *disk,
				       const struct progress *progress, struct cloud_image *ret,
				       struct error *err);

#endif
