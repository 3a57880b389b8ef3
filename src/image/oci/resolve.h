/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_RESOLVE_H
#define I2KIT_IMAGE_OCI_RESOLVE_H

/* From an image as written in a manifest to an OCI image that is whole in the store. */

#include "base/error.h"
#include "base/progress.h"
#include "image/oci/image_options.h"
#include "image/oci/oci_document.h"
#include "image/store/store.h"

/* An image for one platform (linux/amd64), all blobs of which are in the store. */
struct oci_image {
	char *reference;	       /* as written, with the default tag filled in */
	struct digest digest;	       /* of the manifest */
	char *config_json;	       /* the image config, whole */
	struct oci_descriptor *layers; /* owned; bottom first */
	size_t layer_count;
};
void oci_image_clear(struct oci_image *image);

/*
 * Obeys policy: PULL_ALWAYS asks the source for the digest again, PULL_NEVER works from the store
 * alone, PULL_IF_NOT_PRESENT asks only when the reference is not known. transports: registry names,
 * oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:TAG], docker-daemon:NAME[:TAG].
 */
MUST_CHECK bool image_resolve(struct store *store, const char *reference, enum pull_policy policy,
			      const struct image_options *options, const struct progress *progress,
			      struct oci_image *ret, struct error *err);

#endif
