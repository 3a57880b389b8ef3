/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/oci_document.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/strbuf.h"

/* What a media type means to us. */
enum media_kind {
	MEDIA_UNKNOWN,
	MEDIA_INDEX,
	MEDIA_MANIFEST,
	MEDIA_CONFIG,
	MEDIA_LAYER,
	MEDIA_FOREIGN_LAYER,
	MEDIA_SCHEMA_1,
};

static const struct {
	const char *prefix; /* of the media type */
	enum media_kind kind;
} media_types[] = {
	{MEDIA_OCI_INDEX, MEDIA_INDEX},
	{MEDIA_DOCKER_LIST, MEDIA_INDEX},
	{MEDIA_OCI_MANIFEST, MEDIA_MANIFEST},
	{MEDIA_DOCKER_MANIFEST, MEDIA_MANIFEST},
	{"application/vnd.docker.distribution.manifest.v1+", MEDIA_SCHEMA_1},
	{MEDIA_OCI_CONFIG, MEDIA_CONFIG},
	{"application/vnd.docker.container.image.v1+json", MEDIA_CONFIG},
	{"application/vnd.oci.image.layer.nondistributable.v1.tar", MEDIA_FOREIGN_LAYER},
	{"application/vnd.docker.image.rootfs.foreign.diff.tar", MEDIA_FOREIGN_LAYER},
	{MEDIA_OCI_LAYER, MEDIA_LAYER},
	{"application/vnd.docker.image.rootfs.diff.tar", MEDIA_LAYER},
};

static enum media_kind media_kind_of(const char *media_type)
{
	for (size_t i = 0; i < ARRAY_SIZE(media_types); i++) {
		if (strncmp(media_type, media_types[i].prefix, strlen(media_types[i].prefix)) == 0)
			return media_types[i].kind;
	}
	return MEDIA_UNKNOWN;
}

void oci_descriptor_clear(struct oci_descriptor *descriptor)
{
	free(descriptor->media_type);
	free(descriptor->os);
	free(descriptor->architecture);
	free(descriptor->variant);
	free(descriptor->ref_name);
	*descriptor = (struct oci_descriptor){0};
}

void oci_document_clear(struct oci_document *document)
{
	oci_descriptor_clear(&document->config);
	for (size_t i = 0; i < document->item_count; i++)
		oci_descriptor_clear(&document->items[i]);
	free(document->items);
	*document = (struct oci_document){0};
}

static const char *text_of(struct json_view object, const char *key)
{
	return json_view_peek(json_view_get(object, key));
}

static struct json_document *load(const char *text, size_t size, size_t max_bytes, const char *what,
				  struct error *err)
{
	if (size > max_bytes) {
		error_set(err, ERROR_INVALID, "%s: larger than %zu bytes", what, max_bytes);
		return NULL;
	}
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, size, what, 0, err);
	if (document != NULL && !json_view_is_object(json_document_root(document))) {
		error_set(err, ERROR_INVALID, "%s: not a JSON object", what);
		return NULL;
	}
	return TAKE_PTR(document);
}

static bool parse_descriptor(struct json_view json, const char *what, struct oci_descriptor *ret,
			     struct error *err)
{
	const char *media_type = text_of(json, "mediaType");
	const char *digest = text_of(json, "digest");
	struct json_view size = json_view_get(json, "size");
	struct json_view platform = json_view_get(json, "platform");
	if (media_type == NULL || digest == NULL || !json_view_is_number(size))
		return error_set(err, ERROR_INVALID, "%s lacks mediaType, digest or size", what);
	if (!digest_parse(digest, &ret->digest))
		return error_set(err, ERROR_UNSUPPORTED, "%s has the digest '%.100s'", what,
				 digest);
	int64_t bytes = json_view_number(size, INT64_MIN, INT64_MAX, 0);
	if (bytes < 0 || (uint64_t)bytes > OCI_BLOB_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "%s has the size %" PRId64, what, bytes);
	ret->media_type = xstrdup(media_type);

	ret->size_bytes = (uint64_t)bytes;
	ret->os = xstrdup_or_null(text_of(platform, "os"));
	ret->architecture = xstrdup_or_null(text_of(platform, "architecture"));
	ret->variant = xstrdup_or_null(text_of(platform, "variant"));
	ret->ref_name = xstrdup_or_null(
		text_of(json_view_get(json, "annotations"), "org.opencontainers.image.ref.name"));
	return true;
}

static bool check_layer(const struct oci_descriptor *layer, struct error *err)
{
	enum media_kind kind = media_kind_of(layer->media_type);
	if (kind == MEDIA_FOREIGN_LAYER)
		return error_set(err, ERROR_UNSUPPORTED,
				 "layer %s may not be distributed (%s), as in Windows images",
				 DIGEST_TEXT(&layer->digest), layer->media_type);
	if (strstr(layer->media_type, "+encrypted") != NULL)
		return error_set(err, ERROR_UNSUPPORTED, "layer %s is encrypted (%.100s)",
				 DIGEST_TEXT(&layer->digest), layer->media_type);
	if (kind != MEDIA_LAYER)
		return error_set(err, ERROR_UNSUPPORTED,
				 "layer %s is a %.100s, not a container's file system",
				 DIGEST_TEXT(&layer->digest), layer->media_type);
	return true;
}

static bool parse_items(struct json_view list, const char *what, size_t max,
			struct oci_document *document, struct error *err)
{
	size_t count = json_view_count(list, SIZE_MAX);
	if (!json_view_is_list(list))
		return error_set(err, ERROR_INVALID, "there is no list of %ss", what);
	if (count > max)
		return error_set(err, ERROR_INVALID, "more than %zu %ss", max, what);
	for (size_t i = 0; i < count; i++) {
		struct oci_descriptor *item = ARRAY_APPEND(document->items, document->item_count);
		if (!parse_descriptor(json_view_at(list, i), what, item, err))
			return error_prefix(err, "%s %zu", what, i);
	}
	return true;
}

static bool parse_manifest(struct json_view root, struct oci_document *document, struct error *err)
{
	if (!parse_descriptor(json_view_get(root, "config"), "the config", &document->config, err))
		return false;
	if (media_kind_of(document->config.media_type) != MEDIA_CONFIG)
		return error_set(err, ERROR_UNSUPPORTED,
				 "not a container image: its config is a %.100s",
				 document->config.media_type);
	if (!parse_items(json_view_get(root, "layers"), "layer", OCI_LAYERS_MAX, document, err))
		return false;
	for (size_t i = 0; i < document->item_count; i++) {
		if (!check_layer(&document->items[i], err))
			return false;
	}
	return true;
}

/* The document's own word wins over the sender's; older OCI documents have none. */
static enum media_kind document_kind(struct json_view root, const char *media_type)
{
	const char *own = text_of(root, "mediaType");
	enum media_kind kind = own ? media_kind_of(own) : MEDIA_UNKNOWN;
	if (kind == MEDIA_UNKNOWN && media_type != NULL)
		kind = media_kind_of(media_type);
	if (kind != MEDIA_UNKNOWN)
		return kind;
	if (json_view_number(json_view_get(root, "schemaVersion"), INT64_MIN, INT64_MAX, 0) == 1)
		return MEDIA_SCHEMA_1;
	if (json_view_exists(json_view_get(root, "manifests")))
		return MEDIA_INDEX;
	return json_view_exists(json_view_get(root, "layers")) ? MEDIA_MANIFEST : MEDIA_UNKNOWN;
}

bool oci_document_parse(const char *text, size_t size, const char *media_type,
			struct oci_document *ret, struct error *err)
{
	enum { MANIFESTS_MAX = 1000 };
	AUTO(oci_document_clear) struct oci_document document = {0};
	AUTO_PTR(json_document)
	struct json_document *json =
		load(text, size, OCI_DOCUMENT_MAX_BYTES, "image manifest", err);
	if (json == NULL)
		return false;
	struct json_view root = json_document_root(json);
	enum media_kind kind = document_kind(root, media_type);
	/* One reading only: a document that is both would mean different things to two tools. */
	if (json_view_exists(json_view_get(root, "manifests")) &&
	    json_view_exists(json_view_get(root, "layers")))
		return error_set(err, ERROR_INVALID, "image manifest: is a manifest and an index");
	bool is_parsed = false;
	if (kind == MEDIA_MANIFEST) {
		is_parsed = parse_manifest(root, &document, err);
	} else if (kind == MEDIA_INDEX) {
		document.is_index = true;
		is_parsed = parse_items(json_view_get(root, "manifests"), "manifest", MANIFESTS_MAX,
					&document, err);
	} else if (kind == MEDIA_SCHEMA_1) {
		error_set(err, ERROR_UNSUPPORTED,
			  "Docker's manifest schema 1 (before 2016) is not read");
		error_hint(err, "push the image again with a current tool");
	} else {
		error_set(err, ERROR_INVALID, "neither a manifest nor an index");
	}
	if (!is_parsed)
		return error_prefix(err, "image manifest");
	*ret = document;
	document = (struct oci_document){0};
	return true;
}

static bool is_our_platform(const struct oci_descriptor *item)
{
	return item->os != NULL && item->architecture != NULL && strcmp(item->os, "linux") == 0 &&
	       strcmp(item->architecture, "amd64") == 0;
}

/* Any x86-64 machine runs "" and "v1"; higher variants need a newer processor. */
static bool is_baseline(const struct oci_descriptor *item)
{
	return item->variant == NULL || item->variant[0] == '\0' ||
	       strcmp(item->variant, "v1") == 0;
}

static char *list_platforms(const struct oci_document *index)
{
	enum { SHOWN_MAX = 20 };
	AUTO(strbuf_clear) struct strbuf text = STRBUF_MAX(1000);
	for (size_t i = 0; i < index->item_count && i < SHOWN_MAX; i++) {
		const struct oci_descriptor *item = &index->items[i];
		if (item->os == NULL || strcmp(item->os, "unknown") == 0)
			continue;
		strbuf_appendf(&text, "%s%.40s/%.40s", text.size ? ", " : "", item->os,
			       item->architecture ? item->architecture : "?");
	}
	AUTO(strbuf_clear) struct strbuf safe = STRBUF_INIT;
	strbuf_append_printable(&safe, strbuf_text(&text), text.size);
	return strbuf_take(&safe);
}

static const struct oci_descriptor *choose_platform(const struct oci_document *index,
						    struct error *err)
{
	const struct oci_descriptor *best = NULL;
	for (size_t i = 0; i < index->item_count; i++) {
		const struct oci_descriptor *item = &index->items[i];
		if (is_our_platform(item) &&
		    (best == NULL || (is_baseline(item) && !is_baseline(best))))
			best = item;
	}
	/* A layout with one image often says no platform; its config does. */
	if (best == NULL && index->item_count == 1 && index->items[0].os == NULL)
		best = &index->items[0];
	if (best != NULL)
		return best;
	AUTO_FREE char *others = list_platforms(index);
	error_set(err, ERROR_UNSUPPORTED, "no image for linux/amd64; there is: %s",
		  others[0] ? others : "nothing");
	return NULL;
}

/* Layouts name an image by its tag, or as containerd does by its whole name. */
static bool is_named(const struct oci_descriptor *item, const char *ref_name)
{
	if (item->ref_name == NULL)
		return false;
	const char *slash = strrchr(item->ref_name, '/');
	const char *colon = strrchr(slash ? slash : item->ref_name, ':');
	return strcmp(item->ref_name, ref_name) == 0 ||
	       (colon != NULL && strcmp(colon + 1, ref_name) == 0);
}

static char *list_names(const struct oci_document *index)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_MAX(1000);
	for (size_t i = 0; i < index->item_count; i++) {
		const char *name = index->items[i].ref_name;
		if (name != NULL)
			strbuf_appendf(&text, "%s%.128s", text.size ? ", " : "", name);
	}
	AUTO(strbuf_clear) struct strbuf safe = STRBUF_INIT;
	strbuf_append_printable(&safe, strbuf_text(&text), text.size);
	return strbuf_take(&safe);
}

static const struct oci_descriptor *choose_named(const struct oci_document *index,
						 const char *ref_name, struct error *err)
{
	const struct oci_descriptor *best = NULL;
	for (size_t i = 0; i < index->item_count; i++) {
		const struct oci_descriptor *item = &index->items[i];
		if (is_named(item, ref_name) && (best == NULL || is_our_platform(item)))
			best = item;
	}
	if (best != NULL)
		return best;
	AUTO_FREE char *names = list_names(index);
	error_set(err, ERROR_NOT_FOUND, "no image is tagged '%s'; there is: %s", ref_name,
		  names[0] ? names : "no tag at all");
	return NULL;
}

const struct oci_descriptor *oci_index_choose(const struct oci_document *index,
					      const char *ref_name, struct error *err)
{
	return ref_name ? choose_named(index, ref_name, err) : choose_platform(index, err);
}

static bool check_platform(struct json_view root, struct error *err)
{
	const char *os = text_of(root, "os");
	const char *architecture = text_of(root, "architecture");
	if ((os == NULL || strcmp(os, "linux") == 0) &&
	    (architecture == NULL || strcmp(architecture, "amd64") == 0))
		return true;
	return error_set(err, ERROR_UNSUPPORTED, "built for %.40s/%.40s, and pods run linux/amd64",
			 os ? os : "linux", architecture ? architecture : "amd64");
}

bool oci_config_parse(const char *text, size_t size, size_t layer_count,
		      struct digest **ret_diff_ids, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *json = load(text, size, OCI_CONFIG_MAX_BYTES, "image config", err);
	if (json == NULL || !check_platform(json_document_root(json), err))
		return false;
	struct json_view rootfs = json_view_get(json_document_root(json), "rootfs");
	struct json_view list = json_view_get(rootfs, "diff_ids");
	size_t count = json_view_count(list, SIZE_MAX);
	if (count != layer_count)
		return error_set(err, ERROR_INVALID, "image config: %zu diff ids for %zu layers",
				 count, layer_count);
	AUTO_FREE struct digest *ids = xcalloc(count + 1, sizeof(*ids));
	for (size_t i = 0; i < count; i++) {
		if (!digest_parse(json_view_peek(json_view_at(list, i)), &ids[i]))
			return error_set(err, ERROR_INVALID, "image config: diff id %zu is invalid",
					 i);
	}
	*ret_diff_ids = TAKE_PTR(ids);
	return true;
}

static void write_descriptor(struct json_writer *json, const char *key, const char *media_type,
			     const struct digest *digest, uint64_t size_bytes)
{
	json_open_object(json, key);
	json_write_text(json, "mediaType", media_type);
	json_write_text(json, "digest", DIGEST_TEXT(digest));
	json_write_unsigned(json, "size", size_bytes);
	json_close(json);
}

char *oci_manifest_make(const struct digest *config_digest, uint64_t config_size,
			const struct oci_descriptor *layers, size_t layer_count)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);
	json_open_object(&json, NULL);
	json_write_number(&json, "schemaVersion", 2);
	json_write_text(&json, "mediaType", MEDIA_OCI_MANIFEST);
	write_descriptor(&json, "config", MEDIA_OCI_CONFIG, config_digest, config_size);
	json_open_list(&json, "layers");
	for (size_t i = 0; i < layer_count; i++)
		write_descriptor(&json, NULL, layers[i].media_type, &layers[i].digest,
				 layers[i].size_bytes);
	json_close(&json);
	json_close(&json);
	return strbuf_take(&text);
}
