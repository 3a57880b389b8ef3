/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_ABOUT_H
#define I2KIT_TUI_ABOUT_H

/*
 * What a pod is made of, as text: its manifest as it was taken and its release, its environment and
 * its mounts. Out of the project's plan and the disk's own pod.json: what runs, not what the folder
 * says by now. Values of secrets are hidden until somebody asks for them.
 */

#include <stdbool.h>

#include "base/error.h"
#include "local/plan/project_plan.h"
#include "wire/pod_document.h"
#include "wire/release_document.h"

enum about_part {
	ABOUT_MANIFEST,
	ABOUT_ENVIRONMENT,
	ABOUT_MOUNTS,
	ABOUT_WHY, /* what `i2kit why` prints */
	ABOUT_PARTS,
};

struct pod_facts {
	struct project_plan plan;
	const struct pod_plan *pod; /* in it */
	struct release release;	    /* its configuration, without an instance */
	struct pod_image image;	    /* what is on the disk */
};
void pod_facts_clear(struct pod_facts *facts);

/* Reads the plan and the disk. */
MUST_CHECK bool pod_facts_load(const char *project, const char *pod, struct pod_facts *ret,
			       struct error *err);
/* Out of texts: the plan's own configuration and pod.json. *plan is taken, also on failure. */
MUST_CHECK bool pod_facts_make(struct project_plan *plan, const char *pod, const char *pod_json,
			       struct pod_facts *ret, struct error *err);

#endif
