/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_TUI_H
#define I2KIT_TUI_TUI_H

#include <stdbool.h>

#include "base/error.h"

struct tui_options {
	const char *project;
	const char *program;	      /* what to run for acts: this executable */
	const char *environment_file; /* -e for the cloud's verbs, or NULL */
	bool has_colour;
	const char *theme; /* auto, dark, light, none; or NULL: what the user's file says */
	bool has_no_mouse; /* leave it to the terminal; M takes it */
};

/* Runs until the user leaves. The pods go on. */
MUST_CHECK bool tui_run(const struct tui_options *options, struct error *err);

/* Whether it is one of those. */
bool tui_theme_exists(const char *name);

#endif
