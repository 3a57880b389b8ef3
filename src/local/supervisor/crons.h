/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_CRONS_H
#define I2KIT_LOCAL_SUPERVISOR_CRONS_H

/*
 * The plan's CronJobs: gathers what cron_step() has to know, and puts runs into the plan and takes
 * them out of it (plan/cron_runs.h). What it remembers is kept with the Jobs' (job_state.h).
 */

#include "local/plan/state.h"
#include "local/supervisor/supervisor_parts.h"

struct crons;

/* May put another plan in place: nobody who calls holds a part of it. Before jobs_decide(). */
void crons_update(struct supervisor *supervisor);
int64_t crons_wake_ns(const struct supervisor *supervisor); /* INT64_MAX: not by the clock */
/* A plan was applied. */
void crons_apply(struct supervisor *supervisor);
/* What was loaded is to have the runs that are there, but for those it says are dropped. */
MUST_CHECK bool crons_carry(const struct supervisor *supervisor, struct project_plan *plan,
			    struct error *err);
/* One beside the schedule. */
MUST_CHECK bool crons_run_now(struct supervisor *supervisor, const char *cron, struct error *err);
void crons_fill_status(const struct supervisor *supervisor, const struct pod_plan *pod,
		       struct pod_status *ret);
void crons_free(struct supervisor *supervisor);

#endif
