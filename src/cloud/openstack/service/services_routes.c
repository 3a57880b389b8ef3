/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/service/services_routes.h"

#include <string.h>

#include "base/alloc.h"
#include "cloud/openstack/service/services_parts.h"

/* No Service has such a name. */
#define ROUTES ".routes"

bool services_is_route_address(const struct floating_address *address)
{
	return strcmp(address->service, ROUTES) == 0;
}

static const struct octavia_routes *wanted_of(const struct services *services)
{
	return octavia_routes_find(&services->routes, &services->plan.routes);
}

static bool leads_to(const struct floating_address *floating, const struct octavia_routes *routes)
{
	return floating->port != NULL && routes->balancer.port != NULL &&
	       strcmp(floating->port, routes->balancer.port) == 0;
}

/* --- making --------------------------------------------------------------------------------- */

bool services_prepare_routes(struct services *services, struct error *err)
{
	const struct service_routes *wanted = &services->plan.routes;
	bool is_first = services->routes.count == 0;

	if (wanted->provider == NULL)
		return true;
	if (wanted_of(services) == NULL &&
	    (!octavia_routes_create(services->client, services->scope, wanted,
				    services->plan.network, services->progress, err) ||
	     !services_look(services, err)))
		return false;
	const struct octavia_routes *routes = wanted_of(services);
	if (routes == NULL)
		return error_set(err, ERROR_NOT_FOUND,
				 "the load balancer of routes was taken away");
	if (floating_address_find(&services->floating, ROUTES) != NULL)
		return true;
	return floating_address_make(services->client, services->scope, ROUTES,
				     services->plan.external,
				     is_first ? routes->balancer.port : NULL, err) ||
	       error_prefix(err, "routes");
}

/* --- members -------------------------------------------------------------------------------- */

static bool is_member(const struct octavia_route_pool *pool, const char *pod, const char *address,
		      uint16_t target)
{
	for (size_t i = 0; i < pool->pool.member_count; i++) {
		const struct octavia_member *member = &pool->pool.members[i];
		if (member->pod != NULL && strcmp(member->pod, pod) == 0 &&
		    strcmp(member->address, address) == 0 && member->port == target)
			return true;
	}
	return false;
}

void services_count_routes(const struct services *services, const char *pod, const char *address,
			   size_t *pools, size_t *found)
{
	const struct service_routes *plan = &services->plan.routes;
	const struct octavia_routes *routes = wanted_of(services);

	for (size_t i = 0; i < plan->pool_count; i++) {
		const struct service_route_pool *wanted = &plan->pools[i];
		if (!string_list_has(&wanted->pods, pod))
			continue;
		const struct octavia_route_pool *pool =
			routes != NULL ? octavia_routes_pool(routes, wanted->name) : NULL;
		(*pools)++;
		*found += pool != NULL && is_member(pool, pod, address, wanted->target);
	}
}

/* With is_done, whatever its pools have: who is to come has come. */
static bool move_address(struct services *services, bool is_done, struct error *err)
{
	const struct octavia_routes *routes = wanted_of(services);
	const struct floating_address *floating =
		floating_address_find(&services->floating, ROUTES);

	if (routes == NULL || floating == NULL || leads_to(floating, routes) ||
	    (!is_done && !octavia_routes_are_filled(routes)))
		return true;
	return floating_address_lead(services->client, floating->id, routes->balancer.port, err);
}

bool services_set_route_members(struct services *services, const char *pod,
				const struct string_list *addresses, struct error *err)
{
	const struct service_routes *plan = &services->plan.routes;
	bool is_asked = false;

	for (size_t i = 0; i < plan->pool_count; i++)
		is_asked = is_asked || string_list_has(&plan->pools[i].pods, pod);
	if (!is_asked)
		return true;
	for (size_t i = 0; i < services->routes.count; i++)
		if (!octavia_routes_set_members(services->client, &services->routes.items[i], plan,
						pod, addresses, services->progress, err))
			return false;
	return services_look(services, err) && move_address(services, false, err);
}

/* --- what people see ------------------------------------------------------------------------ */

void services_status_routes(const struct services *services, struct cloud_status *status)
{
	const struct floating_address *floating =
		floating_address_find(&services->floating, ROUTES);

	if (floating == NULL)
		return;
	status->routes_address = xstrdup(floating->address);
	for (size_t i = 0; i < services->routes.count; i++) {
		const struct octavia_routes *routes = &services->routes.items[i];
		for (size_t p = 0; p < routes->policy_count && leads_to(floating, routes); p++)
			*ARRAY_APPEND(status->routes, status->route_count) = (struct cloud_route){
				.text = xstrdup(routes->policies[p].text),
				.target = xstrdup(routes->policies[p].target),
				.is_http = true,
			};
	}
}

void services_list_routes(const struct services *services, struct cloud_plan *plan)
{
	bool is_wanted = services->plan.routes.provider != NULL;
	bool is_there = services->routes.count > 0;
	bool has_address = floating_address_find(&services->floating, ROUTES) != NULL;

	if (is_wanted && wanted_of(services) == NULL)
		cloud_plan_add(plan, is_there ? CLOUD_MODIFY : CLOUD_ADD, "routes", "load balancer",
			       is_there);
	if (!is_wanted && is_there)
		cloud_plan_add(plan, CLOUD_REMOVE, "routes", "load balancer", false);
	if (is_wanted != has_address)
		cloud_plan_add(plan, is_wanted ? CLOUD_ADD : CLOUD_REMOVE, "routes",
			       "floating address", false);
}

/* --- what goes ------------------------------------------------------------------------------ */

/* Of two addresses, made by two runs at once, the first that is found stays. */
static bool tidy_addresses(struct services *services, struct error *err)
{
	const struct floating_address *kept =
		services->plan.routes.provider != NULL
			? floating_address_find(&services->floating, ROUTES)
			: NULL;

	for (size_t i = 0; i < services->floating.count; i++) {
		const struct floating_address *one = &services->floating.items[i];
		if (services_is_route_address(one) && one != kept &&
		    !floating_address_delete(services->client, one->id, err))
			return false;
	}
	return true;
}

/* The address moves before the balancer goes that it led to. */
bool services_tidy_routes(struct services *services, struct error *err)
{
	const struct octavia_routes *wanted = wanted_of(services);

	if (!move_address(services, true, err) || !tidy_addresses(services, err))
		return false;
	for (size_t i = 0; i < services->routes.count; i++)
		if (&services->routes.items[i] != wanted &&
		    !octavia_delete(services->client, services->routes.items[i].balancer.id,
				    services->progress, err))
			return error_prefix(err, "routes");
	return true;
}

bool services_destroy_routes(struct services *services, struct error *err)
{
	for (size_t i = 0; i < services->routes.count; i++)
		if (!octavia_delete(services->client, services->routes.items[i].balancer.id,
				    services->progress, err))
			return error_prefix(err, "routes");
	return true;
}
