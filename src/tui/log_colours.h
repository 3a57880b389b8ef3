/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_LOG_COLOURS_H
#define I2KIT_TUI_LOG_COLOURS_H

/* The colours that a program gave its line, in those that a canvas has. */

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "tui/canvas.h"

enum { COLOUR_RUNS_MAX = 64 }; /* in one line; what follows keeps the last one's */

struct colour_run {
	size_t at; /* in the plain text: from here on */
	struct style style;
};

/*
 * Appends the text without its colour sequences to *plain and fills the runs; false, with nothing
 * done, when it has none. base is the style at its start and after each reset.
 */
bool log_colours_split(const char *text, size_t size, struct style base, struct strbuf *plain,
		       struct colour_run runs[COLOUR_RUNS_MAX], size_t *ret_count);

#endif
