/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include <limits.h>
#include <string.h>
#include <wchar.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "cli/output.h"

enum { COLUMN_GAP = 2, NARROWEST = 6, READABLE = 24 };
#define GONE UINT_MAX /* the width of a column that is left out */

struct cell {
	char *text; /* printable */
	enum text_style style;
};

struct column {
	char *title;
	unsigned flags;
};

struct table {
	bool is_colored;
	struct column *columns;
	size_t column_count;
	struct cell *cells; /* row by row */
	size_t cell_count;
};

struct table *table_new(const struct invocation *invocation)
{
	struct table *table = xcalloc(1, sizeof(*table));
	table->is_colored = invocation->is_colored;
	return table;
}

void table_free(struct table *table)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->column_count; i++)
		free(table->columns[i].title);
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i].text);
	free(table->columns);
	free(table->cells);
	free(table);
}

void table_add_column(struct table *table, const char *title, unsigned flags)
{
	struct column *column = ARRAY_APPEND(table->columns, table->column_count);
	column->title = xstrdup(title);
	column->flags = flags;
}

void table_add_cell(struct table *table, enum text_style style, const char *fmt, ...)
{
	struct strbuf printable = STRBUF_INIT;
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *text = xvasprintf(fmt, args);
	va_end(args);
	strbuf_append_printable(&printable, text, strlen(text));
	struct cell *cell = ARRAY_APPEND(table->cells, table->cell_count);
	cell->text = strbuf_take(&printable);
	cell->style = style;
}

/* Terminal columns of the character at text, whose byte length is stored. */
static unsigned char_width(const char *text, size_t *ret_bytes)
{
	mbstate_t state = {0};
	wchar_t wide = 0;
	size_t bytes = utf8_width(text, strlen(text));
	*ret_bytes = bytes > 0 ? bytes : 1;
	size_t got = mbrtowc(&wide, text, *ret_bytes, &state);
	/* Without a UTF-8 locale every character counts as one column. */
	int width = got == *ret_bytes ? wcwidth(wide) : 1;
	return width >= 0 ? (unsigned)width : 1;
}

static unsigned text_width(const char *text)
{
	unsigned width = 0;
	size_t bytes;
	for (; *text != '\0'; text += bytes)
		width += char_width(text, &bytes);
	return width;
}

static void measure(const struct table *table, unsigned *widths)
{
	for (size_t i = 0; i < table->column_count; i++)
		widths[i] = text_width(table->columns[i].title);
	for (size_t i = 0; i < table->cell_count; i++) {
		unsigned width = text_width(table->cells[i].text);
		unsigned *column = &widths[i % table->column_count];
		if (width > *column)
			*column = width;
	}
}

static unsigned total_width(const struct table *table, const unsigned *widths)
{
	unsigned total = 0;
	for (size_t i = 0; i < table->column_count; i++)
		total += widths[i] == GONE ? 0 : widths[i] + (i > 0 ? COLUMN_GAP : 0);
	return total;
}

/* A column that may shrink wants to be read, too. */
static unsigned needed_width(const struct table *table, const unsigned *widths)
{
	unsigned total = total_width(table, widths);
	for (size_t i = 0; i < table->column_count; i++) {
		if ((table->columns[i].flags & TABLE_SHRINK) && widths[i] > READABLE)
			total -= widths[i] - READABLE;
	}
	return total;
}

static void leave_out(const struct table *table, unsigned *widths, unsigned limit)
{
	for (size_t i = table->column_count; i-- > 0 && needed_width(table, widths) > limit;) {
		if (table->columns[i].flags & TABLE_GOES)
			widths[i] = GONE;
	}
}

/* Takes one column of width at a time from the widest that may give way. */
static void shrink(const struct table *table, unsigned *widths, unsigned limit)
{
	for (;;) {
		size_t widest = table->column_count;
		unsigned total = total_width(table, widths);
		for (size_t i = 0; i < table->column_count; i++) {
			bool may =
				(table->columns[i].flags & TABLE_SHRINK) && widths[i] > NARROWEST;
			if (may && (widest == table->column_count || widths[i] > widths[widest]))
				widest = i;
		}
		if (total <= limit || widest == table->column_count)
			return;
		widths[widest]--;
	}
}

/* The text in exactly `width` columns; the last column of a row is not padded. */
static void append_fitted(struct strbuf *line, const char *text, unsigned width, unsigned flags,
			  bool is_last)
{
	unsigned needed = text_width(text);
	unsigned pad = needed < width ? width - needed : 0;
	bool is_cut = needed > width;
	unsigned used = 0;
	size_t bytes;

	if (flags & TABLE_RIGHT)
		strbuf_appendf(line, "%*s", (int)pad, "");
	for (; *text != '\0'; text += bytes) {
		unsigned columns = char_width(text, &bytes);
		if (is_cut && used + columns > width - 1)
			break;
		strbuf_append_bytes(line, text, bytes);
		used += columns;
	}
	if (is_cut)
		strbuf_append(line, "…");
	if (!(flags & TABLE_RIGHT) && !is_last)
		strbuf_appendf(line, "%*s", (int)pad, "");
}

static void append_cell(struct strbuf *line, const struct table *table, size_t column,
			const char *text, enum text_style style, const unsigned *widths)
{
	if (widths[column] == GONE)
		return;
	if (column > 0)
		strbuf_appendf(line, "%*s", COLUMN_GAP, "");
	bool is_styled = style != STYLE_NONE && table->is_colored;
	if (is_styled)
		strbuf_append(line, style_begin(style, true));
	append_fitted(line, text, widths[column], table->columns[column].flags,
		      column + 1 == table->column_count);
	if (is_styled)
		strbuf_append(line, style_begin(STYLE_NONE, true));
}

void table_write(const struct table *table, FILE *out, unsigned width)
{
	AUTO_FREE unsigned *widths = xcalloc(table->column_count, sizeof(*widths));
	AUTO(strbuf_clear) struct strbuf line = STRBUF_INIT;

	if (table->column_count == 0)
		return;
	measure(table, widths);
	if (width > 0) {
		leave_out(table, widths, width);
		shrink(table, widths, width);
	}
	for (size_t i = 0; i < table->column_count; i++)
		append_cell(&line, table, i, table->columns[i].title, STYLE_BOLD, widths);
	for (size_t i = 0; i < table->cell_count; i++) {
		if (i % table->column_count == 0)
			strbuf_append_char(&line, '\n');
		append_cell(&line, table, i % table->column_count, table->cells[i].text,
			    table->cells[i].style, widths);
	}
	strbuf_append_char(&line, '\n');
	(void)fputs(line.data, out);
}

void table_print(const struct table *table, FILE *out)
{
	table_write(table, out, output_terminal_width(fileno(out)));
}
