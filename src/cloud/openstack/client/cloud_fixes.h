/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_CLIENT_CLOUD_FIXES_H
#define I2KIT_CLOUD_OPENSTACK_CLIENT_CLOUD_FIXES_H

#include "cloud/openstack/client/cloud_values.h"

/*
 * A cloud in the spelling of today, as openstacksdk makes it of those of yesterday: tenants are
 * projects, endpoint types interfaces, one domain is that of user and project; all that says who
 * somebody is stands below "auth." and, without a value, not at all.
 */
void cloud_fixes_apply(struct cloud_values *values);

#endif
