/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_IMAGE_BUILDS_H
#define I2KIT_CLI_IMAGE_BUILDS_H

/* The images that pods say to build, before their disks are made. */

#include "base/progress.h"
#include "cli/verb.h"
#include "image/store/store.h"
#include "manifest/app.h"

#define BUILDER_OPTION                                                                             \
	{                                                                                          \
		"builder", 0, OPTION_VALUE, "auto|buildah|podman|docker",                          \
			"what builds images (I2KIT_BUILDER)", COMPLETE_FORMAT                      \
	}

/* Those of the pod, and before them those of other containers that their contexts name (service:NAME). What the verb says of it: --builder, --build, --no-build, --no-cache, --pull always. */
MUST_CHECK bool image_builds_make(const struct invocation *invocation, struct store *store,
				  const struct app *app, const struct pod_spec *pod,
				  const struct progress *progress, struct error *err);

#endif
