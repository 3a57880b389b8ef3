/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_LOG_WINDOW_H
#define I2KIT_TUI_LOG_WINDOW_H

/*
 * The part of the stored log that is in memory: at most LOG_WINDOW_BYTES of lines, the rest stays
 * in the store and is read again when somebody scrolls there. Filters apply when a line comes in,
 * so every line here is one that is shown.
 */

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/string_list.h"
#include "local/plan/state.h"

enum { LOG_WINDOW_LINES = 6144 };
#define LOG_WINDOW_BYTES ((size_t)3 << 19)

struct window_line {
	uint64_t sequence;
	int64_t time_ns;
	uint64_t lost_before;
	uint8_t source;
	uint8_t colour; /* of the pod: 0…5 */
	size_t size;
	char *name;  /* "web-0/nginx"; borrowed from the window's name table */
	char text[]; /* size bytes and a NUL */
};

enum stream_filter { STREAM_ALL, STREAM_STDOUT, STREAM_STDERR, STREAM_SYSTEM };

struct log_window {
	struct window_line **lines; /* owned ring */
	size_t first;
	size_t count;
	size_t bytes;
	bool is_newest_cut;	/* lines after the last one are only in the store */
	bool is_oldest_read;	/* there are none before the first */
	uint64_t scan_sequence; /* looked through from here on, whatever passed; 0: nothing yet */
	uint64_t total;		/* lines seen since opened */
	uint64_t lost;

	char **names; /* owned, each once */
	size_t name_count;

	struct string_list pods; /* in the order they appeared: their colours */

	/* What passes. */
	char *pattern; /* or NULL */
	regex_t regex;
	bool has_regex;
	bool is_inverse; /* only what does not match passes: "!…" */
	enum stream_filter stream;
	char *container;  /* or NULL */
	int64_t since_ns; /* 0: no limit */
	bool is_previous;
};

void log_window_clear(struct log_window *window);
/* Drops the lines, keeps the filters. */
void log_window_reset(struct log_window *window);
/* NULL or "" removes the pattern. False: not a regular expression; the old one stays. */
bool log_window_set_pattern(struct log_window *window, const char *pattern);
bool log_window_passes(const struct log_window *window, const struct log_line *line);
/*
 * At the end; false when a filter keeps it out. *ret_dropped is how many went at the front; with
 * is_held none may: where there is no room the line is left to the store (is_newest_cut).
 */
bool log_window_append(struct log_window *window, const struct log_line *line, bool is_held,
		       size_t *ret_dropped);
/* Before the first; drops at the end where there is no room. */
bool log_window_prepend(struct log_window *window, const struct log_line *line);
const struct window_line *log_window_line(const struct log_window *window, size_t index);

#endif
