/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/service/services.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cloud/openstack/service/services_parts.h"
#include "cloud/openstack/service/services_routes.h"

struct services *services_new(struct openstack_client *client, const struct cloud_scope *scope,
			      struct service_fronts *plan, const struct progress *progress)
{
	struct services *services = xcalloc(1, sizeof(*services));

	services->client = client;
	services->scope = scope;
	services->progress = progress;
	services->plan = *plan;
	*plan = (struct service_fronts){0};
	return services;
}

void services_forget(struct services *services)
{
	service_group_list_clear(&services->groups);
	octavia_list_clear(&services->balancers);
	octavia_routes_list_clear(&services->routes);
	floating_address_list_clear(&services->floating);
	string_list_clear(&services->prefixes);
}

void services_free(struct services *services)
{
	if (services == NULL)
		return;
	services_forget(services);
	service_fronts_clear(&services->plan);
	free(services);
}

const struct service_fronts *services_plan(const struct services *services)
{
	return &services->plan;
}

static bool look_at_balancers(struct services *services, struct error *err)
{
	AUTO(error_clear) struct error failure = ERROR_INIT;

	if (!openstack_client_has(services->client, &OPENSTACK_BALANCER, &failure))
		return failure.kind == ERROR_NONE || error_move(err, &failure);
	return octavia_list_of(services->client, services->scope, &services->balancers, err) &&
	       octavia_routes_list_of(services->client, services->scope, &services->routes, err);
}

/* Only a balancer that is a VM speaks from addresses of the network. */
static bool look_at_network(struct services *services, struct error *err)
{
	const struct service_fronts *plan = &services->plan;
	bool has_vms = plan->routes.provider != NULL ||
		       (plan->provider != NULL && strcmp(plan->provider, "ovn") != 0);

	return !has_vms || plan->network == NULL ||
	       service_network_prefixes(services->client, plan->network, &services->prefixes, err);
}

bool services_look(struct services *services, struct error *err)
{
	services_forget(services);
	return service_group_list_of(services->client, services->scope, &services->groups, err) &&
	       floating_address_list_of(services->client, services->scope, &services->floating,
					err) &&
	       look_at_balancers(services, err) && look_at_network(services, err);
}

/* --- making --------------------------------------------------------------------------------- */

static bool make_groups(struct services *services, struct error *err)
{
	bool is_new = false;

	for (size_t i = 0; i <= services->plan.pods.count; i++) {
		const char *pod = i == 0 ? NULL : services->plan.pods.items[i - 1];
		if (service_group_find(&services->groups, pod) != NULL)
			continue;
		if (!service_group_make(services->client, services->scope, pod, err))
			return false;
		is_new = true;
	}
	if (!is_new)
		return true;
	service_group_list_clear(&services->groups);
	return service_group_list_of(services->client, services->scope, &services->groups, err);
}

void services_rules(const struct services *services, const char *pod, struct string_list *ret)
{
	AUTO(string_list_clear) struct string_list rules = STRING_LIST_INIT;
	static const char word[] = " network";

	service_fronts_rules(&services->plan, pod, &rules);
	for (size_t i = 0; i < rules.count; i++) {
		const char *end = strstr(rules.items[i], word);
		if (end == NULL)
			string_list_add(ret, rules.items[i]);
		for (size_t p = 0; end != NULL && p < services->prefixes.count; p++)
			string_list_addf(ret, "%.*s %s", (int)(end - rules.items[i]),
					 rules.items[i], services->prefixes.items[p]);
	}
}

bool services_open_groups(struct services *services, bool is_exact, struct error *err)
{
	const struct service_group *all = service_group_find(&services->groups, NULL);

	for (size_t i = 0; i < services->plan.pods.count; i++) {
		const char *pod = services->plan.pods.items[i];
		const struct service_group *group = service_group_find(&services->groups, pod);
		AUTO(string_list_clear) struct string_list rules = STRING_LIST_INIT;
		if (all == NULL || group == NULL)
			return error_set(err, ERROR_NOT_FOUND,
					 "pod '%s': its security group was taken away", pod);
		services_rules(services, pod, &rules);
		if (!service_group_open(services->client, group, all->id, &rules, is_exact, err))
			return error_prefix(err, "pod '%s'", pod);
	}
	return true;
}

static bool add_listeners(struct services *services, const struct octavia_balancer *balancer,
			  const struct service_front *front, bool *ret_is_new, struct error *err)
{
	for (size_t i = 0; i < front->port_count; i++) {
		if (octavia_listener_find(balancer, &front->ports[i]) != NULL)
			continue;
		if (!octavia_add_listener(services->client, balancer, &front->ports[i],
					  services->progress, err))
			return false;
		*ret_is_new = true;
	}
	return true;
}

/* Of listeners that have none, now or from a run that was killed. */
static bool add_pools(struct services *services, const struct service_front *front,
		      struct error *err)
{
	const struct octavia_balancer *balancer =
		octavia_find(&services->balancers, front->service);

	for (size_t i = 0; balancer != NULL && i < front->port_count; i++) {
		const struct octavia_listener *listener =
			octavia_listener_find(balancer, &front->ports[i]);
		if (listener != NULL && listener->pool == NULL &&
		    !octavia_add_pool(services->client, balancer, listener, front, &front->ports[i],
				      services->plan.provider, services->progress, err))
			return false;
	}
	return true;
}

static bool make_balancer(struct services *services, const struct service_front *front,
			  struct error *err)
{
	const struct octavia_balancer *balancer =
		octavia_find(&services->balancers, front->service);
	bool is_new = false;

	if (balancer == NULL)
		return octavia_make(services->client, services->scope, front,
				    services->plan.provider, services->plan.network,
				    services->progress, err);
	if (!add_listeners(services, balancer, front, &is_new, err) ||
	    (is_new && !services_look(services, err)) || !add_pools(services, front, err))
		return error_prefix(err, "service '%s'", front->service);
	return true;
}

static bool make_floating(struct services *services, const struct service_front *front,
			  struct error *err)
{
	const struct floating_address *floating =
		floating_address_find(&services->floating, front->service);
	const struct octavia_balancer *balancer =
		octavia_find(&services->balancers, front->service);
	const char *port = balancer != NULL ? balancer->port : NULL;

	if (floating == NULL)
		return floating_address_make(services->client, services->scope, front->service,
					     services->plan.external, port, err);
	if (!front->is_balanced || port == NULL ||
	    (floating->port != NULL && strcmp(floating->port, port) == 0))
		return true;
	return floating_address_lead(services->client, floating->id, port, err);
}

bool services_prepare(struct services *services, struct error *err)
{
	const struct service_fronts *plan = &services->plan;

	if (!make_groups(services, err) || !services_open_groups(services, false, err))
		return false;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->fronts[i].is_balanced && !make_balancer(services, &plan->fronts[i], err))
			return false;
	if (!services_look(services, err))
		return false;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->fronts[i].is_public && !make_floating(services, &plan->fronts[i], err))
			return error_prefix(err, "service '%s'", plan->fronts[i].service);
	return services_prepare_routes(services, err) && services_look(services, err);
}

/* --- what it is for its servers ------------------------------------------------------------- */

void services_groups(const struct services *services, const char *pod, struct string_list *ret)
{
	const struct service_group *all = service_group_find(&services->groups, NULL);
	const struct service_group *own = service_group_find(&services->groups, pod);

	if (all != NULL)
		string_list_add(ret, all->id);
	if (own != NULL)
		string_list_add(ret, own->id);
}

void services_addressed(const struct services *services, struct string_list *ret)
{
	for (size_t i = 0; i < services->plan.count; i++)
		string_list_add(ret, services->plan.fronts[i].service);
}

const char *services_address_of(const struct services *services, const char *service)
{
	const struct service_front *front = service_fronts_find(&services->plan, service);
	const struct octavia_balancer *balancer = octavia_find(&services->balancers, service);
	const struct floating_address *floating =
		floating_address_find(&services->floating, service);

	if (front == NULL)
		return NULL;
	if (front->is_balanced)
		return balancer != NULL ? balancer->address : NULL;
	return floating != NULL ? floating->address : NULL;
}

/* Adds to the counts how many of a balancer's pools there are for a pod, and of how many it is a member. */
static void count_pools(const struct services *services, const struct service_front *front,
			const char *pod, const char *address, size_t *pools, size_t *found)
{
	const struct octavia_balancer *balancer =
		octavia_find(&services->balancers, front->service);

	for (size_t i = 0; balancer != NULL && i < front->port_count; i++) {
		const struct octavia_listener *listener =
			octavia_listener_find(balancer, &front->ports[i]);
		(*pools)++;
		for (size_t m = 0; listener != NULL && m < listener->member_count; m++) {
			const struct octavia_member *member = &listener->members[m];
			if (strcmp(member->address, address) == 0 && member->pod != NULL &&
			    strcmp(member->pod, pod) == 0 &&
			    member->port == front->ports[i].target) {
				(*found)++;
				break;
			}
		}
	}
}

enum services_membership services_member(const struct services *services, const char *pod,
					 const char *address, const char *port)
{
	size_t pools = 0, found = 0;

	for (size_t i = 0; i < services->plan.count; i++) {
		const struct service_front *front = &services->plan.fronts[i];
		if (!string_list_has(&front->pods, pod))
			continue;
		if (front->is_balanced) {
			count_pools(services, front, pod, address != NULL ? address : "", &pools,
				    &found);
			continue;
		}
		const struct floating_address *floating =
			floating_address_find(&services->floating, front->service);
		pools++;
		found += floating != NULL && floating->port != NULL && port != NULL &&
			 strcmp(floating->port, port) == 0;
	}
	services_count_routes(services, pod, address != NULL ? address : "", &pools, &found);
	if (found == pools)
		return SERVICES_MEMBER;
	return found > 0 ? SERVICES_SOME_MEMBER : SERVICES_NO_MEMBER;
}

static bool set_balanced(struct services *services, const struct service_front *front,
			 const char *pod, const struct string_list *addresses, struct error *err)
{
	const struct octavia_balancer *balancer =
		octavia_find(&services->balancers, front->service);

	for (size_t i = 0; i < front->port_count; i++) {
		const struct octavia_listener *listener =
			balancer != NULL ? octavia_listener_find(balancer, &front->ports[i]) : NULL;
		if (listener == NULL)
			return error_set(err, ERROR_NOT_FOUND,
					 "service '%s': its load balancer was taken away",
					 front->service);
		if (!octavia_set_members(services->client, balancer, listener, pod,
					 front->ports[i].target, addresses, services->progress,
					 err))
			return error_prefix(err, "service '%s'", front->service);
	}
	return true;
}

static bool set_address(struct services *services, const struct service_front *front,
			const struct string_list *ports, struct error *err)
{
	const struct floating_address *floating =
		floating_address_find(&services->floating, front->service);
	const char *port = ports->count > 0 ? ports->items[0] : NULL;

	if (floating == NULL)
		return error_set(err, ERROR_NOT_FOUND,
				 "service '%s': its floating address was taken away",
				 front->service);
	if (port == floating->port ||
	    (port != NULL && floating->port != NULL && strcmp(port, floating->port) == 0))
		return true;
	return floating_address_lead(services->client, floating->id, port, err);
}

bool services_set_members(struct services *services, const char *pod,
			  const struct string_list *addresses, const struct string_list *ports,
			  struct error *err)
{
	if (!services_look(services, err))
		return false;
	for (size_t i = 0; i < services->plan.count; i++) {
		const struct service_front *front = &services->plan.fronts[i];
		if (!string_list_has(&front->pods, pod))
			continue;
		if (front->is_balanced ? !set_balanced(services, front, pod, addresses, err)
				       : !set_address(services, front, ports, err))
			return false;
	}
	return services_set_route_members(services, pod, addresses, err) &&
	       services_look(services, err);
}

void services_status(const struct services *services, struct cloud_status *status)
{
	for (size_t i = 0; i < services->floating.count; i++) {
		const struct floating_address *one = &services->floating.items[i];
		if (services_is_route_address(one))
			continue;
		*ARRAY_APPEND(status->addresses, status->address_count) = (struct key_value){
			.key = xstrdup(one->service),
			.value = xstrdup(one->address),
		};
	}
	services_status_routes(services, status);
}
