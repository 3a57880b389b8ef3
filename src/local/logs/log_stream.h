/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_LOGS_LOG_STREAM_H
#define I2KIT_LOCAL_LOGS_LOG_STREAM_H

/*
 * The stored lines of one instance, seen by a reader: a position between two records that moves
 * both ways over the segments, past the lines that are not asked for. log_reader.c merges these.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "local/logs/log_runs.h"
#include "local/logs/log_segment.h"
#include "local/logs/log_store.h"

struct log_position {
	size_t segment; /* index in segments */
	size_t offset;
};

struct log_peek {
	bool is_known; /* looked for since the position moved */
	bool is_found;
	struct log_position start;
	size_t size;
	int64_t time_ns;
	uint64_t sequence;
	bool is_partial;
	uint64_t writer; /* hash of container and source */
};

struct log_stream {
	const struct log_filter *filter; /* borrowed; never NULL */
	char *instance;
	char *pod; /* of its newest segment; "" before the first */
	char *folder;
	struct log_runs runs;
	uint64_t *segments; /* first sequences, ascending */
	size_t segment_count;
	size_t loaded; /* index; SIZE_MAX: none */
	int fd;	       /* of the loaded one */
	char *bytes;
	size_t size;
	size_t sound; /* where the sound records end */
	struct log_position at;
	struct log_peek next;
	struct log_peek previous;
	bool has_line; /* last_line is the record's before the position */
	uint64_t last_line;
	int watch; /* inotify, or -1 */
};

/* NULL when the filter wants nothing of this instance. */
struct log_stream *log_stream_open(const char *project_folder, const char *instance,
				   const struct log_filter *filter);
void log_stream_free(struct log_stream *stream);
/* Looks for what was written since; what was found stays found. */
void log_stream_refresh(struct log_stream *stream);

/* The number of the oldest line that is left: so many were removed before it. */
uint64_t log_stream_first_line(struct log_stream *stream);

void log_stream_seek_start(struct log_stream *stream);
void log_stream_seek_end(struct log_stream *stream);
void log_stream_seek_time(struct log_stream *stream, int64_t time_ns);
void log_stream_seek_sequence(struct log_stream *stream, uint64_t sequence);
/* Before the last lines, as far as they are not older than the time. */
void log_stream_seek_tail_since(struct log_stream *stream, uint64_t lines, int64_t time_ns);
void log_stream_seek_tail(struct log_stream *stream, uint64_t lines);

/* The wanted record after and before the position; NULL when there is none. */
const struct log_peek *log_stream_peek_next(struct log_stream *stream);
const struct log_peek *log_stream_peek_previous(struct log_stream *stream);
/* Steps over the one that was peeked and reads it; false when it has gone from disk meanwhile. */
bool log_stream_take_next(struct log_stream *stream, struct log_record *ret, uint64_t *ret_gap);
bool log_stream_take_previous(struct log_stream *stream, struct log_record *ret);

#endif
