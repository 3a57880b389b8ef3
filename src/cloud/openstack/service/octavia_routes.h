/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_OPENSTACK_SERVICE_OCTAVIA_ROUTES_H
#define I2KIT_CLOUD_OPENSTACK_SERVICE_OCTAVIA_ROUTES_H

/*
 * The load balancer of routes (service_routes.h): one listener, a pool for each port of a Service, and the layer 7
 * policies, all made in one request. It is never changed but for its members: other routes are another balancer,
 * which takes over when its pools have members, so no request meets half of a change. Its description says what
 * routes it has, as "routes=DIGEST".
 */

#include "base/progress.h"
#include "cloud/openstack/client/client.h"
#include "cloud/openstack/service/octavia.h"
#include "cloud/openstack/service/service_routes.h"
#include "cloud/provider.h"

struct octavia_route_pool {
	char *name; /* owned */
	struct octavia_listener pool;
};

struct octavia_route_policy {
	char *text; /* both owned; for people */
	char *target;
	int64_t position;
};

struct octavia_routes {
	struct octavia_balancer balancer;
	char *version;			  /* owned; of its routes */
	struct octavia_route_pool *pools; /* owned */
	size_t pool_count;
	struct octavia_route_policy *policies; /* owned; in their order */
	size_t policy_count;
};

struct octavia_routes_list {
	struct octavia_routes *items; /* owned; mostly one */
	size_t count;
};
void octavia_routes_list_clear(struct octavia_routes_list *list);

/* All of the scope. */
MUST_CHECK bool octavia_routes_list_of(struct openstack_client *client,
				       const struct cloud_scope *scope,
				       struct octavia_routes_list *ret, struct error *err);
/* The one that has these routes; NULL: there is none. */
const struct octavia_routes *octavia_routes_find(const struct octavia_routes_list *list,
						 const struct service_routes *routes);
/* NULL: it has none of that name. */
const struct octavia_route_pool *octavia_routes_pool(const struct octavia_routes *routes,
						     const char *name);
/* Whether every pool that leads somewhere has a member. */
bool octavia_routes_are_filled(const struct octavia_routes *routes);

/* What tells these routes from others; owned, 16 hex digits. Pure, as the next. */
char *octavia_routes_version(const struct service_routes *routes);
char *octavia_routes_document(const struct cloud_scope *scope, const struct service_routes *routes,
			      const char *network);
/* Until it is ACTIVE. */
MUST_CHECK bool octavia_routes_create(struct openstack_client *client,
				      const struct cloud_scope *scope,
				      const struct service_routes *routes, const char *network,
				      const struct progress *progress, struct error *err);
/* Makes the pod's members of all pools that lead to it these. */
MUST_CHECK bool octavia_routes_set_members(struct openstack_client *client,
					   const struct octavia_routes *has,
					   const struct service_routes *routes, const char *pod,
					   const struct string_list *addresses,
					   const struct progress *progress, struct error *err);

#endif
