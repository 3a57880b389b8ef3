/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_PANE_H
#define I2KIT_TUI_PANE_H

/* The lower part of a list's screen. */

#include "tui/draw.h"
#include "tui/table.h"

/* About the selected line; NULL canvas: none. */
bool pane_draw(struct canvas *canvas, const struct model *model, const struct table_row *row,
	       struct area area);

#endif
