/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POD_DISK_EXPORT_H
#define I2KIT_IMAGE_POD_DISK_EXPORT_H

#include "base/error.h"
#include "image/pod/image_build.h"

enum disk_format { DISK_RAW, DISK_QCOW2 };

/*
 * A copy of a disk outside the store, whole or not at all. Raw: the same bytes, sparse, sharing
 * blocks where the file system can. qcow2: through qemu-img.
 */
MUST_CHECK bool disk_export(const struct disk_image *image, enum disk_format format,
			    const char *path, struct error *err);

#endif
