/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POD_IMAGE_BUILD_H
#define I2KIT_IMAGE_POD_IMAGE_BUILD_H

/*
 * The face of image/: from a pod spec to one immutable disk. What local/, cloud/ and cli/ call.
 * The store (image/store/store.h) is opened by the verb.
 */

#include "base/error.h"
#include "base/progress.h"
#include "image/disk/disk_image.h"
#include "image/oci/image_options.h"
#include "image/pod/boot_files.h"
#include "manifest/app.h"

struct store;

/*
 * Resolves and pulls the pod's images, converts what layers are missing, writes the disk. Nothing
 * half-written is left. Under 50 ms when nothing changed.
 */
MUST_CHECK bool image_build(struct store *store, const struct pod_spec *pod,
			    const struct image_options *options, const struct progress *progress,
			    struct disk_image *ret, struct error *err);

#endif
