/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_KEYS_SEARCH_H
#define I2KIT_TUI_KEYS_SEARCH_H

/* Searching in what a screen shows. */

#include <stdbool.h>

struct model;

/* Goes to the next (or previous) match; may_load: ask for older lines when none is in memory. */
void keys_search_on(struct model *model, bool forward, bool may_load);

#endif
