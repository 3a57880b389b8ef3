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

/* What one verb builds, as it says: --builder, --build, --no-build, --no-cache, --pull always. */
struct image_builds {
	const struct invocation *invocation;
	struct store *store;
	const struct app *app;
	const struct progress *progress;
	const struct container_spec **made; /* so far, each once; owned */
	size_t made_count;
};
void image_builds_clear(struct image_builds *builds);

/*
 * Those of the pod, and before them those of other containers that their contexts name
 * (service:NAME). An image that several are built on is the same for all of them.
 */
MUST_CHECK bool image_builds_make(struct image_builds *builds, const struct pod_spec *pod,
				  struct error *err);

#endif
