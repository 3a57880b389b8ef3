/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/image_ref.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/path.h"
#include "base/strbuf.h"

enum { REF_MAX_BYTES = 64 << 10, REFS_MAX = 100000 };

void image_ref_clear(struct image_ref *ref)
{
	free(ref->reference);
	free(ref->source);
	free(ref->stamp);
	free(ref->checked);
	*ref = (struct image_ref){0};
}

void image_ref_list_clear(struct image_ref_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		image_ref_clear(&list->items[i]);
	free(list->items);
	*list = (struct image_ref_list){0};
}

static char *ref_path(const struct store *store, const char *reference)
{
	struct digest name = sha256_digest(reference, strlen(reference));
	return xasprintf("%s/refs/%s", store_folder(store), DIGEST_HEX(&name));
}

static bool is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Then the time is that of the first look, and nothing waits for the disk. */
static bool is_known(struct store *store, const struct image_ref *ref)
{
	struct image_ref known = {0};
	bool is_same = image_ref_read(store, ref->reference, &known, NULL) &&
		       digest_equal(&known.digest, &ref->digest) &&
		       digest_equal(&known.manifest, &ref->manifest) &&
		       is_same_text(known.source, ref->source ? ref->source : "") &&
		       is_same_text(known.stamp, ref->stamp) &&
		       digest_equal(&known.rule, &ref->rule) &&
		       is_same_text(known.checked, ref->checked);
	image_ref_clear(&known);
	return is_same;
}

char *image_ref_format(const struct image_ref *ref)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	json_open_object(&json, NULL);
	json_write_text(&json, "reference", ref->reference);
	json_write_text(&json, "digest", DIGEST_TEXT(&ref->digest));
	json_write_text(&json, "manifest", DIGEST_TEXT(&ref->manifest));
	json_write_text(&json, "source", ref->source ? ref->source : "");
	json_write_number(&json, "timeNs", ref->time_ns);
	if (ref->stamp != NULL)
		json_write_text(&json, "stamp", ref->stamp);
	if (digest_is_set(&ref->rule))
		json_write_text(&json, "rule", DIGEST_TEXT(&ref->rule));
	json_write_text_if(&json, "checked", ref->checked);
	json_close(&json);
	strbuf_append_char(&text, '\n');
	return strbuf_take(&text);
}

bool image_ref_write(struct store *store, const struct image_ref *ref, struct error *err)
{
	if (is_known(store, ref))
		return true;
	AUTO_FREE char *text = image_ref_format(ref);
	AUTO_FREE char *path = ref_path(store, ref->reference);
	if (file_write_atomic(path, text, strlen(text), 0600, err))
		return true;
	error_prefix(err, "image store");
	return store_error_hint(store, err);
}

bool image_ref_parse(const char *text, size_t size, struct image_ref *ret, struct error *err)
{
	AUTO(image_ref_clear) struct image_ref ref = {0};
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, size, "image reference", JSON_LAST_KEY_WINS, err);
	if (document == NULL)
		return false;
	struct json_view root = json_document_root(document);
	ref.reference = json_view_text(json_view_require(root, "reference"));
	ref.digest = json_view_digest(json_view_require(root, "digest"));
	ref.manifest = json_view_digest(json_view_require(root, "manifest"));
	ref.source = json_view_text(json_view_get(root, "source"));
	ref.stamp = json_view_text(json_view_get(root, "stamp"));
	ref.rule = json_view_digest(json_view_get(root, "rule"));
	ref.checked = json_view_text(json_view_get(root, "checked"));
	ref.time_ns = json_view_number(json_view_get(root, "timeNs"), INT64_MIN, INT64_MAX, 0);
	if (!json_document_check(document, err))
		return false;
	if (ref.reference == NULL) /* the document is a list */
		return error_set(err, ERROR_INVALID, "image reference: not an object");
	if (ref.source == NULL)
		ref.source = xstrdup("");
	*ret = ref;
	ref = (struct image_ref){0};
	return true;
}

static bool read_file(const char *path, struct image_ref *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	return file_read(path, REF_MAX_BYTES, &text, &size, err) &&
	       (image_ref_parse(text, size, ret, err) || error_prefix(err, "%s", path));
}

bool image_ref_read(struct store *store, const char *reference, struct image_ref *ret,
		    struct error *err)
{
	AUTO_FREE char *path = ref_path(store, reference);
	AUTO(error_clear) struct error why = ERROR_INIT;
	AUTO(image_ref_clear) struct image_ref ref = {0};
	if (read_file(path, &ref, &why) && strcmp(ref.reference, reference) == 0) {
		*ret = ref;
		ref = (struct image_ref){0};
		return true;
	}
	return error_set(err, ERROR_NOT_FOUND, "image %s is not in the store", reference);
}

bool image_ref_remove(struct store *store, const char *reference, struct error *err)
{
	AUTO_FREE char *path = ref_path(store, reference);
	if (unlink(path) < 0 && errno != ENOENT)
		return error_set_errno(err, errno, "remove %s", path);
	return true;
}

static int by_reference(const void *a, const void *b)
{
	return strcmp(((const struct image_ref *)a)->reference,
		      ((const struct image_ref *)b)->reference);
}

bool image_ref_read_all(struct store *store, struct image_ref_list *ret, struct error *err)
{
	AUTO_FREE char *folder = path_join(store_folder(store), "refs");
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return error_set_errno(err, errno, "%s", folder);
	for (const struct dirent *entry; (entry = readdir(dir)) != NULL && ret->count < REFS_MAX;) {
		/* Longer names are the temporary ones of an atomic write. */
		if (strlen(entry->d_name) != SHA256_HEX_SIZE - 1)
			continue;
		AUTO_FREE char *path = path_join(folder, entry->d_name);
		struct image_ref ref = {0};
		if (read_file(path, &ref, NULL))
			*ARRAY_APPEND(ret->items, ret->count) = ref;
	}
	(void)closedir(dir);
	if (ret->count > 1)
		qsort(ret->items, ret->count, sizeof(ret->items[0]), by_reference);
	return true;
}
