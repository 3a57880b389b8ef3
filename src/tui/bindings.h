/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_BINDINGS_H
#define I2KIT_TUI_BINDINGS_H

/*
 * Which keys mean which action: as action.c has them, or as the user's file says (config.h). Keys,
 * the line of keys, help and the palette read them here, so that all show what is in force.
 */

#include <stdbool.h>

#include "base/strbuf.h"
#include "tui/action.h"

struct bindings {
	unsigned keys[ACTION_LIMIT][ACTION_MAX_KEYS]; /* by the place in actions[]; 0 ends */
};

void bindings_init(struct bindings *bindings); /* those of action.c */
/* What a key means in a view, or NULL. */
const struct action *bindings_find(const struct bindings *bindings, unsigned key,
				   enum view_kind view);
/* The action's keys, 0 after the last; the first is the one that is shown where one has room. */
const unsigned *bindings_keys(const struct bindings *bindings, const struct action *action);
/* The first two actions of one view that share a key: then what the key means is not clear. */
bool bindings_clash(const struct bindings *bindings, const struct action **ret_first,
		    const struct action **ret_second, unsigned *ret_key);
/* "j, Down"; at most `most` of them. */
void bindings_names(const struct bindings *bindings, const struct action *action, size_t most,
		    struct strbuf *out);
/* The first key of an action for a message: "j"; ":scale" where it has none. */
struct key_text {
	char text[24];
};
struct key_text bindings_text(const struct bindings *bindings, enum action_kind kind);
/* "^R", "Space", "j" */
void key_name(unsigned key, struct strbuf *out);
/* The same read back, and "ctrl-r", "pgup", "shift-tab" in any case; 0: no key. */
unsigned key_from_name(const char *name);

#endif
