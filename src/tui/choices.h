/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_CHOICES_H
#define I2KIT_TUI_CHOICES_H

/* The words that a line being typed may be. */

#include <stdbool.h>
#include <stddef.h>

struct choice;
struct model;
struct prompt;

void prompt_add_choice(struct model *model, const char *name, const char *help);
void choices_of_actions(struct model *model); /* those of the screen */
/* A key that moves among the choices, or completes; false: it is none of theirs. */
bool choices_key(struct prompt *prompt, unsigned key);
/* The one that is chosen, else what is typed; owned. */
char *choices_answer(const struct prompt *prompt);

/* The choice that stands at this place of those that fit what is typed, or NULL beyond them. */
const struct choice *prompt_match(const struct prompt *prompt, size_t index);
size_t prompt_match_count(const struct prompt *prompt);
void prompt_clear_choices(struct prompt *prompt);

#endif
