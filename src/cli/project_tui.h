/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_PROJECT_TUI_H
#define I2KIT_CLI_PROJECT_TUI_H

#include "cli/verb.h"

/* The terminal UI over a project, until the user leaves it; for `tui` and `up --tui`. */
MUST_CHECK bool project_tui(const struct invocation *invocation, const char *project,
			    bool has_no_mouse, struct error *err);

/* Its keys as scdoc, for the man page; owned. */
char *project_tui_keys(void);

#endif
