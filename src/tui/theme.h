/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_THEME_H
#define I2KIT_TUI_THEME_H

/*
 * Which colours of the terminal the colours of canvas.h are. Every one of text can be read on the
 * background it is made for: a contrast of 4.4 to 1 at least (WCAG 2.1 §1.4.3).
 */

#include <stdbool.h>

#include "tui/canvas.h"

enum theme {
	THEME_AUTO, /* dark or light where COLORFGBG says; else such as is read on both */
	THEME_DARK,
	THEME_LIGHT,
	THEME_NONE, /* no colours: reverse, bold and signs alone */
	THEME_COUNT,
};
enum { COLOURS = COLOUR_CYAN + 1, GROUNDS = GROUND_MATCH + 1 };

/* Numbers of the terminal's palette; -1: its own. */
struct palette {
	short text[COLOURS];
	short on_ground[COLOURS]; /* text where a ground is behind it */
	short grounds[GROUNDS];
	short on_match;
	bool has_grounds; /* else reverse video stands for them */
};

extern const char *const theme_names[THEME_COUNT];
/* False: no theme is called so. */
bool theme_find(const char *name, enum theme *ret);
/* colorfgbg: the variable's value or NULL ("15;0"); colours: how many the terminal has. */
const struct palette *theme_palette(enum theme theme, const char *colorfgbg, int colours);

#endif
