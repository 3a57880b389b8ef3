/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_RUN_PLAN_H
#define I2KIT_CLI_RUN_PLAN_H

/* The plan of a run: one pod, of one container, under a name of its own. */

#include "cli/run_target.h"
#include "image/disk/disk_image.h"
#include "image/pod/boot_files.h"
#include "local/plan/project_plan.h"

struct run_plan_input {
	const struct run_target *target;
	const struct disk_image *disks; /* one for each pod of the app; the target's is filled in */
	const struct boot_files *boots;
	const char *project;
	const char *name; /* of the pod in the plan */
};

/* With -p, --memory, --cpus, --accel, --connect of the command line. */
MUST_CHECK bool run_plan_make(const struct invocation *invocation,
			      const struct run_plan_input *input, struct project_plan *ret,
			      struct error *err);

#endif
