/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_LOGS_LOG_STORE_PARTS_H
#define I2KIT_LOCAL_LOGS_LOG_STORE_PARTS_H

/* What log_store.c (what is kept) and log_store_append.c (what comes in) share. */

#include "base/strbuf.h"
#include "local/logs/log_runs.h"
#include "local/logs/log_segment.h"
#include "local/logs/log_store.h"

struct log_segment {
	uint64_t first_sequence;
	uint64_t size;
};

/* What is known of one instance's folder. */
struct log_instance {
	char *name;
	char *folder;
	struct log_runs runs;
	bool has_unsaved_runs;
	struct log_segment *segments; /* oldest first; the last is being written while fd >= 0 */
	size_t segment_count;
	uint64_t stored_bytes;
	int fd;
	bool is_written;      /* by this process */
	uint64_t next_line;   /* ends of lines before it: the pieces of one have one number */
	uint64_t stored_line; /* next_line, as far as the file has it */
	int64_t last_time_ns;
	uint32_t boot;
	uint64_t guest_sequence;
	uint64_t lost;		/* to be said before the next line */
	uint64_t lost_in_batch; /* said in what is not in the file yet */
	bool is_inside_lost;	/* the last of them goes on, and is counted */
};

struct log_store {
	char *folder;
	int lock_fd;
	uint64_t instance_bytes;
	uint64_t project_bytes;
	uint64_t next_sequence;
	struct log_instance **instances;
	size_t instance_count;
	struct strbuf batch;
	struct log_store_counters counters;
	log_store_say_fn *say; /* or NULL */
	void *say_arg;
	bool is_failing;	  /* lines are being lost; said */
	uint64_t failed_ms;	  /* when last */
	uint64_t lost_since_said; /* lines */
};

/* A name that is a folder's and nothing more. */
bool log_instance_name_is_sound(const char *name);
/* What is known of it; its folder is read when it is met for the first time. Borrowed. */
struct log_instance *log_store_instance(struct log_store *store, const char *name);
/* Begins a segment, after making room for it. */
MUST_CHECK bool log_instance_open(struct log_store *store, struct log_instance *instance,
				  const char *pod, int64_t time_ns, struct error *err);
void log_instance_close(struct log_instance *instance);

#endif
