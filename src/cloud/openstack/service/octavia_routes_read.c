/* SPDX-License-Identifier: Apache-2.0 */
/* What Octavia has of a scope's routes (octavia_routes.h). */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cloud/openstack/client/page_list.h"
#include "cloud/openstack/place/scope_mark.h"
#include "cloud/openstack/service/octavia_routes.h"

static void routes_clear(struct octavia_routes *routes)
{
	octavia_balancer_clear(&routes->balancer);
	free(routes->version);
	for (size_t i = 0; i < routes->pool_count; i++) {
		free(routes->pools[i].name);
		octavia_listener_clear(&routes->pools[i].pool);
	}
	free(routes->pools);
	for (size_t i = 0; i < routes->policy_count; i++) {
		free(routes->policies[i].text);
		free(routes->policies[i].target);
	}
	free(routes->policies);
}

void octavia_routes_list_clear(struct octavia_routes_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		routes_clear(&list->items[i]);
	free(list->items);
	*list = (struct octavia_routes_list){0};
}

struct routes_reading {
	const struct cloud_scope *scope;
	struct octavia_routes_list *list;
};

static void read_balancer(struct json_view view, void *arg)
{
	struct routes_reading *reading = arg;
	const char *mark = json_view_peek(json_view_get(view, "description"));
	AUTO_FREE char *version = scope_mark_value(mark, "routes");
	struct octavia_balancer balancer = {0};

	if (version == NULL || !scope_mark_is(mark, reading->scope) ||
	    !octavia_balancer_read(view, &balancer))
		return;
	balancer.service = xstrdup("routes");
	struct octavia_routes *routes = ARRAY_APPEND(reading->list->items, reading->list->count);
	routes->balancer = balancer;
	routes->version = TAKE_PTR(version);
}

/* A pool names its balancers, and a listener likewise; there is one. */
static struct octavia_routes *owner_of(struct octavia_routes_list *list, struct json_view view)
{
	struct json_view owners = json_view_get(view, "loadbalancers");
	const char *id = json_view_count(owners, 10) > 0
				 ? json_view_peek(json_view_get(json_view_at(owners, 0), "id"))
				 : NULL;

	for (size_t i = 0; i < list->count && id != NULL; i++)
		if (strcmp(list->items[i].balancer.id, id) == 0)
			return &list->items[i];
	return NULL;
}

static void read_pool(struct json_view view, void *arg)
{
	struct routes_reading *reading = arg;
	struct octavia_routes *routes = owner_of(reading->list, view);
	const char *name = json_view_peek(json_view_get(view, "name"));

	if (routes == NULL)
		return;
	struct octavia_route_pool *pool = ARRAY_APPEND(routes->pools, routes->pool_count);
	pool->name = xstrdup(name != NULL ? name : "");
	pool->pool.pool = json_view_text(json_view_require(view, "id"));
}

static void read_listener(struct json_view view, void *arg)
{
	struct routes_reading *reading = arg;
	struct octavia_routes *routes = owner_of(reading->list, view);

	if (routes == NULL)
		return;
	struct octavia_listener *listener =
		ARRAY_APPEND(routes->balancer.listeners, routes->balancer.listener_count);
	listener->id = json_view_text(json_view_require(view, "id"));
}

static struct octavia_routes *owner_of_listener(struct octavia_routes_list *list, const char *id)
{
	for (size_t i = 0; i < list->count && id != NULL; i++) {
		const struct octavia_balancer *balancer = &list->items[i].balancer;
		for (size_t l = 0; l < balancer->listener_count; l++)
			if (balancer->listeners[l].id != NULL &&
			    strcmp(balancer->listeners[l].id, id) == 0)
				return &list->items[i];
	}
	return NULL;
}

static char *text_or_nothing(struct json_view view, const char *key)
{
	const char *text = json_view_peek(json_view_get(view, key));
	return xstrdup(text != NULL ? text : "");
}

static void read_policy(struct json_view view, void *arg)
{
	struct routes_reading *reading = arg;
	struct octavia_routes *routes = owner_of_listener(
		reading->list, json_view_peek(json_view_get(view, "listener_id")));

	if (routes == NULL)
		return;
	*ARRAY_APPEND(routes->policies, routes->policy_count) = (struct octavia_route_policy){
		.text = text_or_nothing(view, "name"),
		.target = text_or_nothing(view, "description"),
		.position = json_view_number(json_view_get(view, "position"), 0, INT32_MAX, 0),
	};
}

static int compare_positions(const void *a, const void *b)
{
	const struct octavia_route_policy *one = a;
	const struct octavia_route_policy *other = b;
	return (one->position > other->position) - (one->position < other->position);
}

static bool read_rest(struct openstack_client *client, struct routes_reading *reading,
		      struct error *err)
{
	if (!page_list(client, &OPENSTACK_BALANCER, "/lbaas/pools", NULL, "pools", read_pool,
		       reading, err) ||
	    !page_list(client, &OPENSTACK_BALANCER, "/lbaas/listeners", NULL, "listeners",
		       read_listener, reading, err) ||
	    !page_list(client, &OPENSTACK_BALANCER, "/lbaas/l7policies", NULL, "l7policies",
		       read_policy, reading, err))
		return false;
	for (size_t i = 0; i < reading->list->count; i++) {
		struct octavia_routes *routes = &reading->list->items[i];
		if (routes->policy_count > 0)
			qsort(routes->policies, routes->policy_count, sizeof(*routes->policies),
			      compare_positions);
		for (size_t p = 0; p < routes->pool_count; p++)
			if (!octavia_read_members(client, &routes->pools[p].pool, err))
				return false;
	}
	return true;
}

bool octavia_routes_list_of(struct openstack_client *client, const struct cloud_scope *scope,
			    struct octavia_routes_list *ret, struct error *err)
{
	AUTO(octavia_routes_list_clear) struct octavia_routes_list list = {0};
	struct routes_reading reading = {scope, &list};

	if (!page_list(client, &OPENSTACK_BALANCER, "/lbaas/loadbalancers", NULL, "loadbalancers",
		       read_balancer, &reading, err))
		return false;
	if (list.count > 0 && !read_rest(client, &reading, err))
		return false;
	*ret = list;
	list = (struct octavia_routes_list){0};
	return true;
}
