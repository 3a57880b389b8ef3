/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/place/flavors.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "cloud/answer_text.h"

#define PAGE	  "/flavors/detail?limit=500"
#define MAX_PAGE  10000
#define MAX_PAGES 100

void openstack_flavors_free(struct openstack_flavor *flavors, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(flavors[i].id);
		free(flavors[i].name);
	}
	free(flavors);
}

struct flavor_list {
	struct openstack_flavor *items; /* owned */
	size_t count;
};

static void flavor_list_clear(struct flavor_list *list)
{
	openstack_flavors_free(list->items, list->count);
	*list = (struct flavor_list){0};
}

static uint64_t number_of(struct json_view item, const char *key)
{
	return (uint64_t)json_view_number(json_view_require(item, key), 0, INT32_MAX, 0);
}

/* *ret_count: how many the page had; 0: it was the last. */
static bool read_page(struct openstack_client *client, const char *path, struct flavor_list *list,
		      size_t *ret_count, struct error *err)
{
	const struct openstack_call call = {.service = &OPENSTACK_COMPUTE, .path = path};
	AUTO_PTR(json_document)
	struct json_document *document = openstack_client_ask(client, &call, err);

	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	struct json_view flavors = json_view_require(root, "flavors");
	size_t count = json_view_count(flavors, MAX_PAGE);
	for (size_t i = 0; i < count; i++) {
		struct json_view item = json_view_at(flavors, i);
		*ARRAY_APPEND(list->items, list->count) = (struct openstack_flavor){
			.id = json_view_text(json_view_require(item, "id")),
			.name = answer_text_printable(
				json_view_peek(json_view_require(item, "name"))),
			.memory_mib = number_of(item, "ram"),
			.disk_gib = number_of(item, "disk"),
			.processors = number_of(item, "vcpus"),
		};
	}
	*ret_count = json_view_exists(json_view_get(root, "flavors_links")) ? count : 0;
	return json_document_check(document, err);
}

static int by_size(const void *a, const void *b)
{
	const struct openstack_flavor *one = a;
	const struct openstack_flavor *other = b;

	if (one->memory_mib != other->memory_mib)
		return one->memory_mib < other->memory_mib ? -1 : 1;
	if (one->processors != other->processors)
		return one->processors < other->processors ? -1 : 1;
	return strcmp(one->name, other->name);
}

bool openstack_flavors_list(struct openstack_client *client, struct openstack_flavor **ret,
			    size_t *ret_count, struct error *err)
{
	AUTO(flavor_list_clear) struct flavor_list list = {0};
	size_t got = 1;

	for (unsigned page = 0; got > 0; page++) {
		AUTO(strbuf_clear) struct strbuf path = STRBUF_INIT;
		strbuf_append(&path, PAGE);
		if (list.count > 0) {
			strbuf_append(&path, "&marker=");
			strbuf_append_url(&path, list.items[list.count - 1].id);
		}
		if (page == MAX_PAGES)
			return error_set(err, ERROR_INVALID, "compute: the flavors do not end");
		if (!read_page(client, strbuf_text(&path), &list, &got, err))
			return false;
	}
	/* What was not whole is a complaint by now: each has a name. */
	if (list.count > 1)
		qsort(list.items, list.count, sizeof(*list.items), by_size);
	*ret = list.items;
	*ret_count = list.count;
	list = (struct flavor_list){0};
	return true;
}

bool openstack_flavors_choose(const struct openstack_flavor *flavors, size_t count,
			      const char *wanted, const struct openstack_flavor **ret,
			      struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	*ret = NULL;
	for (size_t i = 0; i < count && wanted != NULL; i++) {
		string_list_add(&names, flavors[i].name);
		if (strcmp(flavors[i].name, wanted) == 0 || strcmp(flavors[i].id, wanted) == 0)
			*ret = &flavors[i];
	}
	if (wanted == NULL || *ret != NULL)
		return true;
	error_set(err, ERROR_NOT_FOUND, "provider.instance_type: there is no flavor '%s'", wanted);
	return suggest_hint(err, wanted, &names);
}
