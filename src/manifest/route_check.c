/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/route_check.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "manifest/app.h"
#include "manifest/http_route_attach.h"
#include "manifest/loader.h"
#include "manifest/name_rules.h"
#include "manifest/yaml_node.h"

enum { PATH_MAX_BYTES = 1024 };

void route_check_host(struct loader *loader, const struct yaml_node *node, const char *host,
		      bool is_wildcard_fine)
{
	struct in6_addr ignored;
	bool is_wildcard = strncmp(host, "*.", 2) == 0;

	if (inet_pton(AF_INET, host, &ignored) == 1 || inet_pton(AF_INET6, host, &ignored) == 1)
		loader_error(loader, node, "a name, or none for any",
			     "host: '%.80s' is an address, not a name", host);
	else if (is_wildcard && is_wildcard_fine ? !name_is_subdomain(host + 2)
						 : !name_is_subdomain(host))
		loader_error(loader, node,
			     strpbrk(host, ":/") != NULL ? "without scheme, port and path"
							 : "as in shop.example.com or "
							   "\"*.example.com\", in small letters",
			     "host: '%.80s' is not a valid name", host);
}

/* RFC 9110's token, without what the proxy's own language would take for its own. */
static bool is_header_name(const char *name)
{
	return name[0] != '\0' && strlen(name) <= 256 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
		       strlen(name);
}

void route_check_header(struct loader *loader, const struct yaml_node *node, const char *name)
{
	if (name != NULL && node != NULL && !is_header_name(name))
		loader_error(loader, node, "letters, digits, '-', '_' and '.'",
			     "'%.80s' is no name of a header or parameter", name);
}

/* One line, and visible: what a header can hold. */
void route_check_value(struct loader *loader, const struct yaml_node *node, const char *value)
{
	bool is_good = value == NULL || strlen(value) <= 4096;

	for (const char *at = value; at != NULL && *at != '\0'; at++)
		is_good = is_good && ((unsigned char)*at >= ' ' || *at == '\t') && *at != 0x7f;
	if (!is_good)
		loader_error(loader, node, NULL,
			     "a value is one line without control characters, of at most 4096");
}

void route_check_path(struct loader *loader, const struct yaml_node *node, const char *path)
{
	static const char *const inside[] = {"//", "/./", "/../", "%2f", "%2F"};
	static const char *const ends[] = {"/..", "/."};
	size_t length = strlen(path);

	for (size_t i = 0; i < ARRAY_SIZE(inside); i++) {
		if (strstr(path, inside[i]) == NULL)
			continue;
		loader_error(loader, node, "as in /api/v1", "path: '%.80s' has '%s' in it", path,
			     inside[i]);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		size_t end = strlen(ends[i]);
		if (length >= end && strcmp(path + length - end, ends[i]) == 0)
			loader_error(loader, node, "as in /api/v1", "path: '%.80s' ends in '%s'",
				     path, ends[i]);
	}
	if (length > PATH_MAX_BYTES)
		loader_error(loader, node, NULL, "path: longer than %d bytes", PATH_MAX_BYTES);
}

char *route_path_take(const char *path, enum route_path type)
{
	size_t length = path != NULL ? strlen(path) : 0;

	while (type == ROUTE_PREFIX && length > 1 && path[length - 1] == '/')
		length--;
	return length > 0 ? xstrndup(path, length) : xstrdup("/");
}

bool route_has_too_many(struct loader *loader, const struct yaml_node *node, size_t most)
{
	if (node->item_count <= most)
		return false;
	loader_error_as(loader, PROBLEM_LIMIT, node, NULL, "%s: %zu, and at most %zu may be",
			loader->current != NULL ? loader->current->name : "list", node->item_count,
			most);
	return true;
}

static void unknown_service(struct loader *loader, const struct route *route,
			    const struct route_backend *backend)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;

	for (size_t i = 0; i < loader->app->service_count; i++)
		string_list_add(&known, loader->app->services[i].name);
	const char *nearest = suggest_nearest(backend->service, &known);
	bool is_pod = app_find_pod(loader->app, backend->service) != NULL;
	AUTO_FREE char *hint =
		is_pod ? xasprintf(
				 "pod '%.60s' has no ports: a Service, or ports of the short form",
				 backend->service)
		: nearest != NULL ? xasprintf("did you mean '%.60s'?", nearest)
				  : xstrdup("a Service of these manifests (-f reads more of them)");
	loader_error_at_as(loader, PROBLEM_UNRESOLVED, &backend->mark, hint,
			   "%s: there is no Service '%.63s'", route->owner, backend->service);
}

static void unknown_port(struct loader *loader, const struct route *route,
			 const struct route_backend *backend, const struct service *service)
{
	AUTO(strbuf_clear) struct strbuf known = STRBUF_INIT;

	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		if (port->protocol == PROTOCOL_UDP)
			continue;
		strbuf_appendf(&known, "%s%u%s%.63s%s", known.size > 0 ? ", " : "",
			       (unsigned)port->port, port->name != NULL ? " (" : "",
			       port->name != NULL ? port->name : "", port->name != NULL ? ")" : "");
	}
	AUTO_FREE char *hint = known.size > 0 ? xasprintf("it has %.200s", strbuf_text(&known))
					      : xstrdup("it has no TCP port");
	if (backend->port_name != NULL)
		loader_error_at(loader, &backend->port_mark, hint,
				"%s: Service '%.63s' has no port named '%.63s'", route->owner,
				backend->service, backend->port_name);
	else
		loader_error_at(loader, &backend->port_mark, hint,
				"%s: Service '%.63s' has no port %u", route->owner,
				backend->service, (unsigned)backend->port);
}

static void resolve_backend(struct loader *loader, const struct route *route,
			    struct route_backend *backend)
{
	const struct service *service = app_find_service(loader->app, backend->service);

	if (service == NULL) {
		if (!loader->has_lost)
			unknown_service(loader, route, backend);
		return;
	}
	if (strcmp(service->namespace_name, route->namespace_name) != 0 &&
	    strncmp(route->owner, "Ingress", 7) == 0) {
		loader_error_at(loader, &backend->mark, "an Ingress leads to its own namespace",
				"%s: Service '%.63s' is in namespace '%.63s'", route->owner,
				backend->service, service->namespace_name);
		return;
	}
	for (size_t i = 0; i < service->port_count; i++) {
		const struct service_port *port = &service->ports[i];
		bool is_meant =
			backend->port_name != NULL
				? port->name != NULL && strcmp(port->name, backend->port_name) == 0
				: port->port == backend->port;
		if (!is_meant || port->protocol == PROTOCOL_UDP)
			continue;
		backend->port = port->port;
		return;
	}
	unknown_port(loader, route, backend, service);
}

static bool has_entry(const struct config_map *secret, const char *key)
{
	for (size_t i = 0; i < secret->entry_count; i++) {
		if (strcmp(secret->entries[i].key, key) == 0 && secret->entries[i].size > 0)
			return true;
	}
	return false;
}

/* cert-manager and its like make Secrets that are in no manifest. */
static void resolve_tls(struct loader *loader, struct route_tls *tls)
{
	const struct config_map *secret = tls->secret != NULL && tls->secret[0] != '\0'
						  ? app_find_config(loader->app, tls->secret, true)
						  : NULL;

	if (secret != NULL && strcmp(secret->namespace_name, tls->namespace_name) != 0)
		secret = NULL;
	if (secret != NULL && (!has_entry(secret, "tls.crt") || !has_entry(secret, "tls.key"))) {
		loader_error_at(loader, &tls->mark, "type: kubernetes.io/tls",
				"%s: Secret '%.63s' has no tls.crt and tls.key", tls->owner,
				tls->secret);
		return;
	}
	if (secret != NULL)
		return;
	if (tls->secret != NULL && tls->secret[0] != '\0')
		loader_warn_at(loader, &tls->mark,
			       "%s: there is no Secret '%.63s'; a certificate of i2kit's own is "
			       "shown in its place",
			       tls->owner, tls->secret);
	free(tls->secret);
	tls->secret = NULL;
}

void routes_complete(struct loader *loader)
{
	struct app *app = loader->app;

	http_routes_attach(loader);
	if (app->route_count > ROUTES_MAX) {
		loader_error_at_as(loader, PROBLEM_LIMIT, &app->routes[ROUTES_MAX].mark,
				   "split them into several projects", "more than %d routes",
				   ROUTES_MAX);
		return;
	}
	for (size_t i = 0; i < app->route_count; i++) {
		for (size_t k = 0; k < app->routes[i].backend_count; k++)
			resolve_backend(loader, &app->routes[i], &app->routes[i].backends[k]);
	}
	for (size_t i = 0; i < app->route_tls_count; i++)
		resolve_tls(loader, &app->route_tls[i]);
	routes_sort(app->routes, app->route_count);
}
