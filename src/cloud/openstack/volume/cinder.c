/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/volume/cinder.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/strbuf.h"

#define PAGE	  1000
#define MAX_PAGES 100
#define MAX_GIB	  (INT64_C(1) << 40)

static void free_volume(struct cinder_volume *volume)
{
	free(volume->id);
	free(volume->claim);
	free(volume->status);
	free(volume->created);
}

void cinder_volume_list_clear(struct cinder_volume_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free_volume(&list->items[i]);
	free(list->items);
	*list = (struct cinder_volume_list){0};
}

const struct cinder_volume *cinder_volume_find(const struct cinder_volume_list *list,
					       const char *claim)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].claim, claim) == 0)
			return &list->items[i];
	return NULL;
}

uint64_t cinder_gib(uint64_t bytes)
{
	const uint64_t gib = UINT64_C(1) << 30;

	return bytes / gib + (bytes % gib > 0);
}

static const char *environment_of(const struct cloud_scope *scope)
{
	return scope->environment != NULL ? scope->environment : "-";
}

static bool is_ours(struct json_view metadata, const struct cloud_scope *scope)
{
	const char *project = json_view_peek(json_view_get(metadata, "i2kit_project"));
	const char *environment = json_view_peek(json_view_get(metadata, "i2kit_environment"));

	return project != NULL && environment != NULL && strcmp(project, scope->project) == 0 &&
	       strcmp(environment, environment_of(scope)) == 0;
}

static int by_age(const void *a, const void *b)
{
	const struct cinder_volume *one = a;
	const struct cinder_volume *other = b;
	int order = strcmp(one->claim, other->claim);

	if (order == 0)
		order = strcmp(one->created, other->created);
	return order != 0 ? order : strcmp(one->id, other->id);
}

static char *text_of(struct json_view view, const char *key)
{
	char *text = json_view_text(json_view_require(view, key));
	return text != NULL ? text : xstrdup("");
}

void cinder_volumes_read(struct json_view list, const struct cloud_scope *scope,
			 struct cinder_volume_list *ret)
{
	size_t count = json_view_count(list, PAGE);

	for (size_t i = 0; i < count; i++) {
		struct json_view item = json_view_at(list, i);
		struct json_view metadata = json_view_get(item, "metadata");
		const char *claim = json_view_peek(json_view_get(metadata, "i2kit_claim"));
		if (claim == NULL || !is_ours(metadata, scope))
			continue;
		*ARRAY_APPEND(ret->items, ret->count) = (struct cinder_volume){
			.id = text_of(item, "id"),
			.claim = xstrdup(claim),
			.status = text_of(item, "status"),
			.created = text_of(item, "created_at"),
			.size_gib = (uint64_t)json_view_number(json_view_require(item, "size"), 0,
							       MAX_GIB, 0),
		};
	}
	if (ret->count > 1)
		qsort(ret->items, ret->count, sizeof(*ret->items), by_age);
}

/* *marker: in, the last one of the page before, or NULL; out, of this page; owned. NULL: it was the last. */
static bool read_page(struct openstack_client *client, const struct cloud_scope *scope,
		      char **marker, struct cinder_volume_list *list, struct error *err)
{
	AUTO_FREE char *last = *marker;
	AUTO_FREE char *path = xasprintf("/volumes/detail?limit=%d%s%s", PAGE,
					 last != NULL ? "&marker=" : "", last != NULL ? last : "");
	const struct openstack_call call = {.service = &OPENSTACK_VOLUME, .path = path};

	*marker = NULL;
	AUTO_PTR(json_document)
	struct json_document *document = openstack_client_ask(client, &call, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct json_view volumes = json_view_require(root, "volumes");
	size_t count = json_view_count(volumes, PAGE);
	cinder_volumes_read(volumes, scope, list);
	if (count > 0 && json_view_exists(json_view_get(root, "volumes_links")))
		*marker = json_view_text(json_view_require(json_view_at(volumes, count - 1), "id"));
	return json_document_check(document, err);
}

bool cinder_volume_list_of(struct openstack_client *client, const struct cloud_scope *scope,
			   struct cinder_volume_list *ret, struct error *err)
{
	AUTO(cinder_volume_list_clear) struct cinder_volume_list list = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	char *marker = NULL;

	if (!openstack_client_has(client, &OPENSTACK_VOLUME, &failure)) {
		*ret = (struct cinder_volume_list){0};
		return failure.kind == ERROR_NONE || error_move(err, &failure);
	}
	for (unsigned page = 0; page == 0 || marker != NULL; page++) {
		if (page == MAX_PAGES || !read_page(client, scope, &marker, &list, err)) {
			free(marker);
			return page < MAX_PAGES ||
			       error_set(err, ERROR_INVALID, "volumes: the list does not end");
		}
	}
	*ret = list;
	list = (struct cinder_volume_list){0};
	return true;
}

char *cinder_volume_document(const struct cloud_scope *scope, const char *claim,
			     uint64_t size_bytes)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO_FREE char *name = xasprintf("%s-%s", scope->name, claim);
	struct json_writer json = JSON_WRITER(&out, 0);

	json_open_object(&json, NULL);
	json_open_object(&json, "volume");
	json_write_text(&json, "name", name);
	json_write_unsigned(&json, "size", cinder_gib(size_bytes));
	json_open_object(&json, "metadata");
	json_write_text(&json, "i2kit_project", scope->project);
	json_write_text(&json, "i2kit_environment", environment_of(scope));
	json_write_text(&json, "i2kit_claim", claim);
	json_close(&json);
	json_close(&json);
	json_close(&json);
	return strbuf_take(&out);
}

bool cinder_volume_create(struct openstack_client *client, const struct cloud_scope *scope,
			  const char *claim, uint64_t size_bytes, struct error *err)
{
	AUTO_FREE char *body = cinder_volume_document(scope, claim, size_bytes);
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	const struct openstack_call call = {
		.service = &OPENSTACK_VOLUME, .method = "POST", .path = "/volumes", .json = body};

	return openstack_client_call(client, &call, &answer, err) ||
	       error_prefix(err, "the volume of claim '%s'", claim);
}

bool cinder_volume_delete(struct openstack_client *client, const char *id, struct error *err)
{
	AUTO_FREE char *path = xasprintf("/volumes/%s", id);
	AUTO(openstack_answer_clear) struct openstack_answer answer = {0};
	AUTO(error_clear) struct error failure = ERROR_INIT;
	const struct openstack_call call = {
		.service = &OPENSTACK_VOLUME, .method = "DELETE", .path = path};

	return openstack_client_call(client, &call, &answer, &failure) || answer.status == 404 ||
	       error_move(err, &failure);
}

static uint64_t left_of(struct json_view limits, const char *most_key, const char *used_key)
{
	int64_t most = json_view_number(json_view_require(limits, most_key), -1, INT64_MAX, -1);
	int64_t used = json_view_number(json_view_require(limits, used_key), 0, INT64_MAX, 0);

	if (most < 0)
		return UINT64_MAX;
	return most > used ? (uint64_t)(most - used) : 0;
}

bool cinder_limits_ask(struct openstack_client *client, struct cinder_limits *ret,
		       struct error *err)
{
	static const struct openstack_call call = {.service = &OPENSTACK_VOLUME, .path = "/limits"};
	AUTO_PTR(json_document)
	struct json_document *document = openstack_client_ask(client, &call, err);

	if (document == NULL)
		return false;
	struct json_view limits = json_view_require(
		json_view_require(json_document_root(document), "limits"), "absolute");
	*ret = (struct cinder_limits){
		.volumes_left = left_of(limits, "maxTotalVolumes", "totalVolumesUsed"),
		.gib_left = left_of(limits, "maxTotalVolumeGigabytes", "totalGigabytesUsed"),
	};
	return json_document_check(document, err);
}
