/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_OCI_DOCUMENT_H
#define I2KIT_IMAGE_OCI_OCI_DOCUMENT_H

/*
 * The JSON documents of an image: index, manifest, config, in OCI's spelling
 * (https://github.com/opencontainers/image-spec) and Docker's schema 2. Input is hostile: sizes,
 * counts and every field are checked.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/sha256.h"
#include "base/string_list.h"

#define OCI_DOCUMENT_MAX_BYTES ((size_t)4 << 20)
#define OCI_CONFIG_MAX_BYTES   ((size_t)8 << 20)
/* A layer is a partition of the disk, and a GPT has 128 entries. */
#define OCI_LAYERS_MAX	   253
#define OCI_BLOB_MAX_BYTES ((uint64_t)64 << 30)

#define MEDIA_OCI_INDEX	      "application/vnd.oci.image.index.v1+json"
#define MEDIA_OCI_MANIFEST    "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_OCI_CONFIG      "application/vnd.oci.image.config.v1+json"
#define MEDIA_OCI_LAYER	      "application/vnd.oci.image.layer.v1.tar"
#define MEDIA_DOCKER_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"

struct oci_descriptor {
	char *media_type; /* owned */
	struct digest digest;
	uint64_t size_bytes;
	struct digest diff_id; /* of the uncompressed tar: a layer's, where the config was read */
	char *os;	       /* owned, or NULL: no platform */
	char *architecture;    /* owned, or NULL */
	char *variant;	       /* owned, or NULL */
	char *ref_name;	       /* owned, or NULL: annotation org.opencontainers.image.ref.name */
};
void oci_descriptor_clear(struct oci_descriptor *descriptor);

/* An index (items are manifests or indexes) or a manifest (items are layers, bottom first). */
struct oci_document {
	bool is_index;
	struct oci_descriptor config; /* manifest only */
	struct oci_descriptor *items; /* owned */
	size_t item_count;
};
void oci_document_clear(struct oci_document *document);

/* media_type: what the source said it is, or NULL. A layer that may not be had is refused here. */
MUST_CHECK bool oci_document_parse(const char *text, size_t size, const char *media_type,
				   struct oci_document *ret, struct error *err);

/*
 * The item of an index for linux/amd64 (the baseline variant before v2 and v3), or for `ref_name`
 * where that is given; NULL with an error that lists what there is.
 */
const struct oci_descriptor *oci_index_choose(const struct oci_document *index,
					      const char *ref_name, struct error *err);

/* Checks the platform and that there is one diff id for each layer; *ret_diff_ids is owned. */
MUST_CHECK bool oci_config_parse(const char *text, size_t size, size_t layer_count,
				 struct digest **ret_diff_ids, struct error *err);

/* The manifest of an image that came without one (docker save), the same for the same image. */
char *oci_manifest_make(const struct digest *config_digest, uint64_t config_size,
			const struct oci_descriptor *layers, size_t layer_count);

#endif
