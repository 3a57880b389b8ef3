/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PROVIDER_PLAN_OPENSTACK_H
#define I2KIT_CLOUD_OPENSTACK_PROVIDER_PLAN_OPENSTACK_H

/* plan, plan_rollback and free_plan of provider.h. */

#include "cloud/openstack/provider/stand_openstack.h"
#include "cloud/openstack/release/wanted.h"
#include "cloud/provider.h"

/* What a plan keeps for its apply: cloud_plan.detail. */
struct openstack_plan_detail {
	struct cloud_scope scope;
	struct wanted wanted;
	struct stand *stand; /* owned */
	char *note;	     /* owned; for the record */
	uint64_t patience_ms;
};

MUST_CHECK bool openstack_plan(struct cloud *cloud, const struct cloud_deployment *deployment,
			       bool wait, const struct progress *progress, struct cloud_plan *ret,
			       struct error *err);
MUST_CHECK bool openstack_plan_rollback(struct cloud *cloud, const struct cloud_scope *scope,
					unsigned number, bool wait, const struct progress *progress,
					struct cloud_plan *ret, struct error *err);
void openstack_free_plan(struct cloud_plan *plan);

#endif
