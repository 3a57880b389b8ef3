/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_SERVICE_SERVICE_GROUPS_H
#define I2KIT_CLOUD_OPENSTACK_SERVICE_SERVICE_GROUPS_H

/*
 * Security groups of Neutron: one for each pod, which lets in what services lead to it and nothing else; and one
 * that all pods of a scope are in, for "from pods of this scope" to have a meaning. A rule is a text here,
 * "tcp 80 any", "tcp 80 group" or "tcp 80 10.0.0.0/24" (service_fronts.h). Whose a group is its description says.
 */

#include "base/string_list.h"
#include "cloud/openstack/client/client.h"
#include "cloud/provider.h"

struct service_rule {
	char *id;   /* both owned */
	char *text; /* "other …": one that is not ours to understand */
};

struct service_group {
	char *id;		    /* owned */
	char *pod;		    /* owned; NULL: that of all */
	struct service_rule *rules; /* owned; those that let in */
	size_t rule_count;
};

struct service_group_list {
	struct service_group *items; /* owned */
	size_t count;
};
void service_group_list_clear(struct service_group_list *list);

MUST_CHECK bool service_group_list_of(struct openstack_client *client,
				      const struct cloud_scope *scope,
				      struct service_group_list *ret, struct error *err);
/* pod NULL: that of all. NULL: there is none. */
const struct service_group *service_group_find(const struct service_group_list *list,
					       const char *pod);
/* Makes it when it is not there. pod NULL: that of all. */
MUST_CHECK bool service_group_make(struct openstack_client *client, const struct cloud_scope *scope,
				   const char *pod, struct error *err);
/* Adds what is missing of `rules`; with is_exact takes away what is not in them. all: the group of all. */
MUST_CHECK bool service_group_open(struct openstack_client *client,
				   const struct service_group *group, const char *all,
				   const struct string_list *rules, bool is_exact,
				   struct error *err);
/* Adds what a network's addresses of IPv4 are, as "10.0.0.0/24", sorted. */
MUST_CHECK bool service_network_prefixes(struct openstack_client *client, const char *network,
					 struct string_list *ret, struct error *err);
MUST_CHECK bool service_group_delete(struct openstack_client *client, const char *id,
				     struct error *err);

#endif
