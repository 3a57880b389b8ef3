/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/proxy_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { MAX_LIST = 100000, MOST_WEIGHT = 1000000, MOST_STATUS = 399 };

const char *const proxy_front_words[PROXY_FRONTS] = {"http", "https"};
const uint16_t proxy_front_ports[PROXY_FRONTS] = {8080, 8443};

void proxy_plan_clear(struct proxy_plan *plan)
{
	routes_free(plan->routes, plan->route_count);
	for (size_t i = 0; i < plan->certificates.count; i++)
		explicit_bzero(plan->certificates.items[i], strlen(plan->certificates.items[i]));
	string_list_clear(&plan->certificates);
	*plan = (struct proxy_plan){0};
}

bool proxy_plan_leads_to(const struct proxy_plan *plan, const char *service, uint16_t port)
{
	for (size_t i = 0; i < plan->route_count; i++) {
		for (size_t k = 0; k < plan->routes[i].backend_count; k++) {
			const struct route_backend *backend = &plan->routes[i].backends[k];
			if (backend->port == port && strcmp(backend->service, service) == 0)
				return true;
		}
	}
	return false;
}

static bool is_local(const char *host)
{
	static const char end[] = ".localhost";
	size_t length = strlen(host);

	return strcmp(host, "localhost") == 0 ||
	       (length > sizeof(end) - 1 && strcmp(host + length - (sizeof(end) - 1), end) == 0);
}

char *proxy_route_url(const struct route *route, bool is_https, uint16_t host_port)
{
	bool has_host = route->host != NULL;

	return xasprintf("%s://%s%s%s:%u%s", is_https ? "https" : "http",
			 has_host ? route->host : "", has_host && !is_local(route->host) ? "." : "",
			 has_host && is_local(route->host) ? "" : "localhost", (unsigned)host_port,
			 route->path);
}

/* ---- writing ---- */

static void write_matches(struct json_writer *json, const struct route *route)
{
	json_open_list(json, "matches");
	for (size_t i = 0; i < route->match_count; i++) {
		json_open_object(json, NULL);
		json_write_bool(json, "query", route->matches[i].is_query);
		json_write_text(json, "name", route->matches[i].name);
		json_write_text(json, "value", route->matches[i].value);
		json_close(json);
	}
	json_close(json);
	json_open_list(json, "edits");
	for (size_t i = 0; i < route->edit_count; i++) {
		json_open_object(json, NULL);
		json_write_text(json, "kind", route_edit_words[route->edits[i].kind]);
		json_write_bool(json, "response", route->edits[i].is_response);
		json_write_text(json, "name", route->edits[i].name);
		json_write_text_if(json, "value", route->edits[i].value);
		json_close(json);
	}
	json_close(json);
}

static void write_backends(struct json_writer *json, const struct route *route)
{
	json_open_list(json, "backends");
	for (size_t i = 0; i < route->backend_count; i++) {
		json_open_object(json, NULL);
		json_write_text(json, "service", route->backends[i].service);
		json_write_unsigned(json, "port", route->backends[i].port);
		json_write_unsigned(json, "weight", route->backends[i].weight);
		json_close(json);
	}
	json_close(json);
}

static void write_route(struct json_writer *json, const struct route *route)
{
	json_open_object(json, NULL);
	json_write_text(json, "owner", route->owner);
	json_write_text_if(json, "host", route->host);
	json_write_bool(json, "deep", route->is_deep);
	json_write_bool(json, "http", route->is_http);
	json_write_bool(json, "https", route->is_https);
	json_write_bool(json, "default", route->is_default);
	json_write_text(json, "type", route_path_words[route->path_type]);
	json_write_text(json, "path", route->path);
	json_write_text_if(json, "method", route->method);
	json_write_text_if(json, "newHost", route->new_host);
	json_write_text_if(json, "newPath", route->new_path);
	json_write_bool(json, "newPrefix", route->is_new_prefix);
	json_write_unsigned_if(json, "redirect", route->redirect_status);
	json_write_unsigned_if(json, "redirectPort", route->redirect_port);
	json_write_text_if(json, "redirectScheme", route->redirect_scheme);
	write_matches(json, route);
	write_backends(json, route);
	json_close(json);
}

void proxy_plan_write(struct json_writer *json, const struct proxy_plan *plan)
{
	if (plan->route_count == 0)
		return;
	json_open_object(json, "proxy");
	for (unsigned i = 0; i < PROXY_FRONTS; i++) {
		json_open_object(json, proxy_front_words[i]);
		json_write_unsigned(json, "host", plan->ports[i].host_port);
		json_write_bool(json, "asked", plan->ports[i].is_asked_for);
		json_close(json);
	}
	json_open_list(json, "routes");
	for (size_t i = 0; i < plan->route_count; i++)
		write_route(json, &plan->routes[i]);
	json_close(json);
	json_write_texts(json, "certificates", &plan->certificates);
	json_close(json);
}

/* ---- reading ---- */

static bool read_bool(struct json_view view, const char *key)
{
	return json_view_bool(json_view_get(view, key), false);
}

static char *read_text(struct json_view view, const char *key)
{
	return json_view_text(json_view_require(view, key));
}

static uint32_t read_number(struct json_view view, const char *key, int64_t max)
{
	return (uint32_t)json_view_number(json_view_get(view, key), 0, max, 0);
}

static void read_matches(struct json_view view, struct route *route)
{
	struct json_view matches = json_view_get(view, "matches");
	struct json_view edits = json_view_get(view, "edits");

	for (size_t i = 0; i < json_view_count(matches, MAX_LIST); i++) {
		struct json_view one = json_view_at(matches, i);
		struct route_match *match = ARRAY_APPEND(route->matches, route->match_count);
		match->is_query = read_bool(one, "query");
		match->name = read_text(one, "name");
		match->value = read_text(one, "value");
	}
	for (size_t i = 0; i < json_view_count(edits, MAX_LIST); i++) {
		struct json_view one = json_view_at(edits, i);
		struct route_edit *edit = ARRAY_APPEND(route->edits, route->edit_count);
		edit->kind = (enum route_edit_kind)json_view_word(
			json_view_get(one, "kind"), route_edit_words, ROUTE_EDITS, ROUTE_SET);
		edit->is_response = read_bool(one, "response");
		edit->name = read_text(one, "name");
		edit->value = json_view_text(json_view_get(one, "value"));
	}
}

static void read_backends(struct json_view view, struct route *route)
{
	struct json_view backends = json_view_get(view, "backends");

	for (size_t i = 0; i < json_view_count(backends, MAX_LIST); i++) {
		struct json_view one = json_view_at(backends, i);
		struct route_backend *backend = ARRAY_APPEND(route->backends, route->backend_count);
		backend->service = read_text(one, "service");
		backend->port = (uint16_t)read_number(one, "port", UINT16_MAX);
		backend->weight = read_number(one, "weight", MOST_WEIGHT);
	}
}

static void read_route(struct json_view view, struct route *route)
{
	route->owner = read_text(view, "owner");
	route->host = json_view_text(json_view_get(view, "host"));
	route->is_deep = read_bool(view, "deep");
	route->is_http = read_bool(view, "http");
	route->is_https = read_bool(view, "https");
	route->is_default = read_bool(view, "default");
	route->path_type = (enum route_path)json_view_word(
		json_view_get(view, "type"), route_path_words, ROUTE_PATHS, ROUTE_PREFIX);
	route->path = read_text(view, "path");
	route->method = json_view_text(json_view_get(view, "method"));
	route->new_host = json_view_text(json_view_get(view, "newHost"));
	route->new_path = json_view_text(json_view_get(view, "newPath"));
	route->is_new_prefix = read_bool(view, "newPrefix");
	route->redirect_status = (uint16_t)read_number(view, "redirect", MOST_STATUS);
	route->redirect_port = (uint16_t)read_number(view, "redirectPort", UINT16_MAX);
	route->redirect_scheme = json_view_text(json_view_get(view, "redirectScheme"));
	read_matches(view, route);
	read_backends(view, route);
}

void proxy_plan_read(struct json_view root, struct proxy_plan *ret)
{
	struct json_view proxy = json_view_get(root, "proxy");
	struct json_view routes = json_view_get(proxy, "routes");

	if (!json_view_exists(proxy))
		return;
	for (unsigned i = 0; i < PROXY_FRONTS; i++) {
		struct json_view port = json_view_get(proxy, proxy_front_words[i]);
		ret->ports[i].host_port = (uint16_t)read_number(port, "host", UINT16_MAX);
		ret->ports[i].is_asked_for = read_bool(port, "asked");
	}
	for (size_t i = 0; i < json_view_count(routes, MAX_LIST); i++)
		read_route(json_view_at(routes, i), ARRAY_APPEND(ret->routes, ret->route_count));
	json_view_texts(json_view_get(proxy, "certificates"), MAX_LIST, &ret->certificates);
}
