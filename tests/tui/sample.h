/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TESTS_TUI_SAMPLE_H
#define I2KIT_TESTS_TUI_SAMPLE_H

#include "tui/model.h"

/* A project with three pods in several states, at a fixed time. Nothing in it is owned. */
extern struct project_status sample_status;
#define SAMPLE_NOW_NS INT64_C(1764000000000000000)

/* A Job of three pods, a CronJob and two of its runs. */
extern struct project_status sample_jobs;

/* A model that has just got it. */
void sample_model(struct model *model, int rows, int columns);
/* web-0 ends with 137 again and again. */
void sample_crash_loop(struct model *model);
void sample_press(struct model *model, const char *keys);
void sample_log(struct model *model, uint64_t sequence, const char *pod, const char *container,
		uint8_t source, const char *text);

#endif
