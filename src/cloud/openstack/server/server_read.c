/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/server/server_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "cloud/answer_text.h"

#define MAX_PAGE      10000
#define MAX_ADDRESSES 1000
#define MAX_VOLUMES   1000

/* A piece of metadata; owned. */
static char *said(struct json_view server, const char *key)
{
	return json_view_text(json_view_get(json_view_get(server, "metadata"), key));
}

/* A digest as its metadata has it; NULL: none, or something else. Owned. */
static char *said_digest(struct json_view server, const char *key)
{
	AUTO_FREE char *text = said(server, key);

	return digest_is_valid(text) ? TAKE_PTR(text) : NULL;
}

/* The first fixed one of IPv4, or of IPv6 where there is none. Owned; or NULL. */
static char *read_address(struct json_view addresses)
{
	char *found = NULL;
	bool is_old = false;

	for (struct json_view network = json_view_first(addresses, MAX_ADDRESSES);
	     json_view_exists(network); network = json_view_next(network)) {
		size_t count = json_view_count(network, MAX_ADDRESSES);
		for (size_t i = 0; i < count && !is_old; i++) {
			struct json_view one = json_view_at(network, i);
			const char *type = json_view_peek(json_view_get(one, "OS-EXT-IPS:type"));
			int64_t version = json_view_number(json_view_get(one, "version"), 4, 6, 4);
			if (type != NULL && strcmp(type, "floating") == 0)
				continue;
			if (found != NULL && version != 4)
				continue;
			free(found);
			found = json_view_text(json_view_get(one, "addr"));
			is_old = version == 4;
		}
	}
	return found;
}

static void read_volumes(struct json_view list, struct string_list *ret)
{
	size_t count = json_view_count(list, MAX_VOLUMES);

	for (size_t i = 0; i < count; i++) {
		const char *id = json_view_peek(json_view_require(json_view_at(list, i), "id"));
		if (id != NULL)
			string_list_add(ret, id);
	}
}

/* What Nova says of a failure, fit to be shown; owned; or NULL. */
static char *read_fault(struct json_view fault)
{
	const char *text = json_view_peek(json_view_get(fault, "message"));

	return text != NULL ? answer_text_printable(text) : NULL;
}

void server_read(struct json_view view, struct server *ret)
{
	struct json_view image = json_view_get(view, "image");
	const char *created = json_view_peek(json_view_get(view, "created"));
	AUTO_FREE char *pod = said(view, "i2kit_pod");

	/* One that was booted from a volume has "" in place of an image. */
	*ret = (struct server){
		.id = json_view_text(json_view_require(view, "id")),
		.name = json_view_text(json_view_require(view, "name")),
		.status = json_view_text(json_view_require(view, "status")),
		.task = json_view_text(json_view_get(view, "OS-EXT-STS:task_state")),
		.image = json_view_is_object(image) ? json_view_text(json_view_require(image, "id"))
						    : xstrdup(""),
		.address = read_address(json_view_get(view, "addresses")),
		.fault = read_fault(json_view_get(view, "fault")),
		.pod = pod != NULL ? TAKE_PTR(pod) : xstrdup(""),
		.image_digest = said_digest(view, "i2kit_image"),
		.config_digest = said_digest(view, "i2kit_config"),
		.receipt = said(view, "i2kit_receipt"),
		.release = said(view, "i2kit_release"),
		.console_key = said(view, "i2kit_console"),
	};
	read_volumes(json_view_get(view, "os-extended-volumes:volumes_attached"), &ret->volumes);
	if (created != NULL)
		(void)!parse_rfc3339_ns(created, &ret->created_ns);
}

static bool is_of(struct json_view server, const struct cloud_scope *scope)
{
	struct json_view metadata = json_view_get(server, "metadata");
	const char *project = json_view_peek(json_view_get(metadata, "i2kit_project"));
	const char *environment = json_view_peek(json_view_get(metadata, "i2kit_environment"));
	const char *wanted = scope->environment != NULL ? scope->environment : "-";

	return project != NULL && strcmp(project, scope->project) == 0 && environment != NULL &&
	       strcmp(environment, wanted) == 0;
}

void server_read_page(struct json_view page, const struct cloud_scope *scope,
		      struct server_list *list, char **ret_last)
{
	struct json_view servers = json_view_require(page, "servers");
	size_t count = json_view_count(servers, MAX_PAGE);

	for (size_t i = 0; i < count; i++) {
		struct json_view one = json_view_at(servers, i);
		if (is_of(one, scope))
			server_read(one, ARRAY_APPEND(list->items, list->count));
	}
	bool has_more = count > 0 && json_view_exists(json_view_get(page, "servers_links"));
	*ret_last =
		has_more ? json_view_text(json_view_require(json_view_at(servers, count - 1), "id"))
			 : NULL;
}
