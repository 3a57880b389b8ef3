/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/json_path.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"
#include "cli/json_path_parts.h"

enum {
	MAX_TEXT = 4096,
	MAX_DEPTH = 8, /* of range in range, and of filters */
	MAX_INDEX = 1000000000,
};

static void clear_steps(struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(steps[i].key);
		free(steps[i].literal);
		clear_steps(steps[i].condition, steps[i].condition_count);
	}
	free(steps);
}

void json_path_free(struct json_path *path)
{
	if (path == NULL)
		return;
	for (size_t i = 0; i < path->part_count; i++) {
		free(path->parts[i].text);
		clear_steps(path->parts[i].steps, path->parts[i].step_count);
	}
	free(path->parts);
	free(path);
}

/* ---- reading ---- */

struct scan {
	const char *text;
	size_t at;
	unsigned depth;
	struct error *err;
};

static bool wrong(const struct scan *scan, const char *what)
{
	error_set(scan->err, ERROR_USAGE, "jsonpath, character %zu: %s", scan->at + 1, what);
	return error_hint(scan->err, "as in jsonpath='{.instances[*].name}', or with range: "
				     "'{range .ports[*]}{.hostPort}{\"\\n\"}{end}'");
}

static char here(const struct scan *scan)
{
	return scan->text[scan->at];
}

static void skip_blanks(struct scan *scan)
{
	while (here(scan) == ' ')
		scan->at++;
}

static bool take(struct scan *scan, const char *word)
{
	if (strncmp(scan->text + scan->at, word, strlen(word)) != 0)
		return false;
	scan->at += strlen(word);
	return true;
}

static struct step *add_step(struct step **steps, size_t *count, enum step_kind kind)
{
	struct step *step = ARRAY_APPEND(*steps, *count);

	*step = (struct step){.kind = kind};
	return step;
}

/* 'text' or "text", with \n, \t, \\ and escaped quotes. */
static bool read_quoted(struct scan *scan, char **ret)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	char quote = here(scan);

	for (scan->at++; here(scan) != quote; scan->at++) {
		char c = here(scan);
		if (c == '\0')
			return wrong(scan, "the quotes are not closed");
		if (c == '\\') {
			scan->at++;
			c = here(scan);
			if (c == '\0')
				return wrong(scan, "nothing behind the \\");
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
		}
		strbuf_append_char(&text, c);
	}
	scan->at++;
	*ret = strbuf_take(&text);
	return true;
}

static bool is_name_end(char c)
{
	return c == '\0' || strchr(".[]{}()@=!<>?*,:'\" ", c) != NULL;
}

/* Bytes up to a sign; \. is a dot of the name, as in kubectl. */
static bool read_name(struct scan *scan, char **ret)
{
	AUTO(strbuf_clear) struct strbuf name = STRBUF_INIT;

	while (!is_name_end(here(scan))) {
		if (here(scan) == '\\' && scan->text[scan->at + 1] != '\0')
			scan->at++;
		strbuf_append_char(&name, here(scan));
		scan->at++;
	}
	if (name.size == 0)
		return wrong(scan, "the name of a field is missing");
	*ret = strbuf_take(&name);
	return true;
}

/* An integer, if one stands here. */
static bool read_integer(struct scan *scan, int64_t *ret, bool *ret_found)
{
	size_t length = strspn(scan->text + scan->at, "-0123456789");
	AUTO_FREE char *digits = xstrndup(scan->text + scan->at, length);

	*ret_found = length > 0;
	if (length == 0)
		return true;
	if (!parse_i64(digits, -MAX_INDEX, MAX_INDEX, ret))
		return wrong(scan, "this is no index");
	scan->at += length;
	return true;
}

static bool read_steps(struct scan *scan, struct step **ret, size_t *ret_count);

static bool read_comparison(struct scan *scan, struct step *step)
{
	static const char *const signs[] = {"==", "!=", "<=", "<", ">=", ">"};
	static const enum comparison meanings[] = {EQUAL, DIFFERENT,  LESS_EQUAL,
						   LESS,  MORE_EQUAL, MORE};

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		if (!take(scan, signs[i]))
			continue;
		step->comparison = meanings[i];
		skip_blanks(scan);
		step->is_text = here(scan) == '"' || here(scan) == '\'';
		if (step->is_text)
			return read_quoted(scan, &step->literal);
		size_t length = strcspn(scan->text + scan->at, " )]}");
		step->literal = xstrndup(scan->text + scan->at, length);
		double number;
		if (!parse_double(step->literal, &number) && strcmp(step->literal, "true") != 0 &&
		    strcmp(step->literal, "false") != 0)
			return wrong(scan, "a number, true, false or a text in quotes is missing");
		scan->at += length;
		return true;
	}
	step->comparison = IS_THERE;
	return true;
}

/* Behind "[?(": the path from @, and what it is compared with. */
static bool read_filter(struct scan *scan, struct step *step)
{
	if (scan->depth++ >= MAX_DEPTH)
		return wrong(scan, "too many conditions in one another");
	skip_blanks(scan);
	if (!take(scan, "@"))
		return wrong(scan, "a condition begins with @");
	if (!read_steps(scan, &step->condition, &step->condition_count))
		return false;
	skip_blanks(scan);
	if (!read_comparison(scan, step))
		return false;
	skip_blanks(scan);
	scan->depth--;
	return take(scan, ")]") || wrong(scan, "the condition does not end with )]");
}

/* Behind "[": an index or a slice. */
static bool read_index(struct scan *scan, struct step *step)
{
	bool is_found = false;

	if (!read_integer(scan, &step->first, &is_found))
		return false;
	if (take(scan, ":")) {
		step->kind = STEP_SLICE;
		if (!read_integer(scan, &step->end, &step->has_end))
			return false;
	} else if (!is_found) {
		return wrong(scan, here(scan) == '(' ? "scripts are not done here"
						     : "an index, a 'name', * or ?( is missing");
	}
	if (here(scan) == ',')
		return wrong(scan, "unions are not done here: write two {}");
	return take(scan, "]") || wrong(scan, "] is missing");
}

static bool read_bracket(struct scan *scan, struct step **steps, size_t *count)
{
	if (take(scan, "*]")) {
		add_step(steps, count, STEP_ALL);
		return true;
	}
	if (take(scan, "?("))
		return read_filter(scan, add_step(steps, count, STEP_FILTER));
	if (here(scan) != '\'' && here(scan) != '"')
		return read_index(scan, add_step(steps, count, STEP_INDEX));
	struct step *step = add_step(steps, count, STEP_KEY);
	if (!read_quoted(scan, &step->key))
		return false;
	return take(scan, "]") || wrong(scan, "] is missing");
}

static bool read_steps(struct scan *scan, struct step **ret, size_t *ret_count)
{
	for (;;) {
		if (take(scan, "[")) {
			if (!read_bracket(scan, ret, ret_count))
				return false;
		} else if (take(scan, ".")) {
			if (here(scan) == '.')
				return wrong(scan, "'..' is not done here: write the whole path");
			if (take(scan, "*"))
				add_step(ret, ret_count, STEP_ALL);
			else if (here(scan) != '[' && here(scan) != '}' && here(scan) != '\0' &&
				 !read_name(scan, &add_step(ret, ret_count, STEP_KEY)->key))
				return false;
		} else {
			return true;
		}
	}
}

static struct part *add_part(struct json_path *path, enum part_kind kind)
{
	struct part *part = ARRAY_APPEND(path->parts, path->part_count);

	*part = (struct part){.kind = kind};
	return part;
}

static bool is_word_end(const struct scan *scan)
{
	return here(scan) == ' ' || here(scan) == '}';
}

/* What stands within {}. */
static bool read_expression(struct scan *scan, struct json_path *path)
{
	struct scan before = *scan;
	struct part *part;

	skip_blanks(scan);
	if (here(scan) == '"' || here(scan) == '\'')
		return read_quoted(scan, &add_part(path, PART_TEXT)->text);
	if (take(scan, "end") && is_word_end(scan)) {
		add_part(path, PART_END);
		return true;
	}
	scan->at = before.at;
	skip_blanks(scan);
	bool is_range = take(scan, "range ");
	part = add_part(path, is_range ? PART_RANGE : PART_PATH);
	skip_blanks(scan);
	if (!take(scan, "$") && !take(scan, "@") && here(scan) != '.' && here(scan) != '[')
		return wrong(scan, "a path begins with . as in {.project}");
	return read_steps(scan, &part->steps, &part->step_count);
}

static bool read_braces(struct scan *scan, struct json_path *path)
{
	if (!read_expression(scan, path))
		return false;
	skip_blanks(scan);
	return take(scan, "}") ||
	       wrong(scan, here(scan) == '\0' ? "} is missing" : "this is not understood");
}

/* Each range has its end. */
static bool pair_ranges(const struct scan *scan, struct json_path *path)
{
	size_t open[MAX_DEPTH];
	size_t depth = 0;

	for (size_t i = 0; i < path->part_count; i++) {
		if (path->parts[i].kind == PART_RANGE) {
			if (depth == MAX_DEPTH)
				return wrong(scan, "too many ranges in one another");
			open[depth++] = i;
		} else if (path->parts[i].kind == PART_END) {
			if (depth == 0)
				return wrong(scan, "{end} without {range}");
			path->parts[open[--depth]].end = i;
		}
	}
	return depth == 0 || wrong(scan, "{range} without {end}");
}

static bool read_all(struct scan *scan, struct json_path *path)
{
	if (strlen(scan->text) > MAX_TEXT)
		return wrong(scan, "this is too long");
	if (strchr(scan->text, '{') == NULL) {
		struct part *part = add_part(path, PART_PATH);
		(void)take(scan, "$");
		if (here(scan) != '.' && here(scan) != '[')
			return wrong(scan, "a path begins with . as in {.project}");
		if (!read_steps(scan, &part->steps, &part->step_count))
			return false;
		return here(scan) == '\0' || wrong(scan, "this is not understood");
	}
	while (here(scan) != '\0') {
		if (take(scan, "{")) {
			if (!read_braces(scan, path))
				return false;
			continue;
		}
		size_t length = strcspn(scan->text + scan->at, "{");
		add_part(path, PART_TEXT)->text = xstrndup(scan->text + scan->at, length);
		scan->at += length;
	}
	return pair_ranges(scan, path);
}

struct json_path *json_path_parse(const char *text, struct error *err)
{
	AUTO_PTR(json_path) struct json_path *path = xcalloc(1, sizeof(*path));
	struct scan scan = {.text = text, .err = err};

	return read_all(&scan, path) ? TAKE_PTR(path) : NULL;
}

/* ---- picking ---- */
