/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/image_take.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "base/sha256.h"
#include "base/strbuf.h"
#include "image/oci/image_options.h"
#include "image/oci/image_ref.h"
#include "image/oci/oci_document.h"
#include "image/oci/reference.h"
#include "image/oci/resolve.h"
#include "image/oci/source.h"
#include "image/oci/source_walk.h"

#define NAME_DIGITS 16
#define MAX_MEMBERS 100

static void add_text(struct sha256 *hash, const char *text_or_null)
{
	const char *text = text_or_null != NULL ? text_or_null : "";

	/* With its NUL: no two lists are alike. */
	sha256_update(hash, text, strlen(text) + 1);
}

/* "registry/team/Web:1" → "web": for people, who see it in messages and `images`. */
static char *short_name(const char *image)
{
	const char *slash = strrchr(image, '/');
	const char *last = slash != NULL ? slash + 1 : image;
	char *name = xstrndup(last, strcspn(last, ":@"));

	for (char *at = name; *at != '\0'; at++) {
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
		else if ((*at < 'a' || *at > 'z') && (*at < '0' || *at > '9'))
			*at = '-';
	}
	return name;
}

char *image_made_name(const struct container_spec *container)
{
	const struct build_spec *build = container->build;
	AUTO_PTR(sha256) struct sha256 *hash = build != NULL ? sha256_new() : NULL;

	if (build == NULL)
		return NULL;
	add_text(hash, container->image);
	add_text(hash, build->context);
	add_text(hash, build->dockerfile);
	add_text(hash, build->dockerfile_inline);
	add_text(hash, build->target);
	for (size_t i = 0; i < build->arg_count; i++) {
		add_text(hash, build->args[i].name);
		add_text(hash, build->args[i].value);
	}
	const struct digest digest = sha256_finish_digest(hash);
	AUTO_FREE char *name = short_name(container->image);
	bool is_name = name[0] != '\0' && name[0] != '-';
	return xasprintf("localhost/built/%s-%.*s:latest", is_name ? name : container->name,
			 NAME_DIGITS, DIGEST_HEX(&digest));
}

/*
 * What an image says of itself: the OCI's image configuration, and what Docker has besides
 * (Healthcheck, Shell, OnBuild). Builders write down folders, steps and ids of this machine beside
 * it, which say nothing and are different everywhere.
 */
static const char *const image_keys[] = {"architecture", "author",     "config", "created", "os",
					 "os.features",	 "os.version", "rootfs", "variant"};
static const char *const config_keys[] = {"ArgsEscaped",  "Cmd",	 "Entrypoint",	"Env",
					  "ExposedPorts", "Healthcheck", "Labels",	"OnBuild",
					  "Shell",	  "StopSignal",	 "StopTimeout", "User",
					  "Volumes",	  "WorkingDir"};

static bool is_among(const char *const *keys, size_t count, const char *key)
{
	size_t i = 0;
	while (i < count && strcmp(keys[i], key) != 0)
		i++;
	return i < count;
}

static void write_config(struct json_writer *json, struct json_view config)
{
	json_open_object(json, "config");
	for (struct json_view one = json_view_first(config, MAX_MEMBERS); json_view_exists(one);
	     one = json_view_next(one)) {
		if (is_among(config_keys, ARRAY_SIZE(config_keys), one.key))
			json_write_view(json, one.key, one);
	}
	json_close(json);
}

static char *plain_config(const char *text, size_t size, struct error *err)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(text, size, "the image's config", 0, err);
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, JSON_SORTED);

	if (document == NULL)
		return NULL;
	json_open_object(&json, NULL);
	for (struct json_view one = json_view_first(json_document_root(document), MAX_MEMBERS);
	     json_view_exists(one); one = json_view_next(one)) {
		if (strcmp(one.key, "config") == 0)
			write_config(&json, one);
		else if (is_among(image_keys, ARRAY_SIZE(image_keys), one.key))
			json_write_view(&json, one.key, one);
	}
	json_close(&json);
	return json_document_check(document, err) ? strbuf_take(&out) : NULL;
}

/* The same files, the same digest, on whatever machine they were built. */
static bool normalise(struct store *store, struct image_ref *ref, struct error *err)
{
	AUTO(oci_document_clear) struct oci_document manifest = {0};
	AUTO_FREE char *text = NULL;
	struct digest config;
	size_t size = 0;

	if (!source_read_document(store, &ref->manifest, NULL, &manifest, err) ||
	    !store_read_blob(store, &manifest.config.digest, OCI_CONFIG_MAX_BYTES, &text, &size,
			     err))
		return false;
	AUTO_FREE char *plain = plain_config(text, size, err);
	if (plain == NULL || !store_write_blob(store, plain, strlen(plain), &config, err))
		return false;
	AUTO_FREE char *made =
		oci_manifest_make(&config, strlen(plain), manifest.items, manifest.item_count);
	if (!store_write_blob(store, made, strlen(made), &ref->manifest, err))
		return false;
	ref->digest = ref->manifest;
	return true;
}

bool image_take(struct store *store, const char *from, const char *name, const char *stamp,
		const struct progress *progress, struct error *err)
{
	AUTO(reference_clear) struct reference reference = {0};
	AUTO(image_ref_clear) struct image_ref ref = {0};
	static const struct image_options none = {0};

	if (!reference_parse(from, NULL, &reference, err))
		return false;
	const struct source_request request = {
		.store = store, .reference = &reference, .options = &none, .progress = progress};
	bool is_layout = reference.transport == TRANSPORT_OCI;
	if (is_layout ? !source_layout_fetch(&request, &ref, err)
		      : !source_archive_fetch(&request, &ref, err))
		return false;
	if (!normalise(store, &ref, err))
		return error_prefix(err, "%s", from);
	ref.reference = xstrdup(name);
	free(ref.source);
	ref.source = xstrdup(IMAGE_BUILT_HERE);
	free(ref.stamp);
	ref.stamp = xstrdup(stamp);
	return image_ref_write(store, &ref, err);
}

bool image_is_taken(struct store *store, const char *name, const char *stamp)
{
	AUTO(image_ref_clear) struct image_ref known = {0};
	AUTO(oci_image_clear) struct oci_image image = {0};

	return image_ref_read(store, name, &known, NULL) && known.stamp != NULL &&
	       strcmp(known.stamp, stamp) == 0 &&
	       oci_image_load(store, name, &known.manifest, &image, NULL);
}
