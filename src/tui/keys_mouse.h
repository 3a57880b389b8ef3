/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_KEYS_MOUSE_H
#define I2KIT_TUI_KEYS_MOUSE_H

/* What the mouse does to the model. */

struct model;

void keys_click(struct model *model, int row, int column);

#endif
