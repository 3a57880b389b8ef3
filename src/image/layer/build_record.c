/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer/build_record.h"

#include <string.h>

#include <jansson.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/strbuf.h"

#define RECORD_MAX_BYTES ((size_t)64 << 10)

void build_record_clear(struct build_record *record)
{
	string_list_clear(&record->layers);
	*record = (struct build_record){0};
}

bool build_record_write(struct store *store, const char *key, const struct build_record *record,
			struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *path = store_path(store, STORE_BUILD, key);
	if (record->disk[0] == '\0') {
		strbuf_appendf(&text, "{\"layer\":\"%s\",\"digest\":\"%s\",\"crc64\":\"%s\"}\n",
			       record->layers.items[0], record->digest, record->checksum);
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

static bool fill_record(const json_t *root, struct build_record *record)
{
	if (copy_digest(json_object_get(root, "disk"), record->disk))
		return read_layers(json_object_get(root, "layers"), &record->layers);
	char layer[DIGEST_SIZE];
	if (!copy_digest(json_object_get(root, "layer"), layer) ||
	    !copy_digest(json_object_get(root, "digest"), record->digest))
		return false;
	copy_checksum(json_object_get(root, "crc64"), record->checksum);
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
