/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/rollback_volumes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/strbuf.h"

#define MAX_RESOURCES  500
#define MAX_PROPERTIES 100

/* The volume that is there and larger than the resource says; NULL: none. */
static const struct ebs_volume *find_larger(struct json_view resource,
					    const struct volume_list *volumes)
{
	struct json_view size = json_view_get(json_view_get(resource, "Properties"), "Size");
	for (size_t i = 0; i < volumes->count; i++)
		if (strcmp(volumes->items[i].logical_id, resource.key) == 0 &&
		    json_view_is_number(size) &&
		    (uint64_t)json_view_number(size, 0, INT64_MAX, 0) < volumes->items[i].size_gib)
			return &volumes->items[i];
	return NULL;
}

static void write_volume(struct json_writer *json, struct json_view resource, uint64_t gib)
{
	json_open_object(json, resource.key);
	for (struct json_view m = json_view_first(resource, MAX_PROPERTIES); json_view_exists(m);
	     m = json_view_next(m)) {
		if (strcmp(m.key, "Properties") != 0) {
			json_write_view(json, m.key, m);
			continue;
		}
		json_open_object(json, m.key);
		for (struct json_view p = json_view_first(m, MAX_PROPERTIES); json_view_exists(p);
		     p = json_view_next(p))
			if (strcmp(p.key, "Size") == 0)
				json_write_unsigned(json, p.key, gib);
			else
				json_write_view(json, p.key, p);
		json_close(json);
	}
	json_close(json);
}

static bool write_resources(struct json_writer *json, struct json_view resources,
			    const struct volume_list *volumes, struct string_list *notes)
{
	bool has_larger = false;
	json_open_object(json, resources.key);
	for (struct json_view r = json_view_first(resources, MAX_RESOURCES); json_view_exists(r);
	     r = json_view_next(r)) {
		const struct ebs_volume *larger = find_larger(r, volumes);
		if (larger == NULL) {
			json_write_view(json, r.key, r);
			continue;
		}
		has_larger = true;
		write_volume(json, r, larger->size_gib);
		string_list_addf(notes,
				 "claim %s was smaller in that release; its volume keeps its "
				 "%" PRIu64 " GiB",
				 larger->claim, larger->size_gib);
	}
	json_close(json);
	return has_larger;
}

bool rollback_keep_volumes(char **text, const struct volume_list *volumes,
			   struct string_list *notes, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(*text, strlen(*text), "the release's template", 0, err);
	if (document == NULL)
		return false;
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, JSON_ASCII);
	bool has_larger = false;
	json_open_object(&json, NULL);
	for (struct json_view m = json_view_first(json_document_root(document), MAX_PROPERTIES);
	     json_view_exists(m); m = json_view_next(m)) {
		if (strcmp(m.key, "Resources") == 0)
			has_larger = write_resources(&json, m, volumes, notes);
		else
			json_write_view(&json, m.key, m);
	}
	json_close(&json);
	if (!json_document_check(document, err))
		return false;
	if (has_larger) {
		free(*text);
		*text = strbuf_take(&out);
	}
	return true;
}
