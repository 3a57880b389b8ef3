/* SPDX-License-Identifier: Apache-2.0 */
#include "image/linuxkit/linuxkit_append.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "image/linuxkit/linuxkit_document.h"

static void replace(char **to, char **from)
{
	if (*from == NULL || (*from)[0] == '\0')
		return;
	free(*to);
	*to = TAKE_PTR(*from);
}

/* "none" and "" are said on purpose here. */
static void replace_given(char **to, char **from)
{
	if (*from == NULL)
		return;
	free(*to);
	*to = TAKE_PTR(*from);
}

static void append_components(struct linuxkit_component_list *to,
			      struct linuxkit_component_list *from)
{
	for (size_t i = 0; i < from->count; i++)
		*ARRAY_APPEND(to->items, to->count) = from->items[i];
	free(from->items);
	*from = (struct linuxkit_component_list){0};
}

static bool check_services(const struct linuxkit_component_list *to,
			   const struct linuxkit_component_list *from, struct error *err)
{
	for (size_t i = 0; i < from->count; i++) {
		for (size_t j = 0; j < to->count; j++) {
			if (strcmp(to->items[j].name, from->items[i].name) == 0)
				return error_set(err, ERROR_INVALID,
						 "%u:1: service '%s' is in another document too",
						 from->items[i].line, from->items[i].name);
		}
	}
	return true;
}

static bool append_volumes(struct linuxkit_document *to, struct linuxkit_document *from,
			   struct error *err)
{
	for (size_t i = 0; i < from->volume_count; i++) {
		const struct linuxkit_volume *volume = &from->volumes[i];
		if (linuxkit_document_find_volume(to, volume->name) != NULL)
			return error_set(err, ERROR_INVALID,
					 "%u:1: volume '%s' is in another document too",
					 volume->line, volume->name);
	}
	for (size_t i = 0; i < from->volume_count; i++)
		*ARRAY_APPEND(to->volumes, to->volume_count) = from->volumes[i];
	free(from->volumes);
	from->volumes = NULL;
	from->volume_count = 0;
	return true;
}

static void append_files(struct linuxkit_document *to, struct linuxkit_document *from)
{
	for (size_t i = 0; i < from->file_count; i++)
		*ARRAY_APPEND(to->files, to->file_count) = from->files[i];
	free(from->files);
	from->files = NULL;
	from->file_count = 0;
}

static void write_elements(struct json_writer *json, struct json_view list)
{
	size_t count = json_view_count(list, SIZE_MAX);
	for (size_t i = 0; i < count; i++)
		json_write_view(json, NULL, json_view_at(list, i));
}

static void write_member(struct json_writer *json, struct json_view old, struct json_view new)
{
	json_write_view(json, old.key, json_view_exists(new) ? new : old);
}

typedef void member_fn(struct json_writer *json, struct json_view old, struct json_view new);

/* The members of both; `merge` writes those of the first, whose namesake may be absent. */
static void write_members(struct json_writer *json, struct json_view first, struct json_view second,
			  member_fn *merge)
{
	for (struct json_view old = json_view_first(first, SIZE_MAX); json_view_exists(old);
	     old = json_view_next(old))
		merge(json, old, json_view_get(second, old.key));
	for (struct json_view new = json_view_first(second, SIZE_MAX); json_view_exists(new);
	     new = json_view_next(new)) {
		if (!json_view_exists(json_view_get(first, new.key)))
			json_write_view(json, new.key, new);
	}
}

static void write_section(struct json_writer *json, struct json_view old, struct json_view new)
{
	if (json_view_is_list(old) && json_view_is_list(new)) {
		json_open_list(json, old.key);
		write_elements(json, old);
		write_elements(json, new);
		json_close(json);
	} else if (json_view_is_object(old) && json_view_is_object(new)) {
		json_open_object(json, old.key);
		write_members(json, old, new, write_member);
		json_close(json);
	} else {
		write_member(json, old, new);
	}
}

/* The document that files[].metadata show. */
static char *append_json(const char *to, const char *from)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	AUTO_PTR(json_document)
	struct json_document *first = json_document_parse(to, strlen(to), "document", 0, NULL);
	AUTO_PTR(json_document)
	struct json_document *second = json_document_parse(from, strlen(from), "document", 0, NULL);
	if (first == NULL || second == NULL) /* both were JSON when they were read */
		return xstrdup(to);
	json_open_object(&json, NULL);
	write_members(&json, json_document_root(first), json_document_root(second), write_section);
	json_close(&json);
	return strbuf_take(&text);
}

bool linuxkit_document_append(struct linuxkit_document *to, struct linuxkit_document *from,
			      struct error *err)
{
	if (!check_services(&to->services, &from->services, err) || !append_volumes(to, from, err))
		return false;
	replace(&to->kernel.image, &from->kernel.image);
	replace(&to->kernel.cmdline, &from->kernel.cmdline);
	replace(&to->kernel.binary, &from->kernel.binary);
	replace_given(&to->kernel.tar, &from->kernel.tar);
	replace_given(&to->kernel.ucode, &from->kernel.ucode);
	string_list_copy(&to->init, &from->init);
	append_components(&to->onboot, &from->onboot);
	append_components(&to->onshutdown, &from->onshutdown);
	append_components(&to->services, &from->services);
	append_files(to, from);
	char *json = append_json(to->json, from->json);
	free(to->json);
	to->json = json;
	linuxkit_document_clear(from);
	return true;
}
