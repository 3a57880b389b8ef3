/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/signature_fetch.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/path.h"
#include "image/oci/oci_document.h"
#include "image/oci/reference.h"
#include "image/oci/registry.h"
#include "image/policy/signature_payload.h"

#define MEDIA_SIGNATURE	     "application/vnd.dev.cosign.simplesigning.v1+json"
#define ANNOTATION_SIGNATURE "dev.cosignproject.cosign/signature"
#define ANNOTATION_BUNDLE    "dev.sigstore.cosign/bundle"
#define FILE_URL	     "file://"

enum { SIGNATURES_MAX = 128, TIMEOUT_MS = 60000 };

void image_signatures_clear(struct image_signatures *signatures)
{
	for (size_t i = 0; i < signatures->count; i++) {
		free(signatures->items[i].bytes);
		free(signatures->items[i].signature);
		free(signatures->items[i].bundle);
	}
	free(signatures->items);
	*signatures = (struct image_signatures){0};
}

void signature_layers_clear(struct signature_layers *layers)
{
	for (size_t i = 0; i < layers->count; i++) {
		free(layers->items[i].signature);
		free(layers->items[i].bundle);
	}
	free(layers->items);
	*layers = (struct signature_layers){0};
}

/* *ret NULL: there is no such file. */
static bool read_file(const char *path, char **ret, size_t *ret_size, struct error *err)
{
	return !path_exists(path) || file_read(path, SIGNATURE_MAX_BYTES, ret, ret_size, err);
}

static bool get_url(struct registry *registry, const char *url, char **ret, size_t *ret_size,
		    struct error *err)
{
	AUTO(http_response_clear) struct http_response response = {0};
	const struct http_request request = {.url = url,
					     .max_response_bytes = SIGNATURE_MAX_BYTES,
					     .timeout_ms = TIMEOUT_MS,
					     .follow_redirects = true};
	if (!registry_request(registry, &request, &response, err))
		return error_prefix(err, "%s", url);
	if (response.status == 404)
		return true;
	if (response.status != 200)
		return error_set(err, ERROR_NETWORK, "%s answered %d", url, response.status);
	*ret = TAKE_PTR(response.body);
	*ret_size = response.body_size;
	return true;
}

bool signature_fetch_lookaside(struct registry *registry, const char *url,
			       const struct reference *reference, const struct digest *manifest,
			       struct image_signatures *ret, struct error *err)
{
	size_t end = strlen(url);
	while (end > 0 && url[end - 1] == '/')
		end--;
	for (unsigned i = 1; ret->count < SIGNATURES_MAX; i++) {
		AUTO_FREE char *bytes = NULL;
		size_t size = 0;
		AUTO_FREE char *place = xasprintf("%.*s/%s@sha256=%s/signature-%u", (int)end, url,
						  reference->name, DIGEST_HEX(manifest), i);
		bool is_file = strncmp(place, FILE_URL "/", strlen(FILE_URL) + 1) == 0;
		if (is_file ? !read_file(place + strlen(FILE_URL), &bytes, &size, err)
			    : !get_url(registry, place, &bytes, &size, err))
			return error_prefix(err, "signature of %s", DIGEST_TEXT(manifest));
		if (bytes == NULL)
			return true;
		struct image_signature *one = ARRAY_APPEND(ret->items, ret->count);
		one->bytes = TAKE_PTR(bytes);
		one->size = size;
	}
	return error_set(err, ERROR_INVALID, "more than %d signatures", SIGNATURES_MAX);
}

bool signature_layers_parse(const char *text, size_t size, struct signature_layers *ret,
			    struct error *err)
{
	AUTO(signature_layers_clear) struct signature_layers layers = {0};
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(text, size, "the signatures' manifest",
							     JSON_LAST_KEY_WINS, err);
	if (document == NULL)
		return false;
	struct json_view list = json_view_get(json_document_root(document), "layers");
	size_t count = json_view_count(list, SIGNATURES_MAX);
	for (size_t i = 0; i < count; i++) {
		struct json_view item = json_view_at(list, i);
		struct json_view annotations = json_view_get(item, "annotations");
		const char *kind = json_view_peek(json_view_get(item, "mediaType"));
		if (kind == NULL || strcmp(kind, MEDIA_SIGNATURE) != 0)
			continue;
		struct signature_layer *one = ARRAY_APPEND(layers.items, layers.count);
		one->digest = json_view_digest(json_view_require(item, "digest"));
		one->signature = json_view_text(json_view_get(annotations, ANNOTATION_SIGNATURE));
		one->bundle = json_view_text(json_view_get(annotations, ANNOTATION_BUNDLE));
	}
	if (!json_document_check(document, err))
		return false;
	*ret = layers;
	layers = (struct signature_layers){0};
	return true;
}

static bool fetch_layer(struct registry *registry, struct signature_layer *layer,
			struct image_signatures *ret, struct error *err)
{
	AUTO(http_response_clear) struct http_response response = {0};
	AUTO_FREE char *url = registry_url(registry, "blobs", DIGEST_TEXT(&layer->digest));
	if (!registry_perform(registry, "GET", url, NULL, SIGNATURE_MAX_BYTES, &response, err))
		return false;
	if (response.status != 200)
		return registry_error(registry, &response, "signature", err);
	struct digest actual = sha256_digest(response.body, response.body_size);
	if (!digest_equal(&actual, &layer->digest))
		return error_set(err, ERROR_CORRUPT, "%s sent other bytes for signature %s",
				 registry->endpoint->host, DIGEST_TEXT(&layer->digest));
	struct image_signature *one = ARRAY_APPEND(ret->items, ret->count);
	one->is_sigstore = true;
	one->bytes = TAKE_PTR(response.body);
	one->size = response.body_size;
	one->signature = TAKE_PTR(layer->signature);
	one->bundle = TAKE_PTR(layer->bundle);
	return true;
}

bool signature_fetch_attached(struct registry *registry, const struct digest *manifest,
			      struct image_signatures *ret, struct error *err)
{
	AUTO(http_response_clear) struct http_response response = {0};
	AUTO(signature_layers_clear) struct signature_layers layers = {0};
	AUTO_FREE char *tag = xasprintf("sha256-%s.sig", DIGEST_HEX(manifest));
	AUTO_FREE char *url = registry_url(registry, "manifests", tag);
	if (!registry_perform(registry, "GET", url,
			      "Accept: " MEDIA_OCI_MANIFEST ", " MEDIA_DOCKER_MANIFEST,
			      OCI_DOCUMENT_MAX_BYTES, &response, err))
		return false;
	if (response.status == 404)
		return true;
	if (response.status != 200)
		return registry_error(registry, &response, "signature", err);
	if (!signature_layers_parse(response.body, response.body_size, &layers, err))
		return error_prefix(err, "%s", tag);
	for (size_t i = 0; i < layers.count && ret->count < SIGNATURES_MAX; i++) {
		if (!fetch_layer(registry, &layers.items[i], ret, err))
			return false;
	}
	return true;
}
