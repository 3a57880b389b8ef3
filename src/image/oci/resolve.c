/* SPDX-License-Identifier: Apache-2.0 */
#include "image/oci/resolve.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "image/oci/image_policy.h"
#include "image/oci/image_take.h"
#include "image/oci/lock_file.h"
#include "image/oci/reference.h"
#include "image/oci/source.h"
#include "image/oci/source_walk.h"

void oci_image_clear(struct oci_image *image)
{
	free(image->reference);
	free(image->config_json);
	for (size_t i = 0; i < image->layer_count; i++)
		oci_descriptor_clear(&image->layers[i]);
	free(image->layers);
	*image = (struct oci_image){0};
}

static source_fetch_fn *source_of(enum transport transport)
{
	switch (transport) {
	case TRANSPORT_OCI:
		return source_layout_fetch;
	case TRANSPORT_REGISTRY:
		return source_registry_fetch;
	case TRANSPORT_OCI_ARCHIVE:
	case TRANSPORT_DOCKER_ARCHIVE:
		return source_archive_fetch;
	case TRANSPORT_DOCKER_DAEMON:
		return source_daemon_fetch;
	}
	return source_registry_fetch;
}

/* What was checked by another policy, or by none, is checked again. */
static bool is_checked(const struct source_request *request)
{
	const struct image_policy *policy = request->policy;
	return policy == NULL || !image_policy_wants_signature(policy) ||
	       (request->known != NULL && digest_equal(&request->known->rule, &policy->id));
}

/* A name with a digest needs no ref: the digest says which image it is. */
static bool load_known(const struct source_request *request, struct oci_image *ret)
{
	AUTO(error_clear) struct error why = ERROR_INIT;
	const struct reference *reference = request->reference;
	const struct image_ref *known = request->known;
	const struct digest *wanted = request->wanted_digest;
	const struct digest *manifest = known != NULL ? &known->manifest : &reference->digest;
	/* The lock asks for another image than the one that the tag stood for last time. */
	if (known != NULL && wanted != NULL && !digest_equal(wanted, &known->digest))
		return false;
	if (!digest_is_set(manifest))
		return false;
	if (oci_image_load(request->store, reference->text, manifest, ret, &why))
		return true;
	log_verbose("%s: the stored copy is not whole: %s", reference->text, why.message);
	return false;
}

static bool must_ask(const struct source_request *request, enum pull_policy policy)
{
	if (policy == PULL_NEVER)
		return false;
	/* A folder or a daemon on this machine may have a new image since, and asking is cheap. */
	if (transport_is_local(request->reference->transport))
		return true;
	/* What is fixed by a digest cannot be newer. */
	return policy == PULL_ALWAYS && request->wanted_digest == NULL &&
	       !digest_is_set(&request->reference->digest);
}

static bool fetch(const struct source_request *request, struct oci_image *ret, struct error *err)
{
	AUTO(image_ref_clear) struct image_ref ref = {0};
	const struct reference *reference = request->reference;
	ref.reference = xstrdup(reference->text);
	return source_of(reference->transport)(request, &ref, err) &&
	       image_ref_write(request->store, &ref, err) &&
	       oci_image_load(request->store, reference->text, &ref.manifest, ret, err);
}

static bool resolve(const struct source_request *asked, enum pull_policy policy,
		    struct oci_image *ret, struct error *err)
{
	AUTO(image_ref_clear) struct image_ref known = {0};
	const struct reference *reference = asked->reference;
	struct source_request request = *asked;
	AUTO(error_clear) struct error unknown = ERROR_INIT;
	if (image_ref_read(request.store, reference->text, &known, &unknown))
		request.known = &known;
	/* What was built here is nobody's whose signature could be asked for. */
	if (request.known != NULL && strcmp(request.known->source, IMAGE_BUILT_HERE) == 0)
		request.policy = NULL;
	if (request.policy != NULL && !image_policy_admit(request.policy, err))
		return false;
	if (!must_ask(&request, policy) && is_checked(&request) && load_known(&request, ret))
		return true;
	if (policy != PULL_NEVER)
		return fetch(&request, ret, err);
	if (!is_checked(&request)) {
		error_set(err, ERROR_DENIED, "its signature was not checked yet");
		return error_hint(err, "i2kit pull %s", reference->text);
	}
	error_set(err, ERROR_NOT_FOUND, "not in the store, and the pull policy is Never");
	return error_hint(err, "i2kit pull %s", reference->text);
}

/* Around resolve(): the digest that i2kit.lock asks for, and the one it is told. */
static bool resolve_locked(const struct source_request *asked, enum pull_policy policy,
			   struct oci_image *ret, struct error *err)
{
	struct source_request request = *asked;
	AUTO(image_ref_clear) struct image_ref ref = {0};
	struct digest locked = {0};
	const struct image_options *options = request.options;
	const struct reference *reference = request.reference;
	bool has_lock = options->lock_file != NULL && reference->transport == TRANSPORT_REGISTRY &&
			!digest_is_set(&reference->digest);
	if (has_lock && !options->update_lock &&
	    !lock_file_find(options->lock_file, reference->text, &locked, err))
		return false;
	bool is_locked = digest_is_set(&locked);
	if (is_locked)
		request.wanted_digest = &locked;
	if (!resolve(&request, policy, ret, err))
		return is_locked ? error_prefix(err, "as %s says", options->lock_file) : false;
	if (!has_lock || is_locked)
		return true;
	return image_ref_read(request.store, reference->text, &ref, err) &&
	       lock_file_set(options->lock_file, reference->text, &ref.digest, err);
}

bool image_resolve(struct store *store, const char *text, enum pull_policy policy,
		   const struct image_options *options, const struct progress *progress,
		   struct oci_image *ret, struct error *err)
{
	static const struct image_options defaults = {0};
	AUTO(reference_clear) struct reference reference = {0};
	AUTO(image_policy_clear) struct image_policy rules = {0};
	if (options == NULL)
		options = &defaults;
	if (!reference_parse(text, options->folder, &reference, err))
		return false;
	if (!image_policy_open(&reference, options, &rules, err))
		return error_prefix(err, "image %s", reference.text);
	if (options->has_pull)
		policy = options->pull;
	AUTO_FREE char *name = reference_portable(reference.text);
	struct progress_part part;
	progress_part_begin(&part, progress, "image", name);
	const struct source_request request = {.store = store,
					       .reference = &reference,
					       .options = options,
					       .progress = &part.progress,
					       .policy = &rules,
					       .must_be_fresh = policy == PULL_ALWAYS};
	bool is_done = resolve_locked(&request, policy, ret, err);
	progress_part_end(&part, is_done);
	return is_done || error_prefix(err, "image %s", reference.text);
}
