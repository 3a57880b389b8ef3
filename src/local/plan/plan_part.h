/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_PLAN_PART_H
#define I2KIT_LOCAL_PLAN_PLAN_PART_H

/* Some pods of a plan come or go, the others stay as they are. Pure. */

#include "local/plan/project_plan.h"

/*
 * *plan was made of some pods of the manifests alone: takes from *before what else was up of
 * `known`, the names of all the manifests' pods; then leaves Services out that lead to none.
 */
void project_plan_join(struct project_plan *plan, struct project_plan *before,
		       const struct string_list *known);
/*
 * What numbers below a partition go on to run: of *before, which gives it up, the release that all
 * of them ran.
 */
void project_plan_keep_former(struct project_plan *plan, struct project_plan *before);
/* Takes the pods out, with a CronJob its runs, and the Services that lead to no other. */
void project_plan_drop(struct project_plan *plan, const struct string_list *pods);

#endif
