/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_POD_BASE_DOCUMENT_H
#define I2KIT_IMAGE_POD_BASE_DOCUMENT_H

/*
 * The base that --base names: a folder (base_folder.h), or a LinuxKit document. A document adds to
 * the default base what it lists: images of `init`, bundles of `onboot`, `onshutdown` and
 * `services`, `files`; all of it goes onto the base partition. Kernel, init and runtime stay the
 * default base's own, which the document may name as base.yml does (i2kit/kernel, i2kit/init,
 * i2kit/base).
 */

#include "base/progress.h"
#include "image/disk/base_folder.h"
#include "image/pod/image_build.h"
#include "image/store/store.h"

MUST_CHECK bool base_open(struct store *store, const struct image_options *options,
			  const struct progress *progress, struct base_folder *ret,
			  struct error *err);

#endif
