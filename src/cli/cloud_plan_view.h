/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_CLOUD_PLAN_VIEW_H
#define I2KIT_CLI_CLOUD_PLAN_VIEW_H

/* What would be done in the cloud, for people and as JSON. */

#include "cli/verb.h"
#include "cloud/config_diff.h"
#include "cloud/promote.h"

/* What of one pod's configuration changes. */
struct plan_configuration {
	const char *pod; /* borrowed */
	struct config_difference_list list;
};

struct plan_view {
	const struct cloud_plan *plan;
	bool is_of_images;			  /* and of nothing else: the plan is empty */
	const struct promotion *promotion;	  /* NULL: a rollback */
	const struct plan_configuration *changes; /* one a pod; NULL: not known */
	size_t change_count;
};

void cloud_plan_print(const struct invocation *invocation, const struct plan_view *view);

#endif
