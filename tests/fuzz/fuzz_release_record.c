/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of releases as SSM gives them back, texts between NULs. 'w': NOTE, TEMPLATE, then tags and
 * their values are written as a record and read again. 'm': META and a part. Else: a document with
 * the right digest around it, so that its own reader is reached.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/sha256.h"
#include "cloud/aws/provider/release_record.h"

#define STACK "shop-prod"
#define PLACE "/i2kit/" STACK "/releases/000007/"

struct tags {
	struct key_value *items; /* owned, with their texts */
	size_t count;
};

static void tags_clear(struct tags *tags)
{
	for (size_t i = 0; i < tags->count; i++) {
		free(tags->items[i].key);
		free(tags->items[i].value);
	}
	free(tags->items);
}

/* The text behind the NUL at the end of this one; "" at the end of all. */
static const char *next(const char *text, const char *end)
{
	const char *after = text + strlen(text);
	return after < end ? after + 1 : after;
}

static void check(const struct parameter_list *list, const struct release_record *written)
{
	AUTO(cloud_record_list_clear) struct cloud_record_list records = {0};
	AUTO(tags_clear) struct tags tags = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *template = NULL;
	release_records_read(list, STACK, &records);
	bool is_read =
		release_record_read(list, STACK, 7, &template, &tags.items, &tags.count, &err);
	if (is_read == (err.message != NULL) || (is_read && template == NULL))
		abort();
	if (written == NULL)
		return;
	if (records.count == 1 &&
	    (!records.items[0].is_signed ||
	     memcmp(records.items[0].key, written->key->public_key, ED25519_KEY_SIZE) != 0))
		abort();
	if (!is_read || records.count != 1 || strcmp(template, written->template_text) != 0 ||
	    strcmp(records.items[0].note, written->note) != 0 || tags.count != written->tag_count)
		abort();
	for (size_t i = 0; i < tags.count; i++)
		if (strcmp(tags.items[i].key, written->tags[i].key) != 0 ||
		    strcmp(tags.items[i].value, written->tags[i].value) != 0)
			abort();
}

static bool has_tag(const struct tags *tags, const char *key)
{
	for (size_t i = 0; i < tags->count; i++)
		if (strcmp(tags->items[i].key, key) == 0)
			return true;
	return false;
}

static bool is_utf8(const char *text)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	json_write_text(&json, NULL, text);
	return !json.is_bad_text;
}

static void check_written(const char *text, const char *end)
{
	const char *template = next(text, end);
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(template, strlen(template), "template", 0, NULL);
	if (document == NULL || !is_utf8(text))
		return;
	AUTO_FREE char *canonical = json_view_dump(json_document_root(document), JSON_ASCII);
	AUTO(tags_clear) struct tags tags = {0};
	for (const char *key = next(template, end); *key != '\0' && tags.count < 50;) {
		const char *value = next(key, end);
		if (!is_utf8(key) || !is_utf8(value) || has_tag(&tags, key))
			return;
		struct key_value *tag = ARRAY_APPEND(tags.items, tags.count);
		tag->key = xstrdup(key);
		tag->value = xstrdup(value);
		key = next(value, end);
	}
	static const uint8_t seed[ED25519_KEY_SIZE] = {7};
	struct ed25519_key key;
	if (!ed25519_from_seed(seed, &key, NULL))
		abort();
	const struct release_record record = {.number = 7,
					      .key = &key,
					      .note = text,
					      .template_text = canonical,
					      .tags = tags.items,
					      .tag_count = tags.count};
	AUTO(parameter_list_clear) struct parameter_list list = {0};
	if (!release_record_write(STACK, &record, &list, NULL))
		abort();
	for (size_t i = 0; i < list.count; i++)
		if (strlen(list.items[i].value) > PARAMETER_MAX && i + 1 < list.count)
			abort();
	check(&list, &record);
}

static void check_document(const char *text)
{
	AUTO(parameter_list_clear) struct parameter_list list = {0};
	uint8_t raw[SHA256_SIZE];
	char hex[SHA256_HEX_SIZE];
	sha256_bytes(text, strlen(text), raw);
	sha256_hex(raw, hex);
	AUTO_FREE char *meta = xasprintf("{\"version\":2,\"parts\":1,\"sha256\":\"%s\"}", hex);
	AUTO_FREE char *part = xasprintf(PLACE "%.16s-000", hex);
	parameter_list_add(&list, part, text, false);
	parameter_list_add(&list, PLACE "meta", meta, false);
	check(&list, NULL);
}

static void check_meta(const char *text, const char *end)
{
	AUTO(parameter_list_clear) struct parameter_list list = {0};
	parameter_list_add(&list, PLACE "meta", text, false);
	parameter_list_add(&list, next(text, end), "{}", false);
	check(&list, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	AUTO_FREE char *text = xmalloc(size + 1);
	memcpy(text, bytes + 1, size - 1);
	text[size - 1] = '\0';
	text[size] = '\0';
	if (bytes[0] == 'w')
		check_written(text, text + size - 1);
	else if (bytes[0] == 'm')
		check_meta(text, text + size - 1);
	else
		check_document(text);
	return 0;
}
