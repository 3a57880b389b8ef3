/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/page.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

enum { LEFT = 1, PAIR_WIDTH = 10 };

int page_row(struct page *page)
{
	int at = page->line++ - page->top;
	return page->canvas != NULL && at >= 0 && at < page->area.rows ? page->area.row + at : -1;
}

static void put(struct page *page, int row, int column, struct style style, const char *text)
{
	if (row >= 0)
		canvas_field(page->canvas, row, column, page->area.columns - column - 1, style,
			     text);
}

/* Where to break: after the last blank that fits, or in the middle of a long word. */
static size_t fit_words(const char *text, size_t size, int width)
{
	size_t fit = canvas_fit(text, size, width > 0 ? width : 1);
	size_t at = fit;
	if (fit == 0 || fit == size)
		return size;
	while (at > 0 && text[at] != ' ' && text[at - 1] != ' ')
		at--;
	return at > fit / 2 ? at : fit;
}

static void put_wrapped(struct page *page, struct style style, const char *text)
{
	enum { INDENT = 4 };
	size_t size = strlen(text);
	int indent = 0;

	do {
		int width = page->area.columns - page->left - LEFT - 1 - indent;
		size_t fit = fit_words(text, size, width);
		int row = page_row(page);
		if (row >= 0)
			canvas_bytes(page->canvas, row, page->left + LEFT + indent, width, style,
				     text, fit);
		text += fit;
		size -= fit;
		while (size > 0 && *text == ' ') {
			text++;
			size--;
		}
		indent = INDENT;
	} while (size > 0);
}

void page_line(struct page *page, struct style style, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *text = xvasprintf(fmt, args);
	va_end(args);
	if (page->wraps)
		put_wrapped(page, style, text);
	else
		put(page, page_row(page), page->left + LEFT, style, text);
}

void page_heading(struct page *page, const char *title)
{
	if (page->line > 0)
		page_row(page);
	int row = page_row(page);
	if (row < 0)
		return;
	int column = canvas_text(page->canvas, row, page->left + LEFT, -1, STYLE_TITLE, title) + 1;
	canvas_hline(page->canvas, row, column, page->area.columns - column - 1, STYLE_DIM);
}

void page_pair(struct page *page, const char *name, struct style style, const char *fmt, ...)
{
	va_list args;
	int row = page_row(page);
	va_start(args, fmt);
	AUTO_FREE char *text = xvasprintf(fmt, args);
	va_end(args);
	put(page, row, page->left + LEFT, STYLE_DIM, name);
	put(page, row, page->left + LEFT + PAIR_WIDTH, style, text);
}

void page_wrapped(struct page *page, struct style style, const char *text, size_t size)
{
	int width = page->area.columns - page->left - 2 * LEFT;
	do {
		const char *end = memchr(text, '\n', size);
		size_t line = end ? (size_t)(end - text) : size;
		size_t fit = canvas_fit(text, line, width);
		if (fit == 0)
			fit = line;
		int row = page_row(page);
		if (row >= 0)
			canvas_bytes(page->canvas, row, page->left + LEFT, width, style, text, fit);
		if (fit == line && end != NULL)
			fit++; /* the line feed */
		text += fit;
		size -= fit;
	} while (size > 0);
}
