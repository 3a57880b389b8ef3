/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/short_route.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/app.h"
#include "manifest/loader.h"
#include "manifest/name_rules.h"
#include "manifest/problem.h"
#include "manifest/read_value.h"
#include "manifest/route_check.h"
#include "manifest/yaml_node.h"

struct short_route {
	char *host;
	char *path;
	unsigned path_type; /* enum route_path */
	uint16_t port;
	char *secret;
	bool is_tls;
};

static const char route_hint[] = "shop.example.com, shop.localhost/api, / or {host: …, path: …}";

/* true: a certificate of i2kit's own; else the name of a Secret. */
static void read_tls(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct short_route *route = target;
	bool is_bool = node->kind == YAML_SCALAR && yaml_is_bool(node, &route->is_tls);

	if (is_bool)
		return;
	read_text(loader, node, &route->secret);
	route->is_tls = route->secret != NULL;
	if (route->secret != NULL && !name_is_subdomain(route->secret))
		loader_error(loader, node, "tls: true, or the name of a Secret",
			     "tls: '%.80s' is not a valid name", route->secret);
}

static const struct field short_route_list[] = {
	{"host", FIELD_USED, read_text, offsetof(struct short_route, host), NULL,
	 "also reached as HOST.localhost; none: any",
	 "of the load balancer's rules and, in the zone of environment.yml, its DNS names"},
	{"path", FIELD_USED, read_text, offsetof(struct short_route, path), NULL, "default /"},
	{"pathType", FIELD_USED, read_choice, offsetof(struct short_route, path_type), NULL,
	 "default Prefix: whole elements", .choices = "Prefix|Exact"},
	{"port", FIELD_USED, read_port_number, offsetof(struct short_route, port), NULL,
	 "of the pod's ports; default: the first"},
	{"tls", FIELD_USED, read_tls, 0, NULL,
	 "https too: true, with a certificate of i2kit's own, or a Secret's name",
	 "the certificate of environment.yml", .takes = "true, or a name"},
};
const struct field_set short_route_fields = {"i2kit route", short_route_list,
					     ARRAY_SIZE(short_route_list)};

/* "shop.example.com/api", "/api", "shop.localhost" */
static void split(const char *text, struct short_route *ret)
{
	size_t host = strcspn(text, "/");

	ret->host = host > 0 ? xstrndup(text, host) : NULL;
	ret->path = text[host] != '\0' ? xstrdup(text + host) : NULL;
}

static uint16_t find_port(const struct service *ports, uint16_t wanted)
{
	for (size_t i = 0; i < ports->port_count; i++) {
		if (ports->ports[i].protocol != PROTOCOL_UDP &&
		    (wanted == 0 || ports->ports[i].port == wanted))
			return ports->ports[i].port;
	}
	return wanted; /* told when backends are looked for */
}

static void add_tls(struct loader *loader, const struct yaml_node *node, const struct pod_spec *pod,
		    struct short_route *from)
{
	struct route_tls *tls = ARRAY_APPEND(loader->app->route_tls, loader->app->route_tls_count);

	tls->owner = xasprintf("pod '%s'", pod->name);
	tls->namespace_name = xstrdup(pod->namespace_name);
	tls->mark = loader_mark(loader, node);
	tls->secret = TAKE_PTR(from->secret);
	if (from->host != NULL)
		string_list_add(&tls->hosts, from->host);
}

static void read_one(struct loader *loader, const struct yaml_node *node,
		     const struct pod_spec *pod, const struct service *ports)
{
	struct short_route from = {0};
	size_t before = loader->problems->error_count;

	if (node->kind == YAML_SCALAR && node->type == YAML_TEXT && node->text[0] != '\0')
		split(node->text, &from);
	else if (node->kind == YAML_MAP)
		loader_read_map(loader, node, &short_route_fields, &from);
	else
		loader_error(loader, node, route_hint, "routes: %s is not a route",
			     yaml_describe(node));
	AUTO_FREE char *host = from.host;
	AUTO_FREE char *path = from.path;
	if (host != NULL)
		route_check_host(loader, node, host, true);
	if (path != NULL && path[0] != '/')
		loader_error(loader, node, "path: /", "path: '%.80s' does not begin with '/'",
			     path);
	else if (path != NULL)
		route_check_path(loader, node, path);
	if (from.is_tls)
		add_tls(loader, node, pod, &from);
	free(from.secret);
	if (loader->problems->error_count > before)
		return;
	struct route *route = ARRAY_APPEND(loader->app->routes, loader->app->route_count);
	route->owner = xasprintf("pod '%s'", pod->name);
	route->namespace_name = xstrdup(pod->namespace_name);
	route->is_http = true;
	route->is_https = true;
	route->mark = loader_mark(loader, node);
	route->host = TAKE_PTR(host);
	route->path_type = (enum route_path)from.path_type;
	route->path = route_path_take(path, route->path_type);
	struct route_backend *backend = ARRAY_APPEND(route->backends, route->backend_count);
	backend->service = xstrdup(pod->name);
	backend->port = find_port(ports, from.port);
	backend->weight = 1;
	backend->mark = route->mark;
	backend->port_mark = route->mark;
}

void read_short_routes(struct loader *loader, const struct yaml_node *node,
		       const struct pod_spec *pod, const struct service *ports)
{
	if (ports->port_count == 0) {
		loader_error(loader, node, "ports: [80]",
			     "routes: the pod has no ports to lead to");
		return;
	}
	if (node->kind != YAML_LIST) {
		read_one(loader, node, pod, ports);
		return;
	}
	if (node->item_count > LIST_MAX) {
		loader_error_as(loader, PROBLEM_LIMIT, node, NULL, "routes: more than %d",
				LIST_MAX);
		return;
	}
	for (size_t i = 0; i < node->item_count; i++)
		read_one(loader, node->items[i], pod, ports);
}
