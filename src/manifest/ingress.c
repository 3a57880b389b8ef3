/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/ingress.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/app.h"
#include "manifest/loader.h"
#include "manifest/metadata.h"
#include "manifest/name_rules.h"
#include "manifest/problem.h"
#include "manifest/read_value.h"
#include "manifest/route_check.h"
#include "manifest/yaml_node.h"

/* An Ingress while it is read; its routes are the app's already. */
struct ingress_reader {
	const char *owner;
	const char *namespace_name;
	bool is_beta; /* before v1 a backend had other words, and paths no types */
	bool has_fallback;
};

/* ---- backends ---- */

struct backend_reader {
	struct route_backend backend;
	bool has_service;
	bool has_port;
	bool has_resource;
};

static const struct field backend_port_list[] = {
	{"name", FIELD_USED, read_text, offsetof(struct route_backend, port_name), NULL,
	 "of the Service's port"},
	{"number", FIELD_USED, read_port_number, offsetof(struct route_backend, port), NULL,
	 "of the Service's port"},
};
static const struct field_set backend_port_fields = {"Ingress backend port", backend_port_list,
						     ARRAY_SIZE(backend_port_list)};

static void read_backend_port(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct backend_reader *reader = target;
	loader_read_map(loader, node, &backend_port_fields, &reader->backend);
	reader->backend.port_mark = loader_mark(loader, node);
	reader->has_port = true;
	bool has_name = reader->backend.port_name != NULL && reader->backend.port_name[0] != '\0';
	bool has_number = reader->backend.port != 0;
	if (node->kind != YAML_MAP)
		return;
	if (has_name && has_number)
		loader_error(loader, node, "the number alone",
			     "port: a name and a number are one too many");
	else if (!has_name && !has_number && yaml_is_null(yaml_get(node, "number")))
		loader_error_as(loader, PROBLEM_MISSING, node,
				"port: {number: 80}, or {name: http}",
				"port: a number or a name is missing");
	if (has_name && !port_name_is_valid(reader->backend.port_name))
		loader_error(loader, yaml_get(node, "name"),
			     "at most 15 of a-z, 0-9 and '-', with a letter",
			     "port: '%.60s' is not a name of a port", reader->backend.port_name);
}

static const struct field backend_service_list[] = {
	{"name", FIELD_USED, read_text, offsetof(struct backend_reader, backend.service), NULL,
	 "a Service of the same namespace, or a pod of the short form"},
	{"port", FIELD_USED, read_backend_port, 0, &backend_port_fields, NULL},
};
static const struct field_set backend_service_fields = {
	"Ingress backend service", backend_service_list, ARRAY_SIZE(backend_service_list)};

static void read_backend_service(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct backend_reader *reader = target;
	const struct yaml_node *name = yaml_get(node, "name");
	loader_read_map(loader, node, &backend_service_fields, reader);
	reader->has_service = true;
	reader->backend.mark = loader_mark(loader, name != NULL ? name : node);
	if (node->kind != YAML_MAP)
		return;
	const char *service = reader->backend.service;
	if (loader_wants_text(loader, node, "name", "name: web") && service != NULL &&
	    !name_is_valid(service))
		loader_error(loader, name, name_hint(service),
			     "service: '%.80s' is not a name of a Service", service);
	if (!reader->has_port)
		loader_missing(loader, node, "port", "port: {number: 80}");
}

static void read_service_port(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct backend_reader *reader = target;
	reader->has_port = true;
	reader->backend.port_mark = loader_mark(loader, node);
	if (node->kind == YAML_SCALAR && node->type == YAML_TEXT)
		read_text(loader, node, &reader->backend.port_name);
	else
		read_port_number(loader, node, &reader->backend.port);
}

static void read_resource(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct backend_reader *reader = target;
	reader->has_resource = true;
	loader_error(loader, node, "service: {name: web, port: {number: 80}}",
		     "a backend that is a resource is its controller's matter");
}

static const struct field backend_list[] = {
	{"resource", FIELD_USED, read_resource, 0, NULL, "an error: a service is wanted",
	 .takes = "nothing"},
	{"service", FIELD_USED, read_backend_service, 0, &backend_service_fields, NULL},
	{"serviceName", FIELD_USED, read_text, offsetof(struct backend_reader, backend.service),
	 NULL, "v1beta1's word"},
	{"servicePort", FIELD_USED, read_service_port, 0, NULL, "v1beta1's word",
	 .takes = "port or name"},
};
static const struct field_set backend_fields = {"Ingress backend", backend_list,
						ARRAY_SIZE(backend_list)};

/* False: it says no backend that could be used, and that was told. */
static bool take_backend(struct loader *loader, const struct yaml_node *node, bool is_beta,
			 struct route_backend *ret)
{
	struct backend_reader reader = {.backend.weight = 1};
	const struct yaml_node *old = yaml_get(node, "serviceName");
	size_t before = loader->problems->error_count;

	loader_read_map(loader, node, &backend_fields, &reader);
	if (old == NULL)
		old = yaml_get(node, "servicePort");
	if (node->kind == YAML_MAP && !is_beta && old != NULL)
		loader_error(loader, old, "service: {name: web, port: {number: 80}}",
			     "'serviceName' and 'servicePort' are v1beta1's words");
	if (is_beta && reader.backend.service != NULL)
		reader.backend.mark = loader_mark_of(loader, node, "serviceName");
	if (node->kind == YAML_MAP && is_beta && reader.backend.service == NULL)
		loader_missing(loader, node, "serviceName", "serviceName: web");
	else if (node->kind == YAML_MAP && is_beta && !reader.has_port)
		loader_missing(loader, node, "servicePort", "servicePort: 80");
	else if (node->kind == YAML_MAP && !is_beta && old == NULL && !reader.has_service &&
		 !reader.has_resource)
		loader_missing(loader, node, "service", "service: {name: web, port: {number: 80}}");
	*ret = reader.backend;
	if (ret->service != NULL && loader->problems->error_count == before)
		return true;
	free(ret->service);
	free(ret->port_name);
	*ret = (struct route_backend){0};
	return false;
}

/* ---- rules ---- */

struct path_reader {
	struct ingress_reader *ingress;
	const char *host; /* of the rule; or NULL */
	char *path;
	char *type;
};

static void read_path_backend(struct loader *loader, const struct yaml_node *node, void *target)
{
	/* Read when the path is known. */
	(void)loader;
	(void)node;
	(void)target;
}

static const struct field path_list[] = {
	{"backend", FIELD_USED, read_path_backend, 0, &backend_fields, NULL},
	{"path", FIELD_USED, read_text, offsetof(struct path_reader, path), NULL,
	 "begins with /; as the request says it, not decoded"},
	{"pathType", FIELD_USED, read_text, offsetof(struct path_reader, type), NULL,
	 "Exact, Prefix (whole elements), ImplementationSpecific: here as Prefix", .takes = "word"},
};
static const struct field_set path_fields = {"Ingress path", path_list, ARRAY_SIZE(path_list)};

static struct route *add_route(struct loader *loader, const struct ingress_reader *ingress,
			       const struct yaml_node *node)
{
	struct route *route = ARRAY_APPEND(loader->app->routes, loader->app->route_count);

	route->owner = xstrdup(ingress->owner);
	route->namespace_name = xstrdup(ingress->namespace_name);
	route->is_http = true;
	route->is_https = true;
	route->mark = loader_mark(loader, node);
	return route;
}

/* Other controllers than ours take such paths for expressions. */
static void warn_of_expression(struct loader *loader, const struct yaml_node *node)
{
	if (node != NULL && node->kind == YAML_SCALAR && strpbrk(node->text, "*()|$^[") != NULL)
		loader_warn(loader, node,
			    "path: '%.80s' is taken as it is written, not as an expression",
			    node->text);
}

static bool check_path_type(struct loader *loader, const struct yaml_node *node,
			    const struct path_reader *reader)
{
	const struct yaml_node *path = yaml_get(node, "path");
	const struct yaml_node *type = yaml_get(node, "pathType");
	const char *text = reader->path != NULL ? reader->path : "";
	bool is_any = reader->type != NULL && strcmp(reader->type, "ImplementationSpecific") == 0;

	if (reader->type == NULL && reader->ingress->is_beta) {
		warn_of_expression(loader, path);
		is_any = true;
	} else if (reader->type == NULL || reader->type[0] == '\0') {
		if (yaml_is_null(type) || reader->type != NULL)
			loader_error_as(loader, PROBLEM_MISSING, yaml_is_null(type) ? node : type,
					"pathType: Prefix", "'pathType' is missing");
		return false;
	} else if (is_any) {
		warn_of_expression(loader, path);
	} else if (strcmp(reader->type, "Exact") != 0 && strcmp(reader->type, "Prefix") != 0) {
		loader_error(loader, type, "Exact, Prefix or ImplementationSpecific",
			     "pathType: '%.60s' is none of them", reader->type);
		return false;
	}
	if (text[0] != '/' && (text[0] != '\0' || !is_any)) {
		loader_error(loader, path != NULL ? path : node, "path: /",
			     "path: '%.80s' does not begin with '/'", text);
		return false;
	}
	if (!is_any)
		route_check_path(loader, path, text);
	return true;
}

static void read_path(struct loader *loader, const struct yaml_node *node,
		      struct ingress_reader *ingress, const char *host)
{
	struct path_reader reader = {.ingress = ingress, .host = host};
	const struct yaml_node *to = yaml_get(node, "backend");
	struct route_backend backend = {0};

	loader_read_map(loader, node, &path_fields, &reader);
	AUTO_FREE char *path = reader.path;
	AUTO_FREE char *type = reader.type;
	if (node->kind != YAML_MAP)
		return;
	bool is_good = check_path_type(loader, node, &reader);
	if (yaml_is_null(to))
		loader_missing(loader, node, "backend",
			       "backend: {service: {name: web, port: {number: 80}}}");
	else if (take_backend(loader, to, ingress->is_beta, &backend) && is_good) {
		struct route *route = add_route(loader, ingress, node);
		route->host = xstrdup_or_null(host);
		route->path_type =
			type != NULL && strcmp(type, "Exact") == 0 ? ROUTE_EXACT : ROUTE_PREFIX;
		route->path = route_path_take(path, route->path_type);
		*ARRAY_APPEND(route->backends, route->backend_count) = backend;
		return;
	}
	free(backend.service);
	free(backend.port_name);
}

struct rule_reader {
	char *host;
};

static const struct field http_list[] = {
	{"paths", FIELD_USED, NULL, 0, &path_fields, NULL, .is_list = true},
};
static const struct field_set http_fields = {"Ingress rule http", http_list, ARRAY_SIZE(http_list)};
static const struct field rule_list[] = {
	{"host", FIELD_USED, read_text, offsetof(struct rule_reader, host), NULL,
	 "also reached as HOST.localhost; \"*.example.com\" is one label more; none: any",
	 "of the load balancer's rules and, in the zone of environment.yml, its DNS names"},
	{"http", FIELD_USED, NULL, 0, &http_fields, NULL},
};
static const struct field_set rule_fields = {"Ingress rule", rule_list, ARRAY_SIZE(rule_list)};

static void read_rule(struct loader *loader, const struct yaml_node *node,
		      struct ingress_reader *ingress)
{
	struct rule_reader reader = {0};
	const struct yaml_node *http = yaml_get(node, "http");
	const struct yaml_node *paths = yaml_get(http, "paths");

	loader_read_map(loader, node, &rule_fields, &reader);
	AUTO_FREE char *host = reader.host;
	if (host != NULL && host[0] != '\0')
		route_check_host(loader, yaml_get(node, "host"), host, true);
	if (yaml_is_null(http))
		return; /* all of the host is the default backend's */
	loader_read_map(loader, http, &http_fields, NULL);
	if (http->kind == YAML_MAP &&
	    (yaml_is_null(paths) || (paths->kind == YAML_LIST && paths->item_count == 0)))
		loader_error(loader, paths != NULL ? paths : http,
			     "paths: [{path: /, pathType: Prefix, backend: …}]",
			     "a rule wants at least one path");
	if (paths == NULL || paths->kind != YAML_LIST)
		return;
	if (paths->item_count > ROUTES_MAX)
		loader_error_as(loader, PROBLEM_LIMIT, paths, "split them into several projects",
				"paths: more than %d", ROUTES_MAX);
	/* More than that is refused at the end. */
	for (size_t i = 0; i < paths->item_count && loader->app->route_count <= ROUTES_MAX; i++)
		read_path(loader, paths->items[i], ingress,
			  host != NULL && host[0] != '\0' ? host : NULL);
}

/* ---- the object ---- */

static void read_rules(struct loader *loader, const struct yaml_node *node, void *target)
{
	for (size_t i = 0; i < node->item_count; i++)
		read_rule(loader, node->items[i], target);
}

static const struct field tls_list[] = {
	{"hosts", FIELD_USED, read_text_list, offsetof(struct route_tls, hosts), NULL,
	 "names that the certificate is for"},
	{"secretName", FIELD_USED, read_text, offsetof(struct route_tls, secret), NULL,
	 "a kubernetes.io/tls Secret; none, or one that is not here: a certificate of i2kit's own",
	 "the certificate of environment.yml"},
};
static const struct field_set tls_fields = {"Ingress tls", tls_list, ARRAY_SIZE(tls_list)};

static void read_tls(struct loader *loader, const struct yaml_node *node, void *target)
{
	const struct ingress_reader *ingress = target;

	for (size_t i = 0; i < node->item_count; i++) {
		const struct yaml_node *hosts = yaml_get(node->items[i], "hosts");
		const struct yaml_node *secret = yaml_get(node->items[i], "secretName");
		struct route_tls *tls =
			ARRAY_APPEND(loader->app->route_tls, loader->app->route_tls_count);
		loader_read_map(loader, node->items[i], &tls_fields, tls);
		tls->owner = xstrdup(ingress->owner);
		tls->namespace_name = xstrdup(ingress->namespace_name);
		tls->mark = loader_mark(loader, secret != NULL ? secret : node->items[i]);
		for (size_t k = 0; k < tls->hosts.count; k++)
			route_check_host(loader,
					 hosts->kind == YAML_LIST && k < hosts->item_count
						 ? hosts->items[k]
						 : hosts,
					 tls->hosts.items[k], true);
		if (tls->secret != NULL && tls->secret[0] != '\0' &&
		    !name_is_subdomain(tls->secret))
			loader_error(loader, secret, name_hint(tls->secret),
				     "secretName: '%.80s' is not a valid name", tls->secret);
	}
}

static void read_fallback(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct ingress_reader *ingress = target;
	struct route_backend backend = {0};

	ingress->has_fallback = true;
	if (!take_backend(loader, node, ingress->is_beta, &backend))
		return;
	struct route *route = add_route(loader, ingress, node);
	route->is_default = true;
	route->path = xstrdup("/");
	*ARRAY_APPEND(route->backends, route->backend_count) = backend;
}

static void read_class(struct loader *loader, const struct yaml_node *node, void *target)
{
	AUTO_FREE char *name = NULL;
	(void)target;
	read_text(loader, node, &name);
	if (name != NULL && name[0] != '\0' && !name_is_subdomain(name))
		loader_error(loader, node, name_hint(name),
			     "ingressClassName: '%.80s' is not a valid name", name);
}

static const struct field ingress_spec_list[] = {
	{"backend", FIELD_USED, read_fallback, 0, &backend_fields, "v1beta1's defaultBackend"},
	{"defaultBackend", FIELD_USED, read_fallback, 0, &backend_fields,
	 "answers what no rule fits"},
	{"ingressClassName", FIELD_USED, read_class, 0, NULL,
	 "any: there is one proxy here, and one load balancer in the cloud", .takes = "name"},
	{"rules", FIELD_USED, read_rules, 0, &rule_fields, NULL, .is_list = true},
	{"tls", FIELD_USED, read_tls, 0, &tls_fields, "https for these hosts, beside http",
	 .is_list = true},
};
static const struct field_set ingress_spec_fields = {"Ingress spec", ingress_spec_list,
						     ARRAY_SIZE(ingress_spec_list)};
static const struct field ingress_object_list[] = {
	{"apiVersion", FIELD_USED, NULL, 0, NULL, NULL},
	{"kind", FIELD_USED, NULL, 0, NULL, NULL},
	{"metadata", FIELD_USED, NULL, 0, &metadata_fields, NULL},
	{"spec", FIELD_USED, NULL, 0, &ingress_spec_fields, NULL},
	{"status", FIELD_NO_EFFECT, NULL, 0, NULL, "written by API servers"}};
const struct field_set ingress_object_fields = {"Ingress", ingress_object_list,
						ARRAY_SIZE(ingress_object_list)};

/* What controllers are told there changes what an application gets. */
static void check_annotations(struct loader *loader, const struct yaml_node *root)
{
	const struct yaml_node *map = yaml_get(yaml_get(root, "metadata"), "annotations");
	const struct yaml_node *class_name = yaml_get(yaml_get(root, "spec"), "ingressClassName");

	for (size_t i = 0; map != NULL && i < map->pair_count; i++) {
		const struct yaml_node *key = map->pairs[i].key;
		if (strcmp(key->text, "kubernetes.io/ingress.class") == 0 &&
		    !yaml_is_null(class_name))
			loader_error(loader, key, "remove the annotation",
				     "the class stands in ingressClassName already");
		else if (strstr(key->text, "rewrite-target") != NULL ||
			 strstr(key->text, "use-regex") != NULL)
			loader_warn(loader, key,
				    "'%.80s' is not done here: the path reaches the pod as the "
				    "request says it; an HTTPRoute has URLRewrite",
				    key->text);
		else if (strstr(key->text, "ingress") != NULL &&
			 !string_list_has(&loader->noted, key->text)) {
			string_list_add(&loader->noted, key->text);
			loader_note_as(loader, PROBLEM_NO_EFFECT, key,
				       "'%.80s' has no effect here: it is for another controller",
				       key->text);
		}
	}
}

void read_ingress(struct loader *loader, const struct yaml_node *root)
{
	AUTO(metadata_clear) struct metadata metadata = {0};
	const struct yaml_node *spec = yaml_get(root, "spec");
	const struct yaml_node *version = yaml_get(root, "apiVersion");
	const struct yaml_node *rules = yaml_get(spec, "rules");

	loader_read_map(loader, root, &ingress_object_fields, NULL);
	read_metadata(loader, root, &metadata, true);
	AUTO_FREE char *owner = xasprintf("Ingress '%s'", metadata.name);
	struct ingress_reader reader = {.owner = owner,
					.namespace_name = metadata.namespace_name,
					.is_beta = strstr(version->text, "beta") != NULL};
	check_annotations(loader, root);
	if (yaml_is_null(spec)) {
		loader_missing(loader, root, "spec", "spec: {rules: […]}");
		return;
	}
	loader_read_map(loader, spec, &ingress_spec_fields, &reader);
	if (!reader.is_beta && yaml_get(spec, "backend") != NULL)
		loader_error(loader, yaml_get(spec, "backend"), "defaultBackend",
			     "'backend' is v1beta1's word");
	bool has_rules = rules != NULL && (rules->kind != YAML_LIST || rules->item_count > 0);
	if (spec->kind == YAML_MAP && !has_rules && !reader.has_fallback)
		loader_error(loader, spec, "rules: [{host: …, http: …}]",
			     "an Ingress wants rules or a defaultBackend");
}
