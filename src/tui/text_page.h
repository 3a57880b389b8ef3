/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_TEXT_PAGE_H
#define I2KIT_TUI_TEXT_PAGE_H

/* What the screens of plain text have in common: their text can be searched, copied and saved. */

#include "tui/page.h"

/* The text of the screen that is shown, owned; NULL: it has none. */
char *text_page_of(const struct model *model);
/* Draws it, what was searched for marked. */
void text_page_draw(struct page *page, const struct model *model, const char *text);
/* Goes to the next line (or the one before) with a match; says so where there is none. */
void text_page_search(struct model *model, bool forward);

#endif
