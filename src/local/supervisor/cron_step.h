/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_CRON_STEP_H
#define I2KIT_LOCAL_SUPERVISOR_CRON_STEP_H

/*
 * What a CronJob does next, as Kubernetes' CronJob controller would have it (pkg/controller/cronjob):
 * a step over what is known of its runs, without a clock, a VM or a file. Asked again whenever
 * anything changed; what it has to remember stands in struct cron_state.
 */

#include <stddef.h>

#include "local/plan/state.h"
#include "manifest/cron_schedule.h"
#include "manifest/cron_spec.h"

struct cron_run {
	bool is_manual; /* somebody's, beside the schedule: concurrencyPolicy does not count it */
	enum job_end end;
	bool is_expired; /* ttlSecondsAfterFinished is over */
	int64_t at_s;	 /* when it was due; of manual ones 0 */
	int64_t end_ns;
};

/* Kept in jobs.json (job_state.h). */
struct cron_state {
	char *pod;
	int64_t created_s;
	int64_t last_s;	      /* when the last run was due; 0: there was none */
	int64_t success_ns;   /* end of the last one that was complete; 0: none was */
	unsigned next_manual; /* number of the next one */
	int64_t told_s;	      /* said already of what was due then */
	bool is_changed;      /* and not saved */
};
void cron_state_clear(struct cron_state *state);

struct cron_facts {
	const struct cron_spec *spec;
	const struct cron_schedule *schedule;
	const struct time_zone *zone;
	const struct cron_run *runs; /* oldest first */
	size_t run_count;
	bool is_stopped;
	int64_t now_ns;
};

enum cron_word {
	CRON_SAYS_NOTHING,
	CRON_IS_LATE,	/* startingDeadlineSeconds are over */
	CRON_IS_ACTIVE, /* Forbid */
	CRON_WORDS
};

struct cron_decision {
	bool starts;
	int64_t due_s;	      /* of what starts, or of what is said */
	bool has_missed_many; /* more than a hundred before it */
	enum cron_word word;
	size_t *drops; /* runs that go, places in the facts, ascending */
	size_t drop_count;
	int64_t next_s;	 /* it is due again; CRON_NEVER */
	int64_t wake_ns; /* ask again then; INT64_MAX: when something changes */
};
void cron_decision_clear(struct cron_decision *decision);

/* Changes *state, and says so in state->is_changed. */
void cron_step(const struct cron_facts *facts, struct cron_state *state, struct cron_decision *ret);

/* The last time that it was due since it was made or ran, up to now; CRON_NEVER: it was not. */
int64_t cron_last_due(const struct cron_facts *facts, const struct cron_state *state,
		      bool *ret_has_missed_many);

#endif
