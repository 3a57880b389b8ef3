/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_SERVICE_SERVICES_ROUTES_H
#define I2KIT_CLOUD_OPENSTACK_SERVICE_SERVICES_ROUTES_H

/*
 * Routes as a part of services.h. New routes are a new balancer beside the old one, and the old one's address
 * moves to it in one step when all its pools have members: at the end of services_set_members(). The old one goes
 * when the release is done.
 */

#include "base/error.h"
#include "base/string_list.h"
#include "cloud/provider.h"

struct floating_address;
struct services;

/* Whether the address is that of routes, and no Service's. */
bool services_is_route_address(const struct floating_address *address);

/* The balancer, and an address; with the first balancer it leads there at once. */
MUST_CHECK bool services_prepare_routes(struct services *services, struct error *err);
/* Adds to the counts, as services_member() has them. */
void services_count_routes(const struct services *services, const char *pod, const char *address,
			   size_t *pools, size_t *found);
/* In the old balancer, too: until it goes, it answers. Then the address moves, if it can. */
MUST_CHECK bool services_set_route_members(struct services *services, const char *pod,
					   const struct string_list *addresses, struct error *err);
void services_status_routes(const struct services *services, struct cloud_status *status);
void services_list_routes(const struct services *services, struct cloud_plan *plan);
MUST_CHECK bool services_tidy_routes(struct services *services, struct error *err);
/* Balancers alone: addresses are gone by then. */
MUST_CHECK bool services_destroy_routes(struct services *services, struct error *err);

#endif
