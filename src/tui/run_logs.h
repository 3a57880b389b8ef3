/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_RUN_LOGS_H
#define I2KIT_TUI_RUN_LOGS_H

/* The logs, read for their screen. */

#include <stdbool.h>

struct runner;

void runner_open_logs(struct runner *runner);
void runner_more_logs(struct runner *runner, bool is_newer);
void runner_save_logs(struct runner *runner, const char *path);
void runner_close_logs(struct runner *runner);

#endif
