/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PROVIDER_PROVIDER_OPENSTACK_H
#define I2KIT_CLOUD_OPENSTACK_PROVIDER_PROVIDER_OPENSTACK_H

#include "cloud/provider.h"

struct openstack_client;

extern const struct cloud_provider CLOUD_PROVIDER_OPENSTACK;

/* For this folder's other files; borrowed. */
struct openstack_client *provider_openstack_client(struct cloud *cloud);

#endif
