/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PROVIDER_DETAILS_OPENSTACK_H
#define I2KIT_CLOUD_OPENSTACK_PROVIDER_DETAILS_OPENSTACK_H

/*
 * details of provider.h: what the newest record of a release says of each pod. User data itself Nova shows to
 * administrators alone.
 */

#include "cloud/provider.h"

MUST_CHECK bool openstack_details(struct cloud *cloud, const struct cloud_scope *scope,
				  struct cloud_status *status, struct error *err);

#endif
