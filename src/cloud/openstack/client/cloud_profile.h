/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_CLIENT_CLOUD_PROFILE_H
#define I2KIT_CLOUD_OPENSTACK_CLIENT_CLOUD_PROFILE_H

/*
 * What `profile: NAME` of a cloud stands for: an entry of clouds-public.yaml, or a public cloud that
 * openstacksdk knows by name: its address and regions. Names that are neither, and URLs, which openstacksdk
 * would fetch, have none.
 */

#include "base/error.h"
#include "cloud/openstack/client/clouds_file.h"

struct cloud_profile {
	struct clouds_file file;	/* clouds-public.yaml */
	struct yaml_documents built_in; /* i2kit's own */
	const struct yaml_node *map;	/* in one of them; NULL: none */
};
void cloud_profile_clear(struct cloud_profile *profile);
MUST_CHECK bool cloud_profile_find(const char *name, struct cloud_profile *ret, struct error *err);

#endif
