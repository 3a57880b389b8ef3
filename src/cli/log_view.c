/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/clock.h"

#define MAX_SEQUENCE 32	 /* bytes of one colour sequence; longer ones are none */
#define MAX_PAD	     40	 /* beyond this a long name moves its own text only */
#define MAX_PLACES   512 /* colours are handed out in this order; more share the last one */

struct place {
	char *name; /* "web-0/nginx" */
};

struct log_view {
	struct log_view_options options;
	struct place *places;
	size_t place_count;
	size_t width;
	bool is_open; /* the last line was partial */
	char *open_place;
	uint8_t open_source;
};

static const char *const colors[] = {"\x1b[36m", "\x1b[33m", "\x1b[32m", "\x1b[35m", "\x1b[34m",
				     "\x1b[96m", "\x1b[93m", "\x1b[92m", "\x1b[95m", "\x1b[94m"};
static const char reset[] = "\x1b[0m";

struct log_view *log_view_new(const struct log_view_options *options)
{
	struct log_view *view = xcalloc(1, sizeof(*view));

	view->options = *options;
	return view;
}

void log_view_free(struct log_view *view)
{
	if (view == NULL)
		return;
	for (size_t i = 0; i < view->place_count; i++)
		free(view->places[i].name);
	free(view->places);
	free(view->open_place);
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

/* The length of a colour sequence, ESC [ 0-9;: m, that begins here; else 0. */
static size_t color_sequence(const char *text, size_t size)
{
	size_t i = 2;

	if (size < 3 || text[0] != '\x1b' || text[1] != '[')
		return 0;
	while (i < size && i < MAX_SEQUENCE &&
	       ((text[i] >= '0' && text[i] <= '9') || text[i] == ';' || text[i] == ':'))
		i++;
	return i < size && text[i] == 'm' ? i + 1 : 0;
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
		size_t length = color_sequence(text + i, size - i);
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

static void append_prefix(struct log_view *view, const char *place, const struct log_line *line,
			  struct strbuf *out)
{
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
	clock_format_rfc3339(time, line->time_ns, 6);
	strbuf_appendf(out, "%s ", time);
}

static void append_json(const struct log_line *line, struct strbuf *out)
{
	static const char *const streams[] = {"stdout", "stderr", "kernel", "init"};
	AUTO_FREE char *text = xstrndup(line->text, line->size);
	char time[RFC3339_SIZE];

	clock_format_rfc3339(time, line->time_ns, 9);
	strbuf_appendf(out, "{\"sequence\":%" PRIu64 ",\"time\":\"%s\",\"pod\":", line->sequence,
		       time);
	strbuf_append_json(out, line->pod);
	strbuf_append(out, ",\"instance\":");
	strbuf_append_json(out, line->instance);
	strbuf_append(out, ",\"container\":");
	strbuf_append_json(out, line->container);
	strbuf_appendf(out, ",\"stream\":\"%s\",\"run\":%u,\"text\":", streams[line->source & 3U],
		       line->run);
	/* A line with a NUL in it ends there; the text form shows all of it. */
	strbuf_append_json(out, text);
	if (line->is_partial)
		strbuf_append(out, ",\"partial\":true");
	if (line->lost_before > 0)
		strbuf_appendf(out, ",\"lostBefore\":%" PRIu64, line->lost_before);
	strbuf_append(out, "}\n");
}

void log_view_finish(struct log_view *view, struct strbuf *out)
{
	if (view->is_open)
		strbuf_append_char(out, '\n');
	view->is_open = false;
}

static void append_loss(struct log_view *view, const char *place, const struct log_line *line,
			struct strbuf *out)
{
	log_view_finish(view, out);
	if (!view->options.no_prefix)
		append_prefix(view, place, line, out);
	strbuf_appendf(out, "[%" PRIu64 " lines were lost here]\n", line->lost_before);
}

void log_view_append(struct log_view *view, const struct log_line *line, struct strbuf *out)
{
	AUTO_FREE char *place = NULL;
	bool goes_on;

	if (view->options.is_json) {
		append_json(line, out);
		return;
	}
	place = xasprintf("%s/%s", line->instance, line->container);
	if (line->lost_before > 0)
		append_loss(view, place, line, out);
	goes_on = view->is_open && view->open_source == line->source &&
		  strcmp(view->open_place, place) == 0;
	if (!goes_on) {
		log_view_finish(view, out);
		if (!view->options.no_prefix)
			append_prefix(view, place, line, out);
	}
	append_text(view, line->text, line->size, out);
	view->is_open = line->is_partial;
	if (!line->is_partial) {
		strbuf_append_char(out, '\n');
		return;
	}
	free(view->open_place);
	view->open_place = TAKE_PTR(place);
	view->open_source = line->source;
}
