/* SPDX-License-Identifier: Apache-2.0 */
#include "image/layer/build_record.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/path.h"
#include "base/strbuf.h"

#define RECORD_MAX_BYTES ((size_t)64 << 10)
#define LAYERS_MAX	 ((size_t)1024)

void build_record_clear(struct build_record *record)
{
	free(record->layers);
	*record = (struct build_record){0};
}

char *build_record_format(const struct build_record *record)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	json_open_object(&json, NULL);
	if (!digest_is_set(&record->disk)) {
		json_write_text(&json, "layer", DIGEST_TEXT(&record->layers[0]));
		json_write_text(&json, "digest", DIGEST_TEXT(&record->digest));
		json_write_text(&json, "crc64", record->checksum);
	} else {
		json_write_text(&json, "disk", DIGEST_TEXT(&record->disk));
		json_open_list(&json, "layers");
		for (size_t i = 0; i < record->layer_count; i++)
			json_write_text(&json, NULL, DIGEST_TEXT(&record->layers[i]));
		json_close(&json);
	}
	json_close(&json);
	strbuf_append_char(&text, '\n');
	return strbuf_take(&text);
}

bool build_record_write(struct store *store, const struct digest *key,
			const struct build_record *record, struct error *err)
{
	AUTO_FREE char *text = build_record_format(record);
	AUTO_FREE char *path = store_path(store, STORE_BUILD, key);
	return file_write_atomic(path, text, strlen(text), 0444, err) ||
	       store_error_hint(store, err);
}

static void take_layers(struct json_view list, struct build_record *record)
{
	size_t count = json_view_count(list, LAYERS_MAX);
	for (size_t i = 0; i < count; i++)
		*ARRAY_APPEND(record->layers, record->layer_count) =
			json_view_digest(json_view_at(list, i));
}

bool build_record_parse(const char *text, size_t size, struct build_record *ret, struct error *err)
{
	AUTO(build_record_clear) struct build_record record = {0};
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, size, "build record", 0, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	record.disk = json_view_digest(json_view_get(root, "disk"));
	if (digest_is_set(&record.disk)) {
		take_layers(json_view_get(root, "layers"), &record);
	} else {
		*ARRAY_APPEND(record.layers, record.layer_count) =
			json_view_digest(json_view_require(root, "layer"));
		record.digest = json_view_digest(json_view_require(root, "digest"));
		const char *checksum = json_view_peek(json_view_get(root, "crc64"));
		if (checksum != NULL && strlen(checksum) == CHECKSUM_SIZE - 1)
			memcpy(record.checksum, checksum, CHECKSUM_SIZE);
	}
	if (!json_document_check(document, err))
		return false;
	if (!digest_is_set(&record.disk) &&
	    !digest_is_set(&record.digest)) /* the document is a list */
		return error_set(err, ERROR_INVALID, "build record: not an object");
	*ret = record;
	record = (struct build_record){0};
	return true;
}

bool build_record_read(struct store *store, const struct digest *key, struct build_record *ret)
{
	AUTO_FREE char *path = store_path(store, STORE_BUILD, key);
	AUTO_FREE char *text = NULL;
	size_t size;
	build_record_clear(ret);
	return file_read(path, RECORD_MAX_BYTES, &text, &size, NULL) &&
	       build_record_parse(text, size, ret, NULL);
}
