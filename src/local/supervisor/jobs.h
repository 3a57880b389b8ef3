/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_JOBS_H
#define I2KIT_LOCAL_SUPERVISOR_JOBS_H

/* The plan's Jobs: gathers what job_step() has to know, and keeps what it remembers. */

#include "local/supervisor/job_step.h"
#include "local/supervisor/reconcile.h"

struct instance;
struct supervisor;

/* What each pod of the plan that is a Job wants, by its place in the plan. */
struct job_decisions {
	struct job_decision *items;
	struct reconcile_job *jobs; /* the same, for reconcile_facts */
	size_t count;
};
void job_decisions_clear(struct job_decisions *decisions);

/* From the file; before the first decision. Said where it cannot be read. */
void jobs_load(struct supervisor *supervisor);
void jobs_remove(struct supervisor *supervisor); /* the project goes down */
void jobs_save(struct supervisor *supervisor);	 /* where something changed */
void jobs_forget(struct supervisor *supervisor); /* those that are not in the plan */
/* A plan was applied: Jobs that had expired begin anew, those that are not in it are forgotten. */
void jobs_apply(struct supervisor *supervisor);

/* `facts` are the instances', in their order. */
void jobs_decide(struct supervisor *supervisor, struct instance *const *instances,
		 const struct reconcile_instance *facts, size_t count, struct job_decisions *ret);
/* Saved before the VM is made, so that no try is run that nobody knows of. */
void jobs_started(struct supervisor *supervisor, const struct pod_plan *pod, unsigned replica);
/* Begins a Job that is over anew; false: it is not over. */
bool jobs_restart(struct supervisor *supervisor, const struct pod_plan *pod);
void jobs_fill_status(const struct supervisor *supervisor, const struct pod_plan *pod,
		      struct pod_status *ret);

#endif
