/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PROVIDER_APPLY_OPENSTACK_H
#define I2KIT_CLOUD_OPENSTACK_PROVIDER_APPLY_OPENSTACK_H

/* apply_plan and records of provider.h. */

#include "cloud/provider.h"

MUST_CHECK bool openstack_apply_plan(struct cloud *cloud, struct cloud_plan *plan,
				     const struct cloud_deployment *deployment, bool wait,
				     const struct progress *progress, struct error *err);
MUST_CHECK bool openstack_records(struct cloud *cloud, const struct cloud_scope *scope,
				  struct cloud_record_list *ret, struct error *err);

#endif
