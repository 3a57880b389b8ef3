/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PROVIDER_IMAGE_SWEEP_H
#define I2KIT_CLOUD_OPENSTACK_PROVIDER_IMAGE_SWEEP_H

#include "cloud/openstack/client/client.h"
#include "cloud/provider.h"

/*
 * Images of the scope's application that nothing needs any more: no server of the project was made of one,
 * and no record of any environment names it.
 */
MUST_CHECK bool openstack_remove_images(struct openstack_client *client,
					const struct cloud_scope *scope, struct error *err);

#endif
