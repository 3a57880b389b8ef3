/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PROVIDER_DESTROY_OPENSTACK_H
#define I2KIT_CLOUD_OPENSTACK_PROVIDER_DESTROY_OPENSTACK_H

/* destroy of provider.h. */

#include "cloud/provider.h"

MUST_CHECK bool openstack_destroy(struct cloud *cloud, const struct cloud_scope *scope,
				  const struct cloud_destruction *what,
				  const struct progress *progress, struct error *err);

#endif
