/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PROVIDER_WANTED_OPENSTACK_H
#define I2KIT_CLOUD_OPENSTACK_PROVIDER_WANTED_OPENSTACK_H

/* From an application and an environment to what its release is in OpenStack; and releases as records. */

#include "cloud/openstack/provider/stand_openstack.h"
#include "cloud/openstack/release/wanted.h"

/* Images may be missing. */
MUST_CHECK bool openstack_wanted_make(const struct cloud_deployment *deployment,
				      const struct openstack_places *places,
				      const struct stand *stand, struct wanted *ret,
				      struct error *err);
/* {"wanted":{…},"stand":{…}}; owned. */
char *openstack_release_write(const struct wanted *wanted, const struct stand *stand);
/* *ret_stand may be NULL: not asked for. */
MUST_CHECK bool openstack_release_read(struct openstack_client *client,
				       const struct cloud_scope *scope, const char *text,
				       const struct progress *progress, struct wanted *ret,
				       struct stand **ret_stand, struct error *err);

#endif
