/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_SUPERVISOR_JOB_STATE_H
#define I2KIT_LOCAL_SUPERVISOR_JOB_STATE_H

/*
 * What a Job has done so far, kept in PATH_STATE/projects/PROJECT/jobs.json: the VMs of pods that
 * are over are gone, and a supervisor that starts again must not run them once more.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "local/plan/state.h"
#include "local/supervisor/cron_step.h"
#include "wire/release_id.h"

/* Of one completion of an Indexed Job. */
struct job_index {
	bool is_done;
	bool is_failed;
	unsigned failures; /* that count */
	unsigned tries;	   /* failed ones, those that are ignored too */
	int64_t failed_ns; /* the last of them */
};

struct job_state {
	char *pod;
	struct release_id release; /* another one is another Job */
	int64_t start_ns;	   /* since it may run; 0: not yet */
	int64_t end_ns;
	enum job_end end;
	const char *reason; /* "BackoffLimitExceeded" …; static, or NULL */
	int exit_code;	    /* of the container that failed last; 0: none has */
	unsigned succeeded;
	unsigned failed;
	unsigned streak; /* failures since the last success */
	int64_t failed_ns;
	unsigned next; /* number of the next try, where there are no indexes */
	bool is_suspended;
	bool is_expired;
	unsigned *active; /* numbers that were started and are not counted yet */
	size_t active_count;
	struct job_index *indexes; /* of Indexed ones, as many as there were completions */
	size_t index_count;
	bool is_changed; /* and not saved */
};
void job_state_clear(struct job_state *state);
/* Begins anew. */
void job_state_reset(struct job_state *state, const struct release_id *release);
/* Makes room; what is known of others stays. */
void job_state_set_indexes(struct job_state *state, size_t count);
bool job_state_is_active(const struct job_state *state, unsigned number);
void job_state_started(struct job_state *state, unsigned number);
void job_state_forget(struct job_state *state, unsigned number); /* active no more */

struct job_states {
	struct job_state *items;
	size_t count;
	struct cron_state *crons; /* of CronJobs; their runs are Jobs */
	size_t cron_count;
	bool is_changed; /* some were forgotten, and that is not saved */
};
void job_states_clear(struct job_states *states);
/* NULL: there is none. */
const struct job_state *job_states_find(const struct job_states *states, const char *pod);
/* Made where it is not there. */
struct job_state *job_states_get(struct job_states *states, const char *pod,
				 const struct release_id *release);

/* NULL: there is none. */
const struct cron_state *job_states_find_cron(const struct job_states *states, const char *pod);
struct cron_state *job_states_cron(struct job_states *states, const char *pod); /* likewise made */

char *job_states_path(const char *project);		 /* owned */
char *job_states_write(const struct job_states *states); /* owned */
MUST_CHECK bool job_states_read(const char *what, const char *text, size_t size,
				struct job_states *ret, struct error *err);
MUST_CHECK bool job_states_save(const char *project, struct job_states *states, struct error *err);
/* None where there is no file. */
MUST_CHECK bool job_states_load(const char *project, struct job_states *ret, struct error *err);

#endif
