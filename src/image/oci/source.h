/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_SOURCE_H
#define I2KIT_IMAGE_OCI_SOURCE_H

/*
 * Where images come from. A source brings every blob of one image for linux/amd64 into the store,
 * each checked against its digest, and says which digests the reference stands for. Nothing of a
 * failed fetch is visible but whole blobs, which the next try finds.
 */

#include "base/error.h"
#include "base/progress.h"
#include "image/oci/image_ref.h"
#include "image/oci/reference.h"
#include "image/store/store.h"

struct image_policy;

struct source_request {
	struct store *store;
	const struct reference *reference;
	const struct image_options *options;
	const struct image_ref *known; /* from last time, or NULL */
	const struct progress *progress;
	const struct digest *wanted_digest; /* i2kit.lock's, or NULL: whatever the tag says now */
	const struct image_policy *policy;  /* whose signatures a registry's image needs; or NULL */
	bool must_be_fresh;		    /* policy Always */
};

/* Fills digest, manifest, source, stamp, rule and checked of *ret; the caller clears it. */
typedef bool source_fetch_fn(const struct source_request *request, struct image_ref *ret,
			     struct error *err);

source_fetch_fn source_layout_fetch;   /* oci: */
source_fetch_fn source_archive_fetch;  /* oci-archive:, docker-archive: */
source_fetch_fn source_daemon_fetch;   /* docker-daemon: */
source_fetch_fn source_registry_fetch; /* registries and their mirrors */

#endif
