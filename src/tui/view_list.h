/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_VIEW_LIST_H
#define I2KIT_TUI_VIEW_LIST_H

/* A list as a screen. */

#include "tui/draw.h"

void view_list(struct canvas *canvas, const struct model *model, struct area area);

#endif
