/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/route.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

const char *const route_path_words[ROUTE_PATHS] = {"Prefix", "Exact"};
const char *const route_edit_words[ROUTE_EDITS] = {"set", "add", "remove"};

static void matches_free(struct route *route)
{
	for (size_t i = 0; i < route->match_count; i++) {
		free(route->matches[i].name);
		free(route->matches[i].value);
	}
	free(route->matches);
	for (size_t i = 0; i < route->edit_count; i++) {
		free(route->edits[i].name);
		free(route->edits[i].value);
	}
	free(route->edits);
}

void route_clear(struct route *route)
{
	matches_free(route);
	for (size_t i = 0; i < route->backend_count; i++) {
		free(route->backends[i].service);
		free(route->backends[i].port_name);
	}
	free(route->backends);
	free(route->owner);
	free(route->namespace_name);
	free(route->host);
	free(route->path);
	free(route->method);
	free(route->new_host);
	free(route->new_path);
	free(route->redirect_scheme);
	*route = (struct route){0};
}

void routes_free(struct route *routes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		route_clear(&routes[i]);
	free(routes);
}

static void copy_parts(struct route *to, const struct route *from)
{
	for (size_t i = 0; i < from->match_count; i++) {
		struct route_match *match = ARRAY_APPEND(to->matches, to->match_count);
		match->is_query = from->matches[i].is_query;
		match->name = xstrdup(from->matches[i].name);
		match->value = xstrdup(from->matches[i].value);
	}
	for (size_t i = 0; i < from->edit_count; i++) {
		struct route_edit *edit = ARRAY_APPEND(to->edits, to->edit_count);
		*edit = from->edits[i];
		edit->name = xstrdup(from->edits[i].name);
		edit->value = xstrdup_or_null(from->edits[i].value);
	}
	for (size_t i = 0; i < from->backend_count; i++) {
		struct route_backend *backend = ARRAY_APPEND(to->backends, to->backend_count);
		*backend = from->backends[i];
		backend->service = xstrdup(from->backends[i].service);
		backend->port_name = xstrdup_or_null(from->backends[i].port_name);
	}
}

void route_copy(struct route *to, const struct route *from)
{
	*to = *from;
	to->owner = xstrdup_or_null(from->owner);
	to->namespace_name = xstrdup_or_null(from->namespace_name);
	to->host = xstrdup_or_null(from->host);
	to->path = xstrdup_or_null(from->path);
	to->method = xstrdup_or_null(from->method);
	to->new_host = xstrdup_or_null(from->new_host);
	to->new_path = xstrdup_or_null(from->new_path);
	to->redirect_scheme = xstrdup_or_null(from->redirect_scheme);
	to->matches = NULL;
	to->match_count = 0;
	to->edits = NULL;
	to->edit_count = 0;
	to->backends = NULL;
	to->backend_count = 0;
	copy_parts(to, from);
}

/* Negative: a goes before b, as far as the numbers say. */
static int compare_numbers(size_t larger_first_a, size_t larger_first_b)
{
	return (larger_first_a < larger_first_b) - (larger_first_a > larger_first_b);
}

/* 2: a name, 1: a wildcard, 0: any. */
static unsigned host_rank(const struct route *route)
{
	if (route->is_default || route->host == NULL)
		return 0;
	return route->host[0] == '*' ? 1 : 2;
}

static int compare_routes(const struct route *a, const struct route *b)
{
	int order = (int)a->is_default - (int)b->is_default;

	if (order == 0)
		order = compare_numbers(host_rank(a), host_rank(b));
	if (order == 0 && host_rank(a) > 0)
		order = compare_numbers(strlen(a->host), strlen(b->host));
	/* Routes of one host stay together, whatever their paths are. */
	if (order == 0 && host_rank(a) > 0)
		order = strcmp(a->host, b->host);
	if (order == 0)
		order = compare_numbers(a->path_type == ROUTE_EXACT, b->path_type == ROUTE_EXACT);
	if (order == 0)
		order = compare_numbers(strlen(a->path), strlen(b->path));
	if (order == 0)
		order = compare_numbers(a->method != NULL, b->method != NULL);
	return order != 0 ? order : compare_numbers(a->match_count, b->match_count);
}

struct ordered {
	const struct route *route;
	size_t index;
};

static int compare_ordered(const void *a, const void *b)
{
	const struct ordered *left = a;
	const struct ordered *right = b;
	int order = compare_routes(left->route, right->route);

	return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

void routes_sort(struct route *routes, size_t count)
{
	AUTO_FREE struct ordered *list = xcalloc(count + 1, sizeof(*list));
	AUTO_FREE struct route *sorted = xcalloc(count + 1, sizeof(*sorted));

	for (size_t i = 0; i < count; i++)
		list[i] = (struct ordered){&routes[i], i};
	if (count > 1)
		qsort(list, count, sizeof(*list), compare_ordered);
	for (size_t i = 0; i < count; i++)
		sorted[i] = *list[i].route;
	if (count > 0)
		memcpy(routes, sorted, count * sizeof(*routes));
}

static bool has_target(const struct route_target *targets, size_t count,
		       const struct route_backend *backend)
{
	for (size_t i = 0; i < count; i++) {
		if (targets[i].port == backend->port &&
		    strcmp(targets[i].service, backend->service) == 0)
			return true;
	}
	return false;
}

struct route_target *routes_targets(const struct route *routes, size_t count, size_t *ret_count)
{
	struct route_target *targets = NULL;
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < routes[i].backend_count; k++) {
			const struct route_backend *backend = &routes[i].backends[k];
			if (has_target(targets, found, backend))
				continue;
			*ARRAY_APPEND(targets, found) =
				(struct route_target){backend->service, backend->port};
		}
	}
	*ret_count = found;
	return targets;
}

void route_tls_clear(struct route_tls *tls)
{
	free(tls->owner);
	free(tls->namespace_name);
	string_list_clear(&tls->hosts);
	free(tls->secret);
	*tls = (struct route_tls){0};
}
