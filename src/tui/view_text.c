/* SPDX-License-Identifier: Apache-2.0 */
/* Screens of text: a job's output, one line of a log, the help. */
#include "tui/view_text.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tui/about_keys.h"
#include "tui/log_json.h"
#include "tui/page.h"
#include "tui/text_page.h"

void view_job(struct page *page, const struct model *model)
{
	const struct job *job = model_find_job(model, model->detail_job);

	if (job == NULL)
		return;
	if (page->canvas != NULL)
		draw_rule(page->canvas, RULE_ROW, STYLE_TITLE, job->command);
	AUTO_FREE char *text = string_list_join(&job->lines, "\n");
	text_page_draw(page, model, text);
	if (job->is_running)
		page_line(page, STYLE_WARNING, "◐ running; %s cancels",
			  bindings_text(&model->bindings, ACTION_CANCEL).text);
	else if (job->exit_status == 0)
		page_line(page, STYLE_OK, "✓ done");
	else
		page_line(page, STYLE_ERROR, "✗ failed with %d", job->exit_status);
}

/* "web-0: manifest | environment | …", the part that is shown in brackets. */
static void draw_about_title(struct page *page, const struct model *model)
{
	static const struct {
		enum about_part part;
		enum action_kind action;
	} parts[] = {{ABOUT_MANIFEST, ACTION_MANIFEST},
		     {ABOUT_ENVIRONMENT, ACTION_ENVIRONMENT},
		     {ABOUT_MOUNTS, ACTION_MOUNTS},
		     {ABOUT_WHY, ACTION_WHY}};
	const struct about_state *about = &model->about;
	AUTO(strbuf_clear) struct strbuf title = STRBUF_INIT;

	strbuf_append(&title, about->instance ? about->instance : about->pod ? about->pod : "");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		strbuf_appendf(&title, parts[i].part == about->part ? "  [%s %s]" : "  %s %s",
			       bindings_text(&model->bindings, parts[i].action).text,
			       action_of(parts[i].action)->name);
	draw_rule(page->canvas, RULE_ROW, STYLE_TITLE, title.data);
}

void view_about(struct page *page, const struct model *model)
{
	AUTO_FREE char *text = about_text(model);

	if (page->canvas != NULL)
		draw_about_title(page, model);
	text_page_draw(page, model, text);
	if (model->about.part == ABOUT_ENVIRONMENT && model->about.has_facts &&
	    !model->about.has_secrets)
		page_line(page, STYLE_DIM, "%s shows the values of secrets",
			  bindings_text(&model->bindings, ACTION_SECRETS).text);
}

void view_line(struct page *page, const struct model *model)
{
	const struct window_line *line = log_window_line(&model->logs, model->log_cursor);
	AUTO(strbuf_clear) struct strbuf pretty = STRBUF_INIT;
	static const char *const sources[] = {"stdout", "stderr", "kernel", "init"};
	char when[RFC3339_SIZE];

	if (line == NULL) {
		page_line(page, STYLE_DIM, "the line is gone");
		return;
	}
	clock_format_rfc3339(when, line->time_ns, 6);
	page_pair(page, "from", draw_pod_style(line->colour), "%s", line->name);
	page_pair(page, "time", STYLE_NORMAL, "%s", when);
	page_pair(page, "stream", STYLE_NORMAL, "%s", sources[line->source & 3]);
	page_heading(page, "LINE");
	if (log_json_indent(line->text, line->size, &pretty))
		page_wrapped(page, STYLE_NORMAL, pretty.data, pretty.size);
	else
		page_wrapped(page, STYLE_NORMAL, line->text, line->size);
}

static void add_key(struct page *page, const struct model *model, const struct action *action)
{
	AUTO(strbuf_clear) struct strbuf keys = STRBUF_INIT;
	int row = page_row(page);

	if (row < 0)
		return;
	bindings_names(&model->bindings, action, ACTION_MAX_KEYS, &keys);
	int column = page->left + 2;
	canvas_field(page->canvas, row, column, 14, STYLE_KEY, strbuf_text(&keys));
	column += 15;
	if (page->area.columns - column > 60) { /* else what it does is worth more room */
		canvas_field(page->canvas, row, column, 16, STYLE_DIM, action->name);
		column += 17;
	}
	canvas_field(page->canvas, row, column, page->area.columns - column - 1, STYLE_NORMAL,
		     action->help);
}

/* is_own: what this screen has, else what all have. */
static void add_keys(struct page *page, const struct model *model, enum view_kind view, bool is_own)
{
	for (size_t i = 0; i < action_count; i++) {
		if ((actions[i].views & IN_VIEW(view)) != 0 &&
		    (actions[i].views != IN_ALL_VIEWS) == is_own)
			add_key(page, model, &actions[i]);
	}
}

static const char *title_of(enum view_kind view)
{
	static const char *const titles[VIEW_COUNT] = {
		[VIEW_PODS] = "ON THE PODS SCREEN",
		[VIEW_POD] = "ON A POD'S SCREEN",
		[VIEW_LOGS] = "ON THE LOGS SCREEN",
		[VIEW_SERVICES] = "ON THE SERVICES SCREEN",
		[VIEW_IMAGES] = "ON THE IMAGES SCREEN",
		[VIEW_CLOUD] = "ON THE CLOUD SCREEN",
		[VIEW_EVENTS] = "ON THE EVENTS SCREEN",
		[VIEW_JOBS] = "ON THE JOBS SCREEN",
		[VIEW_JOB] = "ON A JOB'S SCREEN",
		[VIEW_LINE] = "ON A LINE'S SCREEN",
		[VIEW_ABOUT] = "ABOUT A POD",
		[VIEW_PROJECTS] = "ON THE SCREEN OF ALL PROJECTS",
		[VIEW_HELP] = "HERE",
	};
	return titles[view];
}

void view_help(struct page *page, const struct model *model)
{
	enum { TWO_COLUMNS = 116 };
	enum view_kind view =
		model->history_count ? model->history[model->history_count - 1] : VIEW_PODS;
	int columns = page->area.columns;
	bool is_wide = columns >= TWO_COLUMNS;
	int first = page->line;

	if (page->canvas != NULL)
		draw_rule(page->canvas, RULE_ROW, STYLE_TITLE, "keys; : lists the actions by name");
	if (is_wide)
		page->area.columns = columns / 2;
	page_heading(page, title_of(view));
	add_keys(page, model, view, true);
	int end = page->line;
	if (is_wide) {
		page->line = first;
		page->left = columns / 2;
		page->area.columns = columns;
		page_heading(page, "EVERYWHERE");
	} else {
		page_heading(page, "EVERYWHERE");
	}
	add_keys(page, model, view, false);
	page->line = page->line > end ? page->line : end;
	page->area.columns = columns;
	page->left = 0;
	if (model->config_file == NULL)
		return;
	page_row(page);
	page_line(page, STYLE_DIM, "keys, theme and mouse can be changed in %s",
		  model->config_file);
}
