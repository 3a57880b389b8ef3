/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_POD_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_POD_H

/*
 * A pod as a LinuxKit document: init containers are onboot, containers are services, around
 * LinuxKit's own kernel and init. `linuxkit build` accepts it where the images are in a registry.
 * What is configuration (environment, volumes, probes) is not in it, as it is not in the image.
 */

#include "base/error.h"
#include "base/progress.h"
#include "image/oci/image_options.h"
#include "image/oci/resolve.h"
#include "image/store/store.h"
#include "manifest/app.h"

/*
 * images: init containers', then containers', as resolved. is_portable: for a disk, which must not
 * say where on this machine an image lay. YAML text, owned; pure.
 */
char *linuxkit_pod_write(const struct pod_spec *pod, const struct oci_image *images,
			 bool is_portable);

/* Resolves the images first (a command without its image's entry point would be another one). */
MUST_CHECK bool linuxkit_pod_make(struct store *store, const struct pod_spec *pod,
				  const struct image_options *options,
				  const struct progress *progress, char **ret, struct error *err);

#endif
