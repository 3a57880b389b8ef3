/* SPDX-License-Identifier: Apache-2.0 */
/* A file of its own: term.h defines words such as `columns` as macros. */
#include "tui/terminfo.h"

#include <ncurses.h>
#include <term.h>
#include <unistd.h>

static bool has_string(const char *capability)
{
	const char *text = tigetstr(capability);
	return text != NULL && text != (const char *)-1;
}

bool terminfo_can_draw(bool *ret_is_known)
{
	int found = 0;

	*ret_is_known = setupterm(NULL, STDOUT_FILENO, &found) == OK;
	return *ret_is_known && has_string("cup") && has_string("clear");
}
