/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_PLAN_MAKE_H
#define I2KIT_LOCAL_PLAN_PLAN_MAKE_H

/*
 * From an application and what was found and built for it to the plan. Pure: same input, same plan.
 */

#include "local/plan/host_path.h"
#include "local/plan/plan_options.h"
#include "local/plan/project_plan.h"

struct plan_input {
	const struct app *app;
	const struct disk_image *disks;		/* one for each pod, in the application's order */
	const struct boot_files *boots;		/* likewise */
	struct host_paths host_paths;		/* borrowed */
	const struct string_list *certificates; /* for https routes; NULL or none: no https */
	const bool *is_wanted;		   /* of each pod: whether it is planned; NULL: all are */
	const struct project_plan *before; /* what is up, or NULL: Services keep their addresses */
};

MUST_CHECK bool project_plan_make(const struct plan_input *input,
				  const struct plan_options *options, struct project_plan *ret,
				  struct error *err);
/* Whether the options fit the application: before anything is built. */
MUST_CHECK bool plan_options_check(const struct plan_options *options, const struct app *app,
				   struct error *err);

#endif
