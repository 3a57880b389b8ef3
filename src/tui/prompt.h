/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_PROMPT_H
#define I2KIT_TUI_PROMPT_H

/* A line being typed, with the words that it may be. */

#include "tui/model.h"

void prompt_open(struct model *model, enum prompt_kind kind, const char *question,
		 const char *text);
void prompt_key(struct model *model, unsigned key);
/* Asks y/n; a yes runs the command that the returned list holds. */
struct string_list *prompt_confirm(struct model *model, const char *question);

#endif
