/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/curses_keys.h"

#include <ncurses.h>
#include <stddef.h>

#include "base/alloc.h"
#include "tui/key.h"

static unsigned mouse_key(int *ret_row, int *ret_column)
{
	MEVENT event;
	if (getmouse(&event) != OK)
		return 0;
	*ret_row = event.y;
	*ret_column = event.x;
	if (event.bstate & BUTTON4_PRESSED)
		return TUI_KEY_WHEEL_UP;
	if (event.bstate & BUTTON5_PRESSED)
		return TUI_KEY_WHEEL_DOWN;
	return TUI_KEY_CLICK;
}

unsigned curses_key(unsigned code, int *ret_row, int *ret_column)
{
	static const struct {
		unsigned curses;
		unsigned key;
	} keys[] = {
		{KEY_UP, TUI_KEY_ARROW_UP},	{KEY_DOWN, TUI_KEY_ARROW_DOWN},
		{KEY_LEFT, TUI_KEY_ARROW_LEFT}, {KEY_RIGHT, TUI_KEY_ARROW_RIGHT},
		{KEY_PPAGE, TUI_KEY_PAGE_UP},	{KEY_NPAGE, TUI_KEY_PAGE_DOWN},
		{KEY_HOME, TUI_KEY_FIRST},	{KEY_END, TUI_KEY_LAST},
		{KEY_BTAB, TUI_KEY_BACK_TAB},	{KEY_DC, TUI_KEY_REMOVE},
		{KEY_BACKSPACE, TUI_KEY_ERASE}, {KEY_ENTER, TUI_KEY_RETURN},
	};
	if (code == KEY_MOUSE)
		return mouse_key(ret_row, ret_column);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (keys[i].curses == code)
			return keys[i].key;
	}
	return 0;
}
