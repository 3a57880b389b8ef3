/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress_view.h"
#include "base/json_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/interrupt.h"
#include "cli/output.h"

enum {
	REDRAW_MS = 100,
	BAR_WIDTH = 20,
	MOST_BARS = 12,
	LABEL_WIDTH = 34,
	NARROW = 80,
	NARROW_LABEL = 26,
	/* A rate is told once it has been watched for a while. */
	RATE_AFTER_MS = 500,
};

enum view_style { VIEW_NONE, VIEW_PLAIN, VIEW_BARS, VIEW_JSON };

struct step {
	char *step;
	char *what;
	char *of; /* or NULL */
	enum progress_unit unit;
	uint64_t done;
	uint64_t total;
	uint64_t started_ms;
};

struct progress_view {
	struct progress progress;
	enum view_style style;
	bool is_colored;
	struct step *steps; /* under way, oldest first */
	size_t step_count;
	unsigned lines_drawn;
	uint64_t drawn_ms;
};

static enum view_style choose_style(const struct invocation *invocation)
{
	const char *asked = arguments_value(invocation->args, "progress");
	const char *terminal = getenv("TERM");
	if (asked != NULL && strcmp(asked, "json") == 0)
		return VIEW_JSON;
	if (asked != NULL && strcmp(asked, "plain") == 0)
		return VIEW_PLAIN;
	if ((asked != NULL && strcmp(asked, "none") == 0) ||
	    arguments_flag(invocation->args, "quiet"))
		return VIEW_NONE;
	bool can_move = terminal != NULL && strcmp(terminal, "dumb") != 0;
	return invocation->is_interactive && can_move ? VIEW_BARS : VIEW_PLAIN;
}

/* JSON lines */

static void write_json(const struct progress_event *event)
{
	static const char *const states[] = {"start", "update", "done", "failed", "note"};
	char when[RFC3339_SIZE];
	AUTO(strbuf_clear) struct strbuf line = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&line, 0);

	clock_format_rfc3339(when, clock_wall_ns(), 3);
	json_open_object(&json, NULL);
	json_write_text(&json, "time", when);
	json_write_text(&json, "state", states[event->state]);
	json_write_text_if(&json, "step", event->step);
	json_write_text_if(&json, "what", event->what);
	json_write_text_if(&json, "of", event->of);
	json_write_text_if(&json, "text", event->text);
	if (event->state == PROGRESS_START || event->state == PROGRESS_UPDATE) {
		json_write_unsigned(&json, "done", event->done);
		json_write_unsigned(&json, "total", event->total);
		json_write_text(&json, "unit", event->unit == PROGRESS_BYTES ? "bytes" : "count");
	}
	json_close(&json);
	strbuf_append_char(&line, '\n');
	(void)fputs(line.data, stderr);
}

/* Lines */

enum { SHORT_DIGITS = 12, SHORTEST_DIGITS = 6, DIGITS = 64 };

/* Digests are told by their beginning; beside a name, few digits tell its parts apart. */
static void append_short(struct strbuf *line, const char *text, size_t digits)
{
	static const char prefix[] = "sha256:";
	const char *digest = strstr(text, prefix);
	size_t length = strlen(text);

	if (digest != NULL && strspn(digest + strlen(prefix), "0123456789abcdef") == DIGITS)
		length = (size_t)(digest - text) + strlen(prefix) + digits;
	if (digest == text && digits == SHORTEST_DIGITS) {
		text += strlen(prefix);
		length -= strlen(prefix);
	}
	strbuf_append_printable(line, text, length);
}

/* "pull nginx:1.25 04b908": the object first, its part behind it. */
static void append_label(struct strbuf *line, const char *step, const char *what, const char *of)
{
	strbuf_append_printable(line, step, strlen(step));
	if (of != NULL) {
		strbuf_append_char(line, ' ');
		append_short(line, of, SHORT_DIGITS);
	}
	if (what == NULL)
		return;
	strbuf_append_char(line, ' ');
	append_short(line, what, of != NULL ? SHORTEST_DIGITS : SHORT_DIGITS);
}

static void append_seconds(struct strbuf *line, uint64_t ms)
{
	if (ms >= 100)
		strbuf_appendf(line, " (%.1f s)", (double)ms / 1000);
}

static void write_end(const struct progress_view *view, const struct progress_event *event,
		      const struct step *step_or_null)
{
	AUTO(strbuf_clear) struct strbuf line = STRBUF_INIT;
	bool is_done = event->state == PROGRESS_DONE;

	strbuf_appendf(&line, "%s%s%s ",
		       style_begin(is_done ? STYLE_GREEN : STYLE_RED, view->is_colored),
		       is_done ? "✓" : "✗", style_begin(STYLE_NONE, view->is_colored));
	append_label(&line, event->step, event->what, NULL);
	if (event->text != NULL) {
		strbuf_append(&line, ": ");
		append_short(&line, event->text, SHORT_DIGITS);
	}
	if (step_or_null != NULL)
		append_seconds(&line, clock_monotonic_ms() - step_or_null->started_ms);
	strbuf_append_char(&line, '\n');
	(void)fputs(line.data, stderr);
}

static void write_note(const struct progress_view *view, const struct progress_event *event)
{
	AUTO(strbuf_clear) struct strbuf line = STRBUF_INIT;
	strbuf_appendf(&line, "%snote:%s ", style_begin(STYLE_BLUE, view->is_colored),
		       style_begin(STYLE_NONE, view->is_colored));
	if (event->what != NULL) {
		strbuf_append_printable(&line, event->what, strlen(event->what));
		strbuf_append(&line, ": ");
	}
	if (event->text != NULL)
		strbuf_append_printable(&line, event->text, strlen(event->text));
	strbuf_append_char(&line, '\n');
	(void)fputs(line.data, stderr);
}

/* Bars */

static void append_amount(struct strbuf *line, const struct step *step)
{
	char done[OUTPUT_SIZE_SIZE];
	char total[OUTPUT_SIZE_SIZE];
	if (step->unit != PROGRESS_BYTES) {
		if (step->total > 0)
			strbuf_appendf(line, " %" PRIu64 "/%" PRIu64, step->done, step->total);
		return;
	}
	output_format_size(done, step->done);
	output_format_size(total, step->total);
	strbuf_appendf(line, step->total > 0 ? " %s/%s" : " %s", done, total);
}

static void append_rate(struct strbuf *line, const struct step *step, uint64_t now_ms)
{
	char rate_text[OUTPUT_SIZE_SIZE];
	uint64_t elapsed_ms = now_ms - step->started_ms;
	if (elapsed_ms < RATE_AFTER_MS || step->done == 0)
		return;
	double rate = (double)step->done * 1000 / (double)elapsed_ms;
	if (step->unit == PROGRESS_BYTES) {
		output_format_size(rate_text, (uint64_t)rate);
		strbuf_appendf(line, " %s/s", rate_text);
	}
	if (step->total > step->done) {
		char left[AGE_SIZE];
		clock_format_age(left, (uint64_t)((double)(step->total - step->done) / rate) + 1);
		strbuf_appendf(line, " %s left", left);
	}
}

static void append_bar(struct strbuf *line, const struct step *step)
{
	if (step->total == 0)
		return;
	uint64_t done = step->done < step->total ? step->done : step->total;
	unsigned full = (unsigned)((double)done / (double)step->total * (double)BAR_WIDTH);
	strbuf_append(line, " [");
	for (unsigned i = 0; i < BAR_WIDTH; i++)
		strbuf_append_char(line, i < full ? '=' : (i == full ? '>' : ' '));
	strbuf_append_char(line, ']');
}

/* A bar is ASCII but for its label, so bytes are columns closely enough to cut by. */
static void append_step(struct strbuf *screen, const struct step *step, unsigned width,
			uint64_t now_ms)
{
	AUTO(strbuf_clear) struct strbuf line = STRBUF_INIT;
	AUTO(strbuf_clear) struct strbuf label = STRBUF_INIT;
	append_label(&label, step->step, step->what, step->of);
	/* Where there is little room the numbers stay, and the bar goes. */
	bool is_narrow = width < NARROW;
	int label_width = is_narrow ? NARROW_LABEL : LABEL_WIDTH;
	strbuf_appendf(&line, "  %-*.*s", label_width, label_width, label.data);
	if (!is_narrow)
		append_bar(&line, step);
	append_amount(&line, step);
	append_rate(&line, step, now_ms);
	if (step->total == 0 && step->done == 0)
		append_seconds(&line, now_ms - step->started_ms);
	size_t size = line.size < width - 1 ? line.size : width - 1;
	strbuf_append_bytes(screen, line.data, size);
	strbuf_append(screen, "\033[K\n");
}

static void erase_bars(struct progress_view *view)
{
	if (view->lines_drawn > 0)
		(void)fprintf(stderr, "\033[%uA\033[J", view->lines_drawn);
	view->lines_drawn = 0;
}

static void draw_bars(struct progress_view *view)
{
	AUTO(strbuf_clear) struct strbuf screen = STRBUF_INIT;
	uint64_t now_ms = clock_monotonic_ms();
	unsigned width = output_terminal_width(STDERR_FILENO);
	size_t count = view->step_count < MOST_BARS ? view->step_count : MOST_BARS;

	if (view->lines_drawn > 0)
		strbuf_appendf(&screen, "\033[%uA", view->lines_drawn);
	for (size_t i = 0; i < count; i++)
		append_step(&screen, &view->steps[i], width > 20 ? width : 20, now_ms);
	strbuf_append(&screen, "\033[J");
	(void)fputs(strbuf_text(&screen), stderr);
	view->lines_drawn = (unsigned)count;
	view->drawn_ms = now_ms;
}

/* Steps under way */

static struct step *find_step(struct progress_view *view, const struct progress_event *event)
{
	const char *what = event->what ? event->what : "";
	for (size_t i = 0; i < view->step_count; i++) {
		struct step *step = &view->steps[i];
		if (strcmp(step->step, event->step) == 0 &&
		    strcmp(step->what ? step->what : "", what) == 0)
			return step;
	}
	return NULL;
}

static void update_step(struct progress_view *view, const struct progress_event *event)
{
	struct step *step = find_step(view, event);
	if (step == NULL) {
		step = ARRAY_APPEND(view->steps, view->step_count);
		step->step = xstrdup(event->step);
		step->what = xstrdup_or_null(event->what);
		step->of = xstrdup_or_null(event->of);
		step->started_ms = clock_monotonic_ms();
	}
	step->unit = event->unit;
	step->done = event->done;
	step->total = event->total;
}

static void drop_step(struct progress_view *view, struct step *step)
{
	free(step->step);
	free(step->what);
	free(step->of);
	size_t after = view->step_count - (size_t)(step - view->steps) - 1;
	memmove(step, step + 1, after * sizeof(*step));
	view->step_count--;
}

static void show(struct progress_view *view, const struct progress_event *event)
{
	bool is_end = event->state == PROGRESS_DONE || event->state == PROGRESS_FAILED;
	bool is_line = is_end || event->state == PROGRESS_NOTE;

	if (is_line)
		erase_bars(view);
	if (is_end) {
		struct step *step = find_step(view, event);
		/* A part is a line of the larger step it belongs to. */
		if (event->of == NULL)
			write_end(view, event, step);
		if (step != NULL)
			drop_step(view, step);
	} else if (event->state == PROGRESS_NOTE) {
		write_note(view, event);
	} else {
		update_step(view, event);
	}
	if (view->style != VIEW_BARS)
		return;
	if (is_line || clock_monotonic_ms() - view->drawn_ms >= REDRAW_MS)
		draw_bars(view);
}

static void on_event(const struct progress_event *event, void *arg)
{
	struct progress_view *view = arg;
	if (view->style == VIEW_JSON)
		write_json(event);
	else if (view->style != VIEW_NONE)
		show(view, event);
}

static bool is_cancelled(void *arg)
{
	(void)arg;
	return interrupt_is_set();
}

struct progress_view *progress_view_new(const struct invocation *invocation)
{
	struct progress_view *view = xcalloc(1, sizeof(*view));
	view->style = choose_style(invocation);
	view->is_colored = invocation->is_colored_stderr;
	view->progress =
		(struct progress){.emit = on_event, .arg = view, .is_cancelled = is_cancelled};
	return view;
}

void progress_view_free(struct progress_view *view)
{
	if (view == NULL)
		return;
	if (view->style == VIEW_BARS)
		erase_bars(view);
	while (view->step_count > 0)
		drop_step(view, &view->steps[view->step_count - 1]);
	free(view->steps);
	free(view);
}

const struct progress *progress_view_progress(const struct progress_view *view)
{
	return &view->progress;
}
