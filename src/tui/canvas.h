/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_CANVAS_H
#define I2KIT_TUI_CANVAS_H

/*
 * A grid of character cells in memory. Everything that draws draws here; screen.c shows a canvas
 * on a terminal, tests turn one into text. Nothing here knows curses.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/strbuf.h"

enum colour {
	COLOUR_DEFAULT,
	COLOUR_RED,
	COLOUR_GREEN,
	COLOUR_YELLOW,
	COLOUR_BLUE,
	COLOUR_MAGENTA,
	COLOUR_CYAN,
};

/* What is behind the text. Where the terminal has too few colours: reverse video, or nothing. */
enum ground {
	GROUND_NONE,
	GROUND_BAR,	 /* the first and the last line */
	GROUND_SELECTED, /* the line under the cursor */
	GROUND_MATCH,	 /* what a search found */
};

struct style {
	enum colour colour;
	enum ground ground;
	bool is_bold;
	bool is_dim;
	bool is_underlined;
};

#define STYLE_NORMAL  ((struct style){0})
#define STYLE_BOLD    ((struct style){.is_bold = true})
#define STYLE_DIM     ((struct style){.is_dim = true})
#define STYLE_OK      ((struct style){.colour = COLOUR_GREEN})
#define STYLE_WARNING ((struct style){.colour = COLOUR_YELLOW})
#define STYLE_ERROR   ((struct style){.colour = COLOUR_RED, .is_bold = true})
#define STYLE_KEY     ((struct style){.colour = COLOUR_CYAN, .is_bold = true})
#define STYLE_TITLE   ((struct style){.colour = COLOUR_BLUE, .is_bold = true})

#define CELL_TEXT_SIZE 16 /* a base character and combining ones, NUL-terminated UTF-8 */

struct cell {
	char text[CELL_TEXT_SIZE]; /* "" is the right half of a wide character */
	struct style style;
};

struct canvas {
	int rows;
	int columns;
	struct cell *cells; /* owned; rows × columns */
	int cursor_row;	    /* -1: no cursor shown */
	int cursor_column;
};

void canvas_init(struct canvas *canvas, int rows, int columns);
void canvas_clear(struct canvas *canvas);			  /* frees */
void canvas_resize(struct canvas *canvas, int rows, int columns); /* blank after */
void canvas_erase(struct canvas *canvas);			  /* blank, no cursor */
const struct cell *canvas_cell(const struct canvas *canvas, int row, int column);

/*
 * Writes text from (row, column) on, at most `width` columns (-1: to the right edge). Text is
 * untrusted: controls and bad UTF-8 appear as \xNN, a tab as spaces. What does not fit is cut, with
 * … when `ellipsis`. Returns the column after the last one written.
 */
int canvas_text(struct canvas *canvas, int row, int column, int width, struct style style,
		const char *text);
int canvas_bytes(struct canvas *canvas, int row, int column, int width, struct style style,
		 const char *bytes, size_t size);
int canvas_textf(struct canvas *canvas, int row, int column, int width, struct style style,
		 const char *fmt, ...) PRINTF_LIKE(6, 7);
/* The same, but ends in … where it was cut, and pads with blanks up to width. */
void canvas_field(struct canvas *canvas, int row, int column, int width, struct style style,
		  const char *text);
/* The same, but … stands in the middle: the ends of names tell them apart. */
void canvas_field_middle(struct canvas *canvas, int row, int column, int width, struct style style,
			 const char *text);
void canvas_fill(struct canvas *canvas, int row, int column, int width, struct style style);
void canvas_hline(struct canvas *canvas, int row, int column, int width, struct style style);
/* Gives cells another ground; text and colours stay. */
void canvas_ground(struct canvas *canvas, int row, int column, int width, enum ground ground);

/* Columns that text takes on a terminal, after being made printable. */
int canvas_width(const char *bytes, size_t size);
/* How many bytes of text fit into width columns. */
size_t canvas_fit(const char *bytes, size_t size, int width);

/* All rows as lines of text, blanks at their ends cut. */
void canvas_dump(const struct canvas *canvas, struct strbuf *out);

#endif
