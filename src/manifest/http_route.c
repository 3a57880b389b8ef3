/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/http_route.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "manifest/app.h"
#include "manifest/gateway.h"
#include "manifest/loader.h"
#include "manifest/metadata.h"
#include "manifest/read_value.h"
#include "manifest/route_check.h"
#include "manifest/yaml_node.h"

enum { WEIGHT_MAX = 1000000, STATUS_DEFAULT = 302 };
/* Of the API, https://gateway-api.sigs.k8s.io/reference/spec/ */
enum {
	FEW_MAX = 16, /* hostnames, rules, filters, backends, headers and parameters */
	MATCHES_MAX = 64,
	PARENTS_MAX = 32
};

static const char no_extension[] = "it is a controller's own";

/* A rule while it is read: all that its matches have in common, and the matches. */
struct rule_reader {
	struct route common;
	struct route *matches; /* hosts, owners and backends come from `common` */
	size_t match_count;
};

/* ---- matches ---- */

/* RFC 9110's token, without what the proxy's own language would take for its own. */
static bool is_header_name(const char *name)
{
	return name[0] != '\0' && strlen(name) <= 256 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
		       strlen(name);
}

static void check_header_name(struct loader *loader, const struct yaml_node *node, const char *name)
{
	if (name != NULL && node != NULL && !is_header_name(name))
		loader_error(loader, node, "letters, digits, '-', '_' and '.'",
			     "'%.80s' is no name of a header or parameter", name);
}

/* One line, and visible: what a header can hold. */
static void check_value(struct loader *loader, const struct yaml_node *node, const char *value)
{
	bool is_good = value == NULL || strlen(value) <= 4096;

	for (const char *at = value; at != NULL && *at != '\0'; at++)
		is_good = is_good && ((unsigned char)*at >= ' ' || *at == '\t') && *at != 0x7f;
	if (!is_good)
		loader_error(loader, node, NULL,
			     "a value is one line without control characters, of at most 4096");
}

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
	if (route_has_too_many(loader, node, FEW_MAX))
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
			check_header_name(loader, yaml_get(item, "name"), match->name);
		if (loader_wants_text(loader, item, "value", "value: canary"))
			check_value(loader, yaml_get(item, "value"), match->value);
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

/* ---- filters ---- */

struct edit_reader {
	char *name;
	char *value;
};

static const struct field edited_list[] = {
	{"name", FIELD_USED, read_text, offsetof(struct edit_reader, name), NULL, NULL},
	{"value", FIELD_USED, read_text, offsetof(struct edit_reader, value), NULL, NULL},
};
static const struct field_set edited_fields = {"HTTPRoute header", edited_list,
					       ARRAY_SIZE(edited_list)};

static void add_edits(struct loader *loader, const struct yaml_node *node, struct route *route,
		      enum route_edit_kind kind, bool is_response)
{
	if (route_has_too_many(loader, node, FEW_MAX))
		return;
	for (size_t i = 0; i < node->item_count; i++) {
		struct edit_reader reader = {0};
		struct route_edit *edit = ARRAY_APPEND(route->edits, route->edit_count);
		const struct yaml_node *item = node->items[i];
		if (kind == ROUTE_REMOVE)
			read_text(loader, item, &reader.name);
		else
			loader_read_map(loader, item, &edited_fields, &reader);
		edit->kind = kind;
		edit->is_response = is_response;
		edit->name = reader.name != NULL ? reader.name : xstrdup("");
		edit->value = reader.value;
		if (kind == ROUTE_REMOVE) {
			check_header_name(loader, item, edit->name);
			continue;
		}
		if (item->kind != YAML_MAP)
			continue;
		if (loader_wants_text(loader, item, "name", "name: x-from"))
			check_header_name(loader, yaml_get(item, "name"), edit->name);
		if (loader_wants_text(loader, item, "value", "value: gateway"))
			check_value(loader, yaml_get(item, "value"), edit->value);
	}
}

static const struct field edit_list[] = {
	{"add", FIELD_USED, NULL, 0, &edited_fields, NULL, .is_list = true},
	{"remove", FIELD_USED, NULL, 0, NULL, NULL, .takes = "list of texts", .is_list = true},
	{"set", FIELD_USED, NULL, 0, &edited_fields, NULL, .is_list = true},
};
static const struct field_set edit_fields = {"HTTPRoute header filter", edit_list,
					     ARRAY_SIZE(edit_list)};

static void read_edits(struct loader *loader, const struct yaml_node *node, struct route *route,
		       bool is_response)
{
	loader_read_map(loader, node, &edit_fields, NULL);
	for (unsigned kind = 0; kind < ROUTE_EDITS; kind++) {
		const struct yaml_node *list = yaml_get(node, route_edit_words[kind]);
		if (list != NULL && list->kind == YAML_LIST)
			add_edits(loader, list, route, (enum route_edit_kind)kind, is_response);
		else if (!yaml_is_null(list))
			loader_error_as(loader, PROBLEM_WRONG_TYPE, list,
					"begin each item with '- '", "%s: a list is wanted here",
					route_edit_words[kind]);
	}
}

static void read_request_edits(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_edits(loader, node, target, false);
}

static void read_response_edits(struct loader *loader, const struct yaml_node *node, void *target)
{
	read_edits(loader, node, target, true);
}

struct new_path_reader {
	char *type;
	char *full;
	char *prefix;
};
static const struct field new_path_list[] = {
	{"replaceFullPath", FIELD_USED, read_text, offsetof(struct new_path_reader, full), NULL,
	 "with type: ReplaceFullPath", "of redirects; load balancers do not rewrite"},
	{"replacePrefixMatch", FIELD_USED, read_text, offsetof(struct new_path_reader, prefix),
	 NULL, "with type: ReplacePrefixMatch",
	 "of redirects of path /; load balancers do not rewrite"},
	{"type", FIELD_USED, read_text, offsetof(struct new_path_reader, type), NULL,
	 "ReplaceFullPath or ReplacePrefixMatch", .takes = "word"},
};
static const struct field_set new_path_fields = {"HTTPRoute path modifier", new_path_list,
						 ARRAY_SIZE(new_path_list)};

static void read_new_path(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct route *route = target;
	struct new_path_reader reader = {0};

	loader_read_map(loader, node, &new_path_fields, &reader);
	AUTO_FREE char *type = reader.type;
	bool is_prefix = type != NULL && strcmp(type, "ReplacePrefixMatch") == 0;
	bool is_full = type != NULL && strcmp(type, "ReplaceFullPath") == 0;
	char **wanted = is_prefix ? &reader.prefix : &reader.full;
	if (node->kind == YAML_MAP && ((!is_prefix && !is_full) || *wanted == NULL ||
				       (reader.full != NULL) == (reader.prefix != NULL)))
		loader_error(loader, node,
			     "{type: ReplacePrefixMatch, replacePrefixMatch: /} or {type: "
			     "ReplaceFullPath, replaceFullPath: /}",
			     "path: a type and what belongs to it are wanted");
	else if (*wanted != NULL && (*wanted)[0] != '/')
		loader_error(loader, node, "begin it with /",
			     "path: '%.80s' does not begin with '/'", *wanted);
	check_value(loader, node, *wanted);
	route->new_path = TAKE_PTR(*wanted);
	route->is_new_prefix = is_prefix;
	free(reader.full);
	free(reader.prefix);
}

static void read_new_host(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct route *route = target;
	read_text(loader, node, &route->new_host);
	if (route->new_host != NULL)
		route_check_host(loader, node, route->new_host, false);
}

static void read_status(struct loader *loader, const struct yaml_node *node, void *target)
{
	uint32_t status = 0;
	read_u32(loader, node, &status);
	if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308)
		loader_error(loader, node, "301, 302, 303, 307 or 308",
			     "statusCode: that is no redirect");
	((struct route *)target)->redirect_status = (uint16_t)status;
}

static void read_scheme(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct route *route = target;
	read_text(loader, node, &route->redirect_scheme);
	if (!yaml_is_text(node, "http") && !yaml_is_text(node, "https"))
		loader_error(loader, node, "http or https", "scheme: neither http nor https");
}

static const struct field redirect_list[] = {
	{"hostname", FIELD_USED, read_new_host, 0, NULL, "default: as it came", .takes = "name"},
	{"path", FIELD_USED, read_new_path, 0, &new_path_fields, "default: as it came"},
	{"port", FIELD_USED, read_port_number, offsetof(struct route, redirect_port), NULL,
	 "default: the scheme's; of https, where it is published here"},
	{"scheme", FIELD_USED, read_scheme, 0, NULL, "http or https; default: as it came",
	 .takes = "word"},
	{"statusCode", FIELD_USED, read_status, 0, NULL, "301, 302 …; default 302", "301 or 302",
	 .takes = "number"},
};
static const struct field_set redirect_fields = {"HTTPRoute requestRedirect", redirect_list,
						 ARRAY_SIZE(redirect_list)};

static void read_redirect(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct route *route = target;
	route->redirect_status = STATUS_DEFAULT;
	loader_read_map(loader, node, &redirect_fields, route);
}

static const struct field rewrite_list[] = {
	{"hostname", FIELD_USED, read_new_host, 0, NULL, "the Host header that the pod gets",
	 "refused: load balancers do not rewrite", .takes = "name"},
	{"path", FIELD_USED, read_new_path, 0, &new_path_fields, NULL,
	 "refused: load balancers do not rewrite"},
};
static const struct field_set rewrite_fields = {"HTTPRoute urlRewrite", rewrite_list,
						ARRAY_SIZE(rewrite_list)};

static void read_rewrite(struct loader *loader, const struct yaml_node *node, void *target)
{
	loader_read_map(loader, node, &rewrite_fields, target);
}

static const struct field filter_list[] = {
	{"cors", FIELD_REFUSED, NULL, 0, NULL, "the pod answers OPTIONS itself"},
	{"extensionRef", FIELD_REFUSED, NULL, 0, NULL, no_extension},
	{"externalAuth", FIELD_REFUSED, NULL, 0, NULL, "the pod asks who somebody is"},
	{"requestHeaderModifier", FIELD_USED, read_request_edits, 0, &edit_fields, NULL,
	 "refused: load balancers change no headers"},
	{"requestMirror", FIELD_REFUSED, NULL, 0, NULL, "there is no second copy of a request"},
	{"requestRedirect", FIELD_USED, read_redirect, 0, &redirect_fields, NULL},
	{"responseHeaderModifier", FIELD_USED, read_response_edits, 0, &edit_fields, NULL,
	 "refused: load balancers change no headers"},
	{"type", FIELD_USED, NULL, 0, NULL, "the name of the field beside it", .takes = "word"},
	{"urlRewrite", FIELD_USED, read_rewrite, 0, &rewrite_fields, NULL,
	 "refused: load balancers do not rewrite"},
};
static const struct field_set filter_fields = {"HTTPRoute filter", filter_list,
					       ARRAY_SIZE(filter_list)};

static void check_filter_type(struct loader *loader, const struct yaml_node *node)
{
	static const char *const types[][2] = {{"RequestHeaderModifier", "requestHeaderModifier"},
					       {"ResponseHeaderModifier", "responseHeaderModifier"},
					       {"RequestRedirect", "requestRedirect"},
					       {"URLRewrite", "urlRewrite"}};
	const struct yaml_node *type = yaml_get(node, "type");

	if (node->kind != YAML_MAP || !loader_wants_text(loader, node, "type", "type: URLRewrite"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!yaml_is_text(type, types[i][0]))
			continue;
		if (yaml_is_null(yaml_get(node, types[i][1])))
			loader_missing(loader, node, types[i][1], "what the type is about");
		return;
	}
	loader_error_as(
		loader, PROBLEM_UNSUPPORTED, type,
		"RequestHeaderModifier, ResponseHeaderModifier, RequestRedirect, URLRewrite",
		"type: '%.60s' is not supported", type->text);
}

static void read_filters(struct loader *loader, const struct yaml_node *node, void *target)
{
	struct rule_reader *rule = target;

	if (route_has_too_many(loader, node, FEW_MAX))
		return;
	for (size_t i = 0; i < node->item_count; i++) {
		loader_read_map(loader, node->items[i], &filter_fields, &rule->common);
		check_filter_type(loader, node->items[i]);
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

	if (route_has_too_many(loader, node, FEW_MAX))
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
	{"filters", FIELD_USED, read_filters, 0, &filter_fields, NULL, .is_list = true},
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
	if (route_has_too_many(loader, node, FEW_MAX))
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

	if (route_has_too_many(loader, node, FEW_MAX))
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
