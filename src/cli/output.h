/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_OUTPUT_H
#define I2KIT_CLI_OUTPUT_H

/*
 * How verbs talk to people: results on stdout, everything else on stderr. Text that came from
 * outside (names, messages) is made printable here, so that nothing in it acts on the terminal.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "cli/verb.h"

enum text_style {
	STYLE_NONE,
	STYLE_BOLD,
	STYLE_DIM,
	STYLE_RED,
	STYLE_GREEN,
	STYLE_YELLOW,
	STYLE_BLUE
};

/* The escape that begins a style, or "" without colour; STYLE_NONE ends one. */
const char *style_begin(enum text_style style, bool is_colored);

/*
 * How people are talked to for the rest of the run; by main. QUIET: no notes. JSON: each note,
 * warning and error is a JSON object on a line, as --progress=json has them.
 */
enum output_talk { TALK_LINES, TALK_QUIET, TALK_JSON };
void output_talk(enum output_talk talk);

/* "error: …" and "hint: …" on stderr. */
void output_error(const struct error *err, bool is_colored);
/* "note: …", "warning: …" on stderr. */
void output_note(const struct invocation *invocation, const char *fmt, ...) PRINTF_LIKE(2, 3);
void output_warning(const struct invocation *invocation, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A step of a pod, "web-0: Booting, …", as a note; with TALK_JSON an object with its state. */
void output_step(const struct invocation *invocation, const char *what, const char *state,
		 const char *reason_or_null);

/* A problem of a manifest, with TALK_JSON; false: the caller says it in its own way. */
bool output_problem(const char *severity, const char *place, const char *message,
		    const char *hint_or_null);

/*
 * Text of others as one line that a terminal may see: what ends lines in it becomes " | ", and at
 * its end nothing.
 */
void output_append_line(struct strbuf *out, const char *text);

/* Columns of the terminal behind fd, $COLUMNS, or 0 where there is no terminal. */
unsigned output_terminal_width(int fd);

/* "812 B", "4.2 KiB", "1.5 GiB". */
#define OUTPUT_SIZE_SIZE 24
void output_format_size(char out[OUTPUT_SIZE_SIZE], uint64_t bytes);

#endif
