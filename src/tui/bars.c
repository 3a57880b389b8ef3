/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/bars.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tui/draw.h"
#include "tui/prompt_draw.h"

/* ---- the header: what is looked at, on what machine ---- */

static int draw_where(struct canvas *canvas, const struct model *model)
{
	const struct project_status *status = &model->status;

	int column = canvas_text(canvas, 0, 1, -1, STYLE_BOLD, "i2kit");
	column = canvas_textf(canvas, 0, column + 2, -1, STYLE_KEY, "%s", model->project);
	if (!model->has_status)
		return column;
	if (status->connection != NULL)
		column = canvas_textf(canvas, 0, column + 2, -1, STYLE_NORMAL, "%s",
				      status->connection);
	if (status->accelerator != NULL)
		column = canvas_textf(canvas, 0, column + 2, -1, STYLE_NORMAL, "%s",
				      status->accelerator);
	if (!model->is_connected)
		column = canvas_text(canvas, 0, column + 2, -1, STYLE_ERROR, "disconnected");
	else if (!status->is_supervised)
		column = canvas_text(canvas, 0, column + 2, -1, STYLE_WARNING, "not supervised");
	return column;
}

static void draw_host(struct canvas *canvas, const struct model *model, int left)
{
	enum { BARS = 10 };
	AUTO(strbuf_clear) struct strbuf memory = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf cpu = STRBUF_INIT;
	char used[SHORT_SIZE];
	char total[SHORT_SIZE];

	if (model->host_memory_total == 0)
		return;
	draw_size(used, model->host_memory_used);
	draw_size(total, model->host_memory_total);
	strbuf_appendf(&memory, "mem %s/%s", used, total);
	strbuf_appendf(&cpu, "cpu %3u%%", model->host_cpu_percent);
	int column = canvas->columns - 1 - canvas_width(memory.data, memory.size);
	if (column > left + 2)
		canvas_text(canvas, 0, column, -1, STYLE_NORMAL, memory.data);
	column -= 2 + BARS;
	bool has_bars = column - 1 - canvas_width(cpu.data, cpu.size) > left + 2;
	if (has_bars)
		draw_spark(canvas, 0, column, BARS, STYLE_OK, model->host_cpu,
			   model->host_cpu_count, 100);
	else
		column += BARS + 1;
	column -= 1 + canvas_width(cpu.data, cpu.size);
	if (column > left + 2)
		canvas_text(canvas, 0, column, -1, STYLE_NORMAL, cpu.data);
}

void bar_header(struct canvas *canvas, const struct model *model)
{
	int left = draw_where(canvas, model);
	draw_host(canvas, model, left);
	canvas_ground(canvas, 0, 0, canvas->columns, GROUND_BAR);
}

/* ---- the tabs, and how the pods are in two words ---- */

static const struct {
	enum view_kind view;
	const char *title;
} tabs[] = {{VIEW_PODS, "1 pods"},     {VIEW_SERVICES, "2 services"}, {VIEW_LOGS, "3 logs"},
	    {VIEW_IMAGES, "4 images"}, {VIEW_CLOUD, "5 cloud"},	      {VIEW_EVENTS, "6 events"},
	    {VIEW_JOBS, "7 jobs"},     {VIEW_PROJECTS, "0 all"}};

/* Pages stand under the tab they were opened from. */
static enum view_kind tab_of(const struct model *model)
{
	if (model->view == VIEW_POD || model->view == VIEW_ABOUT)
		return VIEW_PODS;
	if (model->view == VIEW_LINE)
		return VIEW_LOGS;
	return model->view == VIEW_JOB ? VIEW_JOBS : model->view;
}

static void draw_summary(struct canvas *canvas, const struct model *model, int left)
{
	unsigned ready = 0;
	unsigned all = 0;
	unsigned failed = 0;
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;

	if (!model->has_status || model->status.pod_count == 0)
		return;
	model_count(model, &ready, &all, &failed);
	if (failed > 0)
		strbuf_appendf(&text, "✗ %u failed", failed);
	else
		strbuf_appendf(&text, "%s %u/%u ready", ready == all ? "●" : "◐", ready, all);
	int width = canvas_width(text.data, text.size);
	if (left + 1 + width >= canvas->columns && failed == 0) { /* the sign says it too */
		strbuf_reset(&text);
		strbuf_appendf(&text, "%s %u/%u", ready == all ? "●" : "◐", ready, all);
		width = canvas_width(text.data, text.size);
	}
	if (left + 1 + width < canvas->columns)
		canvas_text(canvas, TABS_ROW, canvas->columns - 1 - width, -1,
			    failed > 0	   ? STYLE_ERROR
			    : ready == all ? STYLE_OK
					   : STYLE_WARNING,
			    text.data);
}

/* Brackets as well as another ground: colour is never the only sign. */
static int draw_tab(struct canvas *canvas, const char *title, bool is_here, int column)
{
	int end = canvas_text(canvas, TABS_ROW, column + 1, -1, is_here ? STYLE_BOLD : STYLE_NORMAL,
			      title);
	if (!is_here)
		return end;
	canvas_text(canvas, TABS_ROW, column, 1, STYLE_BOLD, "[");
	canvas_text(canvas, TABS_ROW, end, 1, STYLE_BOLD, "]");
	canvas_ground(canvas, TABS_ROW, column, end + 1 - column, GROUND_SELECTED);
	return end;
}

/* Columns for blanks and brackets with each title; one, shared, where it is narrow. */
static int tab_gap(int columns)
{
	enum { TWO_COLUMNS = 88 };
	return columns >= TWO_COLUMNS ? 2 : 1;
}

void bar_tabs(struct canvas *canvas, const struct model *model)
{
	enum view_kind here = tab_of(model);
	int column = 0;

	for (size_t i = 0; i < ARRAY_SIZE(tabs); i++)
		column = draw_tab(canvas, tabs[i].title, tabs[i].view == here, column) +
			 tab_gap(canvas->columns) - 1;
	if (here == VIEW_HELP)
		column = draw_tab(canvas, "? help", true, column);
	draw_summary(canvas, model, column);
}

bool draw_tab_at(int columns, int column, enum view_kind *ret)
{
	int left = 0;
	for (size_t i = 0; i < ARRAY_SIZE(tabs); i++) {
		left += canvas_width(tabs[i].title, strlen(tabs[i].title)) + tab_gap(columns);
		if (column < left) {
			*ret = tabs[i].view;
			return true;
		}
	}
	return false;
}

/* ---- the keys ---- */

enum { LAST_KEYS_WIDTH = 17 }; /* " ? help   q quit " */

/* Draws the line of keys, or (canvas NULL) finds the key whose words stand in a column. */
static unsigned walk_keys(struct canvas *canvas, const struct model *model, int wanted)
{
	int row = model->rows - 1;
	int column = 1;

	for (size_t i = 0; i < action_count; i++) {
		const struct action action = actions[i];
		unsigned key = bindings_keys(&model->bindings, &actions[i])[0];
		AUTO(strbuf_clear) struct strbuf keys = STRBUF_INIT;
		if (action.label == NULL || (action.views & IN_VIEW(model->view)) == 0 || key == 0)
			continue;
		bindings_names(&model->bindings, &actions[i], 1, &keys);
		int width = canvas_width(keys.data, keys.size) +
			    canvas_width(action.label, strlen(action.label)) + 3;
		/* Whatever has no room, the way to all the others and the way out have. */
		bool is_last = action.kind == ACTION_HELP || action.kind == ACTION_QUIT;
		if (column + width > model->columns - (is_last ? -2 : LAST_KEYS_WIDTH))
			continue;
		if (wanted >= column && wanted < column + width)
			return key;
		if (canvas != NULL) {
			int at = canvas_text(canvas, row, column, -1, STYLE_KEY, keys.data);
			canvas_textf(canvas, row, at, -1, STYLE_NORMAL, " %s", action.label);
		}
		column += width;
	}
	return 0;
}

void bar_keys(struct canvas *canvas, const struct model *model)
{
	(void)walk_keys(canvas, model, -1);
	canvas_ground(canvas, canvas->rows - 1, 0, canvas->columns, GROUND_BAR);
}

unsigned draw_key_at(const struct model *model, int column)
{
	return walk_keys(NULL, model, column);
}

/* ---- the line above the keys: a question, news, or what runs ---- */

static const struct job *running_job(const struct model *model, unsigned *ret_count)
{
	const struct job *last = NULL;
	*ret_count = 0;
	for (size_t i = 0; i < model->job_count; i++) {
		if (!model->jobs[i].is_running)
			continue;
		last = &model->jobs[i];
		(*ret_count)++;
	}
	return last;
}

void bar_message(struct canvas *canvas, const struct model *model)
{
	int row = canvas->rows - 2;
	int width = canvas->columns - 2;
	unsigned running = 0;
	const struct job *job = running_job(model, &running);

	if (model->prompt.kind != PROMPT_NONE) {
		prompt_draw(canvas, model, row);
	} else if (model->message != NULL) {
		canvas_field(canvas, row, 1, width,
			     model->is_message_error ? STYLE_ERROR : STYLE_NORMAL, model->message);
	} else if (running > 0) {
		AUTO_FREE char *text =
			running == 1
				? xasprintf("◐ %s   (%s cancels)", job->command,
					    bindings_text(&model->bindings, ACTION_CANCEL).text)
				: xasprintf("◐ %u run; the last: %s", running, job->command);
		canvas_field(canvas, row, 1, width, STYLE_WARNING, text);
	} else if (!model->is_connected && model->problem != NULL) {
		AUTO_FREE char *text = xasprintf("! %s", model->problem);
		canvas_field(canvas, row, 1, width, STYLE_ERROR, text);
	}
}
