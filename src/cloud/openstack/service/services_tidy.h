/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_SERVICE_SERVICES_TIDY_H
#define I2KIT_CLOUD_OPENSTACK_SERVICE_SERVICES_TIDY_H

/* What of services.h comes and goes with a plan, and what goes with the scope. */

#include "base/error.h"
#include "cloud/provider.h"

struct services;

/* What prepare and tidy would do, as lines of a plan. */
void services_changes(const struct services *services, struct cloud_plan *plan);
/* What the plan does not want goes. A group that a port is still in stays, until the next time. */
MUST_CHECK bool services_tidy(struct services *services, struct error *err);
/* All of the scope, whatever the plan says; after its ports. */
MUST_CHECK bool services_destroy(struct services *services, struct error *err);

#endif
