/* SPDX-License-Identifier: Apache-2.0 */
/* Every list's screen: a table, what is said where it is empty, and a pane about one line. */
#include "tui/view_list.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tui/draw.h"
#include "tui/pane.h"
#include "tui/table.h"

enum { LEFT = 2, PANE_LEAST = 6 };

static void draw_rule_title(struct canvas *canvas, const struct model *model,
			    const struct table *table)
{
	const struct list_state *list = &model->lists[model->view];
	const struct column *sorted = table_sort_column(table, list->sort_column);
	AUTO(strbuf_clear) struct strbuf title = STRBUF_INIT;

	if (list->filter != NULL)
		strbuf_appendf(&title, "%zu of %zu match /%s/", table->row_count, table->all_count,
			       list->filter);
	if (sorted != NULL || list->is_reversed)
		strbuf_appendf(&title, "%sby %s%s", title.size ? ", " : "",
			       sorted ? sorted->title : "name",
			       list->is_reversed ? " reversed" : "");
	if (title.size > 0)
		draw_rule(canvas, RULE_ROW, STYLE_KEY, title.data);
}

static void draw_field(struct canvas *canvas, const struct column *column,
		       const struct table_field *field, int row, int at, int width)
{
	if (column->kind == COLUMN_SPARK) {
		if (field->bar_count > 0)
			draw_spark(canvas, row, at, width, field->style, field->bars,
				   field->bar_count, field->bar_limit);
		return;
	}
	if (field->text == NULL)
		return;
	int own = canvas_width(field->text, strlen(field->text));
	if (column->kind == COLUMN_RIGHT && own < width) {
		at += width - own;
		width = own;
	}
	if (column->kind == COLUMN_NAME)
		canvas_field_middle(canvas, row, at, width, field->style, field->text);
	else
		canvas_field(canvas, row, at, width, field->style, field->text);
}

static void draw_row(struct canvas *canvas, const struct table *table, const struct table_row *row,
		     const int widths[TABLE_COLUMNS], int gap, int at)
{
	int column = LEFT;
	for (size_t place = 0; place < table->column_count; place++) {
		size_t c = table_column_at(table, place);
		if (widths[c] == 0)
			continue;
		if (place > 0 && row->note != NULL) {
			canvas_field(canvas, at, column, canvas->columns - column - 1,
				     row->note_style, row->note);
			return;
		}
		/* The last column has whatever is left. */
		bool is_last = place + 1 == table->column_count;
		int width = is_last ? canvas->columns - column - 1 : widths[c];
		if (table->columns[c].kind == COLUMN_RIGHT)
			width = widths[c];
		draw_field(canvas, &table->columns[c], &row->fields[c], at, column, width);
		column += widths[c] + gap;
	}
}

static void draw_titles(struct canvas *canvas, const struct table *table,
			const int widths[TABLE_COLUMNS], int gap, int at)
{
	int column = LEFT;
	for (size_t place = 0; place < table->column_count; place++) {
		size_t c = table_column_at(table, place);
		struct table_field title = {.text = (char *)(uintptr_t)table->columns[c].title,
					    .style = STYLE_DIM};
		struct column plain = {.kind = table->columns[c].kind == COLUMN_RIGHT
						       ? COLUMN_RIGHT
						       : COLUMN_LEFT};
		if (widths[c] == 0)
			continue;
		draw_field(canvas, &plain, &title, at, column, widths[c]);
		column += widths[c] + gap;
	}
}

/* Bars grow into room that nobody else needs, so that wide terminals show more of the past. */
static void widen_bars(const struct table *table, int room, int widths[TABLE_COLUMNS], int gap)
{
	int used = 0;
	for (size_t c = 0; c < table->column_count; c++)
		used += widths[c] > 0 ? widths[c] + gap : 0;
	for (bool has_grown = true; has_grown && used < room;) {
		has_grown = false;
		for (size_t c = 0; c < table->column_count && used < room; c++) {
			if (table->columns[c].kind != COLUMN_SPARK || widths[c] == 0 ||
			    widths[c] >= SPARK_SIZE)
				continue;
			widths[c]++;
			used++;
			has_grown = true;
		}
	}
}

static void say(struct canvas *canvas, struct area area, int line, struct style style,
		const char *text)
{
	canvas_field(canvas, area.row + 2 + line, LEFT, area.columns - LEFT - 1, style, text);
}

static void say_no_pods(struct canvas *canvas, const struct model *model, struct area area)
{
	AUTO_FREE char *where = xasprintf("no pods run in project '%s'", model->project);

	if (!model->has_status && model->problem == NULL) {
		say(canvas, area, 0, STYLE_DIM, "looking for pods …");
		return;
	}
	if (!model->has_status) { /* libvirt or the supervisor cannot be asked */
		AUTO_FREE char *problem = xasprintf("✗ %s", model->problem);
		say(canvas, area, 0, STYLE_ERROR, problem);
		say(canvas, area, 2, STYLE_NORMAL,
		    "i2kit doctor      says what this machine lacks");
		say(canvas, area, 4, STYLE_DIM, "It is tried again every two seconds.");
		return;
	}
	say(canvas, area, 0, STYLE_BOLD, where);
	say(canvas, area, 2, STYLE_NORMAL,
	    "i2kit up          starts those of this folder's manifests");
	say(canvas, area, 3, STYLE_NORMAL, "i2kit init        writes a first manifest");
	say(canvas, area, 4, STYLE_NORMAL, "i2kit doctor      says what this machine lacks");
	say(canvas, area, 6, STYLE_DIM,
	    "They appear here by themselves as soon as they are started.");
}

static void say_answer(struct canvas *canvas, const struct answer *answer, struct area area,
		       const char *nothing)
{
	if (answer->is_loading)
		say(canvas, area, 0, STYLE_DIM, "asking …");
	else if (answer->problem != NULL)
		say(canvas, area, 0, STYLE_ERROR, answer->problem);
	else
		say(canvas, area, 0, STYLE_DIM, nothing);
}

static void say_empty(struct canvas *canvas, const struct model *model, const struct table *table,
		      struct area area)
{
	if (table->all_count > 0) {
		say(canvas, area, 0, STYLE_NORMAL, "nothing matches the filter; Esc shows all");
		return;
	}
	switch (model->view) {
	case VIEW_PODS:
		say_no_pods(canvas, model, area);
		break;
	case VIEW_PROJECTS:
		say(canvas, area, 0, STYLE_DIM,
		    model->projects.is_known ? "no project is up; i2kit up starts one"
					     : "looking for projects …");
		break;
	case VIEW_SERVICES:
		say(canvas, area, 0, STYLE_DIM,
		    "no ports are published; a pod's ports: or a Service does that");
		break;
	case VIEW_IMAGES:
		say_answer(canvas, &model->answers[ASK_IMAGES], area,
			   "no images yet; up and build fetch what they need");
		break;
	case VIEW_CLOUD:
		say_answer(canvas, &model->answers[ASK_STATUS], area,
			   "nothing here, nothing there");
		break;
	case VIEW_EVENTS:
		say(canvas, area, 0, STYLE_DIM, "nothing has happened yet");
		break;
	default:
		say(canvas, area, 0, STYLE_DIM,
		    "nothing was started from here; restart, scale, promote … appear here");
	}
}

void view_list(struct canvas *canvas, const struct model *model, struct area area)
{
	const struct list_state *list = &model->lists[model->view];
	AUTO(table_clear) struct table table = {0};
	int widths[TABLE_COLUMNS];
	int lines = 0;

	table_make(&table, model, model->view);
	int room = area.columns - LEFT - 1;
	int gap = table_layout(&table, room, widths);
	widen_bars(&table, room, widths, gap);
	draw_rule_title(canvas, model, &table);
	if (table.row_count == 0)
		say_empty(canvas, model, &table, area);
	else
		draw_titles(canvas, &table, widths, gap, area.row);
	for (size_t i = list->top; i < table.row_count && lines + 1 < area.rows; i++) {
		int row = area.row + 1 + lines++;
		draw_row(canvas, &table, &table.rows[i], widths, gap, row);
		if (table.rows[i].is_marked)
			canvas_text(canvas, row, 1, 1, STYLE_KEY, "+");
		if (i != list->selected)
			continue;
		canvas_text(canvas, row, 0, 1, STYLE_KEY, ">");
		canvas_ground(canvas, row, 0, canvas->columns, GROUND_SELECTED);
	}
	int top = table.row_count == 0 ? 10 : lines + 2;
	struct area pane = {
		.row = area.row + top, .rows = area.rows - top, .columns = area.columns};
	if (pane.rows >= PANE_LEAST)
		(void)pane_draw(canvas, model,
				list->selected < table.row_count ? &table.rows[list->selected]
								 : NULL,
				pane);
}
