/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/server/server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "cloud/openstack/server/server_read.h"

#define MAX_PAGES     1000
#define CONSOLE_LINES 1000

void server_clear(struct server *server)
{
	free(server->id);
	free(server->name);
	free(server->status);
	free(server->task);
	free(server->image);
	free(server->address);
	free(server->fault);
	free(server->pod);
	free(server->image_digest);
	free(server->config_digest);
	free(server->receipt);
	free(server->release);
	free(server->console_key);
	string_list_clear(&server->volumes);
	*server = (struct server){0};
}

void server_list_clear(struct server_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		server_clear(&list->items[i]);
	free(list->items);
	*list = (struct server_list){0};
}

void server_console_key(char ret[SERVER_CONSOLE_KEY_SIZE])
{
	uint8_t raw[SHA256_SIZE];

	/* Up to 256 bytes come whole, or the kernel has none at all. */
	if (getrandom(raw, sizeof(raw), 0) != (ssize_t)sizeof(raw))
		abort();
	sha256_hex(raw, ret);
}

/* --- making one ------------------------------------------------------------------------------ */

static void write_metadata(struct json_writer *json, const struct server_request *request)
{
	const struct cloud_scope *scope = request->scope;

	json_open_object(json, "metadata");
	json_write_text(json, "i2kit_project", scope->project);
	json_write_text(json, "i2kit_environment",
			scope->environment != NULL ? scope->environment : "-");
	json_write_text(json, "i2kit_pod", request->pod);
	json_write_text(json, "i2kit_release", request->release);
	json_write_text(json, "i2kit_image", DIGEST_TEXT(&request->id.image));
	json_write_text(json, "i2kit_config", DIGEST_TEXT(&request->id.config));
	json_write_text_if(json, "i2kit_receipt", request->receipt);
	json_write_text(json, "i2kit_console", request->console_key);
	json_close(json);
}

/* The image stands first, as its root disk on the host; volumes outlive the server. */
static void write_disks(struct json_writer *json, const struct server_request *request)
{
	if (request->volumes == NULL || request->volumes->count == 0)
		return;
	json_open_list(json, "block_device_mapping_v2");
	for (size_t i = 0; i <= request->volumes->count; i++) {
		bool is_root = i == 0;
		json_open_object(json, NULL);
		json_write_text(json, "source_type", is_root ? "image" : "volume");
		json_write_text(json, "destination_type", is_root ? "local" : "volume");
		json_write_text(json, "uuid",
				is_root ? request->image : request->volumes->items[i - 1]);
		json_write_number(json, "boot_index", is_root ? 0 : -1);
		json_write_bool(json, "delete_on_termination", is_root);
		json_close(json);
	}
	json_close(json);
}

char *server_document_of(const struct server_request *request)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);

	json_open_object(&json, NULL);
	json_open_object(&json, "server");
	json_write_text(&json, "name", request->name);
	json_write_text(&json, "imageRef", request->image);
	json_write_text(&json, "flavorRef", request->flavor);
	json_open_list(&json, "networks");
	json_open_object(&json, NULL);
	json_write_text(&json, "port", request->port);
	json_close(&json);
	json_close(&json);
	json_write_text(&json, "user_data", request->user_data);
	json_write_text_if(&json, "availability_zone", request->availability_zone);
	json_write_text_if(&json, "key_name", request->key_pair);
	json_write_true_if(&json, "config_drive", request->has_config_drive);
	write_metadata(&json, request);
	write_disks(&json, request);
	json_close(&json);
	json_close(&json);
	return strbuf_take(&out);
}

bool server_create(struct openstack_client *client, const struct server_request *request,
		   char **ret_id, struct error *err)
{
	AUTO_FREE char *document = server_document_of(request);
	const struct openstack_call call = {.service = &OPENSTACK_COMPUTE,
					    .method = "POST",
					    .path = "/servers",
					    .json = document};
	AUTO_PTR(json_document)
	struct json_document *made = openstack_client_ask(client, &call, err);

	if (made == NULL)
		return false;
	struct json_view server = json_view_require(json_document_root(made), "server");
	AUTO_FREE char *id = json_view_text(json_view_require(server, "id"));
	if (!json_document_check(made, err))
		return false;
	*ret_id = TAKE_PTR(id);
	return true;
}

/* --- finding them ---------------------------------------------------------------------------- */

/* *ret_last: the page's last server, owned; NULL: nothing follows. */
static bool read_page(struct openstack_client *client, const char *path,
		      const struct cloud_scope *scope, struct server_list *list, char **ret_last,
		      struct error *err)
{
	const struct openstack_call call = {.service = &OPENSTACK_COMPUTE, .path = path};
	AUTO_PTR(json_document)
	struct json_document *document = openstack_client_ask(client, &call, err);

	if (document == NULL)
		return false;
	server_read_page(json_document_root(document), scope, list, ret_last);
	return json_document_check(document, err);
}

static int by_name(const void *a, const void *b)
{
	const struct server *one = a;
	const struct server *other = b;
	int order = strcmp(one->name, other->name);

	if (order != 0)
		return order;
	if (one->created_ns != other->created_ns)
		return one->created_ns < other->created_ns ? -1 : 1;
	return strcmp(one->id, other->id);
}

bool server_list_of(struct openstack_client *client, const struct cloud_scope *scope,
		    struct server_list *ret, struct error *err)
{
	AUTO(server_list_clear) struct server_list list = {0};
	AUTO_FREE char *last = NULL;
	unsigned pages = 0;

	do {
		AUTO(strbuf_clear) struct strbuf path = STRBUF_INIT;
		AUTO_FREE char *pattern = xasprintf("^%s-", scope->name);
		AUTO_FREE char *next = NULL;
		/* A pattern, which finds too many at most: less to read where others are. */
		strbuf_append(&path, "/servers/detail?limit=500&name=");
		strbuf_append_url(&path, pattern);
		if (last != NULL) {
			strbuf_append(&path, "&marker=");
			strbuf_append_url(&path, last);
		}
		if (pages++ == MAX_PAGES)
			return error_set(err, ERROR_INVALID, "compute: the servers do not end");
		if (!read_page(client, strbuf_text(&path), scope, &list, &next, err))
			return false;
		free(last);
		last = TAKE_PTR(next);
	} while (last != NULL);
	/* What was not whole is a complaint by now: each has a name and an id. */
	if (list.count > 1)
		qsort(list.items, list.count, sizeof(*list.items), by_name);
	*ret = list;
	list = (struct server_list){0};
	return true;
}

/* A 404 is no error. */
static struct json_document *ask_existing(struct openstack_client *client,
					  const struct openstack_call *call, bool *ret_exists,
					  struct error *err)
{
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;

	*ret_exists = true;
	if (openstack_client_call(client, call, &answer, &failure))
		return openstack_answer_json(&answer, "compute: a server", err);
	if (answer.status == 404)
		*ret_exists = false;
	else
		(void)error_move(err, &failure);
	return NULL;
}

bool server_get(struct openstack_client *client, const char *id, struct server *ret,
		bool *ret_exists, struct error *err)
{
	AUTO_FREE char *path = xasprintf("/servers/%s", id);
	const struct openstack_call call = {.service = &OPENSTACK_COMPUTE, .path = path};
	AUTO(server_clear) struct server server = {0};

	*ret = (struct server){0};
	AUTO_PTR(json_document)
	struct json_document *document = ask_existing(client, &call, ret_exists, err);
	if (document == NULL)
		return !*ret_exists;
	server_read(json_view_require(json_document_root(document), "server"), &server);
	if (!json_document_check(document, err))
		return false;
	*ret = server;
	server = (struct server){0};
	return true;
}

/* --- what is done to one --------------------------------------------------------------------- */

static bool act(struct openstack_client *client, const char *id, const char *action,
		struct openstack_answer *ret, struct error *err)
{
	AUTO_FREE char *path = xasprintf("/servers/%s/action", id);
	const struct openstack_call call = {
		.service = &OPENSTACK_COMPUTE, .method = "POST", .path = path, .json = action};

	return openstack_client_call(client, &call, ret, err);
}

static bool is_off(struct openstack_client *client, const char *id)
{
	AUTO(server_clear) struct server server = {0};
	bool exists = false;

	if (!server_get(client, id, &server, &exists, NULL))
		return false;
	return !exists || strcmp(server.status, "SHUTOFF") == 0 ||
	       (server.task != NULL && strcmp(server.task, "powering-off") == 0);
}

bool server_stop(struct openstack_client *client, const char *id, struct error *err)
{
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;

	if (act(client, id, "{\"os-stop\":null}", &answer, &failure) || answer.status == 404)
		return true;
	/* 409: it is off, or going off; or cannot be stopped now. */
	return (answer.status == 409 && is_off(client, id)) || error_move(err, &failure);
}

bool server_delete(struct openstack_client *client, const char *id, struct error *err)
{
	AUTO_FREE char *path = xasprintf("/servers/%s", id);
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	const struct openstack_call call = {
		.service = &OPENSTACK_COMPUTE, .method = "DELETE", .path = path};

	return openstack_client_call(client, &call, &answer, &failure) || answer.status == 404 ||
	       error_move(err, &failure);
}

bool server_console(struct openstack_client *client, const char *id, char **ret, struct error *err)
{
	AUTO_FREE char *action =
		xasprintf("{\"os-getConsoleOutput\":{\"length\":%d}}", CONSOLE_LINES);
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;

	if (!act(client, id, action, &answer, &failure)) {
		/* 404: it is gone, or its host has no console of it; 409: it is being built. */
		if (answer.status != 404 && answer.status != 409)
			return error_move(err, &failure);
		*ret = xstrdup("");
		return true;
	}
	AUTO_PTR(json_document)
	struct json_document *document = openstack_answer_json(&answer, "compute: a console", err);
	if (document == NULL)
		return false;
	AUTO_FREE char *text =
		json_view_text(json_view_get(json_document_root(document), "output"));
	if (!json_document_check(document, err))
		return false;
	*ret = text != NULL ? TAKE_PTR(text) : xstrdup("");
	return true;
}

bool server_state(struct openstack_client *client, const struct server *server,
		  struct console_state *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;

	*ret = (struct console_state){0};
	if (server->console_key == NULL)
		return true;
	if (!server_console(client, server->id, &text, err))
		return error_prefix(err, "server %s", server->name);
	console_read(text, strlen(text), server->console_key, server->id, ret);
	return true;
}
