/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer/build_record.h"

#include <string.h>

#include <jansson.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/path.h"
#include "base/strbuf.h"

#define RECORD_MAX_BYTES ((size_t)32 << 20)

void build_record_clear(struct build_record *record)
{
	string_list_clear(&record->layers);
	string_list_clear(&record->implied);
	*record = (struct build_record){0};
}

bool build_record_write(struct store *store, const char *key, const struct build_record *record,
			struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *path = store_path(store, STORE_BUILD, key);
	if (record->disk[0] == '\0') {
		AUTO(strbuf_clear) struct strbuf implied = STRBUF_INIT;
		for (size_t i = 0; i < record->implied.count; i++)
			strbuf_append_bytes(&implied, record->implied.items[i],
					    strlen(record->implied.items[i]) + 1);
		strbuf_appendf(
			&text,
			"{\"layer\":\"%s\",\"digest\":\"%s\",\"crc64\":\"%s\",\"implied\":\"",
			record->layers.items[0], record->digest, record->checksum);
		base64_append(&text, strbuf_text(&implied), implied.size);
		strbuf_append(&text, "\"}\n");
	} else {
		strbuf_appendf(&text, "{\"disk\":\"%s\",\"layers\":[", record->disk);
		for (size_t i = 0; i < record->layers.count; i++)
			strbuf_appendf(&text, "%s\"%s\"", i == 0 ? "" : ",",
				       record->layers.items[i]);
		strbuf_append(&text, "]}\n");
	}
	return file_write_atomic(path, text.data, text.size, 0444, err) ||
	       store_error_hint(store, err);
}

static bool copy_digest(const json_t *value, char out[DIGEST_SIZE])
{
	const char *text = json_string_value(value);
	if (text == NULL || !digest_is_valid(text))
		return false;
	memcpy(out, text, DIGEST_SIZE);
	return true;
}

static void copy_checksum(const json_t *value, char out[CHECKSUM_SIZE])
{
	const char *text = json_string_value(value);
	if (text != NULL && strlen(text) == CHECKSUM_SIZE - 1)
		memcpy(out, text, CHECKSUM_SIZE);
}

static bool read_layers(const json_t *list, struct string_list *ret)
{
	size_t i;
	json_t *item;
	char digest[DIGEST_SIZE];
	json_array_foreach(list, i, item)
	{
		if (!copy_digest(item, digest))
			return false;
		string_list_add(ret, digest);
	}
	return true;
}

static bool read_implied(const json_t *value, struct string_list *ret)
{
	const char *text = json_string_value(value);
	AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;
	if (text == NULL || !base64_decode(text, strlen(text), &bytes, &size) ||
	    (size > 0 && bytes[size - 1] != '\0'))
		return false;
	for (size_t at = 0; at < size; at += strlen((const char *)bytes + at) + 1)
		string_list_add(ret, (const char *)bytes + at);
	return true;
}

static bool fill_record(const json_t *root, struct build_record *record)
{
	if (copy_digest(json_object_get(root, "disk"), record->disk))
		return read_layers(json_object_get(root, "layers"), &record->layers);
	char layer[DIGEST_SIZE];
	if (!copy_digest(json_object_get(root, "layer"), layer) ||
	    !copy_digest(json_object_get(root, "digest"), record->digest))
		return false;
	copy_checksum(json_object_get(root, "crc64"), record->checksum);
	record->has_implied = read_implied(json_object_get(root, "implied"), &record->implied);
	string_list_add(&record->layers, layer);
	return true;
}

bool build_record_read(struct store *store, const char *key, struct build_record *ret)
{
	AUTO_FREE char *path = store_path(store, STORE_BUILD, key);
	AUTO_FREE char *text = NULL;
	size_t size;
	if (!file_read(path, RECORD_MAX_BYTES, &text, &size, NULL))
		return false;
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	build_record_clear(ret);
	bool is_good = root != NULL && fill_record(root, ret);
	json_decref(root);
	if (!is_good)
		build_record_clear(ret);
	return is_good;
}
