/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/service/services.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cloud/openstack/service/floating_address.h"
#include "cloud/openstack/service/octavia.h"
#include "cloud/openstack/service/service_groups.h"

struct services {
	struct openstack_client *client; /* borrowed, as the next two */
	const struct cloud_scope *scope;
	const struct progress *progress;
	struct service_fronts plan;
	struct service_group_list groups; /* what there is, of the last look */
	struct octavia_list balancers;
	struct floating_address_list floating;
};

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

static void forget(struct services *services)
{
	service_group_list_clear(&services->groups);
	octavia_list_clear(&services->balancers);
	floating_address_list_clear(&services->floating);
}

void services_free(struct services *services)
{
	if (services == NULL)
		return;
	forget(services);
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
	return octavia_list_of(services->client, services->scope, &services->balancers, err);
}

bool services_look(struct services *services, struct error *err)
{
	forget(services);
	return service_group_list_of(services->client, services->scope, &services->groups, err) &&
	       floating_address_list_of(services->client, services->scope, &services->floating,
					err) &&
	       look_at_balancers(services, err);
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

static bool open_groups(struct services *services, bool is_exact, struct error *err)
{
	const struct service_group *all = service_group_find(&services->groups, NULL);

	for (size_t i = 0; i < services->plan.pods.count; i++) {
		const char *pod = services->plan.pods.items[i];
		const struct service_group *group = service_group_find(&services->groups, pod);
		AUTO(string_list_clear) struct string_list rules = STRING_LIST_INIT;
		if (all == NULL || group == NULL)
			return error_set(err, ERROR_NOT_FOUND,
					 "pod '%s': its security group was taken away", pod);
		service_fronts_rules(&services->plan, pod, &rules);
		if (!service_group_open(services->client, group, all->id, &rules, is_exact, err))
			return error_prefix(err, "pod '%s'", pod);
	}
	return true;
}

static bool make_balancer(struct services *services, const struct service_front *front,
			  struct error *err)
{
	const struct octavia_balancer *balancer =
		octavia_find(&services->balancers, front->service);

	if (balancer == NULL)
		return octavia_make(services->client, services->scope, front,
				    services->plan.provider, services->plan.network,
				    services->progress, err);
	for (size_t i = 0; i < front->port_count; i++)
		if (octavia_listener_find(balancer, &front->ports[i]) == NULL &&
		    !octavia_add_port(services->client, balancer, front, &front->ports[i],
				      services->plan.provider, services->progress, err))
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

	if (!make_groups(services, err) || !open_groups(services, false, err))
		return false;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->fronts[i].is_balanced && !make_balancer(services, &plan->fronts[i], err))
			return false;
	if (!services_look(services, err))
		return false;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->fronts[i].is_public && !make_floating(services, &plan->fronts[i], err))
			return error_prefix(err, "service '%s'", plan->fronts[i].service);
	return services_look(services, err);
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
	return services_look(services, err);
}

void services_status(const struct services *services, struct cloud_status *status)
{
	for (size_t i = 0; i < services->floating.count; i++)
		*ARRAY_APPEND(status->addresses, status->address_count) = (struct key_value){
			.key = xstrdup(services->floating.items[i].service),
			.value = xstrdup(services->floating.items[i].address),
		};
}

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
	if (!services_look(services, err) || !open_groups(services, true, err))
		return false;
	for (size_t i = 0; i < services->floating.count; i++) {
		const struct floating_address *one = &services->floating.items[i];
		if ((!wants_floating(&services->plan, one->service) ||
		     floating_address_find(&services->floating, one->service) != one) &&
		    !floating_address_delete(services->client, one->id, err))
			return false;
	}
	return tidy_balancers(services, err) && tidy_groups(services, err) &&
	       services_look(services, err);
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
	/* Those of the pods first: their rules name that of all. */
	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < services->groups.count; i++)
			if ((services->groups.items[i].pod == NULL) == (pass == 1) &&
			    !service_group_delete(services->client, services->groups.items[i].id,
						  err))
				return false;
	forget(services);
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
		if (!wants_floating(&services->plan, services->floating.items[i].service))
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
		service_fronts_rules(&services->plan, pod, &rules);
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
}
