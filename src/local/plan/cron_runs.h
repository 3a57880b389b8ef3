/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_CRON_RUNS_H
#define I2KIT_LOCAL_PLAN_CRON_RUNS_H

/*
 * A CronJob's runs in a plan: each is a Job of its own beside the CronJob, called NAME-MINUTE (minutes
 * since 1970) as in Kubernetes, or NAME-manual-N, with the release that the CronJob had when it
 * began. What leads to the CronJob, a Service or a NetworkPolicy, leads to its runs.
 */

#include "local/plan/project_plan.h"

char *cron_run_name(const char *cron, int64_t due_s);	       /* owned */
char *cron_run_manual_name(const char *cron, unsigned number); /* owned */
bool cron_run_is_of(const char *name, const char *cron);       /* by its name alone */
/* When it was due; 0: it is a manual one. */
int64_t cron_run_due(const struct pod_plan *run);

/* The names of the plan's CronJobs. */
void cron_runs_list_crons(const struct project_plan *plan, struct string_list *ret);
MUST_CHECK bool cron_run_add(struct project_plan *plan, const char *cron, const char *name,
			     struct error *err);
void cron_runs_drop(struct project_plan *plan, const struct string_list *runs);
/*
 * *plan is made anew: takes from *before the runs of those CronJobs that are still in it. What it had
 * of them itself goes.
 */
void cron_runs_keep(struct project_plan *plan, struct project_plan *before);

#endif
