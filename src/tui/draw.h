/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_DRAW_H
#define I2KIT_TUI_DRAW_H

/* From model to canvas; pure. draw_screen() is the whole, the view_*() functions its middle. */

#include "base/clock.h"
#include "tui/canvas.h"
#include "tui/model.h"

/* Header, tabs and a rule above; the message and the keys below. */
enum { TABS_ROW = 1, RULE_ROW = 2, FIRST_BODY_ROW = 3, FRAME_ROWS = 5 };

void draw_screen(struct canvas *canvas, const struct model *model);

/* Where a view may draw. */
struct area {
	int row;
	int rows;
	int columns;
};

/* Screens of text, scrolled by the list's top. */
struct page;
/* How many lines the screen of text has. */
int draw_page_lines(const struct model *model);

/* "─ title ─────"; returns the column after the title. */
int draw_rule(struct canvas *canvas, int row, struct style style, const char *title);
/* "812M", "1.5G": at most five columns. */
#define SHORT_SIZE 32
void draw_size(char out[SHORT_SIZE], uint64_t bytes);
/* Since then, at most two units; "" when it is not known. */
void draw_age(char out[AGE_SIZE], const struct model *model, int64_t since_ns);
/* Bars of eight heights; values are of 0…limit. */
void draw_spark(struct canvas *canvas, int row, int column, int width, struct style style,
		const uint8_t *values, size_t count, unsigned limit);
struct style draw_state_style(const struct instance_status *instance);
const char *draw_state_sign(const struct instance_status *instance); /* "●": one column */
struct style draw_container_style(const struct container_status *container);
const char *draw_container_sign(const struct container_status *container);
const char *draw_container_word(const struct container_status *container);
/* 0…5 → a colour for a pod's name. */
struct style draw_pod_style(unsigned number);

#endif
