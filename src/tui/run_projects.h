/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_RUN_PROJECTS_H
#define I2KIT_TUI_RUN_PROJECTS_H

/* All projects, watched while their screen is shown. */

struct runner;

void runner_watch_projects(struct runner *runner);
void runner_drop_projects(struct runner *runner);

#endif
