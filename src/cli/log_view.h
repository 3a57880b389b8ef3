/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_LOG_VIEW_H
#define I2KIT_CLI_LOG_VIEW_H

/*
 * How log lines look: "web-0/nginx | text" with a colour for each container, or JSON lines. Lines
 * are a guest's and made harmless: of all control sequences only colours pass, and only to a
 * terminal.
 */

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "local/plan/state.h"

struct log_view_options {
	bool is_colored;
	bool has_timestamps;
	bool is_json;
	/* What becomes of a line's JSON, as -o yaml and the like want it; NULL: it stays. */
	void (*shape)(const char *json, struct strbuf *out);
	bool is_raw;	/* bytes as they came */
	bool no_prefix; /* text alone */
};

struct log_view;
struct log_view *log_view_new(const struct log_view_options *options);
void log_view_free(struct log_view *view);
DEFINE_AUTO_PTR(log_view, log_view_free)
/*
 * Appends one line to *out. A partial line is held until its end comes, since lines of other
 * streams come in between and shall not cut it.
 */
void log_view_append(struct log_view *view, const struct log_line *line, struct strbuf *out);
/* Nothing more is there for now: what is held is shown, a prompt perhaps, and stays open. */
void log_view_show_held(struct log_view *view, struct strbuf *out);
/* Shows what is held, and ends an open line. */
void log_view_finish(struct log_view *view, struct strbuf *out);

#endif
