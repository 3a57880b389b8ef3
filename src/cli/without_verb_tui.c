/* SPDX-License-Identifier: Apache-2.0 */
/* In place of verb_tui.c in a build without the terminal UI, and so without ncurses. */
#include "cli/project_tui.h"
#include "cli/verb.h"

static int run(const struct invocation *invocation, struct error *err)
{
	return project_tui(invocation, NULL, false, err) ? 0 : 1;
}

const struct verb verb_tui = {
	.name = "tui",
	.group = VERB_WATCH,
	.summary = "not in this build",
	.is_hidden = true,
	.run = run,
};
