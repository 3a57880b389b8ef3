/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/service/service_groups.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/string_list.h"
#include "cloud/openstack/client/page_list.h"
#include "cloud/openstack/place/scope_mark.h"

#define MAX_RULES   2000
#define MAX_SUBNETS 1000

void service_group_list_clear(struct service_group_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct service_group *group = &list->items[i];
		free(group->id);
		free(group->pod);
		for (size_t r = 0; r < group->rule_count; r++) {
			free(group->rules[r].id);
			free(group->rules[r].text);
		}
		free(group->rules);
	}
	free(list->items);
	*list = (struct service_group_list){0};
}

const struct service_group *service_group_find(const struct service_group_list *list,
					       const char *pod)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *its = list->items[i].pod;
		if (pod == NULL ? its == NULL : its != NULL && strcmp(its, pod) == 0)
			return &list->items[i];
	}
	return NULL;
}

/* --- reading -------------------------------------------------------------------------------- */

/* One of ours is of one port, over IPv4, from anywhere or from a group. */
static char *rule_text(struct json_view view)
{
	const char *protocol = json_view_peek(json_view_get(view, "protocol"));
	const char *family = json_view_peek(json_view_get(view, "ethertype"));
	const char *group = json_view_peek(json_view_get(view, "remote_group_id"));
	const char *prefix = json_view_peek(json_view_get(view, "remote_ip_prefix"));
	int64_t first = json_view_number(json_view_get(view, "port_range_min"), 0, 65535, 0);
	int64_t last = json_view_number(json_view_get(view, "port_range_max"), 0, 65535, 0);
	bool is_any = group == NULL && (prefix == NULL || strcmp(prefix, "0.0.0.0/0") == 0);

	if (protocol == NULL || first == 0 || first != last || family == NULL ||
	    strcmp(family, "IPv4") != 0)
		return xstrdup("other");
	return xasprintf("%s %" PRId64 " %s", protocol, first,
			 is_any		 ? "any"
			 : group != NULL ? "group"
					 : prefix);
}

static void read_rules(struct json_view list, struct service_group *group)
{
	size_t count = json_view_count(list, MAX_RULES);

	for (size_t i = 0; i < count; i++) {
		struct json_view rule = json_view_at(list, i);
		const char *way = json_view_peek(json_view_get(rule, "direction"));
		if (way == NULL || strcmp(way, "ingress") != 0)
			continue;
		*ARRAY_APPEND(group->rules, group->rule_count) = (struct service_rule){
			.id = json_view_text(json_view_require(rule, "id")),
			.text = rule_text(rule),
		};
	}
}

struct group_reading {
	const struct cloud_scope *scope;
	struct service_group_list *list;
};

static void read_group(struct json_view view, void *arg)
{
	struct group_reading *reading = arg;
	const char *mark = json_view_peek(json_view_get(view, "description"));

	if (!scope_mark_is(mark, reading->scope))
		return;
	struct service_group *group = ARRAY_APPEND(reading->list->items, reading->list->count);
	group->id = json_view_text(json_view_require(view, "id"));
	group->pod = scope_mark_value(mark, "pod");
	read_rules(json_view_get(view, "security_group_rules"), group);
}

bool service_group_list_of(struct openstack_client *client, const struct cloud_scope *scope,
			   struct service_group_list *ret, struct error *err)
{
	AUTO(service_group_list_clear) struct service_group_list list = {0};
	struct group_reading reading = {scope, &list};

	if (!page_list(client, &OPENSTACK_NETWORK, "/security-groups", NULL, "security_groups",
		       read_group, &reading, err))
		return false;
	*ret = list;
	list = (struct service_group_list){0};
	return true;
}

/* --- making --------------------------------------------------------------------------------- */

bool service_group_make(struct openstack_client *client, const struct cloud_scope *scope,
			const char *pod, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	struct json_writer json = JSON_WRITER(&out, 0);
	AUTO_FREE char *rest = pod != NULL ? xasprintf("pod=%s", pod) : NULL;
	AUTO_FREE char *mark = scope_mark(scope, rest);
	AUTO_FREE char *name =
		xasprintf("%s%s%s", scope->name, pod != NULL ? "-" : "", pod != NULL ? pod : "");

	json_open_object(&json, NULL);
	json_open_object(&json, "security_group");
	json_write_text(&json, "name", name);
	json_write_text(&json, "description", mark);
	json_close(&json);
	json_close(&json);
	const struct openstack_call call = {.service = &OPENSTACK_NETWORK,
					    .method = "POST",
					    .path = "/security-groups",
					    .json = strbuf_text(&out)};
	return openstack_client_call(client, &call, &answer, err);
}

static bool add_rule(struct openstack_client *client, const struct service_group *group,
		     const char *all, const char *text, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	uint16_t port = 0;

	string_list_split(&words, text, ' ');
	if (words.count != 3 || !parse_port(words.items[1], &port))
		return error_set(err, ERROR_INVALID, "'%s' is no rule of a group", text);
	json_open_object(&json, NULL);
	json_open_object(&json, "security_group_rule");
	json_write_text(&json, "security_group_id", group->id);
	json_write_text(&json, "direction", "ingress");
	json_write_text(&json, "ethertype", "IPv4");
	json_write_text(&json, "protocol", words.items[0]);
	json_write_unsigned(&json, "port_range_min", port);
	json_write_unsigned(&json, "port_range_max", port);
	if (strcmp(words.items[2], "group") == 0)
		json_write_text(&json, "remote_group_id", all);
	else
		json_write_text(&json, "remote_ip_prefix",
				strcmp(words.items[2], "any") == 0 ? "0.0.0.0/0" : words.items[2]);
	json_close(&json);
	json_close(&json);
	const struct openstack_call call = {.service = &OPENSTACK_NETWORK,
					    .method = "POST",
					    .path = "/security-group-rules",
					    .json = strbuf_text(&out)};
	/* 409: it is there, from an answer that was lost. */
	return openstack_client_call(client, &call, &answer, &failure) || answer.status == 409 ||
	       error_move(err, &failure);
}

/* Success when it is gone. */
static bool remove_thing(struct openstack_client *client, const char *kind, const char *id,
			 struct error *err)
{
	AUTO_FREE char *path = xasprintf("/%s/%s", kind, id);
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	const struct openstack_call call = {
		.service = &OPENSTACK_NETWORK, .method = "DELETE", .path = path};

	return openstack_client_call(client, &call, &answer, &failure) || answer.status == 404 ||
	       error_move(err, &failure);
}

static bool has_rule(const struct service_group *group, const char *text)
{
	for (size_t i = 0; i < group->rule_count; i++)
		if (strcmp(group->rules[i].text, text) == 0)
			return true;
	return false;
}

bool service_group_open(struct openstack_client *client, const struct service_group *group,
			const char *all, const struct string_list *rules, bool is_exact,
			struct error *err)
{
	for (size_t i = 0; i < rules->count; i++)
		if (!has_rule(group, rules->items[i]) &&
		    !add_rule(client, group, all, rules->items[i], err))
			return false;
	for (size_t i = 0; is_exact && i < group->rule_count; i++)
		if (!string_list_has(rules, group->rules[i].text) &&
		    !remove_thing(client, "security-group-rules", group->rules[i].id, err))
			return false;
	return true;
}

bool service_group_delete(struct openstack_client *client, const char *id, struct error *err)
{
	return remove_thing(client, "security-groups", id, err);
}

bool service_network_prefixes(struct openstack_client *client, const char *network,
			      struct string_list *ret, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf path = STRBUF_INIT;

	/* Whoever's they are: a network may be shared. */
	strbuf_append(&path, "/subnets?ip_version=4&fields=cidr&network_id=");
	strbuf_append_url(&path, network);
	const struct openstack_call call = {.service = &OPENSTACK_NETWORK,
					    .path = strbuf_text(&path)};
	AUTO_PTR(json_document)
	struct json_document *document = openstack_client_ask(client, &call, err);
	if (document == NULL)
		return false;
	struct json_view list = json_view_require(json_document_root(document), "subnets");
	size_t count = json_view_count(list, MAX_SUBNETS);
	for (size_t i = 0; i < count; i++) {
		const char *cidr = json_view_peek(json_view_require(json_view_at(list, i), "cidr"));
		if (cidr != NULL)
			string_list_add(ret, cidr);
	}
	string_list_sort(ret);
	return json_document_check(document, err);
}
