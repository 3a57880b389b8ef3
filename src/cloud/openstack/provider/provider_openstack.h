/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PROVIDER_PROVIDER_OPENSTACK_H
#define I2KIT_CLOUD_OPENSTACK_PROVIDER_PROVIDER_OPENSTACK_H

#include "cloud/provider.h"

extern const struct cloud_provider CLOUD_PROVIDER_OPENSTACK;

#endif
