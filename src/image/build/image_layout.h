/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_BUILD_IMAGE_LAYOUT_H
#define I2KIT_IMAGE_BUILD_IMAGE_LAYOUT_H

#include "base/error.h"
#include "image/oci/resolve.h"
#include "image/store/store.h"

/*
 * An image of the store as an OCI layout
 * (https://github.com/opencontainers/image-spec/blob/main/image-layout.md), for builders: layers are
 * links to the store's blobs. It lies in the store, where prune takes it away, and in the same place
 * with the same files for the same image. *ret_folder is owned.
 */
MUST_CHECK bool image_layout_write(struct store *store, const struct oci_image *image,
				   char **ret_folder, struct error *err);

#endif
