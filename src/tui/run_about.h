/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_RUN_ABOUT_H
#define I2KIT_TUI_RUN_ABOUT_H

/* What a pod is made of, read for the screen about it. */

struct runner;

/* The plan and the disk of a pod, as an EVENT_ABOUT. */
void runner_read_about(struct runner *runner, const char *pod);
/* Into a new file. */
void runner_save_text(struct runner *runner, const char *path, const char *text);

#endif
