/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_RUN_TARGET_H
#define I2KIT_CLI_RUN_TARGET_H

/* What `run` is to run: a pod of the manifests, or an image, which becomes a pod of its own. */

#include "cli/verb.h"
#include "manifest/app.h"

struct run_target {
	struct app app;	 /* of one pod at least */
	size_t pod;	 /* in app.pods */
	char *container; /* of it */
	bool is_image;
};
void run_target_clear(struct run_target *target);

/*
 * A word that names a pod of the manifests here (POD, POD/CONTAINER, deploy/POD) is that pod; every
 * other one is an image. -v and --network none have become part of the pod.
 */
MUST_CHECK bool run_target_find(const struct invocation *invocation, const char *word,
				struct run_target *ret, struct error *err);

#endif
