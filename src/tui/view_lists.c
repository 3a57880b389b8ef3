/* SPDX-License-Identifier: Apache-2.0 */
/* The plain tables: services, images, cloud, events, jobs; and the help screen. */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "tui/draw.h"

static void draw_port(struct canvas *canvas, const struct port_status *port, int row)
{
	AUTO(strbuf_clear) struct strbuf address = STRBUF_INIT;

	canvas_field(canvas, row, 1, 18, STYLE_BOLD, port->service);
	strbuf_appendf(&address, "%s:%u", port->host ? port->host : "-", (unsigned)port->host_port);
	canvas_field(canvas, row, 20, 22, port->problem ? STYLE_ERROR : STYLE_OK, address.data);
	canvas_textf(canvas, row, 43, 20, STYLE_NORMAL, "%u→%u/%s", (unsigned)port->service_port,
		     (unsigned)port->target_port, port->is_udp ? "udp" : "tcp");
	canvas_textf(canvas, row, 58, 8, port->backends ? STYLE_NORMAL : STYLE_WARNING, "%5u",
		     port->backends);
	canvas_textf(canvas, row, 65, 20, STYLE_NORMAL, "%6" PRIu64 "%8" PRIu64, port->connections,
		     port->total_connections);
	if (port->problem != NULL)
		canvas_field(canvas, row, 80, canvas->columns - 80, STYLE_ERROR, port->problem);
	else if (port->parked > 0)
		canvas_textf(canvas, row, 80, -1, STYLE_WARNING, "%" PRIu64 " waiting",
			     port->parked);
	else if (port->wanted_host_port != 0 && port->wanted_host_port != port->host_port)
		canvas_textf(canvas, row, 80, -1, STYLE_DIM, "moved from %u",
			     (unsigned)port->wanted_host_port);
}

static size_t page_size(struct area area)
{
	return area.rows > 1 ? (size_t)(area.rows - 1) : 0;
}

void view_services(struct canvas *canvas, const struct model *model, struct area area)
{
	const struct list_state *list = &model->lists[VIEW_SERVICES];

	canvas_text(
		canvas, area.row, 1, -1, STYLE_DIM,
		"SERVICE            ADDRESS                PORT           READY   OPEN   TOTAL");
	if (model->status.port_count == 0)
		canvas_text(canvas, area.row + 2, 2, -1, STYLE_NORMAL, "no ports are published");
	for (size_t i = list->top; i < model->status.port_count && i - list->top < page_size(area);
	     i++) {
		int row = area.row + 1 + (int)(i - list->top);
		draw_port(canvas, &model->status.ports[i], row);
		if (i == list->selected)
			canvas_highlight(canvas, row, 0, canvas->columns);
	}
}

/* Each column as wide as its widest cell, the last takes what is left. */
static int column_width(const struct answer *answer, size_t column)
{
	int width =
		canvas_width(answer->titles.items[column], strlen(answer->titles.items[column]));
	for (size_t i = 0; i < answer->row_count; i++) {
		const char *cell = answer->rows[i].cells.items[column];
		int cell_width = canvas_width(cell, strlen(cell));
		width = cell_width > width ? cell_width : width;
	}
	return width > 24 ? 24 : width;
}

static void draw_answer_row(struct canvas *canvas, const struct answer *answer,
			    const struct string_list *cells, int row, struct style style)
{
	int column = 1;
	for (size_t c = 0; c < cells->count && column < canvas->columns; c++) {
		int width = column_width(answer, c);
		bool is_last = c + 1 == cells->count;
		if (is_last || column + width > canvas->columns)
			width = canvas->columns - column;
		canvas_field(canvas, row, column, width, style, cells->items[c]);
		column += width + 2;
	}
}

void view_answer(struct canvas *canvas, const struct model *model, struct area area)
{
	const struct answer *answer = &model->answers[model->view];
	const struct list_state *list = &model->lists[model->view];

	if (answer->is_loading || answer->problem != NULL) {
		canvas_field(canvas, area.row + 2, 2, canvas->columns - 2,
			     answer->problem ? STYLE_ERROR : STYLE_DIM,
			     answer->problem ? answer->problem : "asking …");
		return;
	}
	if (answer->row_count == 0) {
		canvas_text(canvas, area.row + 2, 2, -1, STYLE_NORMAL,
			    "nothing here; ^R asks again");
		return;
	}
	draw_answer_row(canvas, answer, &answer->titles, area.row, STYLE_DIM);
	for (size_t i = list->top; i < answer->row_count && i - list->top < page_size(area); i++) {
		int row = area.row + 1 + (int)(i - list->top);
		draw_answer_row(canvas, answer, &answer->rows[i].cells, row, STYLE_NORMAL);
		if (i == list->selected)
			canvas_highlight(canvas, row, 0, canvas->columns);
	}
}

void view_events(struct canvas *canvas, const struct model *model, struct area area)
{
	const struct list_state *list = &model->lists[VIEW_EVENTS];
	char age[AGE_SIZE];

	canvas_text(canvas, area.row, 1, -1, STYLE_DIM,
		    "   AGE    TYPE         OBJECT               MESSAGE");
	if (model->event_count == 0)
		canvas_text(canvas, area.row + 2, 2, -1, STYLE_DIM, "nothing has happened yet");
	for (size_t i = list->top; i < model->event_count && i - list->top < page_size(area); i++) {
		const struct project_event *event = &model->events[i];
		int row = area.row + 1 + (int)(i - list->top);
		int64_t seconds = (model->now_ns - event->time_ns) / 1000000000;
		clock_format_age(age, seconds > 0 ? (uint64_t)seconds : 0);
		struct style style = event->is_warning ? STYLE_WARNING : STYLE_NORMAL;
		canvas_textf(canvas, row, 1, 6, STYLE_NORMAL, "%6s", age);
		canvas_text(canvas, row, 8, 1, style, event->is_warning ? "!" : " ");
		canvas_field(canvas, row, 11, 12, style, event->type);
		canvas_field(canvas, row, 24, 20, STYLE_BOLD, event->object);
		canvas_field(canvas, row, 45, canvas->columns - 45, style, event->message);
		if (i == list->selected)
			canvas_highlight(canvas, row, 0, canvas->columns);
	}
}

static void draw_job(struct canvas *canvas, const struct job *job, int row)
{
	if (job->is_running)
		canvas_text(canvas, row, 1, 10, STYLE_WARNING, "running");
	else if (job->exit_status == 0)
		canvas_text(canvas, row, 1, 10, STYLE_OK, "done");
	else
		canvas_textf(canvas, row, 1, 10, STYLE_ERROR, "failed %d", job->exit_status);
	canvas_field(canvas, row, 12, canvas->columns - 12, STYLE_BOLD, job->command);
}

/* The list of jobs above, the output of the selected one below. */
void view_jobs(struct canvas *canvas, const struct model *model, struct area area)
{
	const struct list_state *list = &model->lists[VIEW_JOBS];
	size_t shown = model->job_count < 6 ? model->job_count : 6;
	size_t first = list->selected >= shown && shown > 0 ? list->selected - shown + 1 : 0;

	canvas_text(canvas, area.row, 1, -1, STYLE_DIM, "STATE      COMMAND");
	if (model->job_count == 0) {
		canvas_text(canvas, area.row + 2, 2, -1, STYLE_DIM,
			    "nothing was started from here");
		return;
	}
	for (size_t i = 0; i < shown; i++) {
		draw_job(canvas, &model->jobs[first + i], area.row + 1 + (int)i);
		if (first + i == list->selected)
			canvas_highlight(canvas, area.row + 1 + (int)i, 0, canvas->columns);
	}
	const struct string_list *lines = &model->jobs[list->selected].lines;
	int row = area.row + 1 + (int)shown;
	int left = area.rows - 1 - (int)shown;
	if (left < 2)
		return;
	canvas_hline(canvas, row, 0, canvas->columns, STYLE_DIM);
	size_t room = (size_t)left - 1;
	size_t from = lines->count > room ? lines->count - room : 0;
	for (size_t i = from; i < lines->count; i++)
		canvas_field(canvas, row + 1 + (int)(i - from), 1, canvas->columns - 1,
			     STYLE_NORMAL, lines->items[i]);
}

void view_help(struct canvas *canvas, const struct model *model, struct area area)
{
	enum view_kind view =
		model->history_count ? model->history[model->history_count - 1] : VIEW_PODS;
	int columns = area.columns >= 130 ? 2 : 1;
	int per_column = area.rows - 1;
	int top = (int)model->lists[VIEW_HELP].top;
	int line = 0;

	canvas_textf(canvas, area.row, 1, -1, STYLE_BOLD,
		     "keys of the %s screen; : takes the names", view_name(view));
	for (size_t i = 0; i < action_count; i++) {
		AUTO(strbuf_clear) struct strbuf keys = STRBUF_INIT;
		if ((actions[i].views & IN_VIEW(view)) == 0)
			continue;
		int at = line++ - top;
		if (at < 0 || at >= per_column * columns)
			continue;
		int row = area.row + 1 + at % per_column;
		int column = 1 + at / per_column * (area.columns / 2);
		action_key_names(&actions[i], &keys);
		canvas_field(canvas, row, column, 14, STYLE_KEY, strbuf_text(&keys));
		canvas_field(canvas, row, column + 15, 16, STYLE_DIM, actions[i].name);
		canvas_field(canvas, row, column + 32, area.columns / columns - 33, STYLE_NORMAL,
			     actions[i].help);
	}
}
