/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/service/service_routes.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cloud/openstack/place/places.h"
#include "cloud/openstack/service/service_route.h"
#include "cloud/route_text.h"
#include "manifest/app.h"
#include "wire/kinds.h"

#define MAX_RULES 50 /* of a policy */
#define MAX_PODS  2000

static void route_free(struct service_route *route)
{
	free(route->text);
	free(route->target);
	free(route->pool);
	free(route->redirect);
	for (size_t i = 0; i < route->rule_count; i++) {
		free(route->rules[i].type);
		free(route->rules[i].compare);
		free(route->rules[i].key);
		free(route->rules[i].value);
	}
	free(route->rules);
}

void service_routes_clear(struct service_routes *routes)
{
	for (size_t i = 0; i < routes->count; i++)
		route_free(&routes->items[i]);
	free(routes->items);
	for (size_t i = 0; i < routes->pool_count; i++) {
		free(routes->pools[i].name);
		string_list_clear(&routes->pools[i].pods);
	}
	free(routes->pools);
	free(routes->provider);
	*routes = (struct service_routes){0};
}

const char *service_routes_provider(const struct string_list *providers)
{
	static const char *const names[] = {"amphora", "octavia"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (string_list_has(providers, names[i]))
			return names[i];
	return NULL;
}

/* --- backends ------------------------------------------------------------------------------- */

static bool refuse_backend(const struct route *route, const struct route_backend *backend,
			   const char *why, const char *hint, struct error *err)
{
	error_set(err, ERROR_UNSUPPORTED, "%s: Service '%s' %s", route->owner, backend->service,
		  why);
	error_hint(err, "%s", hint);
	return service_route_place(&backend->mark, err);
}

static const struct service_port *find_port(const struct service *service, uint16_t number)
{
	for (size_t i = 0; service != NULL && i < service->port_count; i++)
		if (service->ports[i].port == number && service->ports[i].protocol == PROTOCOL_TCP)
			return &service->ports[i];
	return NULL;
}

static bool has_pool(const struct service_routes *routes, const char *name)
{
	for (size_t i = 0; i < routes->pool_count; i++)
		if (strcmp(routes->pools[i].name, name) == 0)
			return true;
	return false;
}

/* *ret: the pool's name, owned. */
static bool add_pool(const struct app *app, const struct route *route,
		     const struct route_backend *backend, struct service_routes *routes, char **ret,
		     struct error *err)
{
	const struct service *service = app_find_service(app, backend->service);
	const struct service_port *port = find_port(service, backend->port);
	const char *hint = "a Service of a pod that is promoted";

	if (port == NULL)
		return refuse_backend(route, backend, "has no such port", hint, err);
	if (outside_is_given(&service->outside))
		return refuse_backend(route, backend,
				      "leads to addresses that are no pods of these manifests",
				      hint, err);
	if (service->pods.count == 0)
		return refuse_backend(route, backend, "selects no pod", hint, err);
	if (port->inner == SERVICE_HTTPS || port->inner == SERVICE_SSL)
		return refuse_backend(route, backend,
				      "speaks TLS, which i2kit does not set up behind routes in "
				      "OpenStack",
				      "a port of the pod that speaks HTTP", err);
	*ret = xasprintf("%s:%u", service->name, port->port);
	if (has_pool(routes, *ret))
		return true;
	struct service_route_pool *pool = ARRAY_APPEND(routes->pools, routes->pool_count);
	pool->name = xstrdup(*ret);
	string_list_copy(&pool->pods, &service->pods);
	pool->target = port->target_port;
	return true;
}

/* The only one that anything is sent to; NULL: there is none, or there are several. */
static const struct route_backend *only_backend(const struct route *route, size_t *ret_count)
{
	const struct route_backend *found = NULL;

	*ret_count = 0;
	for (size_t i = 0; i < route->backend_count; i++) {
		const struct route_backend *backend = &route->backends[i];
		bool is_known = found != NULL && strcmp(found->service, backend->service) == 0 &&
				found->port == backend->port;
		if (backend->weight == 0 || is_known)
			continue;
		found = backend;
		(*ret_count)++;
	}
	return *ret_count == 1 ? found : NULL;
}

/* Who sends to nobody is answered 503: a policy that rejects would be asked before all others. */
static void lead_nowhere(struct service_routes *routes, struct service_route *to)
{
	to->pool = xstrdup(SERVICE_ROUTES_NOWHERE);
	if (!has_pool(routes, SERVICE_ROUTES_NOWHERE))
		ARRAY_APPEND(routes->pools, routes->pool_count)->name =
			xstrdup(SERVICE_ROUTES_NOWHERE);
}

static bool lead(const struct app *app, const struct route *route, struct service_routes *routes,
		 struct service_route *to, struct error *err)
{
	size_t count = 0;
	const struct route_backend *backend = only_backend(route, &count);

	if (route->redirect_status != 0)
		return service_route_redirect(route, to, err);
	if (route->new_path != NULL || route->new_host != NULL)
		return service_route_refuse(route, "let the pod answer under that path and name",
					    "a load balancer of Octavia rewrites no paths or hosts",
					    err);
	if (route->edit_count > 0)
		return service_route_refuse(route, "let the pod set it",
					    "a load balancer of Octavia does not change headers",
					    err);
	if (count > 1)
		return service_route_refuse(
			route, "one backendRef, or a Service that selects both pods",
			"a policy of Octavia leads to one pool: it does not divide among several",
			err);
	if (backend != NULL)
		return add_pool(app, route, backend, routes, &to->pool, err);
	lead_nowhere(routes, to);
	return true;
}

/* --- plan ----------------------------------------------------------------------------------- */

static bool add_route(const struct app *app, const struct route *route,
		      struct service_routes *routes, struct error *err)
{
	AUTO_FREE char *text = route_text(route);

	/* Of two that are asked for the same the first answers. */
	for (size_t i = 0; i < routes->count; i++)
		if (strcmp(routes->items[i].text, text) == 0)
			return true;
	struct service_route *to = ARRAY_APPEND(routes->items, routes->count);
	to->text = TAKE_PTR(text);
	to->target = route_target_text(route);
	return service_route_rules(route, to, err) && lead(app, route, routes, to, err);
}

/*
 * Octavia asks all redirects before it asks which pool: one that comes after a route to a pod and could have what
 * that one has would take it.
 */
static bool check_order(const struct app *app, struct error *err)
{
	for (size_t i = 0; i < app->route_count; i++) {
		const struct route *late = &app->routes[i];
		for (size_t k = 0; k < i && late->redirect_status != 0; k++) {
			const struct route *early = &app->routes[k];
			if (early->redirect_status != 0 || !service_route_overlap(early, late))
				continue;
			AUTO_FREE char *text = route_text(early);
			AUTO_FREE char *why = xasprintf(
				"Octavia asks redirects first, so this one would also take what "
				"'%.100s' of %s leads to a pod",
				text, early->owner);
			return service_route_refuse(
				late, "a path or host that no route to a pod has, too", why, err);
		}
	}
	return true;
}

static bool check_places(const struct app *app, const struct openstack_places *places,
			 struct error *err)
{
	const struct route *first = &app->routes[0];

	if (service_routes_provider(&places->balancers) == NULL)
		return service_route_refuse(
			first,
			"a pod that routes (nginx, Caddy), behind a Service of type LoadBalancer",
			places->balancers.count > 0
				? "routes by host and path need a load balancer that speaks HTTP "
				  "(Octavia's amphora), and this cloud has none"
				: "routes by host and path need load balancers (Octavia), and this "
				  "cloud has none",
			err);
	if (places->external.id == NULL)
		return service_route_refuse(first, "openstack network list --external",
					    "routes are public, and this cloud has no external "
					    "network",
					    err);
	for (size_t i = 0; i < app->route_count; i++)
		if (!app->routes[i].is_http)
			return service_route_refuse(
				&app->routes[i], "answer over http, too, and end TLS before it",
				"https by routes is not set up in OpenStack", err);
	return true;
}

bool service_routes_make(const struct app *app, const struct openstack_places *places,
			 struct service_routes *ret, struct string_list *notes, struct error *err)
{
	AUTO(service_routes_clear) struct service_routes routes = {0};

	if (app->route_count == 0)
		return true;
	if (!check_places(app, places, err) || !check_order(app, err))
		return false;
	routes.provider = xstrdup(service_routes_provider(&places->balancers));
	for (size_t i = 0; i < app->route_count; i++)
		if (!add_route(app, &app->routes[i], &routes, err))
			return false;
	string_list_add(notes, "routes are answered over http alone: https by routes is not set up "
			       "in OpenStack");
	string_list_add(notes, "the load balancer of routes is a VM of the cloud's own (amphora): "
			       "it takes minutes to be made, and a change of routes makes another, "
			       "to which the address moves");
	*ret = routes;
	routes = (struct service_routes){0};
	return true;
}

/* --- record --------------------------------------------------------------------------------- */

static void write_route(const struct service_route *route, struct json_writer *json)
{
	json_open_object(json, NULL);
	json_write_text(json, "text", route->text);
	json_write_text(json, "target", route->target);
	json_write_text_if(json, "pool", route->pool);
	json_write_text_if(json, "redirect", route->redirect);
	json_write_true_if(json, "prefix", route->is_prefix);
	json_write_unsigned_if(json, "status", route->status);
	json_open_list(json, "rules");
	for (size_t i = 0; i < route->rule_count; i++) {
		const struct service_route_rule *rule = &route->rules[i];
		json_open_object(json, NULL);
		json_write_text(json, "type", rule->type);
		json_write_text(json, "compare", rule->compare);
		json_write_text_if(json, "key", rule->key);
		json_write_text(json, "value", rule->value);
		json_close(json);
	}
	json_close(json);
	json_close(json);
}

void service_routes_write(const struct service_routes *routes, struct json_writer *json,
			  const char *key)
{
	if (routes->provider == NULL)
		return;
	json_open_object(json, key);
	json_write_text(json, "provider", routes->provider);
	json_open_list(json, "pools");
	for (size_t i = 0; i < routes->pool_count; i++) {
		json_open_object(json, NULL);
		json_write_text(json, "name", routes->pools[i].name);
		json_write_texts(json, "pods", &routes->pools[i].pods);
		json_write_unsigned_if(json, "target", routes->pools[i].target);
		json_close(json);
	}
	json_close(json);
	json_open_list(json, "routes");
	for (size_t i = 0; i < routes->count; i++)
		write_route(&routes->items[i], json);
	json_close(json);
	json_close(json);
}

static void read_route(struct json_view view, const struct service_routes *routes,
		       struct service_route *ret)
{
	struct json_view rules = json_view_require(view, "rules");
	size_t count = json_view_count(rules, MAX_RULES);

	ret->text = json_view_text(json_view_require(view, "text"));
	ret->target = json_view_text(json_view_require(view, "target"));
	ret->pool = json_view_text(json_view_get(view, "pool"));
	ret->redirect = json_view_text(json_view_get(view, "redirect"));
	ret->is_prefix = json_view_bool(json_view_get(view, "prefix"), false);
	ret->status = (uint16_t)json_view_number(json_view_get(view, "status"), 300, 399, 0);
	if ((ret->pool == NULL) == (ret->redirect == NULL))
		json_view_complain(view, "leads to a pool or elsewhere, one of both");
	else if (ret->pool != NULL && !has_pool(routes, ret->pool))
		json_view_complain(view, "leads to a pool that is not there");
	for (size_t i = 0; i < count; i++) {
		struct json_view rule = json_view_at(rules, i);
		*ARRAY_APPEND(ret->rules, ret->rule_count) = (struct service_route_rule){
			.type = json_view_text(json_view_require(rule, "type")),
			.compare = json_view_text(json_view_require(rule, "compare")),
			.key = json_view_text(json_view_get(rule, "key")),
			.value = json_view_text(json_view_require(rule, "value")),
		};
	}
}

void service_routes_read(struct json_view view, struct service_routes *ret)
{
	struct json_view pools = json_view_require(view, "pools");
	struct json_view routes = json_view_require(view, "routes");
	size_t pool_count = json_view_count(pools, ROUTES_MAX + 1);
	size_t count = json_view_count(routes, ROUTES_MAX);

	*ret = (struct service_routes){0};
	if (!json_view_exists(view))
		return;
	ret->provider = json_view_text(json_view_require(view, "provider"));
	for (size_t i = 0; i < pool_count; i++) {
		struct json_view item = json_view_at(pools, i);
		struct service_route_pool *pool = ARRAY_APPEND(ret->pools, ret->pool_count);
		AUTO_FREE char *name = json_view_text(json_view_require(item, "name"));
		pool->name = name != NULL ? TAKE_PTR(name) : xstrdup("");
		json_view_texts(json_view_get(item, "pods"), MAX_PODS, &pool->pods);
		pool->target =
			(uint16_t)json_view_number(json_view_get(item, "target"), 1, 65535, 0);
	}
	for (size_t i = 0; i < count; i++)
		read_route(json_view_at(routes, i), ret, ARRAY_APPEND(ret->items, ret->count));
}
