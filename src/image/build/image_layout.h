/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_BUILD_IMAGE_LAYOUT_H
#define I2KIT_IMAGE_BUILD_IMAGE_LAYOUT_H

#include "base/error.h"
#include "image/oci/resolve.h"
#include "image/store/store.h"

/*
 * An image of the store as an OCI layout
 * (https://github.com/opencontainers/image-spec/blob/main/image-layout.md), for builders: layers are
 * links to the store's blobs. The folder is made, and is the caller's to remove; the same image
 * gives the same files.
 */
MUST_CHECK bool image_layout_write(struct store *store, const struct oci_image *image,
				   const char *folder, struct error *err);

#endif
