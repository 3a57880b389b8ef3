/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_KEYS_H
#define I2KIT_TUI_KEYS_H

/* What keys do to the model; update.c calls these. */

#include "tui/model.h"
#include "tui/table.h"

enum { PAGE_END = 1 << 20 }; /* a top that keys_clamp() brings back to the last page */

void keys_handle(struct model *model, unsigned key);
/*
 * What an action does, however it was asked for; key: 0 where it was by its name. False: nobody does
 * it, which is a fault.
 */
bool keys_do(struct model *model, const struct action *action, unsigned key);
void keys_click(struct model *model, int row, int column);
void keys_move(struct model *model, enum action_kind kind);
void keys_switch_view(struct model *model, enum view_kind view);
/* keys_open.c: what the selected line stands for, its logs; marks it; cancels a job. */
void keys_open(struct model *model);
void keys_open_logs(struct model *model);
void keys_mark(struct model *model);
void keys_cancel(struct model *model);
/* A job's output on the whole screen, at its end. */
void keys_show_job(struct model *model, unsigned number);
/* Goes to the next (or previous) match; may_load: ask for older lines when none is in memory. */
void keys_search_on(struct model *model, bool forward, bool may_load);
/* Puts cursors and tops back into what there is. */
void keys_clamp(struct model *model);

/* prompt.c: a line being typed, with the words that it may be. */
void prompt_open(struct model *model, enum prompt_kind kind, const char *question,
		 const char *text);
void prompt_key(struct model *model, unsigned key);
void prompt_add_choice(struct model *model, const char *name, const char *help);
void choices_of_actions(struct model *model); /* those of the screen */
/* A key that moves among the choices, or completes; false: it is none of theirs. */
bool choices_key(struct prompt *prompt, unsigned key);
/* The one that is chosen, else what is typed; owned. */
char *choices_answer(const struct prompt *prompt);
/* Asks y/n; a yes runs the command that the returned list holds. */
struct string_list *prompt_confirm(struct model *model, const char *question);

/* acts.c: actions on pods; each ends in an effect. */
void act_on_pod(struct model *model, enum action_kind kind);
/* Asks y/n first; the argv of `i2kit -p PROJECT …` that a yes runs. */
struct string_list *act_ask_first(struct model *model, const char *question);
/* A shell in a container of the pod that is meant; several: which one is asked when NULL. */
void act_shell(struct model *model, const char *container);
#define CHOICE_ALL "all of them"
/* The containers of an instance as choices of the prompt. */
void act_offer_containers(struct model *model, const struct instance_status *instance);
/* i2kit -p PROJECT …, as argv without the program. */
struct effect *act_command(struct model *model, enum effect_kind kind);
void act_promote(struct model *model);
void act_roll_back(struct model *model, const char *release);
/* Asks again for what a screen shows; the other one only where nothing is known yet. */
void act_ask(struct model *model, enum view_kind view);
void act_ask_once(struct model *model, enum view_kind view);

/* about_keys.c: the screen about the pod that is meant. */
void about_open(struct model *model, enum about_part part);
void about_refresh(struct model *model);
void about_show_secrets(struct model *model);
void about_take(struct model *model, const struct event *event);
void about_take_why(struct model *model, const struct event *event);
char *about_text(const struct model *model); /* of the part that is shown; owned */

/* log_keys.c */
void log_keys_action(struct model *model, enum action_kind kind);
void log_keys_move(struct model *model, enum action_kind kind);
void log_keys_open(struct model *model); /* the logs screen, read anew */
void log_keys_click(struct model *model, int row);
void log_keys_go(struct model *model, size_t index); /* pauses there */
void log_keys_clamp(struct model *model);

/* Rows that the middle of the screen has. */
int keys_body_rows(const struct model *model);

#endif
