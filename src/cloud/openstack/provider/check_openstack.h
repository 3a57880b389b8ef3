/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PROVIDER_CHECK_OPENSTACK_H
#define I2KIT_CLOUD_OPENSTACK_PROVIDER_CHECK_OPENSTACK_H

/* What OpenStack, or its quotas, would refuse, said before anything is sent. */

#include "cloud/openstack/place/places.h"
#include "cloud/openstack/release/release_step.h"
#include "cloud/provider.h"

MUST_CHECK bool openstack_check_app(const struct app *app, struct error *err);
/*
 * The flavor of a pod: its own, the environment's, or the smallest that its limits and its disk fit in.
 * Borrowed of places.
 */
MUST_CHECK bool openstack_check_flavor(const struct openstack_places *places,
				       const struct pod_spec *pod,
				       const struct cloud_release *release,
				       const struct openstack_flavor **ret, struct error *err);
/* That what a release adds before it takes away is within the project's quotas. */
MUST_CHECK bool openstack_check_quotas(struct openstack_client *client,
				       const struct openstack_places *places,
				       const struct wanted *wanted,
				       const struct release_facts *facts, struct error *err);

#endif
