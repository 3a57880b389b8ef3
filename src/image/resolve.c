/* SPDX-License-Identifier: Apache-2.0 */
#include "image/resolve.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "image/source.h"

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
	return NULL;
}

/* A name with a digest needs no ref: the digest says which image it is. */
static bool load_known(struct store *store, const struct reference *reference,
		       const struct image_ref *known, struct oci_image *ret)
{
	AUTO(error_clear) struct error why = ERROR_INIT;
	const char *manifest = known->reference != NULL ? known->manifest : reference->digest;
	if (manifest[0] == '\0')
		return false;
	if (oci_image_load(store, reference->text, manifest, ret, &why))
		return true;
	log_verbose("%s: the stored copy is not whole: %s", reference->text, why.message);
	return false;
}

static bool must_ask(const struct reference *reference, enum pull_policy policy)
{
	if (policy == PULL_NEVER)
		return false;
	/* A folder or a daemon on this machine may have a new image since, and asking is cheap. */
	return policy == PULL_ALWAYS || transport_is_local(reference->transport);
}

static bool fetch(const struct source_request *request, struct oci_image *ret, struct error *err)
{
	AUTO(image_ref_clear) struct image_ref ref = {0};
	const struct reference *reference = request->reference;
	source_fetch_fn *source = source_of(reference->transport);
	if (source == NULL)
		return error_set(err, ERROR_UNSUPPORTED, "this kind of source is not read yet");
	ref.reference = xstrdup(reference->text);
	return source(request, &ref, err) && image_ref_write(request->store, &ref, err) &&
	       oci_image_load(request->store, reference->text, ref.manifest, ret, err);
}

static bool resolve(struct source_request *request, enum pull_policy policy, struct oci_image *ret,
		    struct error *err)
{
	AUTO(image_ref_clear) struct image_ref known = {0};
	const struct reference *reference = request->reference;
	AUTO(error_clear) struct error unknown = ERROR_INIT;
	if (image_ref_read(request->store, reference->text, &known, &unknown))
		request->known = &known;
	if (!must_ask(reference, policy) && load_known(request->store, reference, &known, ret))
		return true;
	if (policy == PULL_NEVER) {
		error_set(err, ERROR_NOT_FOUND, "not in the store, and the pull policy is Never");
		return error_hint(err, "i2kit pull %s", reference->text);
	}
	return fetch(request, ret, err);
}

bool image_resolve(struct store *store, const char *text, enum pull_policy policy,
		   const struct image_options *options, const struct progress *progress,
		   struct oci_image *ret, struct error *err)
{
	static const struct image_options defaults = {0};
	AUTO(reference_clear) struct reference reference = {0};
	if (options == NULL)
		options = &defaults;
	if (!reference_parse(text, options->folder, &reference, err))
		return false;
	if (options->has_pull)
		policy = options->pull;
	struct source_request request = {
		.store = store, .reference = &reference, .options = options, .progress = progress};
	if (!resolve(&request, policy, ret, err))
		return error_prefix(err, "image %s", reference.text);
	return true;
}
