/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LAYER_LAYER_CONVERT_H
#define I2KIT_IMAGE_LAYER_LAYER_CONVERT_H

/* From a layer's blob to a squashfs file, without the store. */

#include "base/error.h"
#include "base/progress.h"
#include "base/sha256.h"

struct layer_conversion {
	int fd;		     /* the blob; borrowed */
	const char *path;    /* of the squashfs */
	uint64_t size_bytes; /* of the blob, for progress */
	const char *what;    /* for progress */
	const struct progress *progress;
	unsigned workers; /* 0: one for each core */
};

/* out_diff_id: the digest of the uncompressed tar, for the caller to compare. */
MUST_CHECK bool layer_convert_blob(const struct layer_conversion *conversion,
				   struct digest *out_diff_id, struct error *err);

#endif
