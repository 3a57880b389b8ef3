/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/oci_document.h"

#include <jansson.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
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

static void json_clear(json_t **json)
{
	json_decref(*json);
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static json_t *load(const char *text, size_t size, size_t max_bytes, struct error *err)
{
	json_error_t where;
	if (size > max_bytes) {
		error_set(err, ERROR_INVALID, "larger than %zu bytes", max_bytes);
		return NULL;
	}
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
	if (!json_is_object(root)) {
		json_decref(root);
		error_set(err, ERROR_INVALID, "not a JSON object (line %d: %s)", where.line,
			  root ? "another value" : where.text);
		return NULL;
	}
	return root;
}

static bool parse_descriptor(const json_t *json, const char *what, struct oci_descriptor *ret,
			     struct error *err)
{
	const char *media_type = text_of(json, "mediaType");
	const char *digest = text_of(json, "digest");
	const json_t *size = json_object_get(json, "size");
	const json_t *platform = json_object_get(json, "platform");
	if (media_type == NULL || digest == NULL || !json_is_integer(size))
		return error_set(err, ERROR_INVALID, "%s lacks mediaType, digest or size", what);
	if (!digest_is_valid(digest))
		return error_set(err, ERROR_UNSUPPORTED, "%s has the digest '%.100s'", what,
				 digest);
	json_int_t bytes = json_integer_value(size);
	if (bytes < 0 || (uint64_t)bytes > OCI_BLOB_MAX_BYTES)
		return error_set(err, ERROR_INVALID, "%s has the size %" JSON_INTEGER_FORMAT, what,
				 bytes);
	ret->media_type = xstrdup(media_type);
	memcpy(ret->digest, digest, DIGEST_SIZE);
	ret->size_bytes = (uint64_t)bytes;
	ret->os = xstrdup_or_null(text_of(platform, "os"));
	ret->architecture = xstrdup_or_null(text_of(platform, "architecture"));
	ret->variant = xstrdup_or_null(text_of(platform, "variant"));
	ret->ref_name = xstrdup_or_null(
		text_of(json_object_get(json, "annotations"), "org.opencontainers.image.ref.name"));
	return true;
}

static bool check_layer(const struct oci_descriptor *layer, struct error *err)
{
	enum media_kind kind = media_kind_of(layer->media_type);
	if (kind == MEDIA_FOREIGN_LAYER)
		return error_set(err, ERROR_UNSUPPORTED,
				 "layer %s may not be distributed (%s), as in Windows images",
				 layer->digest, layer->media_type);
	if (strstr(layer->media_type, "+encrypted") != NULL)
		return error_set(err, ERROR_UNSUPPORTED, "layer %s is encrypted (%.100s)",
				 layer->digest, layer->media_type);
	if (kind != MEDIA_LAYER)
		return error_set(err, ERROR_UNSUPPORTED,
				 "layer %s is a %.100s, not a container's file system",
				 layer->digest, layer->media_type);
	return true;
}

static bool parse_items(const json_t *list, const char *what, size_t max,
			struct oci_document *document, struct error *err)
{
	size_t i;
	const json_t *json;
	if (!json_is_array(list))
		return error_set(err, ERROR_INVALID, "there is no list of %ss", what);
	if (json_array_size(list) > max)
		return error_set(err, ERROR_INVALID, "more than %zu %ss", max, what);
	json_array_foreach(list, i, json)
	{
		struct oci_descriptor *item = ARRAY_APPEND(document->items, document->item_count);
		if (!parse_descriptor(json, what, item, err))
			return error_prefix(err, "%s %zu", what, i);
	}
	return true;
}

static bool parse_manifest(const json_t *root, struct oci_document *document, struct error *err)
{
	if (!parse_descriptor(json_object_get(root, "config"), "the config", &document->config,
			      err))
		return false;
	if (media_kind_of(document->config.media_type) != MEDIA_CONFIG)
		return error_set(err, ERROR_UNSUPPORTED,
				 "not a container image: its config is a %.100s",
				 document->config.media_type);
	if (!parse_items(json_object_get(root, "layers"), "layer", OCI_LAYERS_MAX, document, err))
		return false;
	for (size_t i = 0; i < document->item_count; i++) {
		if (!check_layer(&document->items[i], err))
			return false;
	}
	return true;
}

/* The document's own word wins over the sender's; older OCI documents have none. */
static enum media_kind document_kind(const json_t *root, const char *media_type)
{
	const char *own = text_of(root, "mediaType");
	enum media_kind kind = own ? media_kind_of(own) : MEDIA_UNKNOWN;
	if (kind == MEDIA_UNKNOWN && media_type != NULL)
		kind = media_kind_of(media_type);
	if (kind != MEDIA_UNKNOWN)
		return kind;
	if (json_integer_value(json_object_get(root, "schemaVersion")) == 1)
		return MEDIA_SCHEMA_1;
	if (json_object_get(root, "manifests") != NULL)
		return MEDIA_INDEX;
	return json_object_get(root, "layers") != NULL ? MEDIA_MANIFEST : MEDIA_UNKNOWN;
}

bool oci_document_parse(const char *text, size_t size, const char *media_type,
			struct oci_document *ret, struct error *err)
{
	enum { MANIFESTS_MAX = 1000 };
	AUTO(oci_document_clear) struct oci_document document = {0};
	AUTO(json_clear) json_t *root = load(text, size, OCI_DOCUMENT_MAX_BYTES, err);
	if (root == NULL)
		return error_prefix(err, "image manifest");
	enum media_kind kind = document_kind(root, media_type);
	/* One reading only: a document that is both would mean different things to two tools. */
	if (json_object_get(root, "manifests") != NULL && json_object_get(root, "layers") != NULL)
		return error_set(err, ERROR_INVALID, "image manifest: is a manifest and an index");
	bool is_parsed = false;
	if (kind == MEDIA_MANIFEST) {
		is_parsed = parse_manifest(root, &document, err);
	} else if (kind == MEDIA_INDEX) {
		document.is_index = true;
		is_parsed = parse_items(json_object_get(root, "manifests"), "manifest",
					MANIFESTS_MAX, &document, err);
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

static bool check_platform(const json_t *root, struct error *err)
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
		      struct string_list *ret_diff_ids, struct error *err)
{
	size_t i;
	const json_t *json;
	AUTO(string_list_clear) struct string_list ids = STRING_LIST_INIT;
	AUTO(json_clear) json_t *root = load(text, size, OCI_CONFIG_MAX_BYTES, err);
	if (root == NULL)
		return error_prefix(err, "image config");
	if (!check_platform(root, err))
		return false;
	const json_t *list = json_object_get(json_object_get(root, "rootfs"), "diff_ids");
	if (json_array_size(list) != layer_count)
		return error_set(err, ERROR_INVALID, "image config: %zu diff ids for %zu layers",
				 json_array_size(list), layer_count);
	json_array_foreach(list, i, json)
	{
		const char *id = json_string_value(json);
		if (id == NULL || !digest_is_valid(id))
			return error_set(err, ERROR_INVALID, "image config: diff id %zu is invalid",
					 i);
		string_list_add(&ids, id);
	}
	*ret_diff_ids = ids;
	ids = STRING_LIST_INIT;
	return true;
}

char *oci_manifest_make(const char *config_digest, uint64_t config_size,
			const struct oci_descriptor *layers, size_t layer_count)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	strbuf_append(&text, "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",");
	strbuf_appendf(&text,
		       "\"config\":{\"mediaType\":\"" MEDIA_OCI_CONFIG
		       "\",\"digest\":\"%s\",\"size\":%llu},\"layers\":[",
		       config_digest, (unsigned long long)config_size);
	for (size_t i = 0; i < layer_count; i++) {
		strbuf_append(&text, i ? ",{\"mediaType\":" : "{\"mediaType\":");
		strbuf_append_json(&text, layers[i].media_type);
		strbuf_appendf(&text, ",\"digest\":\"%s\",\"size\":%llu}", layers[i].digest,
			       (unsigned long long)layers[i].size_bytes);
	}
	strbuf_append(&text, "]}");
	return strbuf_take(&text);
}
