/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which load balancer each service is behind: its own, one that it shares by port (TCP, UDP) or
 * by host name (HTTP), or none, where its names lead to the instances. A service never moves: its
 * target groups belong to one load balancer, and its names would lead nowhere while another one
 * takes over; nor can a zone have both kinds of records under one name.
 */
#include "cloud/aws/stack/stack_place.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cloud/aws/stack/logical_id.h"
#include "cloud/aws/stack/stack_names.h"
#include "cloud/aws/stack/stack_plan.h"
#include "cloud/aws/stack/stack_port.h"
#include "cloud/aws/stack/stack_service.h"
#include "manifest/app.h"

#define MAX_PORTS     50  /* listeners of a load balancer */
#define MAX_HOST_NAME 128 /* in a listener's rule */

enum pool { POOL_NONE, POOL_INSIDE, POOL_OUTSIDE, POOL_WEB };
static const char *const pools[] = {
	[POOL_INSIDE] = "BalancerInside",
	[POOL_OUTSIDE] = "BalancerOutside",
	[POOL_WEB] = "BalancerWeb",
};

void stack_places_free(struct balancer_place *places, size_t count)
{
	for (size_t i = 0; places != NULL && i < count; i++) {
		free(places[i].id);
		free(places[i].group);
	}
	free(places);
}

/* By host name only services that have a public one, with the certificate that all share. */
static bool shares_by_host(const struct stack_target *target, const struct service *service)
{
	if (target->hosted_zone == NULL)
		return false;
	for (size_t i = 0; i < service->port_count; i++)
		if (service->ports[i].certificate != NULL)
			return false;
	AUTO_FREE char *name = stack_public_name(target, service);
	return strlen(name) <= MAX_HOST_NAME;
}

static enum pool pool_of(const struct stack_target *target, const struct service *service)
{
	bool is_public = stack_service_is_public(service);
	if (!stack_service_is_application(service))
		return is_public ? POOL_OUTSIDE : POOL_INSIDE;
	return is_public && shares_by_host(target, service) ? POOL_WEB : POOL_NONE;
}

/* "BalancerInside", "BalancerInside2", … */
static bool is_of_pool(const char *id, enum pool pool)
{
	size_t size = pool != POOL_NONE ? strlen(pools[pool]) : 0;
	if (pool == POOL_NONE || strncmp(id, pools[pool], size) != 0)
		return false;
	for (const char *c = id + size; *c != '\0'; c++)
		if (isdigit((unsigned char)*c) == 0)
			return false;
	return true;
}

/* One listener a port number; behind one of HTTP there is room for many names. */
static bool is_clash(const struct service *one, const struct service_port *port,
		     const struct service *other, bool is_by_host)
{
	for (size_t i = 0; i < other->port_count; i++)
		if (other->ports[i].port == port->port &&
		    !(is_by_host && strcmp(stack_listener_protocol(one, port),
					   stack_listener_protocol(other, &other->ports[i])) == 0))
			return true;
	return false;
}

static bool fits(const struct app *app, const struct balancer_place *places, size_t index,
		 const char *id, enum pool pool)
{
	const struct service *service = &app->services[index];
	size_t ports = service->port_count;
	for (size_t i = 0; i < app->service_count; i++) {
		const struct service *other = &app->services[i];
		if (i == index || places[i].id == NULL || strcmp(places[i].id, id) != 0)
			continue;
		ports += other->port_count;
		for (size_t p = 0; p < service->port_count; p++)
			if (is_clash(service, &service->ports[p], other, pool == POOL_WEB))
				return false;
	}
	return ports <= MAX_PORTS;
}

/* Takes the id. */
static void put(struct balancer_place *place, char *id, enum pool pool)
{
	place->id = id;
	place->group = xasprintf("%sFirewall", id);
	place->is_shared = pool != POOL_NONE;
	place->is_by_host = pool == POOL_WEB;
}

static const char *place_before(const struct stack_target *target, const struct service *service)
{
	for (size_t i = 0; i < target->place_count; i++)
		if (strcmp(target->places[i].service, service->name) == 0)
			return target->places[i].balancer;
	return NULL;
}

static bool keep_names(const struct stack_target *target, const struct service *service,
		       struct balancer_place *place, struct error *err)
{
	const char *refusal = stack_names_refusal(target, service);
	place->is_named = refusal == NULL;
	if (refusal == NULL)
		return true;
	error_set(err, ERROR_UNSUPPORTED,
		  "the names of service '%s' lead to its instances, and would have to lead to a "
		  "load balancer: %s",
		  service->name, refusal);
	return error_hint(err, "undo that, or give the changed Service another name beside it");
}

static bool keep(const struct app *app, const struct stack_target *target, size_t index,
		 struct balancer_place *places, struct error *err)
{
	const struct service *service = &app->services[index];
	const char *before = place_before(target, service);
	AUTO_FREE char *own = stack_logical_id(service->name, "Balancer");
	enum pool pool = pool_of(target, service);
	if (before == NULL)
		return true;
	if (strcmp(before, STACK_NO_BALANCER) == 0)
		return keep_names(target, service, &places[index], err);
	if (strcmp(before, own) == 0) {
		put(&places[index], TAKE_PTR(own), POOL_NONE);
		return true;
	}
	if (is_of_pool(before, pool) && fits(app, places, index, before, pool)) {
		put(&places[index], xstrdup(before), pool);
		return true;
	}
	error_set(err, ERROR_UNSUPPORTED,
		  "service '%s' would have to leave the load balancer that it shares, and its name "
		  "would lead nowhere meanwhile",
		  service->name);
	return error_hint(err, "undo what changed of its ports or kind, or give the changed one "
			       "another name beside it");
}

static void place_new(const struct app *app, const struct stack_target *target, size_t index,
		      struct balancer_place *places)
{
	const struct service *service = &app->services[index];
	if (target->names_instances && stack_names_refusal(target, service) == NULL) {
		places[index].is_named = true;
		return;
	}
	enum pool pool = target->shares_balancers ? pool_of(target, service) : POOL_NONE;
	if (pool == POOL_NONE) {
		put(&places[index], stack_logical_id(service->name, "Balancer"), POOL_NONE);
		return;
	}
	for (unsigned number = 1; places[index].id == NULL; number++) {
		AUTO_FREE char *id =
			number == 1 ? xstrdup(pools[pool]) : xasprintf("%s%u", pools[pool], number);
		if (number > app->service_count || fits(app, places, index, id, pool))
			put(&places[index], TAKE_PTR(id), pool);
	}
}

bool stack_places_make(const struct app *app, const struct stack_target *target,
		       struct balancer_place **ret, struct error *err)
{
	struct balancer_place *places = xcalloc(app->service_count + 1, sizeof(*places));
	bool is_ok = true;
	for (size_t i = 0; i < app->service_count && is_ok; i++)
		if (stack_has_balancer(&app->services[i]))
			is_ok = keep(app, target, i, places, err);
	for (size_t i = 0; i < app->service_count && is_ok; i++)
		if (stack_has_balancer(&app->services[i]) && places[i].id == NULL &&
		    !places[i].is_named)
			place_new(app, target, i, places);
	if (is_ok)
		*ret = places;
	else
		stack_places_free(places, app->service_count);
	return is_ok;
}

/* Whether no service before this one is behind the same load balancer. */
bool stack_place_is_first(const struct balancer_place *places, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (places[i].id != NULL && strcmp(places[i].id, places[index].id) == 0)
			return false;
	return true;
}

bool stack_count_balancers(const struct app *app, const struct stack_target *target,
			   struct stack_balancer_count *ret, struct error *err)
{
	struct balancer_place *places = NULL;
	*ret = (struct stack_balancer_count){0};
	if (!stack_places_make(app, target, &places, err))
		return false;
	for (size_t i = 0; i < app->service_count; i++) {
		if (places[i].id == NULL || !stack_place_is_first(places, i))
			continue;
		if (stack_service_is_public(&app->services[i]))
			ret->outside++;
		else
			ret->inside++;
	}
	stack_places_free(places, app->service_count);
	return true;
}
