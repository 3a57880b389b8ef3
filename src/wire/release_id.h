/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_WIRE_RELEASE_ID_H
#define I2KIT_WIRE_RELEASE_ID_H

#include <stdbool.h>

#include "base/digest.h"

/* What exactly a VM runs, here and in a cloud. */
struct release_id {
	struct digest image;  /* of the disk's raw bytes */
	struct digest config; /* release_config_make()'s */
};

bool release_id_equal(const struct release_id *a, const struct release_id *b);

#endif
