/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_PROJECT_BUILD_H
#define I2KIT_CLI_PROJECT_BUILD_H

/* From manifests to a plan whose disks all exist; what `up` does before anything runs. */

#include "base/progress.h"
#include "cli/verb.h"
#include "local/plan/project_identity.h"
#include "local/plan/project_plan.h"

/*
 * Reads the manifests of the command line, applies --scale, --publish, --memory and --cpus, builds
 * every pod's disk and boot files. *ret_identity: whose the project's name is to be; it was free.
 * rebuilt: those pods alone, whatever the command line names, and all else stays as it is up; NULL:
 * what the command line says.
 */
MUST_CHECK bool project_build(const struct invocation *invocation,
			      const struct string_list *rebuilt, const struct progress *progress,
			      struct project_plan *ret, struct project_identity *ret_identity,
			      struct error *err);

#endif
