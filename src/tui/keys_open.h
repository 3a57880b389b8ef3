/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_KEYS_OPEN_H
#define I2KIT_TUI_KEYS_OPEN_H

/* From a list's line to what it stands for: a screen, its logs, a mark, a job's end. */

struct model;

void keys_open(struct model *model);
void keys_open_logs(struct model *model);
void keys_mark(struct model *model);
void keys_cancel(struct model *model);
/* A job's output on the whole screen, at its end. */
void keys_show_job(struct model *model, unsigned number);

#endif
