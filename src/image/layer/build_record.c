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
	string_list_clear(&record->layers);
	*record = (struct build_record){0};
}

char *build_record_format(const struct build_record *record)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	json_open_object(&json, NULL);
	if (record->disk[0] == '\0') {
		json_write_text(&json, "layer", record->layers.items[0]);
		json_write_text(&json, "digest", record->digest);
		json_write_text(&json, "crc64", record->checksum);
	} else {
		json_write_text(&json, "disk", record->disk);
		json_write_texts(&json, "layers", &record->layers);
	}
	json_close(&json);
	strbuf_append_char(&text, '\n');
	return strbuf_take(&text);
}

bool build_record_write(struct store *store, const char *key, const struct build_record *record,
			struct error *err)
{
	AUTO_FREE char *text = build_record_format(record);
	AUTO_FREE char *path = store_path(store, STORE_BUILD, key);
	return file_write_atomic(path, text, strlen(text), 0444, err) ||
	       store_error_hint(store, err);
}

static void take_digest(struct json_view view, char out[DIGEST_SIZE])
{
	const char *text = json_view_peek(view);
	if (text != NULL && digest_is_valid(text))
		memcpy(out, text, DIGEST_SIZE);
	else if (text != NULL)
		json_view_complain(view, "is not a digest");
}

static void take_layers(struct json_view list, struct string_list *ret)
{
	size_t count = json_view_count(list, LAYERS_MAX);
	for (size_t i = 0; i < count; i++) {
		char digest[DIGEST_SIZE] = "";
		take_digest(json_view_at(list, i), digest);
		string_list_add(ret, digest);
	}
}

bool build_record_parse(const char *text, size_t size, struct build_record *ret, struct error *err)
{
	AUTO(build_record_clear) struct build_record record = {0};
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, size, "build record", 0, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	take_digest(json_view_get(root, "disk"), record.disk);
	if (record.disk[0] != '\0') {
		take_layers(json_view_get(root, "layers"), &record.layers);
	} else {
		char layer[DIGEST_SIZE] = "";
		take_digest(json_view_require(root, "layer"), layer);
		take_digest(json_view_require(root, "digest"), record.digest);
		string_list_add(&record.layers, layer);
		const char *checksum = json_view_peek(json_view_get(root, "crc64"));
		if (checksum != NULL && strlen(checksum) == CHECKSUM_SIZE - 1)
			memcpy(record.checksum, checksum, CHECKSUM_SIZE);
	}
	if (!json_document_check(document, err))
		return false;
	if (record.disk[0] == '\0' && record.digest[0] == '\0') /* the document is a list */
		return error_set(err, ERROR_INVALID, "build record: not an object");
	*ret = record;
	record = (struct build_record){0};
	return true;
}

bool build_record_read(struct store *store, const char *key, struct build_record *ret)
{
	AUTO_FREE char *path = store_path(store, STORE_BUILD, key);
	AUTO_FREE char *text = NULL;
	size_t size;
	build_record_clear(ret);
	return file_read(path, RECORD_MAX_BYTES, &text, &size, NULL) &&
	       build_record_parse(text, size, ret, NULL);
}
