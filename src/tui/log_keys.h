/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_LOG_KEYS_H
#define I2KIT_TUI_LOG_KEYS_H

/* Keys of the screen of logs. */

#include "tui/action.h"

struct model;

void log_keys_action(struct model *model, enum action_kind kind);
void log_keys_move(struct model *model, enum action_kind kind);
void log_keys_open(struct model *model); /* the logs screen, read anew */
void log_keys_click(struct model *model, int row);
void log_keys_go(struct model *model, size_t index); /* pauses there */
void log_keys_clamp(struct model *model);

#endif
