/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/http_route.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/app.h"
#include "manifest/gateway.h"
#include "manifest/http_route_filter.h"
#include "manifest/loader.h"
#include "manifest/metadata.h"
#include "manifest/read_value.h"
#include "manifest/route_check.h"
#include "manifest/yaml_node.h"

enum { WEIGHT_MAX = 1000000 };
/* Of the API, https://gateway-api.sigs.k8s.io/reference/spec/ */
enum { MATCHES_MAX = 64, PARENTS_MAX = 32 };

/* A rule while it is read: all that its matches have in common, and the matches. */
struct rule_reader {
	struct route common;
	struct route *matches; /* hosts, owners and backends come from `common` */
	size_t match_count;
};

/* ---- matches ---- */

static void want_exact(struct loader *loader, const struct yaml_node *node, const char *type)
{
	if (type != NULL && strcmp(type, "Exact") != 0)
		loader_error_as(loader, PROBLEM_UNSUPPORTED, yaml_get(node, "type"), "type: Exact",
				"type: '%.40s' is not supported", type);
}

struct match_reader {
	char *type;
	char *name;
	char *value;
};

static const struct field pair_list[] = {
	{"name", FIELD_USED, read_text, offsetof(struct match_reader, name), NULL, NULL},
	{"type", FIELD_USED, read_text, offsetof(struct match_reader, type), NULL,
	 "Exact; RegularExpression is refused", .takes = "word"},
	{"value", FIELD_USED, read_text, offsetof(struct match_reader, value), NULL, NULL},
};
static const struct field_set pair_fields = {"HTTPRoute header match", pair_list,
					     ARRAY_SIZE(pair_list)};

static void read_pairs(struct loader *loader, const struct yaml_node *node, struct route *route,
		       bool is_query)
{
	if (route_has_too_many(loader, node, ROUTE_FEW_MAX))
		return;
	for (size_t i = 0; i < node->item_count; i++) {
		const struct yaml_node *item = node->items[i];
		struct match_reader reader = {0};
		loader_read_map(loader, item, &pair_fields, &reader);
		AUTO_FREE char *type = reader.type;
		struct route_match *match = ARRAY_APPEND(route->matches, route->match_count);
		match->is_query = is_query;
		match->name = reader.name != NULL ? reader.name : xstrdup("");
		match->value = reader.value != NULL ? reader.value : xstrdup("");
		if (item->kind != YAML_MAP)
			continue;
		want_exact(loader, item, type);
		if (loader_wants_text(loader, item, "name", "name: x-version"))
			route_check_header(loader, yaml_get(item, "name"), match->name);
		if (loader_wants_text(loader, item, "value", "value: canary"))
			route_check_value(loader, yaml_get(item, "value"), match->value);
	}
}

static void read_headers(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_pairs(loader, node, target, false);
}

static void read_query(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_pairs(loader, node, target, true);
}

static void read_method(struct loader *loader, const struct yaml_node *node, void *target)
{
	static const char *const words[] = {"GET",     "HEAD",	  "POST",  "PUT",  "DELETE",
					    "CONNECT", "OPTIONS", "TRACE", "PATCH"};
	struct route *route = target;
	bool is_known = false;

	read_text(loader, node, &route->method);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		is_known = is_known || yaml_is_text(node, words[i]);
	if (route->method != NULL && !is_known)
		loader_error(loader, node, "GET, POST, PUT, DELETE …",
			     "method: '%.40s' is none of HTTP's", route->method);
}

static const struct field path_list[] = {
	{"type", FIELD_USED, read_text, offsetof(struct match_reader, type), NULL,
	 "Exact or PathPrefix (whole elements); RegularExpression is refused", .takes = "word"},
	{"value", FIELD_USED, read_text, offsetof(struct match_reader, value), NULL,
	 "begins with /; default /"},
};
static const struct field_set path_fields = {"HTTPRoute path match", path_list,
					     ARRAY_SIZE(path_list)};

static void read_path(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct route *route = target;
	struct match_reader reader = {0};

	loader_read_map(loader, node, &path_fields, &reader);
	AUTO_FREE char *type = reader.type;
	AUTO_FREE char *value = reader.value;
	bool is_prefix = type == NULL || strcmp(type, "PathPrefix") == 0;
	if (!is_prefix && strcmp(type, "Exact") != 0)
		loader_error_as(loader, PROBLEM_UNSUPPORTED, yaml_get(node, "type"),
				"Exact or PathPrefix", "type: '%.40s' is not supported", type);
	if (value != NULL && value[0] != '/')
		loader_error(loader, yaml_get(node, "value"), "value: /",
			     "path: '%.80s' does not begin with '/'", value);
	else if (value != NULL)
		route_check_path(loader, yaml_get(node, "value"), value);
	route->path_type = is_prefix ? ROUTE_PREFIX : ROUTE_EXACT;
	route->path = route_path_take(value, route->path_type);
}

static const struct field match_list[] = {
	{"headers", FIELD_USED, read_headers, 0, &pair_fields, "all of them",
	 "small and large letters are the same there", .is_list = true},
	{"method", FIELD_USED, read_method, 0, NULL, NULL, .takes = "word"},
	{"path", FIELD_USED, read_path, 0, &path_fields, NULL},
	{"queryParams", FIELD_USED, read_query, 0, &pair_fields, "all of them",
	 "small and large letters are the same there", .is_list = true},
};
static const struct field_set match_fields = {"HTTPRoute match", match_list,
					      ARRAY_SIZE(match_list)};

static void read_matches(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct rule_reader *rule = target;

	if (route_has_too_many(loader, node, MATCHES_MAX))
		return;
	for (size_t i = 0; i < node->item_count; i++) {
		struct route *route = ARRAY_APPEND(rule->matches, rule->match_count);
		loader_read_map(loader, node->items[i], &match_fields, route);
		if (route->path == NULL)
			route->path = xstrdup("/");
		route->mark = loader_mark(loader, node->items[i]);
	}
}

/* ---- backends ---- */

static void read_weight(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct route_backend *backend = target;
	read_u32(loader, node, &backend->weight);
	if (backend->weight > WEIGHT_MAX)
		loader_error_as(loader, PROBLEM_LIMIT, node, "0 to 1000000", "weight: more than %d",
				WEIGHT_MAX);
}

static void read_backend_kind(struct loader *loader, const struct yaml_node *node, void *target)
{
	AUTO_FREE char *kind = NULL;
	(void)target;
	read_text(loader, node, &kind);
	if (kind != NULL && strcmp(kind, "Service") != 0)
		loader_error_as(loader, PROBLEM_UNSUPPORTED, node, "kind: Service",
				"kind: '%.60s' is not supported", kind);
}

static const struct field backend_list[] = {
	{"filters", FIELD_REFUSED, NULL, 0, NULL, "filters of the rule itself"},
	{"group", FIELD_USED, read_ignored, 0, NULL, NULL},
	{"kind", FIELD_USED, read_backend_kind, 0, NULL, "Service", .takes = "word"},
	{"name", FIELD_USED, read_text, offsetof(struct route_backend, service), NULL,
	 "a Service, or a pod of the short form"},
	{"namespace", FIELD_USED, read_ignored, 0, NULL, "names are unique over all namespaces"},
	{"port", FIELD_USED, read_port_number, offsetof(struct route_backend, port), NULL,
	 "of the Service"},
	{"weight", FIELD_USED, read_weight, 0, NULL, "default 1; beside the others'",
	 "in parts of 999", .takes = "number"},
};
static const struct field_set backend_fields = {"HTTPRoute backendRef", backend_list,
						ARRAY_SIZE(backend_list)};

static void read_backends(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct route *route = &((struct rule_reader *)target)->common;

	if (route_has_too_many(loader, node, ROUTE_FEW_MAX))
		return;
	for (size_t i = 0; i < node->item_count; i++) {
		const struct yaml_node *item = node->items[i];
		struct route_backend backend = {.weight = 1};
		loader_read_map(loader, item, &backend_fields, &backend);
		backend.mark = loader_mark_of(loader, item, "name");
		backend.port_mark = loader_mark_of(loader, item, "port");
		if (item->kind == YAML_MAP && backend.port == 0)
			loader_missing(loader, item, "port", "port: 80");
		if (item->kind == YAML_MAP &&
		    loader_wants_text(loader, item, "name", "name: web") && backend.service != NULL)
			*ARRAY_APPEND(route->backends, route->backend_count) = backend;
		else
			free(backend.service);
	}
}

/* ---- rules ---- */

static const struct field rule_list[] = {
	{"backendRefs", FIELD_USED, read_backends, 0, &backend_fields, NULL, .is_list = true},
	{"filters", FIELD_USED, read_http_route_filters, offsetof(struct rule_reader, common),
	 &http_route_filter_fields, NULL, .is_list = true},
	{"matches", FIELD_USED, read_matches, 0, &match_fields, "one of them; default: all",
	 .is_list = true},
	{"name", FIELD_USED, read_ignored, 0, NULL, NULL},
	{"retry", FIELD_NO_EFFECT, NULL, 0, NULL, "connections are tried again, requests are not"},
	{"sessionPersistence", FIELD_NO_EFFECT, NULL, 0, NULL, "sessionAffinity of the Service"},
	{"timeouts", FIELD_NO_EFFECT, NULL, 0, NULL, "an answer may take an hour"},
};
static const struct field_set rule_fields = {"HTTPRoute rule", rule_list, ARRAY_SIZE(rule_list)};

/* One route for each match of the rule. */
static void add_rules(struct http_route *owner, struct rule_reader *rule)
{
	if (rule->match_count == 0)
		ARRAY_APPEND(rule->matches, rule->match_count)->path = xstrdup("/");
	for (size_t i = 0; i < rule->match_count; i++) {
		struct route *match = &rule->matches[i];
		struct route *made = ARRAY_APPEND(owner->rules, owner->rule_count);
		route_copy(made, &rule->common);
		made->owner = xstrdup(owner->owner);
		made->namespace_name = xstrdup(owner->namespace_name);
		made->path_type = match->path_type;
		made->path = TAKE_PTR(match->path);
		made->method = TAKE_PTR(match->method);
		made->matches = TAKE_PTR(match->matches);
		made->match_count = match->match_count;
		match->match_count = 0;
		if (match->mark.line != 0)
			made->mark = match->mark;
	}
	routes_free(rule->matches, rule->match_count);
	route_clear(&rule->common);
}

static void read_rules(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (route_has_too_many(loader, node, ROUTE_FEW_MAX))
		return;
	for (size_t i = 0; i < node->item_count; i++) {
		struct rule_reader rule = {0};
		loader_read_map(loader, node->items[i], &rule_fields, &rule);
		rule.common.mark = loader_mark(loader, node->items[i]);
		if (rule.common.backend_count == 0 && rule.common.redirect_status == 0 &&
		    node->items[i]->kind == YAML_MAP &&
		    yaml_is_null(yaml_get(node->items[i], "backendRefs")))
			loader_warn(loader, node->items[i],
				    "a rule without backendRefs and requestRedirect answers 500");
		if (rule.common.redirect_status != 0 && rule.common.backend_count > 0)
			loader_error(loader, node->items[i], "remove the backendRefs",
				     "a rule that redirects has no backendRefs");
		add_rules(target, &rule);
	}
}

static void read_hosts(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct http_route *route = target;

	if (route_has_too_many(loader, node, ROUTE_FEW_MAX))
		return;
	read_text_list(loader, node, &route->hosts);
	for (size_t i = 0; i < route->hosts.count && i < node->item_count; i++)
		route_check_host(loader, node->items[i], route->hosts.items[i], true);
}

static const struct field parent_list[] = {
	{"group", FIELD_USED, read_ignored, 0, NULL, NULL},
	{"kind", FIELD_USED, read_ignored, 0, NULL, "Gateway"},
	{"name", FIELD_USED, read_text, offsetof(struct gateway_parent, name), NULL,
	 "a Gateway; one that is not here takes http and https"},
	{"namespace", FIELD_USED, read_text, offsetof(struct gateway_parent, namespace_name), NULL,
	 NULL},
	{"port", FIELD_USED, read_port_number, offsetof(struct gateway_parent, port), NULL,
	 "of the listener"},
	{"sectionName", FIELD_USED, read_text, offsetof(struct gateway_parent, section), NULL,
	 "the listener's name"},
};
static const struct field_set parent_fields = {"HTTPRoute parentRef", parent_list,
					       ARRAY_SIZE(parent_list)};

static void read_parents(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct http_route *route = target;

	if (route_has_too_many(loader, node, PARENTS_MAX))
		return;
	for (size_t i = 0; i < node->item_count; i++) {
		struct gateway_parent *parent = ARRAY_APPEND(route->parents, route->parent_count);
		const struct yaml_node *kind = yaml_get(node->items[i], "kind");
		loader_read_map(loader, node->items[i], &parent_fields, parent);
		parent->mark = loader_mark(loader, node->items[i]);
		if (!yaml_is_null(kind) && !yaml_is_text(kind, "Gateway"))
			loader_error_as(loader, PROBLEM_UNSUPPORTED, kind, "kind: Gateway",
					"parentRefs: '%.60s' is not supported",
					kind->kind == YAML_SCALAR ? kind->text : "");
		if (node->items[i]->kind == YAML_MAP)
			(void)loader_wants_text(loader, node->items[i], "name", "name: gateway");
		if (parent->name == NULL)
			parent->name = xstrdup("");
	}
}

static const struct field http_route_spec_list[] = {
	{"hostnames", FIELD_USED, read_hosts, 0, NULL,
	 "each also reached as NAME.localhost; none: the listeners'", .takes = "list of texts",
	 .is_list = true},
	{"parentRefs", FIELD_USED, read_parents, 0, &parent_fields, NULL, .is_list = true},
	{"rules", FIELD_USED, read_rules, 0, &rule_fields, NULL, .is_list = true},
	{"useDefaultGateways", FIELD_NO_EFFECT, NULL, 0, NULL, "parentRefs"},
};
static const struct field_set http_route_spec_fields = {"HTTPRoute spec", http_route_spec_list,
							ARRAY_SIZE(http_route_spec_list)};
static const struct field http_route_object_list[] = {
	{"apiVersion", FIELD_USED, NULL, 0, NULL, NULL},
	{"kind", FIELD_USED, NULL, 0, NULL, NULL},
	{"metadata", FIELD_USED, NULL, 0, &metadata_fields, NULL},
	{"spec", FIELD_USED, NULL, 0, &http_route_spec_fields, NULL},
	{"status", FIELD_NO_EFFECT, NULL, 0, NULL, "written by API servers"}};
const struct field_set http_route_object_fields = {"HTTPRoute", http_route_object_list,
						   ARRAY_SIZE(http_route_object_list)};

void read_http_route(struct loader *loader, const struct yaml_node *root)
{
	AUTO(metadata_clear) struct metadata metadata = {0};
	const struct yaml_node *spec = yaml_get(root, "spec");
	struct http_route *route =
		ARRAY_APPEND(loader->gateways.routes, loader->gateways.route_count);

	loader_read_map(loader, root, &http_route_object_fields, NULL);
	read_metadata(loader, root, &metadata, true);
	route->owner = xasprintf("HTTPRoute '%s'", metadata.name);
	route->namespace_name = TAKE_PTR(metadata.namespace_name);
	route->mark = loader_mark(loader, root);
	if (yaml_is_null(spec))
		loader_missing(loader, root, "spec", "spec: {parentRefs: […], rules: […]}");
	else
		loader_read_map(loader, spec, &http_route_spec_fields, route);
}
