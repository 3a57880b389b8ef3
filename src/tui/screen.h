/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_SCREEN_H
#define I2KIT_TUI_SCREEN_H

/*
 * The terminal: the only place that knows curses. Shows a canvas, reads keys, and leaves the
 * terminal as it was, also when the process dies of a signal.
 */

#include <stdbool.h>

#include "base/error.h"
#include "tui/canvas.h"
#include "tui/theme.h"

struct screen;

struct screen_options {
	enum theme theme;
	bool has_mouse;
	bool is_ascii; /* glyphs.h */
};

/* NULL on failure: no terminal, or one that cannot move its cursor. */
MUST_CHECK struct screen *screen_open(const struct screen_options *options, struct error *err);
void screen_close(struct screen *screen); /* NULL is fine */

void screen_size(const struct screen *screen, int *ret_rows, int *ret_columns);
/* After SIGWINCH: takes the new size over. */
void screen_resize(struct screen *screen);
/* Sends only the cells that changed. redraw: all of them. */
void screen_show(struct screen *screen, const struct canvas *canvas, bool redraw);
/* The next key (tui/key.h) without waiting; false: none. A TUI_KEY_CLICK has a place. */
bool screen_key(struct screen *screen, unsigned *ret_key, int *ret_row, int *ret_column);
/* Hands the terminal to another program, and takes it back. */
void screen_suspend(struct screen *screen);
void screen_resume(struct screen *screen);
/* Back to the shell, until it continues this process. */
void screen_stop(struct screen *screen);
/* Off: the terminal's own selection of text works. */
void screen_set_mouse(struct screen *screen, bool is_on);
/* Puts text into the terminal's clipboard (OSC 52: works over ssh and in tmux). */
void screen_copy(struct screen *screen, const char *text);

#endif
