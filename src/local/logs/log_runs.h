/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_LOGS_LOG_RUNS_H
#define I2KIT_LOCAL_LOGS_LOG_RUNS_H

/*
 * How often each container of an instance was started, kept in INSTANCE/runs beside its log
 * segments ("starts container" a line; "sequence @last boot container" and "sequence @before boot
 * container" where its last two runs began), so that `logs --previous` knows which lines are whose.
 * With it ("seq @event boot") goes the last event counted: a guest tells its events again to each
 * new supervisor.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_RUNS_MAX 256 /* containers; more are not told apart by runs */

/* A place in the log of one boot of a guest; what a run writes comes behind it. */
struct log_run_start {
	bool is_known;
	uint32_t boot;	   /* hash of the boot's id */
	uint64_t sequence; /* the guest's */
};

struct log_run_count {
	char *container;
	uint32_t starts;
	/* Where the guest's log was when the last run began, and when the one before did. */
	struct log_run_start last;
	struct log_run_start before;
};
struct log_runs {
	struct log_run_count *items; /* owned */
	size_t count;
	uint32_t event_boot; /* hash of the boot's id */
	uint64_t event_sequence;
};

void log_runs_clear(struct log_runs *runs);
/* Empty when there is no such file or it is damaged. */
void log_runs_load(struct log_runs *runs, const char *folder);
/* The same from its text, which is cut up: pure. */
void log_runs_parse(struct log_runs *runs, char *text);
/* What the file says; owned. */
char *log_runs_text(const struct log_runs *runs);
/* Best effort: what cannot be saved is forgotten with the process. Blocks: it syncs. */
void log_runs_write(const char *folder, const char *text);
void log_runs_start(struct log_runs *runs, const char *container,
		    const struct log_run_start *start_or_null);
/*
 * Whether a line belongs to the run before the container's last: by its place, since the first
 * lines of a run come before the word that it began; where places are not known, by the line's run.
 */
bool log_runs_is_previous(const struct log_runs *runs, const char *container, uint32_t boot,
			  uint64_t guest_sequence, uint32_t run);
/* 0 before and in the first run, 1 in the second … */
uint32_t log_runs_current(const struct log_runs *runs, const char *container);

#endif
