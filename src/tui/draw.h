/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_DRAW_H
#define I2KIT_TUI_DRAW_H

/* From model to canvas; pure. draw_screen() is the whole, the view_*() functions its middle. */

#include "base/clock.h"
#include "tui/canvas.h"
#include "tui/model.h"
#include "tui/table.h"

/* Header, tabs and a rule above; the message and the keys below. */
enum { TABS_ROW = 1, RULE_ROW = 2, FIRST_BODY_ROW = 3, FRAME_ROWS = 5 };

void draw_screen(struct canvas *canvas, const struct model *model);

/* Where a view may draw. */
struct area {
	int row;
	int rows;
	int columns;
};

void view_list(struct canvas *canvas, const struct model *model, struct area area);
void view_logs(struct canvas *canvas, const struct model *model, struct area area);

/* Screens of text, scrolled by the list's top. */
struct page;
void view_pod(struct page *page, const struct model *model);
void view_job(struct page *page, const struct model *model);
void view_about(struct page *page, const struct model *model);
void view_line(struct page *page, const struct model *model);
void view_help(struct page *page, const struct model *model);
/* How many lines the screen of text has. */
int draw_page_lines(const struct model *model);
/* Rows that a line of the log takes on the screen, by its place in the window. */
int view_log_rows(const struct model *model, size_t index);

/* pane.c: the lower part of a list's screen, about the selected line; NULL canvas: none. */
bool pane_draw(struct canvas *canvas, const struct model *model, const struct table_row *row,
	       struct area area);

/* bars.c: what stands at the same place on every screen. */
void bar_header(struct canvas *canvas, const struct model *model);
void bar_tabs(struct canvas *canvas, const struct model *model);
void bar_keys(struct canvas *canvas, const struct model *model);
void bar_message(struct canvas *canvas, const struct model *model);
/* prompt_draw.c: a question and its choices, on and above this row. */
void prompt_draw(struct canvas *canvas, const struct model *model, int row);
/* Which screen's name, which action's key stands in a column; false and 0: none. */
bool draw_tab_at(int columns, int column, enum view_kind *ret);
unsigned draw_key_at(const struct model *model, int column);

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
/* "8080→80 53→53/udp": where a pod is published; owned. */
char *draw_ports(const struct project_status *status, const char *pod);
/* With what the container that fails ended last; nothing where none has. */
void draw_exit(struct table_row *row, size_t column, const struct instance_status *instance);
struct style draw_state_style(const struct instance_status *instance);
const char *draw_state_sign(const struct instance_status *instance); /* "●": one column */
struct style draw_container_style(const struct container_status *container);
const char *draw_container_sign(const struct container_status *container);
const char *draw_container_word(const struct container_status *container);
/* 0…5 → a colour for a pod's name. */
struct style draw_pod_style(unsigned number);
void draw_count_containers(const struct instance_status *instance, unsigned *ret_ready,
			   unsigned *ret_all);

#endif
