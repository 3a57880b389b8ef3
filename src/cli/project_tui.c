/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/project_tui.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "cli/arguments.h"
#include "tui/keys_document.h"
#include "tui/tui.h"

/* The verbs that the screen starts may work in another folder. */
static char *absolute_path(const char *path)
{
	if (path == NULL || path[0] == '/')
		return xstrdup_or_null(path);
	AUTO_FREE char *here = getcwd(NULL, 0);
	return here != NULL ? path_join(here, path) : xstrdup(path);
}

bool project_tui(const struct invocation *invocation, const char *project, bool has_no_mouse,
		 struct error *err)
{
	AUTO_FREE char *environment =
		absolute_path(arguments_value(invocation->args, "environment"));
	const struct tui_options options = {
		.project = project,
		.program = "/proc/self/exe",
		.environment_file = environment,
		.has_colour = invocation->is_colored,
		.theme = arguments_value(invocation->args, "theme"),
		.has_no_mouse = has_no_mouse,
	};
	return tui_run(&options, err);
}

char *project_tui_keys(void)
{
	return tui_keys_document();
}
