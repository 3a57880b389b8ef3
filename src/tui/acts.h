/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_ACTS_H
#define I2KIT_TUI_ACTS_H

/* Actions on pods; each ends in an effect. */

#include "tui/model.h"

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

#endif
