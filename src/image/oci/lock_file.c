/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/lock_file.h"

#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "base/string_list.h"

enum { LOCK_FILE_MAX_BYTES = 4 << 20 };

static void json_clear(json_t **json)
{
	json_decref(*json);
}

/* NULL with *err; an absent file reads as one without images. */
static json_t *load(const char *path, struct error *err)
{
	json_error_t where;
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!path_exists(path))
		return json_pack("{s:i,s:{}}", "version", 1, "images");
	if (!file_read(path, LOCK_FILE_MAX_BYTES, &text, &size, err))
		return NULL;
	AUTO(json_clear) json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
	if (root == NULL) {
		error_set(err, ERROR_INVALID, "%s:%d:%d: %s", path, where.line, where.column,
			  where.text);
		return NULL;
	}
	if (json_integer_value(json_object_get(root, "version")) != 1) {
		error_set(err, ERROR_UNSUPPORTED, "%s: not version 1 of i2kit.lock", path);
		return NULL;
	}
	if (!json_is_object(json_object_get(root, "images"))) {
		error_set(err, ERROR_INVALID, "%s: there are no \"images\"", path);
		return NULL;
	}
	return TAKE_PTR(root);
}

bool lock_file_find(const char *path, const char *reference, char out[DIGEST_SIZE],
		    struct error *err)
{
	AUTO(json_clear) json_t *root = load(path, err);
	out[0] = '\0';
	if (root == NULL)
		return false;
	const json_t *entry = json_object_get(json_object_get(root, "images"), reference);
	if (entry == NULL)
		return true;
	const char *digest = json_string_value(entry);
	if (digest == NULL || !digest_is_valid(digest))
		return error_set(err, ERROR_INVALID, "%s: %s has no proper digest", path,
				 reference);
	memcpy(out, digest, DIGEST_SIZE);
	return true;
}

static char *format(json_t *images)
{
	const char *key;
	json_t *value;
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	json_object_foreach(images, key, value) string_list_add(&names, key);
	string_list_sort(&names);
	strbuf_append(&text, "{\n  \"version\": 1,\n  \"images\": {");
	for (size_t i = 0; i < names.count; i++) {
		const char *digest = json_string_value(json_object_get(images, names.items[i]));
		strbuf_append(&text, i ? ",\n    " : "\n    ");
		strbuf_append_json(&text, names.items[i]);
		strbuf_append(&text, ": ");
		strbuf_append_json(&text, digest ? digest : "");
	}
	strbuf_append(&text, names.count ? "\n  }\n}\n" : "}\n}\n");
	return strbuf_take(&text);
}

bool lock_file_set(const char *path, const char *reference, const char *digest, struct error *err)
{
	/* Read, change, write: one process at a time. The lock lies where leftovers do no harm. */
	char name[DIGEST_SIZE];
	sha256_digest(path, strlen(path), name);
	AUTO_FREE char *folder = path_folder(PATH_RUNTIME, NULL);
	AUTO_FREE char *held_path = xasprintf("%s/lock-%.16s", folder, name + 7);
	if (!path_make_folders(folder, 0700, err))
		return false;
	AUTO_CLOSE int held = file_lock(held_path, true, err);
	if (held < 0)
		return false;
	AUTO(json_clear) json_t *root = load(path, err);
	if (root == NULL)
		return false;
	json_t *images = json_object_get(root, "images");
	const char *old = json_string_value(json_object_get(images, reference));
	if (old != NULL && strcmp(old, digest) == 0)
		return true;
	if (json_object_set_new(images, reference, json_string(digest)) < 0)
		return error_set(err, ERROR_INVALID, "%s: %s cannot be written", path, reference);
	AUTO_FREE char *text = format(images);
	return file_write_atomic(path, text, strlen(text), 0644, err);
}
