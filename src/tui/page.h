/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_PAGE_H
#define I2KIT_TUI_PAGE_H

/*
 * A screen of text being written from top to bottom: only the lines that fall into the area are
 * drawn. Without a canvas they are only counted.
 */

#include "tui/draw.h"

struct page {
	struct canvas *canvas; /* or NULL */
	struct area area;
	int line;   /* the next one, from 0 */
	int top;    /* the first one on the screen */
	int left;   /* columns left of it are somebody else's */
	bool wraps; /* lines that are too long go on below, indented; else they are cut */
};

/* The row of the next line, -1 where it is not on the screen. */
int page_row(struct page *page);
void page_line(struct page *page, struct style style, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* An empty line and a heading with a rule behind it. */
void page_heading(struct page *page, const char *title);
/* "name      text" */
void page_pair(struct page *page, const char *name, struct style style, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* As many lines as the text needs; line feeds in it count. */
void page_wrapped(struct page *page, struct style style, const char *text, size_t size);

#endif
