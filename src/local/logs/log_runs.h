/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_LOGS_LOG_RUNS_H
#define I2KIT_LOCAL_LOGS_LOG_RUNS_H

/*
 * How often each container of an instance was started, kept in INSTANCE/runs beside its log
 * segments ("starts container" a line), so that `logs --previous` knows which lines are whose. With
 * it ("seq @event boot") goes the last event counted: a guest tells its events again to each new
 * supervisor.
 */

#include <stddef.h>
#include <stdint.h>

#define LOG_RUNS_MAX 256 /* containers; more are not told apart by runs */

struct log_run_count {
	char *container;
	uint32_t starts;
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
/* What the file says; owned. */
char *log_runs_text(const struct log_runs *runs);
/* Best effort: what cannot be saved is forgotten with the process. Blocks: it syncs. */
void log_runs_write(const char *folder, const char *text);
void log_runs_start(struct log_runs *runs, const char *container);
/* 0 before and in the first run, 1 in the second … */
uint32_t log_runs_current(const struct log_runs *runs, const char *container);

#endif
