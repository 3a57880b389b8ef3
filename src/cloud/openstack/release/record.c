/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/openstack/release/record.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/sha256.h"
#include "release/signed_text.h"

#define VERSION 1

static char *signed_text(const struct cloud_scope *scope, unsigned number, int64_t time_ns,
			 const char *note, const char *hex)
{
	return xasprintf("i2kit record\n%s\n%u\n%" PRId64 "\n%s\n%s\n", scope->name, number,
			 time_ns, hex, note);
}

static void hash(const char *text, char hex[SHA256_HEX_SIZE])
{
	uint8_t raw[SHA256_SIZE];

	sha256_bytes(text, strlen(text), raw);
	sha256_hex(raw, hex);
}

bool record_write(const struct cloud_scope *scope, unsigned number, const char *note,
		  const char *release, const struct ed25519_key *key, char **ret, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	AUTO_FREE char *word = NULL;
	AUTO_FREE char *signature = NULL;
	struct json_writer json = JSON_WRITER(&out, 0);
	int64_t now = clock_wall_ns();
	char hex[SHA256_HEX_SIZE];

	hash(release, hex);
	AUTO_FREE char *text = signed_text(scope, number, now, note, hex);
	if (key != NULL && !signed_text_make(key, text, &word, &signature, err))
		return false;
	json_open_object(&json, NULL);
	json_write_number(&json, "version", VERSION);
	json_write_number(&json, "timeNs", now);
	json_write_text(&json, "note", note);
	json_write_text(&json, "sha256", hex);
	json_write_text_if(&json, "key", word);
	json_write_text_if(&json, "signature", signature);
	json_write_text(&json, "release", release);
	json_close(&json);
	*ret = strbuf_take(&out);
	return true;
}

static void read_signature(const struct cloud_scope *scope, struct json_view root, const char *hex,
			   struct cloud_record *record)
{
	const char *key = json_view_peek(json_view_get(root, "key"));
	AUTO_FREE char *text =
		signed_text(scope, record->number, record->time_ns, record->note, hex);

	record->is_signed =
		key != NULL && signed_text_read_key(key, record->key) &&
		signed_text_check(text, key, json_view_peek(json_view_get(root, "signature")));
}

static bool read_whole(const struct cloud_scope *scope, struct json_document *document,
		       struct cloud_record *record, char **ret_release, struct error *err)
{
	struct json_view root = json_document_root(document);
	const char *release = json_view_peek(json_view_require(root, "release"));
	const char *said = json_view_peek(json_view_require(root, "sha256"));
	char hex[SHA256_HEX_SIZE];

	if (json_view_number(json_view_require(root, "version"), 1, INT32_MAX, 1) > VERSION)
		return error_set(err, ERROR_UNSUPPORTED, "a newer i2kit wrote it");
	record->time_ns = json_view_number(json_view_require(root, "timeNs"), 0, INT64_MAX, 0);
	record->note = json_view_text(json_view_require(root, "note"));
	if (!json_document_check(document, err))
		return false;
	hash(release, hex);
	if (strcmp(hex, said) != 0)
		return error_set(err, ERROR_CORRUPT, "it is not what its digest says");
	read_signature(scope, root, hex, record);
	if (ret_release != NULL)
		*ret_release = xstrdup(release);
	return true;
}

bool record_read(const struct cloud_scope *scope, unsigned number, const char *text,
		 struct cloud_record *ret, char **ret_release, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, strlen(text), "the record", 0, err);
	struct cloud_record record = {.number = number};

	if (document != NULL && read_whole(scope, document, &record, ret_release, err)) {
		*ret = record;
		return true;
	}
	free(record.note);
	return error_prefix(err, "the record of release %u", number);
}
