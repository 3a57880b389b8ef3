/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/service/floating_address.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/strbuf.h"
#include "cloud/openstack/client/page_list.h"
#include "cloud/openstack/place/scope_mark.h"

void floating_address_list_clear(struct floating_address_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].id);
		free(list->items[i].address);
		free(list->items[i].service);
		free(list->items[i].port);
	}
	free(list->items);
	*list = (struct floating_address_list){0};
}

const struct floating_address *floating_address_find(const struct floating_address_list *list,
						     const char *service)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].service, service) == 0)
			return &list->items[i];
	return NULL;
}

struct floating_reading {
	const struct cloud_scope *scope;
	struct floating_address_list *list;
};

static void read_one(struct json_view view, void *arg)
{
	struct floating_reading *reading = arg;
	const char *mark = json_view_peek(json_view_get(view, "description"));
	const char *port = json_view_peek(json_view_get(view, "port_id"));
	char *service = scope_mark_value(mark, "service");

	if (!scope_mark_is(mark, reading->scope) || service == NULL) {
		free(service);
		return;
	}
	*ARRAY_APPEND(reading->list->items, reading->list->count) = (struct floating_address){
		.id = json_view_text(json_view_require(view, "id")),
		.address = json_view_text(json_view_require(view, "floating_ip_address")),
		.service = service,
		.port = port != NULL && port[0] != '\0' ? xstrdup(port) : NULL,
	};
}

bool floating_address_list_of(struct openstack_client *client, const struct cloud_scope *scope,
			      struct floating_address_list *ret, struct error *err)
{
	AUTO(floating_address_list_clear) struct floating_address_list list = {0};
	struct floating_reading reading = {scope, &list};

	if (!page_list(client, &OPENSTACK_NETWORK, "/floatingips", NULL, "floatingips", read_one,
		       &reading, err))
		return false;
	*ret = list;
	list = (struct floating_address_list){0};
	return true;
}

static bool send(struct openstack_client *client, const char *method, const char *path,
		 struct strbuf *body, struct error *err)
{
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	const struct openstack_call call = {.service = &OPENSTACK_NETWORK,
					    .method = method,
					    .path = path,
					    .json = strbuf_text(body)};
	return openstack_client_call(client, &call, &answer, err);
}

bool floating_address_make(struct openstack_client *client, const struct cloud_scope *scope,
			   const char *service, const char *network, const char *port,
			   struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	AUTO_FREE char *rest = xasprintf("service=%s", service);
	AUTO_FREE char *mark = scope_mark(scope, rest);

	json_open_object(&json, NULL);
	json_open_object(&json, "floatingip");
	json_write_text(&json, "floating_network_id", network);
	json_write_text(&json, "description", mark);
	json_write_text_if(&json, "port_id", port);
	json_close(&json);
	json_close(&json);
	return send(client, "POST", "/floatingips", &out, err);
}

bool floating_address_lead(struct openstack_client *client, const char *id, const char *port,
			   struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	AUTO_FREE char *path = xasprintf("/floatingips/%s", id);

	json_open_object(&json, NULL);
	json_open_object(&json, "floatingip");
	json_write_text(&json, "port_id", port);
	json_close(&json);
	json_close(&json);
	return send(client, "PUT", path, &out, err);
}

bool floating_address_delete(struct openstack_client *client, const char *id, struct error *err)
{
	AUTO_FREE char *path = xasprintf("/floatingips/%s", id);
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	const struct openstack_call call = {
		.service = &OPENSTACK_NETWORK, .method = "DELETE", .path = path};

	return openstack_client_call(client, &call, &answer, &failure) || answer.status == 404 ||
	       error_move(err, &failure);
}
