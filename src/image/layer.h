/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LAYER_H
#define I2KIT_IMAGE_LAYER_H

/*
 * One OCI layer (a tar, perhaps compressed, from anywhere) as a read-only squashfs with OverlayFS
 * whiteouts. Never touches the host's filesystem but for the one output file; needs no root; same
 * bytes in, same bytes out, on every machine.
 */

#include "base/error.h"
#include "base/progress.h"
#include "image/resolve.h"
#include "image/store.h"

struct layer_file {
	char *path;		  /* in the store */
	char digest[DIGEST_SIZE]; /* of the squashfs */
	uint64_t size_bytes;	  /* multiple of 4096 */
	bool was_made;		  /* just now; false: it was there */
};
void layer_file_clear(struct layer_file *file);

/* The name of a converted layer in the store: of the same tar by the same converter. */
void layer_store_key(const char *diff_id, char out[DIGEST_SIZE]);

/* Converts, or finds it converted. image_name is for messages. */
MUST_CHECK bool layer_convert(struct store *store, const struct image_layer *layer,
			      const char *image_name, const struct progress *progress,
			      struct layer_file *ret, struct error *err);

#endif
