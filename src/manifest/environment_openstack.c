/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of `provider:` in environment.yml that OpenStack alone has. */
#include "manifest/environment_openstack.h"

#include <string.h>

#include "base/alloc.h"
#include "manifest/environment.h"
#include "manifest/loader.h"
#include "manifest/read_value.h"
#include "manifest/yaml_node.h"

static void read_secrets(struct loader *loader, const struct yaml_node *node, void *target)
{
	bool *is_open = target;
	if (node->kind == YAML_SCALAR && strcmp(node->text, "user-data") == 0)
		*is_open = true;
	else
		loader_error(loader, node, "write secrets: user-data", "secrets is user-data");
}

#define AT(member) offsetof(struct environment, member)
static const struct field fields[] = {
	{"cloud", FIELD_USED, read_text, AT(profile), NULL,
	 "OpenStack: the name in clouds.yaml; without it OS_CLOUD, or the only one"},
	{"external_network", FIELD_USED, read_text, AT(openstack.external_network), NULL,
	 "OpenStack: where floating IPs come from"},
	{"network", FIELD_USED, read_text, AT(openstack.network), NULL,
	 "OpenStack: the instances' network"},
	{"secrets", FIELD_USED, read_secrets, AT(openstack.has_open_secrets), NULL,
	 "OpenStack: Secrets may be in the instances' user data, which every member of the project "
	 "can get at; without it a pod with Secrets is refused",
	 .takes = "user-data"},
};
#undef AT
const struct field_set environment_openstack_fields = {"provider", fields, ARRAY_SIZE(fields),
						       &environment_provider_fields};
