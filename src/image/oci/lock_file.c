/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/lock_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/path.h"
#include "base/strbuf.h"

enum { LOCK_FILE_MAX_BYTES = 4 << 20, IMAGES_MAX = 100000 };

void lock_file_clear(struct lock_file *file)
{
	for (size_t i = 0; i < file->count; i++)
		free(file->images[i].reference);
	free(file->images);
	*file = (struct lock_file){0};
}

static int by_reference(const void *a, const void *b)
{
	return strcmp(((const struct locked_image *)a)->reference,
		      ((const struct locked_image *)b)->reference);
}

static void read_images(struct json_view images, struct lock_file *ret)
{
	for (struct json_view image = json_view_first(images, IMAGES_MAX); json_view_exists(image);
	     image = json_view_next(image)) {
		struct locked_image *item = ARRAY_APPEND(ret->images, ret->count);
		item->reference = xstrdup(image.key);
		item->digest = json_view_digest(image);
	}
	if (ret->count > 1)
		qsort(ret->images, ret->count, sizeof(*ret->images), by_reference);
}

bool lock_file_parse(const char *text, size_t size, const char *path, struct lock_file *ret,
		     struct error *err)
{
	AUTO(lock_file_clear) struct lock_file file = {0};
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, size, path, 0, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	int64_t version = json_view_number(json_view_require(root, "version"), 0, INT32_MAX, 0);
	if (json_view_exists(json_view_get(root, "version")) && version != 1)
		return error_set(err, ERROR_UNSUPPORTED, "%s: not version 1 of i2kit.lock", path);
	struct json_view images = json_view_require(root, "images");
	read_images(images, &file);
	if (!json_document_check(document, err))
		return false;
	if (!json_view_exists(images)) /* the document is a list */
		return error_set(err, ERROR_INVALID, "%s: there are no \"images\"", path);
	*ret = file;
	file = (struct lock_file){0};
	return true;
}

/* An absent file reads as one without images. */
static bool load(const char *path, struct lock_file *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!path_exists(path))
		return true;
	return file_read(path, LOCK_FILE_MAX_BYTES, &text, &size, err) &&
	       lock_file_parse(text, size, path, ret, err);
}

static struct locked_image *find(const struct lock_file *file, const char *reference)
{
	for (size_t i = 0; i < file->count; i++) {
		if (strcmp(file->images[i].reference, reference) == 0)
			return &file->images[i];
	}
	return NULL;
}

bool lock_file_find(const char *path, const char *reference, struct digest *out, struct error *err)
{
	AUTO(lock_file_clear) struct lock_file file = {0};
	*out = (struct digest){0};
	if (!load(path, &file, err))
		return false;
	const struct locked_image *image = find(&file, reference);
	if (image != NULL)
		*out = image->digest;
	return true;
}

char *lock_file_format(const struct lock_file *file)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, JSON_PRETTY);
	json_open_object(&json, NULL);
	json_write_number(&json, "version", 1);
	json_open_object(&json, "images");
	for (size_t i = 0; i < file->count; i++)
		json_write_text(&json, file->images[i].reference,
				DIGEST_TEXT(&file->images[i].digest));
	json_close(&json);
	json_close(&json);
	strbuf_append_char(&text, '\n');
	return strbuf_take(&text);
}

bool lock_file_set(const char *path, const char *reference, const struct digest *digest,
		   struct error *err)
{
	/* Read, change, write: one process at a time. The lock lies where leftovers do no harm. */
	struct digest name = sha256_digest(path, strlen(path));
	AUTO_FREE char *folder = path_folder(PATH_RUNTIME, NULL);
	AUTO_FREE char *held_path = xasprintf("%s/lock-%.16s", folder, DIGEST_HEX(&name));
	if (!path_make_folders(folder, 0700, err))
		return false;
	AUTO_CLOSE int held = file_lock(held_path, true, err);
	if (held < 0)
		return false;
	AUTO(lock_file_clear) struct lock_file file = {0};
	if (!load(path, &file, err))
		return false;
	struct locked_image *image = find(&file, reference);
	if (image != NULL && digest_equal(&image->digest, digest))
		return true;
	if (image == NULL) {
		image = ARRAY_APPEND(file.images, file.count);
		image->reference = xstrdup(reference);
	}
	image->digest = *digest;
	qsort(file.images, file.count, sizeof(*file.images), by_reference);
	AUTO_FREE char *text = lock_file_format(&file);
	return file_write_atomic(path, text, strlen(text), 0644, err);
}
