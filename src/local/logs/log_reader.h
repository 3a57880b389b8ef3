/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_LOGS_LOG_READER_H
#define I2KIT_LOCAL_LOGS_LOG_READER_H

/* Reading the logs of a project: lines of all chosen instances, merged by time. */

#include <stdint.h>

#include "base/cleanup.h"
#include "base/string_list.h"

struct log_line;
struct log_reader;

struct log_filter {
	/* "pod", "instance", each with "/container" if wished; empty: all */
	struct string_list selectors;
	/* the project's CronJobs: a selector of one means its runs, those that come later too */
	struct string_list crons;
	/* instances that are left out, those that come later are not; not with selectors */
	struct string_list hidden;
	bool has_system;  /* kernel and init lines too */
	bool is_previous; /* of each container, only the run before its last */
	unsigned sources; /* bit mask of 1 << source; 0: all */
};
void log_filter_clear(struct log_filter *filter);

/*
 * A position between two lines of all chosen instances merged by time; at the start when opened. A
 * project without logs has no lines; that is no error. NULL on failure.
 */
MUST_CHECK struct log_reader *log_reader_open(const char *project, const char *folder_or_null,
					      const struct log_filter *filter_or_null,
					      struct error *err);
void log_reader_close(struct log_reader *reader);
DEFINE_AUTO_PTR(log_reader, log_reader_close)
/* The names of all instances that have logs, sorted; none is no error. */
void log_store_list(const char *project, struct string_list *ret);

/* Every selector that names something: pods, instances, each with its containers. */
void log_store_list_selectors(const char *project, const char *folder_or_null,
			      struct string_list *ret);

/* How many older lines the quotas have removed, of all chosen instances. */
uint64_t log_reader_removed_lines(struct log_reader *reader);

void log_reader_seek_end(struct log_reader *reader);
void log_reader_seek_time(struct log_reader *reader, int64_t time_ns); /* before the first ≥ */
void log_reader_seek_sequence(struct log_reader *reader, uint64_t sequence);
/* Before the last `lines` lines of every instance. */
void log_reader_seek_tail(struct log_reader *reader, uint64_t lines);
/* The same, without those before the time. */
void log_reader_seek_tail_since(struct log_reader *reader, uint64_t lines, int64_t time_ns);

/*
 * Steps over one line and gives it; false at that end. *ret and its texts are borrowed until the
 * next call. After a false log_reader_next() the same call gives lines written since.
 */
bool log_reader_next(struct log_reader *reader, struct log_line *ret);
bool log_reader_previous(struct log_reader *reader, struct log_line *ret);

/*
 * An fd that polls readable when there may be more (inotify); log_reader_next() drains it. -1 when
 * the system has none to give: poll log_reader_next() instead.
 */
int log_reader_watch_fd(struct log_reader *reader);

#endif
