/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_KEYS_H
#define I2KIT_TUI_KEYS_H

/* What keys do to the model; update.c calls these. */

#include "tui/model.h"

enum { PAGE_END = 1 << 20 }; /* a top that keys_clamp() brings back to the last page */

void keys_handle(struct model *model, unsigned key);
/*
 * What an action does, however it was asked for; key: 0 where it was by its name. False: nobody does
 * it, which is a fault.
 */
bool keys_do(struct model *model, const struct action *action, unsigned key);
void keys_move(struct model *model, enum action_kind kind);
void keys_switch_view(struct model *model, enum view_kind view);
/* Puts cursors and tops back into what there is. */
void keys_clamp(struct model *model);

/* Rows that the middle of the screen has. */
int keys_body_rows(const struct model *model);

#endif
