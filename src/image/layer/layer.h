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

struct layer_file {
	char *path;		      /* in the store */
	struct digest key;	      /* its name there */
	struct digest digest;	      /* of the squashfs */
	char checksum[CHECKSUM_SIZE]; /* the same; "" where an older version made it */
	uint64_t size_bytes;	      /* multiple of 4096 */
	bool was_made;		      /* just now; false: it was there */
};
void layer_file_clear(struct layer_file *file);

/* The name of a converted layer in the store: of the same tar by the same converter. */
struct digest layer_store_key(const struct digest *diff_id);

/* The name of the record that says the digest of the converted file; key is the name above. */
struct digest layer_record_key(const struct digest *key);

struct layer_request {
	const struct image_layer *layer;
	const char *image_name; /* for messages */
};

/*
 * Converts count layers, or finds them converted; ret has room for as many, in the same order, and
 * is filled in part on failure.
 */
MUST_CHECK bool layers_convert(struct store *store, const struct layer_request *requests,
			       size_t count, const struct progress *progress,
			       struct layer_file *ret, struct error *err);

#endif
