/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_IMAGE_LINUXKIT_LINUXKIT_RUNTIME_H
#define I2KIT_IMAGE_LINUXKIT_LINUXKIT_RUNTIME_H

/* runtime.json: what LinuxKit's init mounts, makes and moves around a container. */

#include "base/error.h"
#include "base/json.h"

struct linuxkit_runtime {
	struct json_view own;	/* the section `runtime` of the document, or absent */
	struct json_view label; /* of the image's label, or absent */
	const char *path;	/* the bundle's folder */
	const char *root;	/* the folder with the image's files */
	bool is_read_only;
};
/* *ret is owned. */
MUST_CHECK bool linuxkit_runtime_make(const struct linuxkit_runtime *runtime, char **ret,
				      struct error *err);

#endif
