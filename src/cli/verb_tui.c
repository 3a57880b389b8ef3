/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/arguments.h"
#include "cli/project.h"
#include "cli/project_tui.h"
#include "cli/verb.h"
#include "tui/tui.h"

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO_FREE char *project = project_resolve(invocation, project_argument(invocation), err);
	if (project == NULL)
		return 1;
	bool has_no_mouse = arguments_flag(invocation->args, "no-mouse");
	const char *theme = arguments_value(invocation->args, "theme");
	if (theme != NULL && !tui_theme_exists(theme)) {
		error_set(err, ERROR_USAGE, "--theme is auto, dark, light or none, not '%s'",
			  theme);
		return 2;
	}
	return project_tui(invocation, project, has_no_mouse, err) ? 0 : 1;
}

static const struct option_spec options[] = {
	{"environment", 'e', OPTION_VALUE, "FILE", "the cloud target's environment.yml",
	 COMPLETE_FILE},
	{"no-mouse", 0, OPTION_FLAG, NULL, "leave the mouse to the terminal", COMPLETE_NONE},
	{"theme", 0, OPTION_VALUE, "auto|dark|light|none",
	 "colours for this background (default: tui.yml's)", COMPLETE_NONE},
};

const struct verb verb_tui = {
	.name = "tui",
	.group = VERB_WATCH,
	.summary = "watch pods and logs in the terminal, and act",
	.description =
		"Shows the project's pods, logs, ports, images, events and what runs in the "
		"cloud on a full screen, and acts on them: a shell, restart, scale, stop, "
		"promote. Every act shows the command line that does the same; what destroys "
		"is asked for first. Leaving it leaves the pods running.\n\n"
		"Press ? for the keys of the screen you are on; i2kit(1) lists them all. Keys, "
		"theme and mouse can be set in ~/.config/i2kit/tui.yml; NO_COLOR is obeyed.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"FOLDER", 0, 1, COMPLETE_FOLDER},
	.example = "i2kit tui\n"
		   "i2kit -p shop tui -e environment.yml",
	.run = run,
};
