/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_RUN_SESSION_H
#define I2KIT_LOCAL_SUPERVISOR_RUN_SESSION_H

/*
 * A run: a pod that is there for one client's command. The client's first line has the pod as a plan
 * of its own, and the command:
 *
 *	{"session":"run","target":NAME,"plan":TEXT,"keep":bool, argv, env, … as with exec}
 *
 *	AWAITED (its VM boots; the client's connection is watched) → BEGUN (an exec session has it)
 *	   → OVER (the command has ended, or its client has gone) → out of the plan, its VM leaves
 *
 * A run that is kept stays after its command, for ps, why and logs. A project that was made for runs
 * alone (project_plan.ends_with_runs) goes with its last one.
 */

#include "base/error.h"
#include "base/json.h"
#include "local/supervisor/supervisor_parts.h"

struct run_session;

/* session_run_fn of session.h; arg is the supervisor. */
MUST_CHECK bool run_session_start(int fd, struct json_view request, void *arg, struct error *err);
/* Its guest has its release: the command can begin. */
void run_session_begin(struct supervisor *supervisor, const struct instance *instance);
/* Its VM cannot be had, or is gone; nothing for other pods, or where the command ran already. */
void run_session_fail(struct supervisor *supervisor, const char *pod, const char *why);
/* Its instance is forgotten: it leaves the plan. */
void run_session_forget(struct supervisor *supervisor, const char *pod);
/* What was loaded is to have the runs that `before` has. */
MUST_CHECK bool run_session_carry(const struct project_plan *before, struct project_plan *plan,
				  struct error *err);
/* Begins to wait for the first run of a project that is there for runs alone. */
void run_session_expect(struct supervisor *supervisor);
void run_sessions_free(struct supervisor *supervisor);
/* All that a project has on disk but its volumes: plan.leaves_nothing. */
void run_session_remove_traces(const char *project);

#endif
