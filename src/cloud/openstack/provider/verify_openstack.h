/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PROVIDER_VERIFY_OPENSTACK_H
#define I2KIT_CLOUD_OPENSTACK_PROVIDER_VERIFY_OPENSTACK_H

/*
 * verify of provider.h: the image that Nova says a server runs from, the hash that Glance made of it when it
 * came, and its bytes as Glance gives them back, against the disk here. What the image says of itself in
 * properties and tags counts for nothing.
 */

#include "cloud/provider.h"

MUST_CHECK bool openstack_verify(struct cloud *cloud, const struct cloud_status *status,
				 const struct cloud_verification *how,
				 const struct progress *progress, struct cloud_verified_list *ret,
				 struct error *err);

#endif
