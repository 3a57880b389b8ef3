/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "tui/draw.h"

enum { JSON_MAX = 8192 };

static const char *string_of(const json_t *object, const char *const *names)
{
	for (; *names != NULL; names++) {
		const char *text = json_string_value(json_object_get(object, *names));
		if (text != NULL)
			return text;
	}
	return NULL;
}

/* "ERROR cannot connect host=db port=5432" out of a JSON log line; false: it is none. */
static bool readable_json(const struct window_line *line, struct strbuf *out)
{
	static const char *const level_names[] = {"level", "severity", "lvl", "levelname", NULL};
	static const char *const message_names[] = {"msg", "message", "event", "text", NULL};
	static const char *const time_names[] = {"time", "ts", "timestamp", "@timestamp", NULL};
	const char *key = NULL;
	json_t *value = NULL;

	if (line->size < 2 || line->size > JSON_MAX || line->text[0] != '{')
		return false;
	json_t *root = json_loadb(line->text, line->size, 0, NULL);
	const char *message = root ? string_of(root, message_names) : NULL;
	if (message == NULL) {
		json_decref(root);
		return false;
	}
	const char *level = string_of(root, level_names);
	const char *when = string_of(root, time_names);
	strbuf_appendf(out, "%-5.5s %s", level ? level : "", message);
	json_object_foreach(root, key, value)
	{
		const char *text = json_string_value(value);
		if (text != NULL && (text == level || text == message || text == when))
			continue;
		AUTO_FREE char *dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		strbuf_appendf(out, " %s=%s", key, text ? text : dump ? dump : "");
	}
	json_decref(root);
	return true;
}

static struct style line_style(const struct window_line *line)
{
	if (line->source == 1)
		return STYLE_WARNING;
	return line->source >= 2 ? STYLE_DIM : STYLE_NORMAL;
}

/* Underlines what the search found, in the cells of one row. */
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
		canvas_highlight(canvas, row, from, to - from);
		at += (size_t)match.rm_eo;
	}
}

/* The columns in front of a line's text: time, name, stream. Returns where the text begins. */
static int draw_prefix(struct canvas *canvas, const struct model *model,
		       const struct window_line *line, int row)
{
	char when[RFC3339_SIZE];
	int column = 0;

	if (model->has_timestamps) {
		clock_format_rfc3339(when, line->time_ns, 3);
		column = canvas_textf(canvas, row, 0, -1, STYLE_DIM, "%.12s ", when + 11);
	}
	canvas_field(canvas, row, column, 20, draw_pod_style(line->colour), line->name);
	column += 20;
	/* stderr has a sign besides its colour */
	return canvas_text(canvas, row, column, -1, STYLE_DIM, line->source == 1 ? "!" : "|") + 1;
}

/* Draws one line, wrapped if asked; returns how many rows it took. */
static int draw_line(struct canvas *canvas, const struct model *model,
		     const struct window_line *line, int row, int rows_left)
{
	AUTO(strbuf_clear) struct strbuf pretty = STRBUF_INIT;
	const char *text = line->text;
	size_t size = line->size;
	int used = 0;

	if (line->lost_before > 0 && rows_left > 1) {
		canvas_textf(canvas, row, 0, -1, STYLE_ERROR, "--- %" PRIu64 " lines lost ---",
			     line->lost_before);
		used = 1;
	}
	if (!model->is_json_shown_raw && readable_json(line, &pretty)) {
		text = pretty.data;
		size = pretty.size;
	}
	int column = draw_prefix(canvas, model, line, row + used);
	int width = canvas->columns - column;
	if (!model->is_wrapped) {
		size_t skip = canvas_fit(text, size, model->log_left);
		canvas_bytes(canvas, row + used, column, -1, line_style(line), text + skip,
			     size - skip);
		mark_matches(canvas, model, row + used, column, text + skip);
		return used + 1;
	}
	do {
		size_t fit = canvas_fit(text, size, width);
		if (fit == 0)
			fit = size;
		canvas_bytes(canvas, row + used, column, -1, line_style(line), text, fit);
		text += fit;
		size -= fit;
		used++;
	} while (size > 0 && used < rows_left);
	return used;
}

static int rows_of(const struct model *model, const struct window_line *line, int columns)
{
	int rows = line->lost_before > 0 ? 2 : 1;
	if (!model->is_wrapped)
		return rows;
	int width = columns - 22 - (model->has_timestamps ? 13 : 0);
	int length = canvas_width(line->text, line->size);
	return rows + (width > 0 && length > width ? (length - 1) / width : 0);
}

/* Following means the last line is on the screen: with wrapping, fewer lines fit than rows. */
static size_t first_shown(const struct model *model, struct area area)
{
	size_t first = model->logs.count;
	int rows = 0;

	if (!model->is_following)
		return model->log_top;
	while (first > 0) {
		rows += rows_of(model, log_window_line(&model->logs, first - 1), area.columns);
		if (rows > area.rows - 1)
			break;
		first--;
	}
	return first;
}

static void draw_status(struct canvas *canvas, const struct model *model, struct area area)
{
	static const char *const streams[] = {"", "stdout only", "stderr only", "system"};
	AUTO_FREE char *which = string_list_join(&model->log_selection, " ");
	const struct log_window *logs = &model->logs;

	int column = canvas_textf(canvas, area.row, 0, -1, STYLE_BOLD, "%s ",
				  model->log_selection.count ? which : "all pods");
	column = canvas_text(canvas, area.row, column, -1,
			     model->is_following ? STYLE_OK : STYLE_WARNING,
			     model->is_following ? "following" : "paused");
	if (logs->pattern != NULL)
		column = canvas_textf(canvas, area.row, column, -1, STYLE_KEY, "  /%s/",
				      logs->pattern);
	if (logs->container != NULL)
		column = canvas_textf(canvas, area.row, column, -1, STYLE_KEY, "  container %s",
				      logs->container);
	if (logs->stream != STREAM_ALL)
		column = canvas_textf(canvas, area.row, column, -1, STYLE_KEY, "  %s",
				      streams[logs->stream]);
	if (logs->since_ns != 0)
		column = canvas_text(canvas, area.row, column, -1, STYLE_KEY, "  newer");
	if (logs->is_previous)
		column = canvas_text(canvas, area.row, column, -1, STYLE_KEY, "  previous run");
	if (logs->lost > 0)
		canvas_textf(canvas, area.row, column, -1, STYLE_ERROR, "  %" PRIu64 " lost",
			     logs->lost);
}

void view_logs(struct canvas *canvas, const struct model *model, struct area area)
{
	int row = 1;

	draw_status(canvas, model, area);
	if (model->logs.count == 0)
		canvas_text(canvas, area.row + 2, 2, -1, STYLE_DIM, "no lines yet");
	for (size_t i = first_shown(model, area); i < model->logs.count && row < area.rows; i++)
		row += draw_line(canvas, model, log_window_line(&model->logs, i), area.row + row,
				 area.rows - row);
}
