/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/http_route_attach.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/app.h"
#include "manifest/gateway.h"

enum { LOOKS_MAX = 1000000 }; /* a host of a route at a listener, in all */

static const struct gateway *find_gateway(const struct loader *loader,
					  const struct http_route *route,
					  const struct gateway_parent *parent)
{
	const char *wanted =
		parent->namespace_name != NULL ? parent->namespace_name : route->namespace_name;
	for (size_t i = 0; i < loader->gateways.gateway_count; i++) {
		const struct gateway *gateway = &loader->gateways.gateways[i];
		if (strcmp(gateway->name, parent->name) == 0 &&
		    strcmp(gateway->namespace_name, wanted) == 0)
			return gateway;
	}
	return NULL;
}

/* The routes of one rule for one host; a second listener of it adds its scheme. */
static void attach(struct loader *loader, const struct route *rule, size_t first, const char *host,
		   bool is_http, bool is_https)
{
	struct app *app = loader->app;

	for (size_t i = first; i < app->route_count; i++) {
		struct route *there = &app->routes[i];
		bool is_same = host == NULL ? there->host == NULL
					    : there->host != NULL && strcmp(there->host, host) == 0;
		if (!is_same)
			continue;
		there->is_http = there->is_http || is_http;
		there->is_https = there->is_https || is_https;
		return;
	}
	struct route *made = ARRAY_APPEND(app->routes, app->route_count);
	route_copy(made, rule);
	made->host = xstrdup_or_null(host);
	made->is_deep = true;
	made->is_http = is_http;
	made->is_https = is_https;
}

/* All hosts that the route and the listener have in common. */
static bool attach_hosts(struct loader *loader, const struct http_route *route,
			 const struct route *rule, size_t first,
			 const struct gateway_listener *listener_or_null)
{
	const char *own = listener_or_null != NULL ? listener_or_null->host : NULL;
	bool is_https = listener_or_null == NULL || listener_or_null->is_https;
	bool is_http = listener_or_null == NULL || !listener_or_null->is_https;
	bool fits_any = false;

	for (size_t i = 0; i < (route->hosts.count > 0 ? route->hosts.count : 1); i++) {
		const char *wanted = route->hosts.count > 0 ? route->hosts.items[i] : NULL;
		bool fits = false;
		if (++loader->gateways.looks > LOOKS_MAX)
			return true;
		AUTO_FREE char *host = gateway_common_host(own, wanted, &fits);
		if (fits)
			attach(loader, rule, first, host, is_http, is_https);
		fits_any = fits_any || fits;
	}
	return fits_any;
}

static bool is_meant(const struct gateway_parent *parent, const struct gateway_listener *listener)
{
	bool is_named = parent->section == NULL ||
			(listener->name != NULL && strcmp(parent->section, listener->name) == 0);
	return is_named && (parent->port == 0 || parent->port == listener->port);
}

static void attach_rule(struct loader *loader, const struct http_route *route,
			const struct route *rule, bool is_first)
{
	size_t first = loader->app->route_count;

	for (size_t p = 0; p < route->parent_count; p++) {
		const struct gateway_parent *parent = &route->parents[p];
		const struct gateway *gateway = find_gateway(loader, route, parent);
		bool fits = gateway == NULL && attach_hosts(loader, route, rule, first, NULL);
		for (size_t i = 0; gateway != NULL && i < gateway->listener_count; i++) {
			if (is_meant(parent, &gateway->listeners[i]) &&
			    attach_hosts(loader, route, rule, first, &gateway->listeners[i]))
				fits = true;
		}
		if (!fits && is_first)
			loader_warn_at(loader, &parent->mark,
				       "%s fits no listener of Gateway '%s': nothing reaches it",
				       route->owner, parent->name);
	}
}

void http_routes_attach(struct loader *loader)
{
	for (size_t i = 0;
	     i < loader->gateways.route_count && loader->app->route_count <= ROUTES_MAX; i++) {
		const struct http_route *route = &loader->gateways.routes[i];
		if (route->parent_count == 0)
			loader_warn_at(loader, &route->mark,
				       "%s has no parentRefs: nothing reaches it", route->owner);
		for (size_t k = 0; k < route->rule_count; k++)
			attach_rule(loader, route, &route->rules[k], k == 0);
		if (loader->gateways.looks <= LOOKS_MAX)
			continue;
		loader_error_at_as(
			loader, PROBLEM_LIMIT, &route->mark, "split them into several projects",
			"more than %d times a host of a route and a listener", LOOKS_MAX);
		return;
	}
}
