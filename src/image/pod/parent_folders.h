/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POD_PARENT_FOLDERS_H
#define I2KIT_IMAGE_POD_PARENT_FOLDERS_H

/*
 * A layer may have tmp/FILE and no entry for tmp (Bazel, ko, Jib and Nix write such ones). Where
 * layers are unpacked over one another, tmp keeps the mode and owner that a layer below gave it;
 * OverlayFS shows those of the topmost layer that has the folder at all, and a converted layer has
 * to have it. So the image gets one more layer on top, with nothing but such folders as they should
 * be. The layers themselves stay what they are for every other image.
 */

#include "base/progress.h"
#include "base/string_list.h"
#include "image/layer/layer.h"
#include "image/oci/resolve.h"

/*
 * files: an image's converted layers, bottom first. *ret is that layer, with its blob in the store;
 * its media_type is NULL if no folder needs one. ret_hidden gets the paths of links that a layer
 * above replaces by a folder: what is in it was meant for where they lead.
 */
MUST_CHECK bool parent_folders_make(struct store *store, const struct layer_file *const *files,
				    size_t count, struct image_layer *ret,
				    struct string_list *ret_hidden, struct error *err);

#endif
