/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of `provider:` in environment.yml that OpenStack alone has. */
#include "manifest/environment_openstack.h"

#include <string.h>

#include "base/alloc.h"
#include "manifest/environment.h"
#include "manifest/loader.h"
#include "manifest/read_value.h"

#define AT(member) offsetof(struct environment, member)
static const struct field fields[] = {
	{"cloud", FIELD_USED, read_text, AT(profile), NULL,
	 "OpenStack: the name in clouds.yaml; without it OS_CLOUD, or the only one"},
	{"external_network", FIELD_USED, read_text, AT(openstack.external_network), NULL,
	 "OpenStack: where floating IPs come from"},
	{"network", FIELD_USED, read_text, AT(openstack.network), NULL,
	 "OpenStack: the instances' network"},
};
#undef AT
const struct field_set environment_openstack_fields = {"provider", fields, ARRAY_SIZE(fields),
						       &environment_provider_fields};
