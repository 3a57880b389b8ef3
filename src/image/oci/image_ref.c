/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/image_ref.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/path.h"
#include "base/strbuf.h"

enum { REF_MAX_BYTES = 64 << 10, REFS_MAX = 100000 };

void image_ref_clear(struct image_ref *ref)
{
	free(ref->reference);
	free(ref->source);
	free(ref->stamp);
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
	char digest[DIGEST_SIZE];
	sha256_digest(reference, strlen(reference), digest);
	return xasprintf("%s/refs/%s", store_folder(store), digest + 7);
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
		       strcmp(known.digest, ref->digest) == 0 &&
		       strcmp(known.manifest, ref->manifest) == 0 &&
		       is_same_text(known.source, ref->source ? ref->source : "") &&
		       is_same_text(known.stamp, ref->stamp);
	image_ref_clear(&known);
	return is_same;
}

bool image_ref_write(struct store *store, const struct image_ref *ref, struct error *err)
{
	if (is_known(store, ref))
		return true;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	AUTO_FREE char *path = ref_path(store, ref->reference);
	strbuf_append(&text, "{\"reference\":");
	strbuf_append_json(&text, ref->reference);
	strbuf_appendf(&text, ",\"digest\":\"%s\",\"manifest\":\"%s\",\"source\":", ref->digest,
		       ref->manifest);
	strbuf_append_json(&text, ref->source ? ref->source : "");
	strbuf_appendf(&text, ",\"timeNs\":%lld", (long long)ref->time_ns);
	if (ref->stamp != NULL) {
		strbuf_append(&text, ",\"stamp\":");
		strbuf_append_json(&text, ref->stamp);
	}
	strbuf_append(&text, "}\n");
	if (file_write_atomic(path, text.data, text.size, 0600, err))
		return true;
	error_prefix(err, "image store");
	return store_error_hint(store, err);
}

static void json_clear(json_t **json)
{
	json_decref(*json);
}

static bool copy_digest(const json_t *root, const char *key, char out[DIGEST_SIZE])
{
	const char *text = json_string_value(json_object_get(root, key));
	if (text == NULL || !digest_is_valid(text))
		return false;
	memcpy(out, text, DIGEST_SIZE);
	return true;
}

/* Fills *ret as far as it gets; the caller clears it. */
static bool read_file(const char *path, struct image_ref *ret, struct error *err)
{
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	if (!file_read(path, REF_MAX_BYTES, &text, &size, err))
		return false;
	AUTO(json_clear) json_t *root = json_loadb(text, size, 0, NULL);
	const char *reference = json_string_value(json_object_get(root, "reference"));
	if (reference == NULL || !copy_digest(root, "digest", ret->digest) ||
	    !copy_digest(root, "manifest", ret->manifest))
		return error_set(err, ERROR_CORRUPT, "%s is damaged", path);
	ret->reference = xstrdup(reference);
	const char *source = json_string_value(json_object_get(root, "source"));
	ret->source = xstrdup(source ? source : "");
	ret->stamp = xstrdup_or_null(json_string_value(json_object_get(root, "stamp")));
	ret->time_ns = json_integer_value(json_object_get(root, "timeNs"));
	return true;
}

bool image_ref_read(struct store *store, const char *reference, struct image_ref *ret,
		    struct error *err)
{
	AUTO_FREE char *path = ref_path(store, reference);
	AUTO(error_clear) struct error why = ERROR_INIT;
	struct image_ref ref = {0};
	if (read_file(path, &ref, &why) && ref.reference != NULL &&
	    strcmp(ref.reference, reference) == 0) {
		*ret = ref;
		return true;
	}
	image_ref_clear(&ref);
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
		else
			image_ref_clear(&ref);
	}
	(void)closedir(dir);
	if (ret->count > 1)
		qsort(ret->items, ret->count, sizeof(ret->items[0]), by_reference);
	return true;
}
