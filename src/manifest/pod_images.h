/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_MANIFEST_POD_IMAGES_H
#define I2KIT_MANIFEST_POD_IMAGES_H

#include "manifest/app.h"

/*
 * All images that a pod's disk is made of, in the order in which their layers come: those of the
 * init containers, of the containers, then of the volumes that show an image's files.
 */
struct pod_image_use {
	const char *image; /* as written */
	enum pull_policy pull_policy;
	const struct container_spec *container; /* or NULL: */
	const struct volume *volume;
};

size_t pod_images_count(const struct pod_spec *pod);
struct pod_image_use pod_images_at(const struct pod_spec *pod, size_t index);
/* "container 'web'", "volume 'assets'": for messages; owned. */
char *pod_image_use_name(const struct pod_image_use *use);

#endif
