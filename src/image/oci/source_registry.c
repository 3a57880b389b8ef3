/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "image/oci/image_options.h"
#include "image/oci/image_policy.h"
#include "image/oci/oci_document.h"
#include "image/oci/registry.h"
#include "image/oci/registry_blobs.h"
#include "image/oci/source_walk.h"

#define ACCEPT                                                                                     \
	"Accept: " MEDIA_OCI_INDEX ", " MEDIA_OCI_MANIFEST ", " MEDIA_DOCKER_LIST                  \
	", " MEDIA_DOCKER_MANIFEST

struct pull {
	struct registry *registry;
	const struct source_request *request;
	struct digest top;
	char *checked; /* owned; what the policy found, or NULL */
};

static void pull_clear(struct pull *pull)
{
	free(pull->checked);
}

/* Content-Type without its parameters. */
static char *media_type_of(const struct http_response *response)
{
	const char *type = http_response_header(response, "content-type");
	return type ? xstrndup(type, strcspn(type, "; \t")) : NULL;
}

/*
 * GETs a manifest or index into the store and fills *ret with what it is. wanted is the digest it
 * must have, or NULL when the tag decides.
 */
static bool get_document(struct pull *pull, const char *name, const struct digest *wanted,
			 struct oci_descriptor *ret, struct error *err)
{
	AUTO(http_response_clear) struct http_response response = {0};
	AUTO_FREE char *url = registry_url(pull->registry, "manifests", name);
	AUTO_FREE char *what = xasprintf("manifest %s", name);
	if (!registry_perform(pull->registry, "GET", url, ACCEPT, OCI_DOCUMENT_MAX_BYTES, &response,
			      err))
		return false;
	if (response.status != 200)
		return registry_error(pull->registry, &response, what, err);
	struct digest actual = sha256_digest(response.body, response.body_size);
	struct digest said = {0};
	if (wanted == NULL &&
	    digest_parse(http_response_header(&response, "docker-content-digest"), &said))
		wanted = &said;
	if (wanted != NULL && !digest_equal(wanted, &actual))
		return error_set(err, ERROR_CORRUPT,
				 "%s sent other bytes for manifest %s: their digest is %s",
				 pull->registry->endpoint->host, DIGEST_TEXT(wanted),
				 DIGEST_TEXT(&actual));
	/* Parsed before it is stored: an HTML page from a captive portal is no manifest. */
	AUTO(oci_document_clear) struct oci_document document = {0};
	ret->media_type = media_type_of(&response);
	ret->size_bytes = response.body_size;
	return oci_document_parse(response.body, response.body_size, ret->media_type, &document,
				  err) &&
	       store_write_blob(pull->request->store, response.body, response.body_size,
				&ret->digest, err);
}

static bool is_document(const char *media_type)
{
	static const char *const types[] = {MEDIA_OCI_INDEX, MEDIA_OCI_MANIFEST, MEDIA_DOCKER_LIST,
					    MEDIA_DOCKER_MANIFEST};
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(media_type, types[i]) == 0)
			return true;
	}
	return false;
}

static bool bring(const struct oci_descriptor *const *blobs, size_t count, void *arg,
		  struct error *err)
{
	struct pull *pull = arg;
	if (count == 1 && is_document(blobs[0]->media_type)) {
		AUTO(oci_descriptor_clear) struct oci_descriptor got = {0};
		return get_document(pull, DIGEST_TEXT(&blobs[0]->digest), &blobs[0]->digest, &got,
				    err);
	}
	return registry_bring_blobs(pull->registry, pull->request, blobs, count, err);
}

static bool admit(const struct digest *manifest, void *arg, struct error *err)
{
	struct pull *pull = arg;
	const struct image_policy *policy = pull->request->policy;
	return policy == NULL || image_policy_check(policy, pull->registry, &pull->top, manifest,
						    &pull->checked, err);
}

/* The digest a tag has now, without the document; none when the registry does not say. */
static bool head_digest(struct pull *pull, const char *tag, struct digest *out, struct error *err)
{
	AUTO(http_response_clear) struct http_response response = {0};
	AUTO_FREE char *url = registry_url(pull->registry, "manifests", tag);
	*out = (struct digest){0};
	if (!registry_perform(pull->registry, "HEAD", url, ACCEPT, OCI_DOCUMENT_MAX_BYTES,
			      &response, err))
		return false;
	const char *said = http_response_header(&response, "docker-content-digest");
	(void)(response.status == 200 && digest_parse(said, out));
	return true;
}

/* The top document, from the store where its digest is known, else from the registry. */
static bool find_top(struct pull *pull, struct oci_descriptor *top, struct error *err)
{
	const struct source_request *request = pull->request;
	const struct reference *reference = request->reference;
	struct digest now = {0};
	const struct digest *wanted = source_wanted(request);
	/* HEAD is not counted by registries that limit pulls. */
	if (wanted == NULL && request->known != NULL) {
		if (!head_digest(pull, reference->tag, &now, err))
			return false;
		if (digest_equal(&now, &request->known->digest))
			wanted = &now;
	}
	if (wanted == NULL)
		return get_document(pull, reference->tag, NULL, top, err);
	uint64_t size = 0;
	if (!store_size(request->store, STORE_BLOB, wanted, &size))
		return get_document(pull, DIGEST_TEXT(wanted), wanted, top, err);
	top->digest = *wanted;
	top->size_bytes = size;
	return true;
}

static bool fetch_from(const struct source_request *request,
		       const struct registry_endpoint *endpoint, struct image_ref *ret,
		       struct error *err)
{
	AUTO(registry_close) struct registry registry = {0};
	AUTO(oci_descriptor_clear) struct oci_descriptor top = {0};
	AUTO(pull_clear) struct pull pull = {.registry = &registry, .request = request};
	if (!registry_open(request, endpoint, &registry, err) || !find_top(&pull, &top, err))
		return false;
	ret->digest = top.digest;
	pull.top = top.digest;
	if (!source_walk_admitted(request, &top, bring, admit, &pull, &ret->manifest, err))
		return false;
	ret->checked = TAKE_PTR(pull.checked);
	if (request->policy != NULL && ret->checked != NULL)
		ret->rule = request->policy->id;
	return true;
}

static bool is_final(const struct error *err)
{
	return err->kind == ERROR_CANCELLED || err->kind == ERROR_FULL;
}

bool source_registry_fetch(const struct source_request *request, struct image_ref *ret,
			   struct error *err)
{
	AUTO(registry_endpoint_list_clear) struct registry_endpoint_list endpoints = {0};
	if (!registry_endpoints_find(request->reference->host,
				     request->options->insecure_registries, &endpoints, err))
		return false;
	for (size_t i = 0; i < endpoints.count; i++) {
		const struct registry_endpoint *endpoint = &endpoints.items[i];
		AUTO(error_clear) struct error why = ERROR_INIT;
		if (fetch_from(request, endpoint, ret, &why)) {
			ret->source = xstrdup(endpoint->host);
			ret->time_ns = clock_wall_ns();
			return true;
		}
		if (why.kind == ERROR_NETWORK && why.hint == NULL)
			error_hint(&why, "without a network images come from oci:FOLDER, "
					 "docker-archive:FILE or docker-daemon:NAME");
		/* The last endpoint is the image's own registry: its word counts. */
		if (i + 1 == endpoints.count || is_final(&why))
			return error_move(err, &why);
		AUTO_FREE char *note = xasprintf("mirror %s: %s", endpoint->host, why.message);
		progress_note(request->progress, request->reference->text, note);
	}
	return error_set(err, ERROR_NOT_FOUND, "no registry");
}
