/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/view_logs.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tui/draw.h"
#include "tui/log_colours.h"
#include "tui/log_json.h"

enum { NAME_LEAST = 8, TIME_WIDTH = 13, SIGN_WIDTH = 2 };

static struct style line_style(const struct window_line *line, enum log_level_kind level)
{
	if (level == LOG_IS_ERROR)
		return STYLE_ERROR;
	if (level == LOG_IS_WARNING)
		return STYLE_WARNING;
	/* Many programs write everything to stderr: only the sign in front has its colour. */
	return line->source >= 2 || level == LOG_IS_TRACE ? STYLE_DIM : STYLE_NORMAL;
}

/* As wide as the longest name, within reason; the same for all lines, so that texts align. */
static int name_width(const struct model *model, int columns)
{
	int most = columns >= 120 ? 32 : columns / 4;
	int width = NAME_LEAST;
	for (size_t i = 0; i < model->logs.name_count; i++) {
		const char *name = model->logs.names[i];
		int own = canvas_width(name, strlen(name));
		width = own > width ? own : width;
	}
	return width > most ? most : width;
}

static int prefix_width(const struct model *model, int columns)
{
	return 1 + (model->has_timestamps ? TIME_WIDTH : 0) + name_width(model, columns) + 1 +
	       SIGN_WIDTH;
}

static void mark_matches(struct canvas *canvas, const struct model *model, int row, int column,
			 const char *text)
{
	regmatch_t match;
	size_t at = 0;

	while (model->has_search_regex &&
	       regexec(&model->search_regex, text + at, 1, &match, at ? REG_NOTBOL : 0) == 0 &&
	       match.rm_eo > match.rm_so) {
		int from = column + canvas_width(text, at + (size_t)match.rm_so);
		int to = column + canvas_width(text, at + (size_t)match.rm_eo);
		canvas_ground(canvas, row, from, to - from, GROUND_MATCH);
		at += (size_t)match.rm_eo;
	}
}

/* Time, name, stream, in front of a line's text. */
static void draw_prefix(struct canvas *canvas, const struct model *model,
			const struct window_line *line, int row)
{
	char when[RFC3339_SIZE];
	int width = name_width(model, canvas->columns);
	int column = 1;

	if (model->has_timestamps) {
		clock_format_rfc3339(when, line->time_ns, 3);
		canvas_textf(canvas, row, column, TIME_WIDTH, STYLE_DIM, "%.12s", when + 11);
		column += TIME_WIDTH;
	}
	canvas_field(canvas, row, column, width, draw_pod_style(line->colour), line->name);
	/* stderr has a sign besides its colour */
	canvas_text(canvas, row, column + width + 1, 1,
		    line->source == 1 ? STYLE_WARNING : STYLE_DIM, line->source == 1 ? "!" : "│");
}

struct shown {
	struct strbuf pretty;
	const char *text;
	size_t size;
	struct style style; /* at its start */
	struct colour_run runs[COLOUR_RUNS_MAX];
	size_t run_count;
};

/* What is written on the screen for a line; pretty must be cleared. */
static void show_as(const struct model *model, const struct window_line *line, struct shown *ret)
{
	enum log_level_kind level = LOG_IS_NONE;
	bool is_pretty = !model->is_json_shown_raw &&
			 log_json_summary(line->text, line->size, &ret->pretty, &level);
	ret->text = line->text;
	ret->size = line->size;
	ret->style = line_style(line, level);
	if (!is_pretty && !log_colours_split(line->text, line->size, ret->style, &ret->pretty,
					     ret->runs, &ret->run_count))
		return;
	ret->text = strbuf_text(&ret->pretty);
	ret->size = ret->pretty.size;
}

/* A part of what is shown, in the colours that its program gave it. */
static void draw_part(struct canvas *canvas, const struct shown *shown, int row, int column,
		      size_t from, size_t size)
{
	struct style style = shown->style;
	size_t at = from, end = from + size;
	for (size_t i = 0; i < shown->run_count && at < end; i++) {
		const struct colour_run *run = &shown->runs[i];
		if (run->at > at) {
			size_t piece = (run->at < end ? run->at : end) - at;
			column = canvas_bytes(canvas, row, column, -1, style, shown->text + at,
					      piece);
			at += piece;
		}
		style = run->style;
	}
	if (at < end)
		(void)canvas_bytes(canvas, row, column, -1, style, shown->text + at, end - at);
}

/* The first line behind the user's mark, where the one before it is there to tell. */
static bool is_marked(const struct model *model, const struct window_line *line, size_t index)
{
	return model->log_mark != 0 && index > 0 && line->sequence > model->log_mark &&
	       log_window_line(&model->logs, index - 1)->sequence <= model->log_mark;
}

/* Lines that stand above a log's line: what was lost there, the user's mark. */
static int rows_before(const struct model *model, const struct window_line *line, size_t index)
{
	return (line->lost_before > 0 ? 1 : 0) + (is_marked(model, line, index) ? 1 : 0);
}

int view_log_rows(const struct model *model, size_t index)
{
	const struct window_line *line = log_window_line(&model->logs, index);
	int lost = rows_before(model, line, index);
	struct shown shown = {0};
	if (!model->is_wrapped)
		return lost + 1;
	int width = model->columns - prefix_width(model, model->columns) - 1;
	int rows = 0;
	show_as(model, line, &shown);
	do {
		size_t fit = canvas_fit(shown.text, shown.size, width > 1 ? width : 1);
		if (fit == 0)
			fit = shown.size;
		shown.text += fit;
		shown.size -= fit;
		rows++;
	} while (shown.size > 0);
	strbuf_clear(&shown.pretty);
	return lost + rows;
}

/* What stands above a line; returns how many rows that took. */
static int draw_before(struct canvas *canvas, const struct model *model, size_t index, int row,
		       int rows_left)
{
	const struct window_line *line = log_window_line(&model->logs, index);
	int used = 0;

	if (is_marked(model, line, index) && rows_left > 1)
		canvas_hline(canvas, row + used++, 1, canvas->columns - 2, STYLE_KEY);
	if (line->lost_before > 0 && rows_left > used + 1)
		canvas_textf(canvas, row + used++, 1, -1, STYLE_ERROR,
			     "─── %" PRIu64 " lines lost ───", line->lost_before);
	return used;
}

/* Draws one line, wrapped if asked; returns how many rows it took. */
static int draw_line(struct canvas *canvas, const struct model *model, size_t index, int row,
		     int rows_left)
{
	const struct window_line *line = log_window_line(&model->logs, index);
	int column = prefix_width(model, canvas->columns);
	int width = canvas->columns - column - 1;
	struct shown shown = {0};
	int used = draw_before(canvas, model, index, row, rows_left);

	show_as(model, line, &shown);
	const char *text = shown.text;
	size_t size = shown.size;
	draw_prefix(canvas, model, line, row + used);
	if (!model->is_wrapped) {
		size_t skip = canvas_fit(text, size, model->log_left);
		draw_part(canvas, &shown, row + used, column, skip, size - skip);
		mark_matches(canvas, model, row + used, column, text + skip);
		used++;
		size = 0;
	}
	while (size > 0 && used < rows_left) {
		size_t fit = canvas_fit(text, size, width > 1 ? width : 1);
		if (fit == 0)
			fit = size;
		AUTO_FREE char *piece = xstrndup(text, fit);
		draw_part(canvas, &shown, row + used, column, (size_t)(text - shown.text), fit);
		mark_matches(canvas, model, row + used, column, piece);
		text += fit;
		size -= fit;
		used++;
	}
	if (model->is_wrapped && shown.size == 0)
		used++;
	strbuf_clear(&shown.pretty);
	return used;
}

static void append_filters(struct strbuf *title, const struct model *model)
{
	static const char *const streams[] = {"", "stdout only", "stderr only", "kernel and init"};
	const struct log_window *logs = &model->logs;
	char since[RFC3339_SIZE];

	if (logs->pattern != NULL)
		strbuf_appendf(title, "  /%s/", logs->pattern);
	if (logs->container != NULL)
		strbuf_appendf(title, "  container %s", logs->container);
	if (logs->stream != STREAM_ALL)
		strbuf_appendf(title, "  %s", streams[logs->stream]);
	if (logs->since_ns != 0) {
		clock_format_rfc3339(since, logs->since_ns, 0);
		strbuf_appendf(title, "  since %.8s", since + 11);
	}
	if (logs->is_previous)
		strbuf_append(title, "  previous run");
	if (model->search != NULL)
		strbuf_appendf(title, "  search %s", model->search);
	if (logs->lost > 0)
		strbuf_appendf(title, "  %" PRIu64 " lost", logs->lost);
}

static void draw_title(struct canvas *canvas, const struct model *model)
{
	AUTO(strbuf_clear) struct strbuf title = STRBUF_INIT;
	AUTO_FREE char *which = string_list_join(&model->log_selection, " ");
	bool is_following = model->is_following;

	strbuf_appendf(&title, "%s  %s", model->log_selection.count ? which : "all pods",
		       is_following ? "▶ following" : "‖ paused");
	append_filters(&title, model);
	draw_rule(canvas, RULE_ROW, is_following ? STYLE_OK : STYLE_WARNING, title.data);
}

static void say_empty(struct canvas *canvas, const struct model *model, struct area area)
{
	const struct log_window *logs = &model->logs;
	bool is_filtered = logs->pattern != NULL || logs->container != NULL ||
			   logs->stream != STREAM_ALL || logs->since_ns != 0 || logs->is_previous;
	canvas_text(canvas, area.row + 1, 2, -1, STYLE_DIM,
		    is_filtered ? "no line passes the filters; new ones appear here"
				: "no lines yet; they appear here as they are written");
}

void view_logs(struct canvas *canvas, const struct model *model, struct area area)
{
	int row = 0;

	draw_title(canvas, model);
	if (model->logs.count == 0)
		say_empty(canvas, model, area);
	for (size_t i = model->log_top; i < model->logs.count && row < area.rows; i++) {
		int from = area.row + row;
		row += draw_line(canvas, model, i, from, area.rows - row);
		if (model->is_following || i != model->log_cursor)
			continue;
		canvas_text(canvas, from, 0, 1, STYLE_KEY, ">");
		canvas_ground(canvas, from, 0, 1, GROUND_SELECTED);
	}
}
