/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/tui.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tui/config.h"
#include "tui/glyphs.h"
#include "tui/runner.h"

bool tui_theme_exists(const char *name)
{
	enum theme ignored = THEME_AUTO;
	return theme_find(name, &ignored);
}

/* The user's file, and what the command line says against it. */
static bool load_config(struct runner *runner, struct tui_config *config, struct error *err)
{
	const struct tui_options *options = runner->options;
	AUTO_FREE char *file = tui_config_path();

	if (!tui_config_load(file, config, err))
		return false;
	if (options->theme != NULL)
		(void)theme_find(options->theme, &config->theme);
	if (!options->has_colour)
		config->theme = THEME_NONE;
	config->has_no_mouse = config->has_no_mouse || options->has_no_mouse;
	return true;
}

/*
 * Texts are UTF-8 whatever the locale says; one without UTF-8 says what the terminal shows.
 */
static bool use_locale(void)
{
	bool is_ascii = setlocale(LC_CTYPE, "") == NULL ||
			glyphs_need_ascii(nl_langinfo(CODESET), getenv("TERM"));
	if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		(void)setlocale(LC_CTYPE, "C.UTF-8");
	return is_ascii;
}

bool tui_run(const struct tui_options *options, struct error *err)
{
	AUTO(runner_clear) struct runner runner = {.options = options};
	struct tui_config config;
	int rows = 0;
	int columns = 0;

	if (!load_config(&runner, &config, err))
		return false;
	bool is_ascii = use_locale();
	runner.loop = loop_new(err);
	if (runner.loop == NULL)
		return false;
	runner.screen = screen_open(&(struct screen_options){.theme = config.theme,
							     .has_mouse = !config.has_no_mouse,
							     .is_ascii = is_ascii},
				    err);
	if (runner.screen == NULL)
		return false;
	screen_size(runner.screen, &rows, &columns);
	canvas_init(&runner.canvas, rows, columns);
	model_init(&runner.model, options->project, rows, columns);
	runner.model.is_mouse_off = config.has_no_mouse;
	runner.model.bindings = config.bindings;
	runner.model.config_file = tui_config_path();
	runner.model.environment_file = xstrdup_or_null(options->environment_file);

	runner_run(&runner);
	return true;
}
