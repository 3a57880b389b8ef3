/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_ABOUT_KEYS_H
#define I2KIT_TUI_ABOUT_KEYS_H

/* Keys of the screen about a pod. */

#include "tui/about.h"

struct event;
struct model;

/* Of the pod that is meant. */
void about_open(struct model *model, enum about_part part);
void about_refresh(struct model *model);
void about_show_secrets(struct model *model);
void about_take(struct model *model, const struct event *event);
void about_take_why(struct model *model, const struct event *event);
char *about_text(const struct model *model); /* of the part that is shown; owned */

#endif
