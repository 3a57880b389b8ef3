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
#include "image/oci/oci_document.h"
#include "image/oci/reference.h"
#include "image/oci/resolve.h"
#include "image/store/store.h"

struct source_request {
	struct store *store;
	const struct reference *reference;
	const struct image_options *options;
	const struct image_ref *known; /* from last time, or NULL */
	const struct progress *progress;
	const struct digest *wanted_digest; /* i2kit.lock's, or NULL: whatever the tag says now */
	bool must_be_fresh;		    /* policy Always */
};

/* Fills digest, manifest, source and stamp of *ret; the caller clears it. */
typedef bool source_fetch_fn(const struct source_request *request, struct image_ref *ret,
			     struct error *err);

source_fetch_fn source_layout_fetch;   /* oci: */
source_fetch_fn source_archive_fetch;  /* oci-archive:, docker-archive: */
source_fetch_fn source_daemon_fetch;   /* docker-daemon: */
source_fetch_fn source_registry_fetch; /* registries and their mirrors */

/*
 * Brings blobs into the store that are not there: checked, bounded by their sizes, whole or not at
 * all. Documents come one at a time, layers all at once and each once.
 */
typedef bool source_bring_fn(const struct oci_descriptor *const *blobs, size_t count, void *arg,
			     struct error *err);

/*
 * From the top document down to one image: chooses the platform through at most three indexes,
 * calling `bring` for what is not in the store yet. The config is checked before layers are asked
 * for.
 */
MUST_CHECK bool source_walk(const struct source_request *request, const struct oci_descriptor *top,
			    source_bring_fn *bring, void *arg, struct digest *out_manifest,
			    struct error *err);

/*
 * Copies a file into the store as the blob it claims to be, checking size and digest. path is for
 * the message.
 */
MUST_CHECK bool source_copy_blob(const struct source_request *request, int fd, const char *path,
				 const struct oci_descriptor *blob, struct error *err);

/* What the image must have: the reference's own digest, else wanted_digest; NULL: any. */
const struct digest *source_wanted(const struct source_request *request);

/* Takes the known image when it is whole and, unless stamp is NULL, has that stamp. */
bool source_reuse(const struct source_request *request, const char *stamp, struct image_ref *ret);

/* Reads and parses a document of the store. */
MUST_CHECK bool source_read_document(struct store *store, const struct digest *digest,
				     const char *media_type, struct oci_document *ret,
				     struct error *err);

/* The image's id in a daemon's answer to GET …/images/NAME/json, owned; pure. */
MUST_CHECK bool daemon_parse_image(const char *text, size_t size, char **ret_id, struct error *err);

/* "linux/amd64 image in the store, whole": reads what struct oci_image needs. */
MUST_CHECK bool oci_image_load(struct store *store, const char *reference,
			       const struct digest *manifest, struct oci_image *ret,
			       struct error *err);

#endif
