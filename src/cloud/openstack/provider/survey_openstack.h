/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_PROVIDER_SURVEY_OPENSTACK_H
#define I2KIT_CLOUD_OPENSTACK_PROVIDER_SURVEY_OPENSTACK_H

/* survey of provider.h. */

#include "cloud/provider.h"

MUST_CHECK bool openstack_survey(struct cloud *cloud, const struct environment *environment,
				 struct string_list *ret, struct error *err);

#endif
