/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/service/services_tidy.h"

#include <string.h>

#include "base/alloc.h"
#include "cloud/openstack/service/services_parts.h"
#include "cloud/openstack/service/services_routes.h"

/* --- what goes ------------------------------------------------------------------------------ */

/* Whether the plan wants a floating address for it. */
static bool wants_floating(const struct service_fronts *plan, const char *service)
{
	const struct service_front *front = service_fronts_find(plan, service);
	return front != NULL && front->is_public;
}

static bool wants_balancer(const struct service_fronts *plan, const char *service)
{
	const struct service_front *front = service_fronts_find(plan, service);
	return front != NULL && front->is_balanced;
}

static bool wants_listener(const struct service_front *front,
			   const struct octavia_listener *listener)
{
	for (size_t i = 0; i < front->port_count; i++)
		if (front->ports[i].port == listener->port &&
		    front->ports[i].protocol == listener->protocol)
			return true;
	return false;
}

static bool tidy_listeners(struct services *services, const struct octavia_balancer *balancer,
			   struct error *err)
{
	const struct service_front *front = service_fronts_find(&services->plan, balancer->service);

	for (size_t i = 0; i < balancer->listener_count; i++)
		if (!wants_listener(front, &balancer->listeners[i]) &&
		    !octavia_remove_port(services->client, balancer, &balancer->listeners[i],
					 services->progress, err))
			return false;
	return true;
}

/* Of two of one service, made by two runs at once, the first that is found stays. */
static bool tidy_balancers(struct services *services, struct error *err)
{
	for (size_t i = 0; i < services->balancers.count; i++) {
		const struct octavia_balancer *balancer = &services->balancers.items[i];
		bool is_wanted = wants_balancer(&services->plan, balancer->service) &&
				 octavia_find(&services->balancers, balancer->service) == balancer;
		if (is_wanted ? !tidy_listeners(services, balancer, err)
			      : !octavia_delete(services->client, balancer->id, services->progress,
						err))
			return error_prefix(err, "service '%s'", balancer->service);
	}
	return true;
}

static bool tidy_groups(struct services *services, struct error *err)
{
	for (size_t i = 0; i < services->groups.count; i++) {
		const struct service_group *group = &services->groups.items[i];
		AUTO(error_clear) struct error failure = ERROR_INIT;
		bool is_wanted =
			(group->pod == NULL || string_list_has(&services->plan.pods, group->pod)) &&
			service_group_find(&services->groups, group->pod) == group;
		if (!is_wanted && !service_group_delete(services->client, group->id, &failure) &&
		    failure.kind != ERROR_EXISTS)
			return error_move(err, &failure);
	}
	return true;
}

bool services_tidy(struct services *services, struct error *err)
{
	if (!services_look(services, err) || !services_open_groups(services, true, err))
		return false;
	for (size_t i = 0; i < services->floating.count; i++) {
		const struct floating_address *one = &services->floating.items[i];
		if (services_is_route_address(one))
			continue;
		if ((!wants_floating(&services->plan, one->service) ||
		     floating_address_find(&services->floating, one->service) != one) &&
		    !floating_address_delete(services->client, one->id, err))
			return false;
	}
	return tidy_balancers(services, err) && services_tidy_routes(services, err) &&
	       tidy_groups(services, err) && services_look(services, err);
}

bool services_destroy(struct services *services, struct error *err)
{
	if (!services_look(services, err))
		return false;
	for (size_t i = 0; i < services->floating.count; i++)
		if (!floating_address_delete(services->client, services->floating.items[i].id, err))
			return false;
	for (size_t i = 0; i < services->balancers.count; i++)
		if (!octavia_delete(services->client, services->balancers.items[i].id,
				    services->progress, err))
			return false;
	if (!services_destroy_routes(services, err))
		return false;
	/* Those of the pods first: their rules name that of all. */
	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < services->groups.count; i++)
			if ((services->groups.items[i].pod == NULL) == (pass == 1) &&
			    !service_group_delete(services->client, services->groups.items[i].id,
						  err))
				return false;
	services_forget(services);
	return true;
}

/* --- plan ----------------------------------------------------------------------------------- */

static void list_front(const struct services *services, const struct service_front *front,
		       struct cloud_plan *plan)
{
	const struct octavia_balancer *balancer =
		octavia_find(&services->balancers, front->service);

	if (front->is_balanced && balancer == NULL)
		cloud_plan_add(plan, CLOUD_ADD, front->service, "load balancer", false);
	for (size_t i = 0; balancer != NULL && i < front->port_count; i++) {
		if (octavia_listener_find(balancer, &front->ports[i]) != NULL)
			continue;
		AUTO_FREE char *name = xasprintf("%s:%u", front->service, front->ports[i].port);
		cloud_plan_add(plan, CLOUD_ADD, name, "listener", false);
	}
	if (front->is_public && floating_address_find(&services->floating, front->service) == NULL)
		cloud_plan_add(plan, CLOUD_ADD, front->service, "floating address", false);
}

static void list_removals(const struct services *services, struct cloud_plan *plan)
{
	for (size_t i = 0; i < services->balancers.count; i++) {
		const struct octavia_balancer *balancer = &services->balancers.items[i];
		if (!wants_balancer(&services->plan, balancer->service)) {
			cloud_plan_add(plan, CLOUD_REMOVE, balancer->service, "load balancer",
				       false);
			continue;
		}
		const struct service_front *front =
			service_fronts_find(&services->plan, balancer->service);
		for (size_t l = 0; l < balancer->listener_count; l++) {
			if (wants_listener(front, &balancer->listeners[l]))
				continue;
			AUTO_FREE char *name =
				xasprintf("%s:%u", front->service, balancer->listeners[l].port);
			cloud_plan_add(plan, CLOUD_REMOVE, name, "listener", false);
		}
	}
	for (size_t i = 0; i < services->floating.count; i++)
		if (!services_is_route_address(&services->floating.items[i]) &&
		    !wants_floating(&services->plan, services->floating.items[i].service))
			cloud_plan_add(plan, CLOUD_REMOVE, services->floating.items[i].service,
				       "floating address", false);
}

void services_changes(const struct services *services, struct cloud_plan *plan)
{
	for (size_t i = 0; i < services->plan.pods.count; i++) {
		const char *pod = services->plan.pods.items[i];
		const struct service_group *group = service_group_find(&services->groups, pod);
		AUTO(string_list_clear) struct string_list rules = STRING_LIST_INIT;
		bool is_equal = true;
		services_rules(services, pod, &rules);
		if (group == NULL) {
			cloud_plan_add(plan, CLOUD_ADD, pod, "security group", false);
			continue;
		}
		for (size_t r = 0; r < group->rule_count; r++)
			is_equal = is_equal && string_list_has(&rules, group->rules[r].text);
		if (!is_equal || rules.count != group->rule_count)
			cloud_plan_add(plan, CLOUD_MODIFY, pod, "security group", false);
	}
	for (size_t i = 0; i < services->groups.count; i++)
		if (services->groups.items[i].pod != NULL &&
		    !string_list_has(&services->plan.pods, services->groups.items[i].pod))
			cloud_plan_add(plan, CLOUD_REMOVE, services->groups.items[i].pod,
				       "security group", false);
	for (size_t i = 0; i < services->plan.count; i++)
		list_front(services, &services->plan.fronts[i], plan);
	list_removals(services, plan);
	services_list_routes(services, plan);
}
