/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/json_writer.h"
#include "base/parse.h"
#include "base/strbuf.h"

const char *style_begin(enum text_style style, bool is_colored)
{
	static const char *const codes[] = {
		[STYLE_NONE] = "\033[0m",  [STYLE_BOLD] = "\033[1m",   [STYLE_DIM] = "\033[2m",
		[STYLE_RED] = "\033[31m",  [STYLE_GREEN] = "\033[32m", [STYLE_YELLOW] = "\033[33m",
		[STYLE_BLUE] = "\033[34m",
	};
	return is_colored ? codes[style] : "";
}

static enum output_talk talk = TALK_LINES;

void output_talk(enum output_talk wanted)
{
	talk = wanted;
}

/* One object a line, in the form of progress_view's. step, what, text, hint: or NULL. */
static void print_object(const char *state, const char *step, const char *what, const char *text,
			 const char *hint)
{
	AUTO(strbuf_clear) struct strbuf line = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&line, 0);
	char when[RFC3339_SIZE];

	clock_format_rfc3339(when, clock_wall_ns(), 3);
	json_open_object(&json, NULL);
	json_write_text(&json, "time", when);
	json_write_text(&json, "state", state);
	json_write_text_if(&json, "step", step);
	json_write_text_if(&json, "what", what);
	json_write_text_if(&json, "text", text);
	json_write_text_if(&json, "hint", hint);
	json_close(&json);
	strbuf_append_char(&line, '\n');
	(void)fflush(stdout);
	(void)fputs(line.data, stderr);
}

static void print_line(const char *label, enum text_style style, const char *message,
		       bool is_colored)
{
	AUTO(strbuf_clear) struct strbuf line = STRBUF_INIT;
	strbuf_appendf(&line, "%s%s:%s ", style_begin(style, is_colored), label,
		       style_begin(STYLE_NONE, is_colored));
	/* A summary of several problems has several lines; all else is made harmless. */
	for (;;) {
		const char *end = strchrnul(message, '\n');
		strbuf_append_printable(&line, message, (size_t)(end - message));
		strbuf_append_char(&line, '\n');
		if (*end == '\0' || end[1] == '\0')
			break;
		message = end + 1;
	}
	(void)fflush(stdout);
	(void)fputs(line.data, stderr);
}

void output_error(const struct error *err, bool is_colored)
{
	if (talk == TALK_JSON) {
		print_object("error", NULL, NULL, err->message ? err->message : "failed",
			     err->hint);
		return;
	}
	print_line("error", STYLE_RED, err->message ? err->message : "failed", is_colored);
	if (err->hint != NULL)
		print_line("hint", STYLE_GREEN, err->hint, is_colored);
}

void output_note(const struct invocation *invocation, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *message = xvasprintf(fmt, args);
	va_end(args);
	if (talk == TALK_JSON)
		print_object("note", NULL, NULL, message, NULL);
	else if (talk == TALK_LINES)
		print_line("note", STYLE_BLUE, message, invocation->is_colored_stderr);
}

void output_warning(const struct invocation *invocation, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *message = xvasprintf(fmt, args);
	va_end(args);
	if (talk == TALK_JSON)
		print_object("warning", NULL, NULL, message, NULL);
	else
		print_line("warning", STYLE_YELLOW, message, invocation->is_colored_stderr);
}

bool output_problem(const char *severity, const char *place, const char *message, const char *hint)
{
	if (talk == TALK_JSON)
		print_object(severity, "manifest", place, message, hint);
	return talk == TALK_JSON;
}

void output_step(const struct invocation *invocation, const char *what, const char *state,
		 const char *reason_or_null)
{
	AUTO_FREE char *line = xasprintf("%s: %s%s%s", what, state, reason_or_null ? ", " : "",
					 reason_or_null ? reason_or_null : "");

	if (talk == TALK_JSON)
		print_object(state, "pod", what, reason_or_null, NULL);
	else if (talk == TALK_LINES)
		print_line("note", STYLE_BLUE, line, invocation->is_colored_stderr);
}

void output_append_line(struct strbuf *out, const char *text)
{
	bool has_line = false;

	while (*text != '\0') {
		size_t length = strcspn(text, "\r\n");
		/* Empty lines say nothing. */
		if (length > 0) {
			strbuf_append(out, has_line ? " | " : "");
			strbuf_append_printable(out, text, length);
			has_line = true;
		}
		text += length + strspn(text + length, "\r\n");
	}
}

unsigned output_terminal_width(int fd)
{
	struct winsize size = {0};
	uint64_t columns = 0;
	if (!isatty(fd))
		return 0;
	const char *set = getenv("COLUMNS");
	if (set != NULL && parse_u64(set, 20, 1000, &columns))
		return (unsigned)columns;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

void output_format_size(char out[OUTPUT_SIZE_SIZE], uint64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	double value = (double)bytes;
	size_t unit = 0;
	while (value >= 1000 && unit + 1 < ARRAY_SIZE(units)) {
		value /= 1024;
		unit++;
	}
	(void)snprintf(out, OUTPUT_SIZE_SIZE, value < 9.95 && unit > 0 ? "%.1f %s" : "%.0f %s",
		       value, units[unit]);
}
