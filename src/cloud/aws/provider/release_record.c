/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/parse.h"
#include "cloud/aws/provider/aws_cloud.h"

#define MAX_PARTS 32
#define IMAGE_TAG "i2kit:image/"

/* --- tags ----------------------------------------------------------------------------------- */

static struct cloud_pod_status *pod_entry(struct cloud_pod_status **pods, size_t *count,
					  const char *name)
{
	for (size_t i = 0; i < *count; i++)
		if (strcmp((*pods)[i].name, name) == 0)
			return &(*pods)[i];
	struct cloud_pod_status *added = ARRAY_APPEND(*pods, *count);
	added->name = xstrdup(name);
	return added;
}

static void take_tag(const struct key_value *tag, const char *prefix,
		     struct cloud_pod_status **pods, size_t *count, size_t offset)
{
	size_t size = strlen(prefix);
	if (strncmp(tag->key, prefix, size) != 0)
		return;
	struct cloud_pod_status *pod = pod_entry(pods, count, tag->key + size);
	char **field = (char **)((char *)pod + offset);
	free(*field);
	*field = xstrdup(tag->value);
}

void stack_tags_to_pods(const struct key_value *tags, size_t count, struct cloud_pod_status **ret,
			size_t *ret_count)
{
	for (size_t i = 0; i < count; i++) {
		take_tag(&tags[i], IMAGE_TAG, ret, ret_count,
			 offsetof(struct cloud_pod_status, image_digest));
		take_tag(&tags[i], "i2kit:config/", ret, ret_count,
			 offsetof(struct cloud_pod_status, config_digest));
		take_tag(&tags[i], "i2kit:receipt/", ret, ret_count,
			 offsetof(struct cloud_pod_status, receipt_tag));
	}
}

/* --- writing -------------------------------------------------------------------------------- */

static char *record_path(const char *stack, unsigned number, const char *name)
{
	return xasprintf("/i2kit/%s/releases/%06u/%s", stack, number, name);
}

static bool put(struct aws_client *client, const char *stack, unsigned number, const char *name,
		const char *value, struct error *err)
{
	AUTO(parameter_list_clear) struct parameter_list one = {0};
	AUTO_FREE char *path = record_path(stack, number, name);
	parameter_list_add(&one, path, value, false);
	return parameter_put(client, &one.items[0], err);
}

static size_t put_parts(struct aws_client *client, const char *stack, unsigned number,
			const char *text, struct error *err)
{
	size_t count = 0;
	/* The template is ASCII but for user data; a part must not end within a character. */
	for (const char *rest = text; *rest != '\0' && count < MAX_PARTS; count++) {
		size_t size = strnlen(rest, PARAMETER_MAX);
		while (rest[size] != '\0' && ((unsigned char)rest[size] & 0xc0) == 0x80)
			size--;
		AUTO_FREE char *part = xstrndup(rest, size);
		AUTO_FREE char *name = xasprintf("part-%02zu", count);
		/* SSM takes no value that looks like {{…}}: JSON of ours never does. */
		if (!put(client, stack, number, name, part, err))
			return 0;
		rest += size;
	}
	return count;
}

bool release_record_save(struct aws_client *client, const char *stack,
			 const struct release_record *record, struct error *err)
{
	size_t parts = put_parts(client, stack, record->number, record->template_text, err);
	if (parts == 0)
		return false;
	json_t *tags = json_object();
	for (size_t i = 0; i < record->tag_count; i++)
		json_object_set_new(tags, record->tags[i].key, json_string(record->tags[i].value));
	json_t *meta = json_pack("{s:i, s:I, s:s, s:I, s:o}", "version", 1, "timeNs",
				 (json_int_t)clock_wall_ns(), "note", record->note, "parts",
				 (json_int_t)parts, "tags", tags);
	AUTO_FREE char *text = json_dumps(meta, JSON_COMPACT);
	json_decref(meta);
	if (strlen(text) > PARAMETER_MAX)
		return error_set(err, ERROR_FULL, "the record of the release is too long for SSM");
	/* Last: a record without meta is none. */
	return put(client, stack, record->number, "meta", text, err);
}

bool release_record_remove(struct aws_client *client, const char *stack, unsigned number,
			   struct error *err)
{
	AUTO(parameter_list_clear) struct parameter_list list = {0};
	AUTO_FREE char *path = record_path(stack, number, "");
	path[strlen(path) - 1] = '\0';
	if (!parameter_list_below(client, path, false, &list, err))
		return false;
	for (size_t i = 0; i < list.count; i++)
		if (!parameter_delete(client, list.items[i].name, err))
			return false;
	return true;
}

/* --- reading -------------------------------------------------------------------------------- */

static bool read_tags(const json_t *tags, struct key_value **ret, size_t *ret_count)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)tags, key, value)
	{
		if (!json_is_string(value))
			return false;
		struct key_value *pair = ARRAY_APPEND(*ret, *ret_count);
		pair->key = xstrdup(key);
		pair->value = xstrdup(json_string_value(value));
	}
	return true;
}

static void free_tags(struct key_value *tags, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(tags[i].key);
		free(tags[i].value);
	}
	free(tags);
}

/* "/i2kit/STACK/releases/000012/meta" → 12; 0: another parameter. */
static unsigned meta_number(const char *name)
{
	const char *end = strrchr(name, '/');
	if (end == NULL || strcmp(end, "/meta") != 0 || end - name < 7)
		return 0;
	AUTO_FREE char *digits = xstrndup(end - 6, 6);
	uint64_t number = 0;
	return end[-7] == '/' && parse_u64(digits, 1, 999999, &number) ? (unsigned)number : 0;
}

static void read_meta(unsigned number, const char *text, struct cloud_record_list *list)
{
	json_t *meta = json_loads(text, 0, NULL);
	json_int_t time_ns = json_integer_value(json_object_get(meta, "timeNs"));
	const char *note = json_string_value(json_object_get(meta, "note"));
	struct key_value *tags = NULL;
	size_t tag_count = 0;
	if (note != NULL && read_tags(json_object_get(meta, "tags"), &tags, &tag_count)) {
		struct cloud_record *record = ARRAY_APPEND(list->items, list->count);
		record->number = number;
		record->time_ns = time_ns;
		record->note = xstrdup(note);
		stack_tags_to_pods(tags, tag_count, &record->pods, &record->pod_count);
	}
	free_tags(tags, tag_count);
	json_decref(meta);
}

static int by_number(const void *a, const void *b)
{
	unsigned one = ((const struct cloud_record *)a)->number;
	unsigned two = ((const struct cloud_record *)b)->number;
	return one < two ? -1 : one > two;
}

bool aws_records(struct cloud *cloud, const char *stack, struct cloud_record_list *ret,
		 struct error *err)
{
	AUTO(parameter_list_clear) struct parameter_list list = {0};
	AUTO_FREE char *path = xasprintf("/i2kit/%s/releases", stack);
	if (!parameter_list_below(cloud->client, path, false, &list, err))
		return false;
	*ret = (struct cloud_record_list){0};
	for (size_t i = 0; i < list.count; i++) {
		unsigned number = meta_number(list.items[i].name);
		if (number > 0)
			read_meta(number, list.items[i].value, ret);
	}
	if (ret->count > 1)
		qsort(ret->items, ret->count, sizeof(*ret->items), by_number);
	return true;
}

static bool join_parts(const struct parameter_list *list, const char *stack, unsigned number,
		       json_int_t parts, struct strbuf *out)
{
	for (json_int_t i = 0; i < parts; i++) {
		AUTO_FREE char *name = xasprintf("part-%02d", (int)i);
		AUTO_FREE char *path = record_path(stack, number, name);
		const char *part = parameter_list_find(list, path);
		if (part == NULL)
			return false;
		strbuf_append(out, part);
	}
	return parts > 0;
}

bool release_record_load(struct aws_client *client, const char *stack, unsigned number,
			 char **ret_template, struct key_value **ret_tags, size_t *ret_tag_count,
			 struct error *err)
{
	AUTO(parameter_list_clear) struct parameter_list list = {0};
	AUTO_FREE char *meta_path = record_path(stack, number, "meta");
	AUTO_FREE char *path = xstrndup(meta_path, strlen(meta_path) - strlen("/meta"));
	if (!parameter_list_below(client, path, false, &list, err))
		return false;
	const char *text = parameter_list_find(&list, meta_path);
	if (text == NULL) {
		error_set(err, ERROR_NOT_FOUND, "stack %s has no release %u", stack, number);
		return error_hint(err, "i2kit releases");
	}
	json_t *meta = json_loads(text, 0, NULL);
	json_int_t parts = json_integer_value(json_object_get(meta, "parts"));
	AUTO(strbuf_clear) struct strbuf whole = STRBUF_INIT;
	bool is_good = parts <= MAX_PARTS && join_parts(&list, stack, number, parts, &whole) &&
		       read_tags(json_object_get(meta, "tags"), ret_tags, ret_tag_count);
	json_decref(meta);
	if (!is_good)
		return error_set(err, ERROR_CORRUPT, "the record of release %u is not whole",
				 number);
	*ret_template = strbuf_take(&whole);
	return true;
}
