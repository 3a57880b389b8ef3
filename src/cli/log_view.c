/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_view.h"
#include "base/json_writer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "local/logs/log_colour.h"

#define MAX_PAD	   40  /* beyond this a long name moves its own text only */
#define MAX_PLACES 512 /* colours are handed out in this order; more share the last one */
#define MAX_HELD   ((size_t)1 << 20) /* bytes of an unfinished line */

struct place {
	char *name; /* "web-0/nginx" */
};

/*
 * A line whose end has not come: held, so that no line of another stream cuts it. The one that was
 * shown all the same (log_view_show_held()) is open.
 */
struct held_line {
	char *place; /* owned */
	uint8_t source;
	int64_t time_ns;
	struct strbuf text;
};

struct log_view {
	struct log_view_options options;
	struct place *places;
	size_t place_count;
	size_t width;
	struct held_line *held;
	size_t held_count;
	size_t open; /* index in held, or NONE: the last line on the screen has an end */
};
#define NONE SIZE_MAX

static const char *const colors[] = {"\x1b[36m", "\x1b[33m", "\x1b[32m", "\x1b[35m", "\x1b[34m",
				     "\x1b[96m", "\x1b[93m", "\x1b[92m", "\x1b[95m", "\x1b[94m"};
static const char reset[] = "\x1b[0m";

struct log_view *log_view_new(const struct log_view_options *options)
{
	struct log_view *view = xcalloc(1, sizeof(*view));

	view->options = *options;
	view->open = NONE;
	return view;
}

void log_view_free(struct log_view *view)
{
	if (view == NULL)
		return;
	for (size_t i = 0; i < view->place_count; i++)
		free(view->places[i].name);
	free(view->places);
	for (size_t i = 0; i < view->held_count; i++) {
		free(view->held[i].place);
		strbuf_clear(&view->held[i].text);
	}
	free(view->held);
	free(view);
}

static size_t find_place(struct log_view *view, const char *name)
{
	size_t i = 0;

	while (i < view->place_count && strcmp(view->places[i].name, name) != 0)
		i++;
	if (i == view->place_count && i < MAX_PLACES) {
		ARRAY_APPEND(view->places, view->place_count)->name = xstrdup(name);
		if (strlen(name) > view->width && strlen(name) <= MAX_PAD)
			view->width = strlen(name);
	}
	return i;
}

static void append_text(const struct log_view *view, const char *text, size_t size,
			struct strbuf *out)
{
	bool has_color = false;
	size_t start = 0;

	if (view->options.is_raw) {
		strbuf_append_bytes(out, text, size);
		return;
	}
	if (size > 0 && text[size - 1] == '\r')
		size--;
	for (size_t i = 0; i < size;) {
		size_t length = log_colour_sequence(text + i, size - i);
		if (length == 0) {
			i++;
			continue;
		}
		strbuf_append_printable(out, text + start, i - start);
		if (view->options.is_colored)
			strbuf_append_bytes(out, text + i, length);
		has_color = true;
		i += length;
		start = i;
	}
	strbuf_append_printable(out, text + start, size - start);
	if (has_color && view->options.is_colored)
		strbuf_append(out, reset);
}

static void append_prefix(struct log_view *view, const char *place, int64_t time_ns,
			  struct strbuf *out)
{
	if (view->options.no_prefix)
		return;
	size_t index = find_place(view, place);
	const char *color = colors[index % ARRAY_SIZE(colors)];
	char time[RFC3339_SIZE];

	if (view->options.is_colored)
		strbuf_append(out, color);
	strbuf_appendf(out, "%-*s | ", (int)view->width, place);
	if (view->options.is_colored)
		strbuf_append(out, reset);
	if (!view->options.has_timestamps)
		return;
	clock_format_rfc3339(time, time_ns, 6);
	strbuf_appendf(out, "%s ", time);
}

static void append_json(const struct log_line *line, struct strbuf *out)
{
	static const char *const streams[] = {"stdout", "stderr", "kernel", "init"};
	char time[RFC3339_SIZE];
	struct json_writer json = JSON_WRITER(out, 0);

	clock_format_rfc3339(time, line->time_ns, 9);
	json_open_object(&json, NULL);
	json_write_unsigned(&json, "sequence", line->sequence);
	json_write_text(&json, "time", time);
	json_write_text(&json, "pod", line->pod);
	json_write_text(&json, "instance", line->instance);
	json_write_text(&json, "container", line->container);
	json_write_text(&json, "stream", streams[line->source & 3U]);
	json_write_unsigned(&json, "run", line->run);
	json_write_bytes(&json, "text", line->text, line->size);
	json_write_true_if(&json, "partial", line->is_partial);
	json_write_unsigned_if(&json, "lostBefore", line->lost_before);
	json_close(&json);
	strbuf_append_char(out, '\n');
}

/* What is open gets its end; what it goes on with will begin a line of its own. */
static void close_open(struct log_view *view, struct strbuf *out)
{
	if (view->open != NONE)
		strbuf_append_char(out, '\n');
	view->open = NONE;
}

static size_t find_held(const struct log_view *view, const char *place, uint8_t source)
{
	for (size_t i = 0; i < view->held_count; i++) {
		if (view->held[i].source == source && strcmp(view->held[i].place, place) == 0)
			return i;
	}
	return NONE;
}

static void forget_held(struct log_view *view, size_t index)
{
	struct held_line *line = &view->held[index];

	free(line->place);
	strbuf_clear(&line->text);
	view->held_count--;
	memmove(line, line + 1, (view->held_count - index) * sizeof(*line));
	if (view->open == index)
		view->open = NONE;
	else if (view->open != NONE && view->open > index)
		view->open--;
}

/* All that is held of the line and not shown yet, behind what is open or on a line of its own. */
static void show_held(struct log_view *view, size_t index, struct strbuf *out)
{
	struct held_line *line = &view->held[index];

	if (view->open != index) {
		close_open(view, out);
		append_prefix(view, line->place, line->time_ns, out);
	}
	append_text(view, strbuf_text(&line->text), line->text.size, out);
	strbuf_reset(&line->text);
	view->open = index;
}

static void hold(struct log_view *view, size_t index, const char *place,
		 const struct log_line *line, struct strbuf *out)
{
	struct held_line *held;

	if (index == NONE) {
		index = view->held_count;
		held = ARRAY_APPEND(view->held, view->held_count);
		held->place = xstrdup(place);
		held->source = line->source;
		held->time_ns = line->time_ns;
		held->text = STRBUF_INIT;
	}
	held = &view->held[index];
	strbuf_append_bytes(&held->text, line->text, line->size);
	if (held->text.size > MAX_HELD)
		show_held(view, index, out);
}

void log_view_show_held(struct log_view *view, struct strbuf *out)
{
	for (size_t i = 0; i < view->held_count; i++) {
		if (view->held[i].text.size > 0)
			show_held(view, i, out);
	}
}

void log_view_finish(struct log_view *view, struct strbuf *out)
{
	log_view_show_held(view, out);
	close_open(view, out);
	while (view->held_count > 0)
		forget_held(view, 0);
}

static void append_loss(struct log_view *view, const char *place, const struct log_line *line,
			struct strbuf *out)
{
	size_t index = find_held(view, place, line->source);

	/* What came before the loss is no beginning of what comes after it. */
	if (index != NONE) {
		show_held(view, index, out);
		close_open(view, out);
		forget_held(view, index);
	}
	close_open(view, out);
	append_prefix(view, place, line->time_ns, out);
	strbuf_appendf(out, "[%" PRIu64 " lines were lost here]\n", line->lost_before);
}

void log_view_append(struct log_view *view, const struct log_line *line, struct strbuf *out)
{
	AUTO_FREE char *place = NULL;
	size_t index;

	if (view->options.is_json && view->options.shape == NULL) {
		append_json(line, out);
		return;
	}
	if (view->options.is_json) {
		AUTO(strbuf_clear) struct strbuf json = STRBUF_INIT;
		append_json(line, &json);
		view->options.shape(strbuf_text(&json), out);
		return;
	}
	place = xasprintf("%s/%s", line->instance, line->container);
	if (line->lost_before > 0)
		append_loss(view, place, line, out);
	index = find_held(view, place, line->source);
	if (line->is_partial) {
		hold(view, index, place, line, out);
		return;
	}
	if (index != NONE) {
		show_held(view, index, out);
	} else {
		close_open(view, out);
		append_prefix(view, place, line->time_ns, out);
	}
	append_text(view, line->text, line->size, out);
	strbuf_append_char(out, '\n');
	if (index == NONE)
		return;
	view->open = NONE;
	forget_held(view, index);
}
