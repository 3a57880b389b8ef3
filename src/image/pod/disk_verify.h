/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POD_DISK_VERIFY_H
#define I2KIT_IMAGE_POD_DISK_VERIFY_H

/*
 * Proves that a disk is what it says: its partitions are checked, then it is built again from the
 * images (by the digests it names) and the base, layer by layer, and compared byte for byte.
 */

#include "base/error.h"
#include "base/progress.h"
#include "image/pod/image_build.h"
#include "image/store/store.h"

struct disk_verification {
	struct digest digest;	/* of the file */
	size_t partition_count; /* checked */
	size_t layer_count;	/* converted again */
	size_t image_count;
};

/*
 * ERROR_CORRUPT says which partition, layer or byte differs. options as for image_build(): the
 * base, and where images are asked for that the store does not have.
 */
MUST_CHECK bool disk_verify(struct store *store, const char *path,
			    const struct image_options *options, const struct progress *progress,
			    struct disk_verification *ret, struct error *err);

#endif
