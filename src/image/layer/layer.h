/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LAYER_LAYER_H
#define I2KIT_IMAGE_LAYER_LAYER_H

/*
 * One OCI layer (a tar, perhaps compressed, from anywhere) as a read-only squashfs with OverlayFS
 * whiteouts. Never touches the host's filesystem but for the one output file; needs no root; same
 * bytes in, same bytes out, on every machine.
 */

#include "base/error.h"
#include "base/progress.h"
#include "image/layer/checksum.h"
#include "image/oci/resolve.h"
#include "image/store/store.h"

/* A layer of a pod's disk: what its image says of it, and the squashfs that was made of that. */
struct disk_layer {
	const struct oci_descriptor *blob; /* of the first image that has it; borrowed */
	const char *image;		   /* that one, as written; borrowed */
	char *path;			   /* of the squashfs; owned */
	struct digest key;		   /* its name in the store */
	struct digest digest;		   /* of its bytes */
	char checksum[CHECKSUM_SIZE];	   /* the same; "" where an older version made it */
	uint64_t size_bytes;		   /* multiple of 4096 */
	bool was_made;			   /* just now; false: it was there */
};
void disk_layer_clear(struct disk_layer *layer);

/* The name of a converted layer in the store: of the same tar by the same converter. */
struct digest layer_store_key(const struct digest *diff_id);
/* The name of the record that says the digest of the converted file; key is the name above. */
struct digest layer_record_key(const struct digest *key);

/* Converts count layers of which blob and image are known, or finds them converted. */
MUST_CHECK bool layers_convert(struct store *store, struct disk_layer *layers, size_t count,
			       const struct progress *progress, struct error *err);

#endif
