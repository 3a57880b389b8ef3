/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/archive_find.h"

#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "image/oci/archive_import.h"
#include "image/oci/oci_document.h"
#include "image/oci/source_walk.h"

/* Everything an archive has is in the store by now. */
static bool bring_nothing(const struct oci_descriptor *const *blobs, size_t count, void *arg,
			  struct error *err)
{
	(void)arg;
	(void)count;
	return error_set(err, ERROR_NOT_FOUND, "the archive lacks %s",
			 DIGEST_TEXT(&blobs[0]->digest));
}

static const struct oci_descriptor *choose(const struct source_request *request,
					   const struct oci_document *index, struct error *err)
{
	const struct reference *reference = request->reference;
	const struct digest *digest = source_wanted(request);
	if (digest == NULL)
		return oci_index_choose(index, reference->tag, err);
	for (size_t i = 0; i < index->item_count; i++) {
		if (digest_equal(&index->items[i].digest, digest))
			return &index->items[i];
	}
	error_set(err, ERROR_NOT_FOUND, "its index.json does not list %s", DIGEST_TEXT(digest));
	return NULL;
}

bool archive_find_oci(const struct source_request *request, const struct archive_listing *listing,
		      struct image_ref *ret, struct error *err)
{
	AUTO(oci_document_clear) struct oci_document index = {0};
	const struct archive_entry_found *file = archive_listing_find(listing, "index.json");
	if (file == NULL || file->text == NULL)
		return error_set(err, ERROR_INVALID, "there is no index.json in it");
	if (!oci_document_parse(file->text, file->size_bytes, MEDIA_OCI_INDEX, &index, err))
		return error_prefix(err, "index.json");
	const struct oci_descriptor *top = choose(request, &index, err);
	if (top == NULL)
		return false;
	ret->digest = top->digest;
	return source_walk(request, top, bring_nothing, NULL, &ret->manifest, err);
}

static bool is_tag(const char *text, const char *wanted)
{
	AUTO(reference_clear) struct reference have = {0};
	AUTO(reference_clear) struct reference want = {0};
	return strcmp(text, wanted) == 0 ||
	       (reference_parse(text, NULL, &have, NULL) &&
		reference_parse(wanted, NULL, &want, NULL) && strcmp(have.text, want.text) == 0);
}

static bool has_tag(struct json_view image, const char *wanted)
{
	struct json_view tags = json_view_get(image, "RepoTags");
	size_t count = json_view_count(tags, SIZE_MAX);
	for (size_t i = 0; i < count; i++) {
		const char *text = json_view_peek(json_view_at(tags, i));
		if (text != NULL && is_tag(text, wanted))
			return true;
	}
	return false;
}

static char *list_tags(struct json_view images)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_MAX(1000);
	size_t image_count = json_view_count(images, SIZE_MAX);
	for (size_t i = 0; i < image_count; i++) {
		struct json_view tags = json_view_get(json_view_at(images, i), "RepoTags");
		size_t count = json_view_count(tags, SIZE_MAX);
		for (size_t j = 0; j < count; j++) {
			const char *name = json_view_peek(json_view_at(tags, j));
			if (text.size > 0)
				strbuf_append(&text, ", ");
			if (name != NULL)
				strbuf_append_printable(&text, name, strlen(name));
		}
	}
	return strbuf_take(&text);
}

/* The only image, or the one with the tag asked for; absent, with an error. */
static struct json_view choose_docker(struct json_view images, const char *tag, struct error *err)
{
	size_t count = json_view_count(images, SIZE_MAX);
	if (tag == NULL && count == 1 && json_view_is_object(json_view_at(images, 0)))
		return json_view_at(images, 0);
	for (size_t i = 0; i < count && tag != NULL; i++) {
		struct json_view image = json_view_at(images, i);
		if (has_tag(image, tag))
			return image;
	}
	AUTO_FREE char *tags = list_tags(images);
	if (tag == NULL && count == 1)
		error_set(err, ERROR_INVALID, "what its manifest.json lists is not an image");
	else if (tag == NULL)
		error_set(err, ERROR_INVALID, "it holds several images; say which, after a ':': %s",
			  tags);
	else
		error_set(err, ERROR_NOT_FOUND, "it has no image '%s'; there is: %s", tag, tags);
	return (struct json_view){0};
}

/* How the layer is packed; docker save writes plain tars, others compress. */
static bool layer_media_type(struct store *store, const struct digest *digest, char **ret,
			     struct error *err)
{
	unsigned char start[4] = {0};
	AUTO_FREE char *path = store_path(store, STORE_BLOB, digest);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, start, sizeof(start), 0) < 0)
		return error_set(err, ERROR_SYSTEM, "layer %s cannot be read", DIGEST_TEXT(digest));
	const char *suffix = "";
	if (start[0] == 0x1f && start[1] == 0x8b)
		suffix = "+gzip";
	else if (memcmp(start, "\x28\xb5\x2f\xfd", 4) == 0)
		suffix = "+zstd";
	*ret = xasprintf("%s%s", MEDIA_OCI_LAYER, suffix);
	return true;
}

static bool find_layers(const struct source_request *request, struct json_view names,
			const struct archive_listing *listing, struct oci_document *manifest,
			struct error *err)
{
	size_t count = json_view_count(names, SIZE_MAX);
	if (!json_view_is_list(names) || count > OCI_LAYERS_MAX)
		return error_set(err, ERROR_INVALID, "manifest.json: no list of at most %d layers",
				 OCI_LAYERS_MAX);
	for (size_t i = 0; i < count; i++) {
		const char *name = json_view_peek(json_view_at(names, i));
		const struct archive_entry_found *file =
			name ? archive_listing_find(listing, name) : NULL;
		if (file == NULL || file->text != NULL)
			return error_set(err, ERROR_INVALID, "layer %zu (%.200s) is not in it", i,
					 name ? name : "without a name");
		struct oci_descriptor *layer = ARRAY_APPEND(manifest->items, manifest->item_count);
		layer->digest = file->digest;
		layer->size_bytes = file->size_bytes;
		if (!layer_media_type(request->store, &file->digest, &layer->media_type, err))
			return false;
	}
	return true;
}

static bool store_config(const struct source_request *request, const char *name,
			 const struct archive_listing *listing, struct oci_descriptor *ret,
			 struct error *err)
{
	const struct archive_entry_found *file = name ? archive_listing_find(listing, name) : NULL;
	if (file == NULL)
		return error_set(err, ERROR_INVALID, "the image's config (%.200s) is not in it",
				 name ? name : "without a name");
	ret->digest = file->digest;
	ret->size_bytes = file->size_bytes;
	return file->text == NULL ||
	       store_write_blob(request->store, file->text, file->size_bytes, &ret->digest, err);
}

bool archive_find_docker(const struct source_request *request,
			 const struct archive_listing *listing, struct image_ref *ret,
			 struct error *err)
{
	AUTO(oci_document_clear) struct oci_document document = {0};
	const struct archive_entry_found *file = archive_listing_find(listing, "manifest.json");
	if (file == NULL || file->text == NULL) {
		error_set(err, ERROR_INVALID, "there is no manifest.json in it");
		if (archive_listing_find(listing, "index.json") != NULL)
			error_hint(err, "it is an OCI layout: oci-archive:%s",
				   request->reference->path ? request->reference->path : "FILE");
		return false;
	}
	AUTO_PTR(json_document)
	struct json_document *json = json_document_parse(file->text, file->size_bytes,
							 "manifest.json", JSON_LAST_KEY_WINS, NULL);
	struct json_view images = json ? json_document_root(json) : (struct json_view){0};
	if (!json_view_is_list(images))
		return error_set(err, ERROR_INVALID, "its manifest.json is not a list");
	const char *tag = request->reference->path != NULL ? request->reference->tag : NULL;
	struct json_view image = choose_docker(images, tag, err);
	if (!json_view_exists(image))
		return false;
	const char *config = json_view_peek(json_view_get(image, "Config"));
	if (!store_config(request, config, listing, &document.config, err) ||
	    !find_layers(request, json_view_get(image, "Layers"), listing, &document, err))
		return false;
	AUTO_FREE char *text =
		oci_manifest_make(&document.config.digest, document.config.size_bytes,
				  document.items, document.item_count);
	struct oci_descriptor top = {.size_bytes = strlen(text)};
	if (!store_write_blob(request->store, text, strlen(text), &top.digest, err))
		return false;
	ret->digest = top.digest;
	return source_walk(request, &top, bring_nothing, NULL, &ret->manifest, err);
}
