/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_RUN_JOBS_H
#define I2KIT_TUI_RUN_JOBS_H

/*
 * Programs that the terminal UI runs: jobs beside the screen, questions, and with the terminal
 * handed over.
 */

struct effect;
struct runner;

void runner_start_job(struct runner *runner, const struct effect *effect);
void runner_ask(struct runner *runner, const struct effect *effect);
void runner_cancel_job(struct runner *runner, unsigned number);
void runner_foreground(struct runner *runner, const struct effect *effect);
void runner_browse(struct runner *runner, const char *url);
void runner_free_children(struct runner *runner);

#endif
