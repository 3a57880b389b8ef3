/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/log_window.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static void drop_lines(struct log_window *window)
{
	for (size_t i = 0; i < window->count; i++)
		free(window->lines[(window->first + i) % LOG_WINDOW_LINES]);
	window->first = 0;
	window->count = 0;
	window->bytes = 0;
}

void log_window_reset(struct log_window *window)
{
	drop_lines(window);
	window->is_newest_cut = false;
	window->is_oldest_read = false;
	window->scan_sequence = 0;
	window->total = 0;
	window->lost = 0;
}

void log_window_clear(struct log_window *window)
{
	drop_lines(window);
	free((void *)window->lines);
	for (size_t i = 0; i < window->name_count; i++)
		free(window->names[i]);
	free((void *)window->names);
	string_list_clear(&window->pods);
	free(window->pattern);
	if (window->has_regex)
		regfree(&window->regex);
	free(window->container);
	*window = (struct log_window){0};
}

bool log_window_set_pattern(struct log_window *window, const char *pattern)
{
	regex_t regex;
	bool is_set = pattern != NULL && pattern[0] != '\0';

	bool is_inverse = is_set && pattern[0] == '!' && pattern[1] != '\0';
	if (is_set && regcomp(&regex, pattern + (is_inverse ? 1 : 0),
			      REG_EXTENDED | REG_NOSUB | REG_ICASE) != 0)
		return false;
	if (window->has_regex)
		regfree(&window->regex);
	free(window->pattern);
	window->pattern = is_set ? xstrdup(pattern) : NULL;
	window->has_regex = is_set;
	window->is_inverse = is_inverse;
	if (is_set)
		window->regex = regex;
	return true;
}

static bool stream_passes(enum stream_filter stream, uint8_t source)
{
	switch (stream) {
	case STREAM_STDOUT:
		return source == 0;
	case STREAM_STDERR:
		return source == 1;
	case STREAM_SYSTEM:
		return source >= 2;
	default:
		return source < 2;
	}
}

/*
 * Lines are not NUL-terminated, and regexec() wants them so; long ones are matched in front only.
 */
static bool regex_matches(const regex_t *regex, const char *text, size_t size)
{
	char line[4096];
	size_t length = size < sizeof(line) - 1 ? size : sizeof(line) - 1;
	memcpy(line, text, length);
	line[length] = '\0';
	return regexec(regex, line, 0, NULL, 0) == 0;
}

bool log_window_passes(const struct log_window *window, const struct log_line *line)
{
	if (!stream_passes(window->stream, line->source))
		return false;
	if (window->container != NULL && strcmp(window->container, line->container) != 0)
		return false;
	if (line->time_ns < window->since_ns)
		return false;
	return !window->has_regex ||
	       regex_matches(&window->regex, line->text, line->size) != window->is_inverse;
}

static char *intern_name(struct log_window *window, const struct log_line *line)
{
	for (size_t i = window->name_count; i > 0; i--) {
		const char *name = window->names[i - 1];
		size_t length = strlen(line->instance);
		if (strncmp(name, line->instance, length) == 0 && name[length] == '/' &&
		    strcmp(name + length + 1, line->container) == 0)
			return window->names[i - 1];
	}
	char *name = xasprintf("%s/%s", line->instance, line->container);
	*ARRAY_APPEND(window->names, window->name_count) = name;
	return name;
}

/* By first appearance: the first six pods of a project all look different. */
static uint8_t colour_of(struct log_window *window, const char *pod)
{
	for (size_t i = 0; i < window->pods.count; i++) {
		if (strcmp(window->pods.items[i], pod) == 0)
			return (uint8_t)(i % 6);
	}
	string_list_add(&window->pods, pod);
	return (uint8_t)((window->pods.count - 1) % 6);
}

static struct window_line *copy_line(struct log_window *window, const struct log_line *line)
{
	struct window_line *copy = xmalloc(sizeof(*copy) + line->size + 1);
	copy->sequence = line->sequence;
	copy->time_ns = line->time_ns;
	copy->lost_before = line->lost_before;
	copy->source = line->source;
	copy->colour = colour_of(window, line->pod);
	copy->size = line->size;
	copy->name = intern_name(window, line);
	if (line->size > 0)
		memcpy(copy->text, line->text, line->size);
	copy->text[line->size] = '\0';
	window->bytes += sizeof(*copy) + line->size;
	return copy;
}

static void drop(struct log_window *window, struct window_line **slot)
{
	window->bytes -= sizeof(**slot) + (*slot)->size;
	free(*slot);
	*slot = NULL;
}

static void ready_ring(struct log_window *window)
{
	if (window->lines == NULL)
		window->lines = xcalloc(LOG_WINDOW_LINES, sizeof(struct window_line *));
}

static bool is_full(const struct log_window *window)
{
	return window->count == LOG_WINDOW_LINES || window->bytes > LOG_WINDOW_BYTES;
}

static void drop_first(struct log_window *window)
{
	drop(window, &window->lines[window->first]);
	window->first = (window->first + 1) % LOG_WINDOW_LINES;
	window->count--;
	window->is_oldest_read = false;
}

bool log_window_append(struct log_window *window, const struct log_line *line, bool is_held,
		       size_t *ret_dropped)
{
	*ret_dropped = 0;
	window->total++;
	window->lost += line->lost_before;
	if (window->scan_sequence == 0)
		window->scan_sequence = line->sequence;
	if (window->is_newest_cut || !log_window_passes(window, line))
		return false;
	ready_ring(window);
	if (is_held && is_full(window)) {
		window->is_newest_cut = true;
		return false;
	}
	while (window->count > 0 && is_full(window)) {
		drop_first(window);
		(*ret_dropped)++;
	}
	if (*ret_dropped > 0 && window->count > 0)
		window->scan_sequence = window->lines[window->first]->sequence;
	window->lines[(window->first + window->count) % LOG_WINDOW_LINES] = copy_line(window, line);
	window->count++;
	return true;
}

bool log_window_prepend(struct log_window *window, const struct log_line *line)
{
	window->scan_sequence = line->sequence;
	if (!log_window_passes(window, line))
		return false;
	ready_ring(window);
	while (window->count > 0 && is_full(window)) {
		size_t last = (window->first + window->count - 1) % LOG_WINDOW_LINES;
		drop(window, &window->lines[last]);
		window->count--;
		window->is_newest_cut = true;
	}
	window->first = (window->first + LOG_WINDOW_LINES - 1) % LOG_WINDOW_LINES;
	window->lines[window->first] = copy_line(window, line);
	window->count++;
	return true;
}

const struct window_line *log_window_line(const struct log_window *window, size_t index)
{
	if (index >= window->count)
		return NULL;
	return window->lines[(window->first + index) % LOG_WINDOW_LINES];
}
