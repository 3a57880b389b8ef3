/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_CURSES_KEYS_H
#define I2KIT_TUI_CURSES_KEYS_H

/* What curses calls a key → tui/key.h. A file of its own, since both lists say KEY_. */
unsigned curses_key(unsigned code, int *ret_row, int *ret_column);

#endif
