/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_RUN_HOST_H
#define I2KIT_TUI_RUN_HOST_H

/* The host's load. */

struct event;
struct runner;

/* As an EVENT_TICK. */
void runner_measure_host(struct runner *runner, struct event *ret);

#endif
