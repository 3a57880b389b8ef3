/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/release/glance_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "cloud/openstack/client/page_list.h"
#include "cloud/openstack/image/glance.h"

#define TAG	  "i2kit-record"
#define MAX_BYTES ((size_t)32 << 20)
#define PATCH	  "application/openstack-images-v2.1-json-patch"

void glance_record_list_clear(struct glance_record_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].id);
		free(list->items[i].created);
	}
	free(list->items);
	*list = (struct glance_record_list){0};
}

static const char *environment_of(const struct cloud_scope *scope)
{
	return scope->environment != NULL ? scope->environment : "-";
}

static bool is_text(struct json_view view, const char *key, const char *wanted)
{
	const char *text = json_view_peek(json_view_get(view, key));
	return text != NULL && strcmp(text, wanted) == 0;
}

/* --- the list ------------------------------------------------------------------------------- */

struct record_reading {
	const struct cloud_scope *scope;
	const char *project; /* OpenStack's */
	struct glance_record_list *list;
};

static void read_one(struct json_view view, void *arg)
{
	const struct record_reading *reading = arg;
	const struct cloud_scope *scope = reading->scope;
	const char *digits = json_view_peek(json_view_get(view, "i2kit_number"));
	const char *id = json_view_peek(json_view_require(view, "id"));
	const char *created = json_view_peek(json_view_require(view, "created_at"));
	uint64_t number = 0;

	if (id == NULL || created == NULL || digits == NULL ||
	    !parse_u64(digits, 1, 999999, &number) || !is_text(view, "owner", reading->project) ||
	    !is_text(view, "i2kit_project", scope->project) ||
	    !is_text(view, "i2kit_environment", environment_of(scope)))
		return;
	*ARRAY_APPEND(reading->list->items, reading->list->count) = (struct glance_record){
		.number = (unsigned)number,
		.id = xstrdup(id),
		.created = xstrdup(created),
		.is_whole = is_text(view, "status", "active") &&
			    json_view_bool(json_view_get(view, "protected"), false),
	};
}

static int by_number(const void *a, const void *b)
{
	const struct glance_record *one = a;
	const struct glance_record *other = b;
	int order = one->number < other->number ? -1 : one->number > other->number;

	if (order == 0)
		order = strcmp(one->created, other->created);
	return order != 0 ? order : strcmp(one->id, other->id);
}

bool glance_record_list_of(struct openstack_client *client, const struct cloud_scope *scope,
			   struct glance_record_list *ret, struct error *err)
{
	const struct openstack_login *login = openstack_client_login(client, err);
	AUTO(glance_record_list_clear) struct glance_record_list list = {0};

	if (login == NULL)
		return false;
	AUTO_FREE char *project = xstrdup(login->project_id != NULL ? login->project_id : "");
	struct record_reading reading = {scope, project, &list};
	if (!page_list(client, &OPENSTACK_IMAGE, "/images", "tag=" TAG "&visibility=private",
		       "images", read_one, &reading, err))
		return false;
	if (list.count > 1)
		qsort(list.items, list.count, sizeof(*list.items), by_number);
	*ret = list;
	list = (struct glance_record_list){0};
	return true;
}

unsigned glance_record_newest(const struct glance_record_list *list)
{
	return list->count > 0 ? list->items[list->count - 1].number : 0;
}

/* --- one ------------------------------------------------------------------------------------ */

static bool take_bytes(const void *bytes, size_t size, void *arg, struct error *err)
{
	struct strbuf *text = arg;

	if (text->size + size > MAX_BYTES)
		return error_set(err, ERROR_INVALID, "the record of a release is too long");
	strbuf_append_bytes(text, bytes, size);
	return true;
}

bool glance_record_load(struct openstack_client *client, const struct glance_record_list *list,
			unsigned number, char **ret, struct error *err)
{
	const struct glance_record *found = NULL;
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < list->count && found == NULL; i++)
		if (list->items[i].number == number && list->items[i].is_whole)
			found = &list->items[i];
	if (found == NULL) {
		error_set(err, ERROR_NOT_FOUND, "there is no release %u", number);
		return error_hint(err, "i2kit releases");
	}
	AUTO_FREE char *path = xasprintf("/images/%s/file", found->id);
	const struct openstack_call call = {
		.service = &OPENSTACK_IMAGE, .path = path, .sink = take_bytes, .sink_arg = &text};
	if (!openstack_client_call(client, &call, &answer, err))
		return false;
	*ret = strbuf_take(&text);
	return true;
}

static char *document_of(const struct cloud_scope *scope, unsigned number)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO_FREE char *name = xasprintf("%s-record-%u", scope->name, number);
	AUTO_FREE char *digits = xasprintf("%u", number);
	struct json_writer json = JSON_WRITER(&out, 0);

	json_open_object(&json, NULL);
	json_write_text(&json, "name", name);
	json_write_text(&json, "disk_format", "raw");
	json_write_text(&json, "container_format", "bare");
	json_write_text(&json, "visibility", "private");
	json_open_list(&json, "tags");
	json_write_text(&json, NULL, TAG);
	json_close(&json);
	json_write_text(&json, "i2kit_project", scope->project);
	json_write_text(&json, "i2kit_environment", environment_of(scope));
	json_write_text(&json, "i2kit_number", digits);
	json_close(&json);
	return strbuf_take(&out);
}

struct source {
	const char *text;
	size_t left;
};

static long give_bytes(void *bytes, size_t size, void *arg)
{
	struct source *source = arg;
	size_t now = size < source->left ? size : source->left;

	memcpy(bytes, source->text, now);
	source->text += now;
	source->left -= now;
	return (long)now;
}

static bool upload(struct openstack_client *client, const char *id, const char *text,
		   struct error *err)
{
	struct source source = {text, strlen(text)};
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO_FREE char *path = xasprintf("/images/%s/file", id);
	const struct openstack_call call = {.service = &OPENSTACK_IMAGE,
					    .method = "PUT",
					    .path = path,
					    .source = give_bytes,
					    .source_arg = &source,
					    .source_size = strlen(text)};

	return openstack_client_call(client, &call, &answer, err);
}

static bool protect(struct openstack_client *client, const char *id, bool is_on,
		    struct openstack_answer *answer, struct error *err)
{
	AUTO_FREE char *path = xasprintf("/images/%s", id);
	AUTO_FREE char *body =
		xasprintf("[{\"op\":\"replace\",\"path\":\"/protected\",\"value\":%s}]",
			  is_on ? "true" : "false");
	const struct openstack_call call = {.service = &OPENSTACK_IMAGE,
					    .method = "PATCH",
					    .path = path,
					    .json = body,
					    .type = PATCH};

	return openstack_client_call(client, &call, answer, err);
}

/* Names are not unique: who looks after having written sees whether somebody else did so before. */
static bool is_first(struct openstack_client *client, const struct cloud_scope *scope,
		     unsigned number, const char *id, struct error *err)
{
	AUTO(glance_record_list_clear) struct glance_record_list list = {0};

	if (!glance_record_list_of(client, scope, &list, err))
		return false;
	for (size_t i = 0; i < list.count; i++) {
		if (list.items[i].number > number)
			break;
		if (list.items[i].number == number)
			return strcmp(list.items[i].id, id) == 0 ||
			       error_set(err, ERROR_BUSY,
					 "release %u was written by somebody else meanwhile",
					 number);
	}
	error_set(err, ERROR_BUSY, "the record of release %u was taken away meanwhile", number);
	return error_hint(err, "i2kit releases; then promote again");
}

bool glance_record_save(struct openstack_client *client, const struct cloud_scope *scope,
			unsigned number, const char *text, struct error *err)
{
	AUTO_FREE char *document = document_of(scope, number);
	AUTO_FREE char *id = NULL;
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;

	if (!glance_create(client, document, &id, err))
		return false;
	if (is_first(client, scope, number, id, &failure) && upload(client, id, text, &failure) &&
	    protect(client, id, true, &answer, &failure))
		return true;
	(void)!glance_record_remove(client, id, NULL);
	return error_move(err, &failure);
}

bool glance_record_remove(struct openstack_client *client, const char *id, struct error *err)
{
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;

	if (!protect(client, id, false, &answer, &failure))
		return answer.status == 404 || error_move(err, &failure);
	return glance_delete(client, id, err);
}
