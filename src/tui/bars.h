/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_BARS_H
#define I2KIT_TUI_BARS_H

/* What stands at the same place on every screen. */

#include "tui/action.h"

struct canvas;
struct model;

void bar_header(struct canvas *canvas, const struct model *model);
void bar_tabs(struct canvas *canvas, const struct model *model);
void bar_keys(struct canvas *canvas, const struct model *model);
void bar_message(struct canvas *canvas, const struct model *model);
/* Which screen's name, which action's key stands in a column; false and 0: none. */
bool draw_tab_at(int columns, int column, enum view_kind *ret);
unsigned draw_key_at(const struct model *model, int column);

#endif
