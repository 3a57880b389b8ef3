/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/theme.h"

#include <string.h>

const char *const theme_names[THEME_COUNT] = {
	[THEME_AUTO] = "auto",
	[THEME_DARK] = "dark",
	[THEME_LIGHT] = "light",
	[THEME_NONE] = "none",
};

bool theme_find(const char *name, enum theme *ret)
{
	for (int i = 0; i < THEME_COUNT; i++) {
		if (strcmp(theme_names[i], name) != 0)
			continue;
		*ret = (enum theme)i;
		return true;
	}
	return false;
}

/* The order is that of enum colour: default, red, green, yellow, blue, magenta, cyan. */
#define DARK_GROUNDS                                                                               \
	{                                                                                          \
		[GROUND_NONE] = -1, [GROUND_BAR] = 236, [GROUND_SELECTED] = 24,                    \
		[GROUND_MATCH] = 178                                                               \
	}
#define ON_DARK_GROUNDS                                                                            \
	{                                                                                          \
		253, 217, 114, 222, 117, 183, 123                                                  \
	}

static const struct palette dark = {
	.text = {-1, 203, 114, 221, 75, 176, 80},
	.on_ground = ON_DARK_GROUNDS,
	.grounds = DARK_GROUNDS,
	.on_match = 16,
	.has_grounds = true,
};
static const struct palette light = {
	.text = {-1, 124, 22, 130, 25, 90, 23},
	.on_ground = {235, 88, 22, 94, 18, 90, 23},
	.grounds = {[GROUND_NONE] = -1,
		    [GROUND_BAR] = 254,
		    [GROUND_SELECTED] = 153,
		    [GROUND_MATCH] = 220},
	.on_match = 16,
	.has_grounds = true,
};
/* The background is not known: the terminal's own colours, but its yellow nobody reads on white. */
static const struct palette either = {
	.text = {-1, 1, 2, 130, 4, 5, 6},
	.on_ground = ON_DARK_GROUNDS,
	.grounds = DARK_GROUNDS,
	.on_match = 16,
	.has_grounds = true,
};
static const struct palette eight = {.text = {-1, 1, 2, 3, 4, 5, 6}};
/* Yellow and cyan on white cannot be read; signs and words tell a warning from a key. */
static const struct palette eight_light = {.text = {-1, 1, 2, 5, 4, 5, 4}};

/* "FOREGROUND;BACKGROUND", with a word between for some; 7 and 15 are whites. */
static enum theme guess(const char *colorfgbg)
{
	const char *last = colorfgbg != NULL ? strrchr(colorfgbg, ';') : NULL;

	if (last == NULL || strspn(last + 1, "0123456789") == 0)
		return THEME_AUTO;
	return strcmp(last + 1, "7") == 0 || strcmp(last + 1, "15") == 0 ? THEME_LIGHT : THEME_DARK;
}

const struct palette *theme_palette(enum theme theme, const char *colorfgbg, int colours)
{
	if (theme == THEME_AUTO)
		theme = guess(colorfgbg);
	if (colours < 256)
		return theme == THEME_LIGHT ? &eight_light : &eight;
	return theme == THEME_LIGHT ? &light : theme == THEME_DARK ? &dark : &either;
}
