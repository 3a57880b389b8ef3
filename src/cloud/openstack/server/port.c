/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/server/port.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cloud/openstack/client/page_list.h"
#include "cloud/openstack/place/scope_mark.h"

#define FIELDS	      "fields=id&fields=name&fields=description&fields=device_id&fields=fixed_ips"
#define MAX_ADDRESSES 100

void server_port_clear(struct server_port *port)
{
	free(port->id);
	free(port->name);
	free(port->address);
	free(port->device);
	free(port->pod);
	free(port->release);
	*port = (struct server_port){0};
}

void server_port_list_clear(struct server_port_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		server_port_clear(&list->items[i]);
	free(list->items);
	*list = (struct server_port_list){0};
}

/* The first of IPv4, or of IPv6 where there is none. Owned; or NULL. */
static char *read_address(struct json_view list)
{
	size_t count = json_view_count(list, MAX_ADDRESSES);
	const char *found = NULL;

	for (size_t i = 0; i < count; i++) {
		const char *one =
			json_view_peek(json_view_require(json_view_at(list, i), "ip_address"));
		bool is_better = one != NULL && strchr(one, ':') == NULL;
		if (found == NULL || (is_better && strchr(found, ':') != NULL))
			found = one;
	}
	return xstrdup_or_null(found);
}

static void read_port(struct json_view view, struct server_port *ret)
{
	const char *description = json_view_peek(json_view_get(view, "description"));
	const char *device = json_view_peek(json_view_get(view, "device_id"));

	*ret = (struct server_port){
		.id = json_view_text(json_view_require(view, "id")),
		.name = json_view_text(json_view_require(view, "name")),
		.address = read_address(json_view_get(view, "fixed_ips")),
		.device = device != NULL && device[0] != '\0' ? xstrdup(device) : NULL,
		.pod = scope_mark_value(description, "pod"),
		.release = scope_mark_value(description, "release"),
	};
}

/* Owned. */
static char *document_of(const struct server_port_request *request)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	AUTO_FREE char *rest = xasprintf("pod=%s release=%s", request->pod, request->release);
	AUTO_FREE char *mark = scope_mark(request->scope, rest);

	json_open_object(&json, NULL);
	json_open_object(&json, "port");
	json_write_text(&json, "name", request->name);
	json_write_text(&json, "network_id", request->network);
	json_write_text(&json, "description", mark);
	json_write_texts(&json, "security_groups", request->groups);
	json_close(&json);
	json_close(&json);
	return strbuf_take(&out);
}

bool server_port_create(struct openstack_client *client, const struct server_port_request *request,
			struct server_port *ret, struct error *err)
{
	AUTO_FREE char *document = document_of(request);
	const struct openstack_call call = {.service = &OPENSTACK_NETWORK,
					    .method = "POST",
					    .path = "/ports",
					    .json = document};
	AUTO(server_port_clear) struct server_port port = {0};
	AUTO_PTR(json_document)
	struct json_document *made = openstack_client_ask(client, &call, err);

	if (made == NULL)
		return false;
	read_port(json_view_require(json_document_root(made), "port"), &port);
	if (!json_document_check(made, err))
		return false;
	*ret = port;
	port = (struct server_port){0};
	return true;
}

struct port_reading {
	const struct cloud_scope *scope;
	struct server_port_list *list;
};

static void take_port(struct json_view view, void *arg)
{
	struct port_reading *reading = arg;
	const char *mark = json_view_peek(json_view_get(view, "description"));
	AUTO_FREE char *release = scope_mark_value(mark, "release");

	if (scope_mark_is(mark, reading->scope) && release != NULL)
		read_port(view, ARRAY_APPEND(reading->list->items, reading->list->count));
}

bool server_port_list_of(struct openstack_client *client, const struct cloud_scope *scope,
			 struct server_port_list *ret, struct error *err)
{
	AUTO(server_port_list_clear) struct server_port_list list = {0};
	struct port_reading reading = {scope, &list};

	if (!page_list(client, &OPENSTACK_NETWORK, "/ports", FIELDS, "ports", take_port, &reading,
		       err))
		return false;
	*ret = list;
	list = (struct server_port_list){0};
	return true;
}

bool server_port_delete(struct openstack_client *client, const char *id, struct error *err)
{
	AUTO_FREE char *path = xasprintf("/ports/%s", id);
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	const struct openstack_call call = {
		.service = &OPENSTACK_NETWORK, .method = "DELETE", .path = path};

	return openstack_client_call(client, &call, &answer, &failure) || answer.status == 404 ||
	       error_move(err, &failure);
}
