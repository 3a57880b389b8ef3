/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_OCI_IMAGE_TAKE_H
#define I2KIT_IMAGE_OCI_IMAGE_TAKE_H

/* Images that were made here, and are known to the store alone, under a name of its own. */

#include "base/error.h"
#include "base/progress.h"
#include "image/store/store.h"
#include "manifest/app.h"

/* struct image_ref's source of such an image: no host of a registry has a blank. */
#define IMAGE_BUILT_HERE "built here"

/*
 * What the store knows a container's own image by: of its name, context, Dockerfile, target and
 * arguments, so that two projects do not take each other's, and two containers of one image do.
 * NULL for a container that is not built. Owned.
 */
char *image_made_name(const struct container_spec *container);

/*
 * Takes the image that lies on this machine at `from` ("oci:FOLDER:TAG", "oci-archive:FILE") over
 * under `name`. stamp: what it was made of.
 */
MUST_CHECK bool image_take(struct store *store, const char *from, const char *name,
			   const char *stamp, const struct progress *progress, struct error *err);
/* Whether the name is known with that stamp, and its image whole. */
bool image_is_taken(struct store *store, const char *name, const char *stamp);

#endif
