/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_TERMINFO_H
#define I2KIT_TUI_TERMINFO_H

#include <stdbool.h>

/*
 * Whether $TERM can show a full screen. ncurses itself would print one line after the other on a
 * terminal that cannot. *ret_is_known: whether it is described at all.
 */
bool terminfo_can_draw(bool *ret_is_known);

#endif
