/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "base/suggest.h"

const char *style_begin(enum text_style style, bool is_colored)
{
	static const char *const codes[] = {
		[STYLE_NONE] = "\033[0m",  [STYLE_BOLD] = "\033[1m",   [STYLE_DIM] = "\033[2m",
		[STYLE_RED] = "\033[31m",  [STYLE_GREEN] = "\033[32m", [STYLE_YELLOW] = "\033[33m",
		[STYLE_BLUE] = "\033[34m",
	};
	return is_colored ? codes[style] : "";
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
	print_line("note", STYLE_BLUE, message, invocation->is_colored_stderr);
}

void output_warning(const struct invocation *invocation, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	AUTO_FREE char *message = xvasprintf(fmt, args);
	va_end(args);
	print_line("warning", STYLE_YELLOW, message, invocation->is_colored_stderr);
}

/* Words from other tools, and what they are called here. */
static const char *translated_verb(const char *name)
{
	static const char *const words[][2] = {
		{"run", "up"},	       {"start", "up"},	     {"apply", "up"},
		{"create", "up"},      {"delete", "down"},   {"rm", "down"},
		{"get", "ps"},	       {"list", "ps"},	     {"ls", "ps"},
		{"top", "stats"},      {"log", "logs"},	     {"attach", "logs"},
		{"deploy", "promote"}, {"push", "promote"},  {"ssh", "exec"},
		{"sh", "exec"},	       {"shell", "exec"},    {"config", "explain"},
		{"check", "validate"}, {"lint", "validate"}, {"image", "images"},
		{"describe", "why"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (strcmp(words[i][0], name) == 0)
			return words[i][1];
	}
	return NULL;
}

bool output_unknown_verb(const char *name, struct error *err)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	for (size_t i = 0; i < verb_count; i++) {
		if (!verbs[i]->is_hidden)
			string_list_add(&names, verbs[i]->name);
	}
	error_set(err, ERROR_USAGE, "unknown verb '%s'", name);
	const char *nearest = translated_verb(name);
	if (nearest == NULL || verb_find(nearest) == NULL)
		nearest = suggest_nearest(name, &names);
	if (nearest != NULL)
		return error_hint(err, "did you mean i2kit %s?", nearest);
	return error_hint(err, "i2kit --help lists all verbs");
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
