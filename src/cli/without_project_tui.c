/* SPDX-License-Identifier: Apache-2.0 */
/* In place of project_tui.c in a build without the terminal UI, and so without ncurses. */
#include "cli/project_tui.h"

#include "base/alloc.h"

bool project_tui(const struct invocation *invocation, const char *project, bool has_no_mouse,
		 struct error *err)
{
	(void)invocation;
	(void)project;
	(void)has_no_mouse;
	error_set(err, ERROR_UNSUPPORTED, "this i2kit was built without its terminal UI");
	return error_hint(err, "i2kit ps and i2kit logs -f, or build it with meson -Dtui=true");
}

char *project_tui_keys(void)
{
	return xstrdup("");
}
