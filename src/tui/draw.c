/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/draw.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"

void draw_size(char out[SHORT_SIZE], uint64_t bytes)
{
	static const char units[] = "BKMGT";
	unsigned unit = 0;
	uint64_t tenths = bytes * 10;

	if (bytes > UINT64_MAX / 10)
		bytes = UINT64_MAX / 10;
	for (; tenths >= 10240 && unit + 2 < sizeof(units); unit++)
		tenths /= 1024;
	if (unit > 0 && tenths < 100)
		(void)snprintf(out, SHORT_SIZE, "%" PRIu64 ".%" PRIu64 "%c", tenths / 10,
			       tenths % 10, units[unit]);
	else
		(void)snprintf(out, SHORT_SIZE, "%" PRIu64 "%c", tenths / 10, units[unit]);
}

void draw_spark(struct canvas *canvas, int row, int column, int width, struct style style,
		const uint8_t *values, size_t count, unsigned limit)
{
	static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	size_t shown = count < (size_t)width ? count : (size_t)width;

	for (size_t i = 0; i < shown; i++) {
		unsigned value = values[count - shown + i];
		unsigned level = limit == 0 ? 0 : value * 7 / limit;
		canvas_text(canvas, row, column + width - (int)shown + (int)i, 1, style,
			    bars[level > 7 ? 7 : level]);
	}
}

struct style draw_state_style(const struct instance_status *instance)
{
	switch (instance->state) {
	case INSTANCE_READY:
	case INSTANCE_SUCCEEDED:
		return STYLE_OK;
	case INSTANCE_FAILED:
	case INSTANCE_CRASHED:
		return STYLE_ERROR;
	default:
		return STYLE_WARNING;
	}
}

struct style draw_pod_style(unsigned number)
{
	static const enum colour colours[] = {COLOUR_CYAN, COLOUR_GREEN,   COLOUR_YELLOW,
					      COLOUR_BLUE, COLOUR_MAGENTA, COLOUR_RED};
	return (struct style){.colour = colours[number % 6]};
}

static void draw_header(struct canvas *canvas, const struct model *model)
{
	const struct project_status *status = &model->status;
	char used[SHORT_SIZE];
	char total[SHORT_SIZE];
	AUTO(strbuf_clear) struct strbuf load = STRBUF_INIT;

	int column = canvas_text(canvas, 0, 0, -1, STYLE_BOLD, "i2kit");
	column = canvas_textf(canvas, 0, column, -1, STYLE_KEY, "  %s", model->project);
	if (model->has_status && status->connection != NULL) {
		column = canvas_textf(canvas, 0, column, -1, STYLE_NORMAL, "  %s",
				      status->connection);
		column = canvas_textf(canvas, 0, column, -1, STYLE_DIM, "  %s",
				      status->accelerator ? status->accelerator : "");
	}
	if (model->has_status && !status->is_supervised)
		column = canvas_text(canvas, 0, column, -1, STYLE_WARNING, "  not supervised");
	if (model->host_memory_total > 0) {
		draw_size(used, model->host_memory_used);
		draw_size(total, model->host_memory_total);
		strbuf_appendf(&load, "host cpu %u%%  memory %s of %s", model->host_cpu_percent,
			       used, total);
		int width = canvas_width(load.data, load.size);
		if (column + 2 + width <= canvas->columns)
			canvas_text(canvas, 0, canvas->columns - width, width, STYLE_DIM,
				    load.data);
	}
}

static void draw_tabs(struct canvas *canvas, const struct model *model)
{
	static const struct {
		enum view_kind view;
		const char *title;
	} tabs[] = {{VIEW_PODS, "1 pods"},   {VIEW_SERVICES, "2 services"},
		    {VIEW_LOGS, "3 logs"},   {VIEW_IMAGES, "4 images"},
		    {VIEW_CLOUD, "5 cloud"}, {VIEW_EVENTS, "6 events"},
		    {VIEW_JOBS, "7 jobs"}};
	int column = 0;

	for (size_t i = 0; i < sizeof(tabs) / sizeof(tabs[0]); i++) {
		bool is_here = tabs[i].view == model->view ||
			       (tabs[i].view == VIEW_PODS && model->view == VIEW_POD);
		/* Brackets as well as reverse video: colour is never the only sign. */
		column = canvas_textf(canvas, 1, column, -1, is_here ? STYLE_REVERSE : STYLE_NORMAL,
				      is_here ? "[%s]" : " %s ", tabs[i].title);
	}
	if (model->view == VIEW_HELP)
		canvas_text(canvas, 1, column, -1, STYLE_REVERSE, "[? help]");
	canvas_hline(canvas, 2, 0, canvas->columns, STYLE_DIM);
}

enum { LAST_KEYS_WIDTH = 15 }; /* "? help  q quit  " */

static void draw_keys(struct canvas *canvas, const struct model *model)
{
	int row = canvas->rows - 1;
	int column = 0;

	for (size_t i = 0; i < action_count; i++) {
		const struct action *action = &actions[i];
		AUTO(strbuf_clear) struct strbuf keys = STRBUF_INIT;
		if (action->label == NULL || (action->views & IN_VIEW(model->view)) == 0)
			continue;
		struct action first = *action;
		first.keys[1] = 0;
		action_key_names(&first, &keys);
		int width = canvas_width(keys.data, keys.size) +
			    canvas_width(action->label, strlen(action->label)) + 3;
		/* Whatever has no room, the way to all the others and the way out have. */
		bool is_last = action->kind == ACTION_HELP || action->kind == ACTION_QUIT;
		if (column + width > canvas->columns - (is_last ? 0 : LAST_KEYS_WIDTH))
			continue;
		column = canvas_text(canvas, row, column, -1, STYLE_KEY, strbuf_text(&keys));
		column =
			canvas_textf(canvas, row, column, -1, STYLE_NORMAL, " %s  ", action->label);
	}
}

static unsigned running_jobs(const struct model *model, const struct job **ret_last)
{
	unsigned count = 0;
	for (size_t i = 0; i < model->job_count; i++) {
		if (!model->jobs[i].is_running)
			continue;
		*ret_last = &model->jobs[i];
		count++;
	}
	return count;
}

static void draw_message(struct canvas *canvas, const struct model *model)
{
	int row = canvas->rows - 2;
	const struct job *job = NULL;

	if (model->prompt.kind != PROMPT_NONE) {
		int column = canvas_text(canvas, row, 0, -1, STYLE_BOLD, model->prompt.question);
		if (model->prompt.kind == PROMPT_CONFIRM) {
			AUTO_FREE char *command = string_list_join(&model->prompt.pending, " ");
			canvas_textf(canvas, row, column, -1, STYLE_DIM, "  i2kit %s", command);
			return;
		}
		column = canvas_text(canvas, row, column, -1, STYLE_NORMAL,
				     strbuf_text(&model->prompt.text));
		canvas->cursor_row = row;
		canvas->cursor_column = column;
		return;
	}
	if (model->message != NULL) {
		canvas_field(canvas, row, 0, canvas->columns,
			     model->is_message_error ? STYLE_ERROR : STYLE_NORMAL, model->message);
		return;
	}
	unsigned running = running_jobs(model, &job);
	if (running > 0)
		canvas_textf(canvas, row, 0, -1, STYLE_WARNING, "running (%u): %s", running,
			     job->command);
	else if (!model->is_connected && model->problem != NULL)
		canvas_field(canvas, row, 0, canvas->columns, STYLE_ERROR, model->problem);
}

void draw_screen(struct canvas *canvas, const struct model *model)
{
	static void (*const views[VIEW_COUNT])(struct canvas *, const struct model *,
					       struct area) = {
		[VIEW_PODS] = view_pods,     [VIEW_POD] = view_pod,
		[VIEW_LOGS] = view_logs,     [VIEW_SERVICES] = view_services,
		[VIEW_IMAGES] = view_answer, [VIEW_CLOUD] = view_answer,
		[VIEW_EVENTS] = view_events, [VIEW_JOBS] = view_jobs,
		[VIEW_HELP] = view_help,
	};
	struct area area = {.row = 3, .rows = canvas->rows - 5, .columns = canvas->columns};

	canvas_erase(canvas);
	if (canvas->rows < 8 || canvas->columns < 40) {
		canvas_text(canvas, 0, 0, -1, STYLE_ERROR, "too small: 40x8 at least");
		return;
	}
	draw_header(canvas, model);
	draw_tabs(canvas, model);
	views[model->view](canvas, model, area);
	draw_message(canvas, model);
	draw_keys(canvas, model);
}
