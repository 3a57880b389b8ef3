/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_SERVICE_SERVICES_PARTS_H
#define I2KIT_CLOUD_OPENSTACK_SERVICE_SERVICES_PARTS_H

/* What services.h has inside: for the files that do its parts. */

#include "cloud/openstack/service/floating_address.h"
#include "cloud/openstack/service/octavia.h"
#include "cloud/openstack/service/octavia_routes.h"
#include "cloud/openstack/service/service_groups.h"
#include "cloud/openstack/service/services.h"

struct services {
	struct openstack_client *client; /* borrowed, as the next two */
	const struct cloud_scope *scope;
	const struct progress *progress;
	struct service_fronts plan;
	struct service_group_list groups; /* what there is, of the last look */
	struct octavia_list balancers;
	struct octavia_routes_list routes;
	struct floating_address_list floating;
	struct string_list prefixes; /* of the network, where the plan needs them */
};

/* Drops what was seen. */
void services_forget(struct services *services);
/* The rules of a pod's group, with the network's addresses in the place of "network". */
void services_rules(const struct services *services, const char *pod, struct string_list *ret);
/* Makes the groups' rules those of the plan; without is_exact nothing is taken away. */
MUST_CHECK bool services_open_groups(struct services *services, bool is_exact, struct error *err);

#endif
