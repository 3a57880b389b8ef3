/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POD_POD_DOCUMENT_H
#define I2KIT_IMAGE_POD_POD_DOCUMENT_H

/*
 * pod.json: what is in a pod's image and how it is run (doc/formats.md §2). Canonical: the same pod
 * from the same images gives the same bytes.
 */

#include "base/error.h"
#include "base/sha256.h"
#include "image/layer/layer.h"
#include "image/oci/resolve.h"
#include "manifest/app.h"

struct pod_document {
	const struct pod_spec *pod;
	/* In the order of manifest/pod_images.h. */
	const struct oci_image *images;
	const struct disk_layer *layers; /* each diff id once; partition 3 is the first */
	size_t layer_count;
	struct digest base_digest; /* of the base partition */
};

/* Owned; NULL with an error where an image's config or a manifest's text cannot be said in JSON. */
MUST_CHECK char *pod_document_make(const struct pod_document *document, struct error *err);

/* "i2kit-layer-007" */
#define PARTITION_NAME_SIZE 37
void pod_layer_name(size_t index, char out[PARTITION_NAME_SIZE]);

#endif
