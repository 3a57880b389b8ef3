/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POD_POD_LAYER_H
#define I2KIT_IMAGE_POD_POD_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"

/* A layer of a pod's disk: a partition with a squashfs. Texts are borrowed. */
struct pod_layer {
	struct digest diff_id;
	const char *image;    /* the first one that has it, as written */
	const char *path;     /* of the squashfs */
	struct digest digest; /* of it */
	const char *checksum; /* of it; "" or NULL where it is not known */
	uint64_t size_bytes;
	bool was_just_made; /* by this process */
};

#endif
