/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/project.h"
#include "cli/verb.h"
#include "tui/tui.h"

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO_FREE char *project = project_resolve(invocation, NULL, err);
	if (project == NULL)
		return 1;
	const struct tui_options options = {
		.project = project,
		.program = "/proc/self/exe",
		.environment_file = arguments_value(invocation->args, "environment"),
		.has_colour = invocation->is_colored,
	};
	return tui_run(&options, err) ? 0 : 1;
}

static const struct option_spec options[] = {
	{"environment", 'e', OPTION_VALUE, "FILE", "the cloud target's environment.yml",
	 COMPLETE_FILE},
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
		"Press ? for the keys of the screen you are on.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.example = "i2kit tui\n"
		   "i2kit -p shop tui -e environment.yml",
	.run = run,
};
