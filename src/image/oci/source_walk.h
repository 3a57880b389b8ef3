/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_SOURCE_WALK_H
#define I2KIT_IMAGE_OCI_SOURCE_WALK_H

/* From a top document to one image in the store, whatever brings the blobs. */

#include <stddef.h>

#include "base/error.h"

struct digest;
struct image_ref;
struct oci_descriptor;
struct oci_document;
struct oci_image;
struct source_request;
struct store;

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
/* The same with somebody who is asked before anything but documents is brought; false: not this one. */
typedef bool source_admit_fn(const struct digest *manifest, void *arg, struct error *err);
MUST_CHECK bool source_walk_admitted(const struct source_request *request,
				     const struct oci_descriptor *top, source_bring_fn *bring,
				     source_admit_fn *admit, void *arg, struct digest *out_manifest,
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

/* "linux/amd64 image in the store, whole": reads what struct oci_image needs. */
MUST_CHECK bool oci_image_load(struct store *store, const char *reference,
			       const struct digest *manifest, struct oci_image *ret,
			       struct error *err);

#endif
