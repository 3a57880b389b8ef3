/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_UPDATE_H
#define I2KIT_TUI_UPDATE_H

/* What an event does to the model; pure. */

struct event;
struct model;

/* The one way the model changes. */
void model_update(struct model *model, const struct event *event);

#endif
