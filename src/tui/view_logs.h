/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_VIEW_LOGS_H
#define I2KIT_TUI_VIEW_LOGS_H

/* The screen of logs. */

#include "tui/draw.h"

void view_logs(struct canvas *canvas, const struct model *model, struct area area);
/* Rows that a line of the log takes on the screen, by its place in the window. */
int view_log_rows(const struct model *model, size_t index);

#endif
