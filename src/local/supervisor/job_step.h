/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_JOB_STEP_H
#define I2KIT_LOCAL_SUPERVISOR_JOB_STEP_H

/*
 * What a Job does next, as Kubernetes' Job controller would have it (pkg/controller/job): a step
 * over what is known of its pods, without a clock, a VM or a file. Asked again whenever anything
 * changed; what it has to remember stands in struct job_state (job_state.h).
 *
 *	RUNNING → COMPLETE | FAILED → (after ttlSecondsAfterFinished) expired
 */

#include "local/plan/project_plan.h"
#include "local/supervisor/job_state.h"

enum job_pod_phase {
	JOB_POD_ACTIVE, /* there, or about to be */
	JOB_POD_LEAVING,
	JOB_POD_SUCCEEDED,
	JOB_POD_FAILED,
};

struct job_exit {
	const char *container;
	int code; /* of a container that has ended with another code than 0 */
};

struct job_pod {
	unsigned number; /* its index, or which try it is */
	enum job_pod_phase phase;
	bool is_ready;
	bool is_disrupted; /* FAILED: its VM ended, and nobody had asked it to */
	unsigned restarts; /* of its containers */
	int64_t end_ns;
	const struct job_exit *exits;
	size_t exit_count;
};

struct job_facts {
	const struct job_spec *spec;
	uint32_t parallelism;
	enum restart_policy restart_policy;
	const struct job_pod *pods; /* one of a number */
	size_t pod_count;
	int64_t now_ns;
};

struct job_decision {
	unsigned *starts; /* numbers, in order; what is started is told to job_state_started() */
	size_t start_count;
	size_t *stops; /* places in the facts; also of pods that are over, which are forgotten */
	size_t stop_count;
	const char *why; /* of the stops; static */
	int64_t wake_ns; /* ask again then; INT64_MAX: when something changes */
};
void job_decision_clear(struct job_decision *decision);

/* Changes *state, and says so in state->is_changed. */
void job_step(const struct job_facts *facts, struct job_state *state, struct job_decision *ret);

/* So many pods that are over are kept for people to see; the oldest go. */
#define JOB_PODS_KEPT 50

/* Before the next try, after so many failed ones in a row (> 0). */
int64_t job_pause_ns(unsigned failures);

#endif
