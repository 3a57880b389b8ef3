/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/http_route_filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/app.h"
#include "manifest/read_value.h"
#include "manifest/route_check.h"
#include "manifest/yaml_node.h"

enum { STATUS_DEFAULT = 302 };

static const char no_extension[] = "it is a controller's own";

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
	if (route_has_too_many(loader, node, ROUTE_FEW_MAX))
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
			route_check_header(loader, item, edit->name);
			continue;
		}
		if (item->kind != YAML_MAP)
			continue;
		if (loader_wants_text(loader, item, "name", "name: x-from"))
			route_check_header(loader, yaml_get(item, "name"), edit->name);
		if (loader_wants_text(loader, item, "value", "value: gateway"))
			route_check_value(loader, yaml_get(item, "value"), edit->value);
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
	route_check_value(loader, node, *wanted);
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
const struct field_set http_route_filter_fields = {"HTTPRoute filter", filter_list,
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

void read_http_route_filters(struct loader *loader, const struct yaml_node *node, void *target)
{
	if (route_has_too_many(loader, node, ROUTE_FEW_MAX))
		return;
	for (size_t i = 0; i < node->item_count; i++) {
		loader_read_map(loader, node->items[i], &http_route_filter_fields, target);
		check_filter_type(loader, node->items[i]);
	}
}
