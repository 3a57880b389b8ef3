/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/gateway.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static void gateway_clear(struct gateway *gateway)
{
	for (size_t i = 0; i < gateway->listener_count; i++) {
		free(gateway->listeners[i].name);
		free(gateway->listeners[i].host);
	}
	free(gateway->listeners);
	free(gateway->name);
	free(gateway->namespace_name);
}

static void http_route_clear(struct http_route *route)
{
	for (size_t i = 0; i < route->parent_count; i++) {
		free(route->parents[i].name);
		free(route->parents[i].namespace_name);
		free(route->parents[i].section);
	}
	free(route->parents);
	routes_free(route->rules, route->rule_count);
	string_list_clear(&route->hosts);
	free(route->owner);
	free(route->namespace_name);
}

void gateway_list_clear(struct gateway_list *list)
{
	for (size_t i = 0; i < list->gateway_count; i++)
		gateway_clear(&list->gateways[i]);
	free(list->gateways);
	for (size_t i = 0; i < list->route_count; i++)
		http_route_clear(&list->routes[i]);
	free(list->routes);
	*list = (struct gateway_list){0};
}

/* Whether the wildcard covers the other, a wildcard or a name. */
static bool covers(const char *wildcard, const char *host)
{
	size_t length = strlen(wildcard) - 1;
	size_t other = strlen(host);

	return wildcard[0] == '*' && other > length &&
	       strcmp(host + other - length, wildcard + 1) == 0;
}

char *gateway_common_host(const char *listener, const char *route, bool *ret_fits)
{
	*ret_fits = true;
	if (listener == NULL || route == NULL)
		return xstrdup_or_null(listener != NULL ? listener : route);
	if (strcmp(listener, route) == 0 || covers(listener, route))
		return xstrdup(route);
	if (covers(route, listener))
		return xstrdup(listener);
	*ret_fits = false;
	return NULL;
}
