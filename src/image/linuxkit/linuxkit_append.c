/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
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

static void json_clear(json_t **json)
{
	json_decref(*json);
}

/* The document that files[].metadata show. */
static char *append_json(const char *to, const char *from)
{
	const char *key;
	json_t *value;
	AUTO(json_clear) json_t *first = json_loads(to, 0, NULL);
	AUTO(json_clear) json_t *second = json_loads(from, 0, NULL);
	json_object_foreach(second, key, value)
	{
		json_t *old = json_object_get(first, key);
		if (json_is_array(old) && json_is_array(value))
			(void)json_array_extend(old, value);
		else if (json_is_object(old) && json_is_object(value))
			(void)json_object_update(old, value);
		else
			(void)json_object_set(first, key, value);
	}
	return json_dumps(first, JSON_COMPACT | JSON_PRESERVE_ORDER);
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
