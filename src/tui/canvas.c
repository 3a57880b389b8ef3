/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/canvas.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "tui/rune.h"

static void blank(struct cell *cell, struct style style)
{
	memset(cell->text, 0, sizeof(cell->text));
	cell->text[0] = ' ';
	cell->style = style;
}

void canvas_init(struct canvas *canvas, int rows, int columns)
{
	*canvas = (struct canvas){0};
	canvas_resize(canvas, rows, columns);
}

void canvas_clear(struct canvas *canvas)
{
	free(canvas->cells);
	*canvas = (struct canvas){0};
}

void canvas_resize(struct canvas *canvas, int rows, int columns)
{
	canvas->rows = rows < 1 ? 1 : rows;
	canvas->columns = columns < 1 ? 1 : columns;
	canvas->cells = xreallocarray(canvas->cells, (size_t)canvas->rows * (size_t)canvas->columns,
				      sizeof(*canvas->cells));
	canvas_erase(canvas);
}

void canvas_erase(struct canvas *canvas)
{
	size_t count = (size_t)canvas->rows * (size_t)canvas->columns;
	for (size_t i = 0; i < count; i++)
		blank(&canvas->cells[i], STYLE_NORMAL);
	canvas->cursor_row = -1;
	canvas->cursor_column = 0;
}

static struct cell *cell_at(struct canvas *canvas, int row, int column)
{
	if (row < 0 || row >= canvas->rows || column < 0 || column >= canvas->columns)
		return NULL;
	return &canvas->cells[(size_t)row * (size_t)canvas->columns + (size_t)column];
}

const struct cell *canvas_cell(const struct canvas *canvas, int row, int column)
{
	if (row < 0 || row >= canvas->rows || column < 0 || column >= canvas->columns)
		return NULL;
	return &canvas->cells[(size_t)row * (size_t)canvas->columns + (size_t)column];
}

/* One thing to show: a character with its width, or the escape of a byte that must not be sent. */
struct glyph {
	char text[8];
	size_t bytes; /* taken from the input */
	int width;    /* 0: combines with the one before */
};

static const char hex_digits[] = "0123456789abcdef";

static struct glyph next_glyph(const char *bytes, size_t size)
{
	struct glyph glyph = {0};
	size_t length = utf8_width(bytes, size);
	wchar_t code = length > 0 ? (wchar_t)rune_decode(bytes, length) : 0;
	int width = length == 0					 ? -1
		    : length == 1 && code >= 0x20 && code < 0x7f ? 1
								 : wcwidth(code);

	/* Marks that turn the direction of text could make a line read as another. */
	bool is_bidi = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
	if (width < 0 || code == 0 || is_bidi) {
		unsigned char byte = (unsigned char)bytes[0];
		glyph.text[0] = '\\';
		glyph.text[1] = 'x';
		glyph.text[2] = hex_digits[byte >> 4];
		glyph.text[3] = hex_digits[byte & 15];
		glyph.bytes = 1;
		glyph.width = 4;
		return glyph;
	}
	memcpy(glyph.text, bytes, length);
	glyph.bytes = length;
	glyph.width = width;
	return glyph;
}

static void combine(struct canvas *canvas, int row, int column, const char *text)
{
	struct cell *cell = cell_at(canvas, row, column - 1);
	if (cell != NULL && cell->text[0] == '\0')
		cell = cell_at(canvas, row, column - 2);
	if (cell == NULL || strlen(cell->text) + strlen(text) >= CELL_TEXT_SIZE)
		return;
	memcpy(cell->text + strlen(cell->text), text, strlen(text) + 1);
}

static void put(struct canvas *canvas, int row, int column, const struct glyph *glyph,
		struct style style)
{
	if (glyph->width == 4) { /* an escape: four cells */
		for (int i = 0; i < 4; i++) {
			struct cell *cell = cell_at(canvas, row, column + i);
			if (cell == NULL)
				return;
			blank(cell, style);
			cell->text[0] = glyph->text[i];
		}
		return;
	}
	struct cell *cell = cell_at(canvas, row, column);
	if (cell == NULL)
		return;
	memcpy(cell->text, glyph->text, sizeof(glyph->text));
	cell->style = style;
	if (glyph->width == 2) {
		cell = cell_at(canvas, row, column + 1);
		if (cell != NULL) {
			cell->text[0] = '\0';
			cell->style = style;
		}
	}
}

enum { TAB_WIDTH = 8 };

/* Draws what fits; *ret_used is how much of the input that was. */
static int draw_bytes(struct canvas *canvas, int row, int column, int width, struct style style,
		      const char *bytes, size_t size, size_t *ret_used)
{
	int right = width < 0 ? canvas->columns : column + width;
	size_t used = 0;

	if (right > canvas->columns)
		right = canvas->columns;
	int start = column;
	while (used < size) {
		if (bytes[used] == '\t') {
			int stop = start + ((column - start) / TAB_WIDTH + 1) * TAB_WIDTH;
			if (column >= right)
				break;
			for (; column < stop && column < right; column++)
				canvas_fill(canvas, row, column, 1, style);
			used++;
			continue;
		}
		struct glyph glyph = next_glyph(bytes + used, size - used);
		if (glyph.width == 0) {
			combine(canvas, row, column, glyph.text);
		} else {
			if (column + glyph.width > right)
				break;
			put(canvas, row, column, &glyph, style);
			column += glyph.width;
		}
		used += glyph.bytes;
	}
	*ret_used = used;
	return column;
}

int canvas_bytes(struct canvas *canvas, int row, int column, int width, struct style style,
		 const char *bytes, size_t size)
{
	size_t used = 0;
	return draw_bytes(canvas, row, column, width, style, bytes, size, &used);
}

int canvas_text(struct canvas *canvas, int row, int column, int width, struct style style,
		const char *text)
{
	return canvas_bytes(canvas, row, column, width, style, text, strlen(text));
}

int canvas_textf(struct canvas *canvas, int row, int column, int width, struct style style,
		 const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *text = xvasprintf(fmt, args);
	va_end(args);
	return canvas_text(canvas, row, column, width, style, text);
}

void canvas_field(struct canvas *canvas, int row, int column, int width, struct style style,
		  const char *text)
{
	size_t size = strlen(text);
	size_t used = 0;

	if (width <= 0)
		return;
	canvas_fill(canvas, row, column, width, style);
	draw_bytes(canvas, row, column, width, style, text, size, &used);
	if (used < size) {
		canvas_fill(canvas, row, column, width, style);
		int end = draw_bytes(canvas, row, column, width - 1, style, text, size, &used);
		draw_bytes(canvas, row, end, 1, style, "…", strlen("…"), &used);
	}
}

void canvas_field_middle(struct canvas *canvas, int row, int column, int width, struct style style,
			 const char *text)
{
	size_t size = strlen(text);
	int whole = canvas_width(text, size);

	if (width < 5 || whole <= width) {
		canvas_field(canvas, row, column, width, style, text);
		return;
	}
	int right = (width - 1) / 2;
	/* Bytes in front of the end that fits; a wide character more may have to go. */
	size_t skip = canvas_fit(text, size, whole - right);
	while (skip < size && canvas_width(text + skip, size - skip) > right)
		skip += next_glyph(text + skip, size - skip).bytes;
	AUTO_FREE char *joined = xasprintf(
		"%.*s…%s", (int)canvas_fit(text, size, width - 1 - right), text, text + skip);
	canvas_field(canvas, row, column, width, style, joined);
}

void canvas_fill(struct canvas *canvas, int row, int column, int width, struct style style)
{
	for (int i = 0; i < width; i++) {
		struct cell *cell = cell_at(canvas, row, column + i);
		if (cell != NULL)
			blank(cell, style);
	}
}

void canvas_hline(struct canvas *canvas, int row, int column, int width, struct style style)
{
	for (int i = 0; i < width; i++)
		canvas_text(canvas, row, column + i, 1, style, "─");
}

void canvas_ground(struct canvas *canvas, int row, int column, int width, enum ground ground)
{
	for (int i = 0; i < width; i++) {
		struct cell *cell = cell_at(canvas, row, column + i);
		if (cell != NULL)
			cell->style.ground = ground;
	}
}

int canvas_width(const char *bytes, size_t size)
{
	int column = 0;
	for (size_t used = 0; used < size;) {
		if (bytes[used] == '\t') {
			column = (column / TAB_WIDTH + 1) * TAB_WIDTH;
			used++;
			continue;
		}
		struct glyph glyph = next_glyph(bytes + used, size - used);
		column += glyph.width;
		used += glyph.bytes;
	}
	return column;
}

size_t canvas_fit(const char *bytes, size_t size, int width)
{
	int column = 0;
	size_t used = 0;
	while (used < size) {
		size_t step = 1;
		int next = (column / TAB_WIDTH + 1) * TAB_WIDTH;
		if (bytes[used] != '\t') {
			struct glyph glyph = next_glyph(bytes + used, size - used);
			next = column + glyph.width;
			step = glyph.bytes;
		}
		if (next > width)
			break;
		column = next;
		used += step;
	}
	return used;
}

void canvas_dump(const struct canvas *canvas, struct strbuf *out)
{
	for (int row = 0; row < canvas->rows; row++) {
		size_t keep = out->size; /* up to the last thing that is not blank */
		for (int column = 0; column < canvas->columns; column++) {
			const struct cell *cell = canvas_cell(canvas, row, column);
			strbuf_append(out, cell->text);
			if (strcmp(cell->text, " ") != 0 && cell->text[0] != '\0')
				keep = out->size;
		}
		if (out->data != NULL) {
			out->size = keep;
			out->data[keep] = '\0';
		}
		strbuf_append_char(out, '\n');
	}
}
