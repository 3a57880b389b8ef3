/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/provider/release_record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "cloud/aws/client/parameter.h"
#include "cloud/aws/provider/scope_stack.h"
#include "cloud/aws/stack/logical_id.h"
#include "release/signed_text.h"

#define MAX_PARTS    300
#define META_VERSION 3 /* 3: signed; 2 and 1 were not */
#define HASH_DIGITS  16
#define MAX_TAGS     50
#define MAX_OUTPUTS  200

/* --- writing -------------------------------------------------------------------------------- */

static char *record_path(const char *stack, unsigned number, const char *name)
{
	return xasprintf("/i2kit/%s/releases/%06u/%s", stack, number, name);
}

static char *part_name(const char *hex, size_t part)
{
	return xasprintf("%.*s-%03zu", HASH_DIGITS, hex, part);
}

/* The document is ASCII and has no {{: see user_data.c. */
static char *record_document(const struct release_record *record)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, JSON_ASCII);
	json_open_object(&json, NULL);
	json_open_object(&json, "tags");
	for (size_t i = 0; i < record->tag_count; i++)
		json_write_text(&json, record->tags[i].key, record->tags[i].value);
	json_close(&json);
	json_write_raw(&json, "template", record->template_text);
	json_close(&json);
	return strbuf_take(&out);
}

static bool add_parts(const char *stack, unsigned number, const char *text, const char *hex,
		      struct parameter_list *ret, struct error *err)
{
	for (size_t part = 0; *text != '\0'; part++) {
		if (part == MAX_PARTS)
			return error_set(err, ERROR_FULL,
					 "the record of the release is too long for SSM");
		size_t size = strnlen(text, PARAMETER_MAX);
		AUTO_FREE char *value = xstrndup(text, size);
		AUTO_FREE char *name = part_name(hex, part);
		AUTO_FREE char *path = record_path(stack, number, name);
		parameter_list_add(ret, path, value, false);
		text += size;
	}
	return true;
}

/* What is signed: with the stack and the number, so that no record takes another's place. */
static char *signed_text(const char *stack, unsigned number, int64_t time_ns, const char *note,
			 const char *hex)
{
	return xasprintf("i2kit record\n%s\n%u\n%" PRId64 "\n%s\n%s\n", stack, number, time_ns, hex,
			 note);
}

static char *record_meta(const char *stack, const struct release_record *record, size_t parts,
			 const char *hex, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO_FREE char *key = NULL;
	AUTO_FREE char *signature = NULL;
	int64_t now = clock_wall_ns();
	struct json_writer json = JSON_WRITER(&out, JSON_ASCII);
	AUTO_FREE char *text = signed_text(stack, record->number, now, record->note, hex);
	if (record->key != NULL && !signed_text_make(record->key, text, &key, &signature, err))
		return NULL;
	json_open_object(&json, NULL);
	json_write_number(&json, "version", META_VERSION);
	json_write_number(&json, "timeNs", now);
	json_write_text(&json, "note", record->note);
	json_write_unsigned(&json, "parts", parts);
	json_write_text(&json, "sha256", hex);
	json_write_text_if(&json, "key", key);
	json_write_text_if(&json, "signature", signature);
	json_close(&json);
	return strbuf_take(&out);
}

bool release_record_write(const char *stack, const struct release_record *record,
			  struct parameter_list *ret, struct error *err)
{
	AUTO(parameter_list_clear) struct parameter_list out = {0};
	AUTO_FREE char *document = record_document(record);
	AUTO_FREE char *path = record_path(stack, record->number, "meta");
	uint8_t raw[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	sha256_bytes(document, strlen(document), raw);
	sha256_hex(raw, hex);
	if (!add_parts(stack, record->number, document, hex, &out, err))
		return false;
	AUTO_FREE char *meta = record_meta(stack, record, out.count, hex, err);
	if (meta == NULL)
		return false;
	parameter_list_add(&out, path, meta, false);
	*ret = out;
	out = (struct parameter_list){0};
	return true;
}

bool release_record_save(struct aws_client *client, const char *stack,
			 const struct release_record *record, struct error *err)
{
	AUTO(parameter_list_clear) struct parameter_list list = {0};
	bool was_there = false;
	if (!release_record_write(stack, record, &list, err))
		return false;
	/* `meta` comes last: a record without it is none. Parts that are there are the same. */
	for (size_t i = 0; i < list.count; i++)
		if (!parameter_put(client, &list.items[i], &was_there, err))
			return false;
	if (!was_there)
		return true;
	error_set(err, ERROR_BUSY, "release %u was written by somebody else meanwhile",
		  record->number);
	return error_hint(err, "i2kit releases; then promote again");
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

bool release_record_next(struct aws_client *client, const char *stack, unsigned *ret,
			 struct error *err)
{
	AUTO(parameter_list_clear) struct parameter_list list = {0};
	AUTO_FREE char *path = xasprintf("/i2kit/%s/releases", stack);
	if (!parameter_list_below(client, path, false, &list, err))
		return false;
	*ret = 1;
	for (size_t i = 0; i < list.count; i++)
		if (meta_number(list.items[i].name) >= *ret)
			*ret = meta_number(list.items[i].name) + 1;
	return true;
}

struct meta {
	int64_t time_ns;
	char *note; /* owned */
	size_t parts;
	char hex[SHA256_HEX_SIZE];
	bool is_signed;
	uint8_t key[ED25519_KEY_SIZE];
};

static void read_signature(struct json_view root, const char *stack, unsigned number,
			   struct meta *meta)
{
	const char *key = json_view_peek(json_view_get(root, "key"));
	const char *note = meta->note != NULL ? meta->note : "";
	AUTO_FREE char *text = signed_text(stack, number, meta->time_ns, note, meta->hex);
	meta->is_signed =
		key != NULL && signed_text_read_key(key, meta->key) &&
		signed_text_check(text, key, json_view_peek(json_view_get(root, "signature")));
}

static bool read_meta(const char *text, const char *stack, unsigned number, struct meta *ret,
		      struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, strlen(text), "a release's record", 0, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	const char *hex = json_view_peek(json_view_require(root, "sha256"));
	int64_t version = json_view_number(json_view_get(root, "version"), 1, INT32_MAX, 0);
	if (version > META_VERSION)
		return error_set(err, ERROR_UNSUPPORTED, "a newer i2kit wrote this record");
	ret->time_ns = json_view_number(json_view_get(root, "timeNs"), 0, INT64_MAX, 0);
	ret->parts = (size_t)json_view_number(json_view_require(root, "parts"), 1, MAX_PARTS, 1);
	if (!json_document_check(document, err))
		return false;
	if (hex == NULL || strlen(hex) != SHA256_HEX_SIZE - 1)
		return error_set(err, ERROR_CORRUPT, "its digest is none");
	memcpy(ret->hex, hex, SHA256_HEX_SIZE);
	ret->note = json_view_text(json_view_get(root, "note"));
	read_signature(root, stack, number, ret);
	return true;
}

/* The parts joined and compared with their digest; NULL: they are not whole. Owned. */
static char *join_parts(const struct parameter_list *list, const char *stack, unsigned number,
			const struct meta *meta)
{
	AUTO(strbuf_clear) struct strbuf whole = STRBUF_INIT;
	uint8_t raw[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	for (size_t i = 0; i < meta->parts; i++) {
		AUTO_FREE char *name = part_name(meta->hex, i);
		AUTO_FREE char *path = record_path(stack, number, name);
		const char *part = parameter_list_find(list, path);
		if (part == NULL)
			return NULL;
		strbuf_append(&whole, part);
	}
	sha256_bytes(strbuf_text(&whole), whole.size, raw);
	sha256_hex(raw, hex);
	return strcmp(hex, meta->hex) == 0 ? strbuf_take(&whole) : NULL;
}

/* A record's document; NULL and *err: there is none, or it is not whole. */
static struct json_document *load(const struct parameter_list *list, const char *stack,
				  unsigned number, struct meta *meta, struct error *err)
{
	AUTO_FREE char *path = record_path(stack, number, "meta");
	const char *text = parameter_list_find(list, path);
	if (text == NULL) {
		error_set(err, ERROR_NOT_FOUND, "stack %s has no release %u", stack, number);
		error_hint(err, "i2kit releases");
		return NULL;
	}
	AUTO_FREE char *whole = NULL;
	if (read_meta(text, stack, number, meta, err)) {
		whole = join_parts(list, stack, number, meta);
		if (whole == NULL)
			error_set(err, ERROR_CORRUPT, "it is not whole");
	}
	struct json_document *document =
		whole != NULL ? json_document_parse(whole, strlen(whole), "the record", 0, err)
			      : NULL;
	if (document == NULL)
		error_prefix(err, "the record of release %u", number);
	return document;
}

static void take_pods(struct json_view outputs, struct cloud_record *record)
{
	for (struct json_view o = json_view_first(outputs, MAX_OUTPUTS); json_view_exists(o);
	     o = json_view_next(o)) {
		AUTO_FREE char *pod = stack_logical_name(o.key, "Release");
		struct json_view value = json_view_get(o, "Value");
		if (pod != NULL && json_view_is_text(value))
			(void)scope_stack_read_release(pod, json_view_peek(value), &record->pods,
						       &record->pod_count);
	}
}

static void take_record(const struct parameter_list *list, const char *stack, unsigned number,
			struct cloud_record_list *ret)
{
	struct meta meta = {0};
	AUTO_PTR(json_document)
	struct json_document *document = load(list, stack, number, &meta, NULL);
	AUTO_FREE char *note = meta.note;
	if (document == NULL)
		return;
	struct cloud_record *record = ARRAY_APPEND(ret->items, ret->count);
	record->number = number;
	record->time_ns = meta.time_ns;
	record->is_signed = meta.is_signed;
	memcpy(record->key, meta.key, sizeof(record->key));
	record->note = note != NULL ? TAKE_PTR(note) : xstrdup("");
	struct json_view template = json_view_get(json_document_root(document), "template");
	take_pods(json_view_get(template, "Outputs"), record);
}

static int by_number(const void *a, const void *b)
{
	unsigned one = ((const struct cloud_record *)a)->number;
	unsigned two = ((const struct cloud_record *)b)->number;
	return one < two ? -1 : one > two;
}

void release_records_read(const struct parameter_list *list, const char *stack,
			  struct cloud_record_list *ret)
{
	*ret = (struct cloud_record_list){0};
	for (size_t i = 0; i < list->count; i++) {
		unsigned number = meta_number(list->items[i].name);
		if (number > 0)
			take_record(list, stack, number, ret);
	}
	if (ret->count > 1)
		qsort(ret->items, ret->count, sizeof(*ret->items), by_number);
}

bool release_records_list(struct aws_client *client, const char *stack,
			  struct cloud_record_list *ret, struct error *err)
{
	AUTO(parameter_list_clear) struct parameter_list list = {0};
	AUTO_FREE char *path = xasprintf("/i2kit/%s/releases", stack);
	if (!parameter_list_below(client, path, false, &list, err))
		return false;
	release_records_read(&list, stack, ret);
	return true;
}

static void take_tags(struct json_view tags, struct key_value **ret, size_t *ret_count)
{
	for (struct json_view t = json_view_first(tags, MAX_TAGS); json_view_exists(t);
	     t = json_view_next(t)) {
		struct key_value *pair = ARRAY_APPEND(*ret, *ret_count);
		pair->key = xstrdup(t.key);
		pair->value = json_view_text(t);
		if (pair->value == NULL)
			pair->value = xstrdup("");
	}
}

bool release_record_read(const struct parameter_list *list, const char *stack, unsigned number,
			 char **ret_template, struct key_value **ret_tags, size_t *ret_tag_count,
			 struct error *err)
{
	struct meta meta = {0};
	AUTO_PTR(json_document)
	struct json_document *document = load(list, stack, number, &meta, err);
	AUTO_FREE char *note = meta.note;
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	take_tags(json_view_get(root, "tags"), ret_tags, ret_tag_count);
	*ret_template = json_view_dump(json_view_require(root, "template"), JSON_ASCII);
	return json_document_check(document, err);
}

bool release_record_load(struct aws_client *client, const char *stack, unsigned number,
			 char **ret_template, struct key_value **ret_tags, size_t *ret_tag_count,
			 struct error *err)
{
	AUTO(parameter_list_clear) struct parameter_list list = {0};
	AUTO_FREE char *meta_path = record_path(stack, number, "meta");
	AUTO_FREE char *path = xstrndup(meta_path, strlen(meta_path) - strlen("/meta"));
	return parameter_list_below(client, path, false, &list, err) &&
	       release_record_read(&list, stack, number, ret_template, ret_tags, ret_tag_count,
				   err);
}
