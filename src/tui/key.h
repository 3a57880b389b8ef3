/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_KEY_H
#define I2KIT_TUI_KEY_H

/* A key is a Unicode code point, or one of these above all code points. */

enum key {
	TUI_KEY_ESCAPE = 0x1b,
	TUI_KEY_RETURN = '\r',
	TUI_KEY_TABULATOR = '\t',
	TUI_KEY_ERASE = 0x7f,
	TUI_KEY_CONTROL_A = 1, /* control keys: TUI_KEY_CONTROL('c') */
	TUI_KEY_SPECIAL = 0x110000,
	TUI_KEY_ARROW_UP = TUI_KEY_SPECIAL,
	TUI_KEY_ARROW_DOWN,
	TUI_KEY_ARROW_LEFT,
	TUI_KEY_ARROW_RIGHT,
	TUI_KEY_PAGE_UP,
	TUI_KEY_PAGE_DOWN,
	TUI_KEY_FIRST, /* Home */
	TUI_KEY_LAST,  /* End */
	TUI_KEY_BACK_TAB,
	TUI_KEY_REMOVE, /* Delete */
	TUI_KEY_WHEEL_UP,
	TUI_KEY_WHEEL_DOWN,
	TUI_KEY_CLICK, /* with a row and column */
};
#define TUI_KEY_CONTROL(letter) ((unsigned)(letter)&0x1fU)

#endif
