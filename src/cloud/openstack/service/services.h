/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_SERVICE_SERVICES_H
#define I2KIT_CLOUD_OPENSTACK_SERVICE_SERVICES_H

/*
 * What stands before the servers of a scope, as one thing: what is wanted (service_fronts.h) and what there is.
 * It outlives releases: prepare adds what a release needs, members come and go, tidy takes away what no service
 * wants any more. Each may be killed anywhere and done again.
 */

#include "base/progress.h"
#include "cloud/openstack/client/client.h"
#include "cloud/openstack/service/service_fronts.h"
#include "cloud/provider.h"

enum services_membership {
	SERVICES_NO_MEMBER,
	SERVICES_SOME_MEMBER, /* of some of its pod's pools: a service was added */
	SERVICES_MEMBER,      /* of all that there are; or there are none */
};

struct services;
/* Takes the plan, and leaves an empty one; client, scope and progress (which may be NULL) must live on. */
struct services *services_new(struct openstack_client *client, const struct cloud_scope *scope,
			      struct service_fronts *plan, const struct progress *progress);
void services_free(struct services *services);
DEFINE_AUTO_PTR(services, services_free)
const struct service_fronts *services_plan(const struct services *services);

/* Sees what there is; before all that follows. */
MUST_CHECK bool services_look(struct services *services, struct error *err);
/* Makes what is missing, and looks again; nothing is taken away. */
MUST_CHECK bool services_prepare(struct services *services, struct error *err);

/* Adds the ids of the groups that a pod's ports are in. */
void services_groups(const struct services *services, const char *pod, struct string_list *ret);
/* Adds the services that pods have an address for, in the plan's order. Pure. */
void services_addressed(const struct services *services, struct string_list *ret);
/* That address; borrowed; NULL: it has none (yet). */
const char *services_address_of(const struct services *services, const char *service);
/* port: Neutron's id of the server's port. */
enum services_membership services_member(const struct services *services, const char *pod,
					 const char *address, const char *port);
/* Exactly these servers answer for the pod, the newest first; until that holds. */
MUST_CHECK bool services_set_members(struct services *services, const char *pod,
				     const struct string_list *addresses,
				     const struct string_list *ports, struct error *err);
/* Public addresses, and routes. */
void services_status(const struct services *services, struct cloud_status *status);

#endif
