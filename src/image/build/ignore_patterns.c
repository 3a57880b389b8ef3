/* SPDX-License-Identifier: Apache-2.0 */
#include "image/build/ignore_patterns.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "base/utf8.h"

#define MAX_PATTERNS 100000
#define MAX_PATTERN  4096

/*
 * A pattern is a list of steps, and a text matches when a walk through them uses it up. SOME is
 * "**" followed by something: nothing, or anything that ends with a slash; INSIDE is its state
 * after its first character. Docker makes regular expressions of them in the same way.
 */
enum step_kind { STEP_CHAR, STEP_ANY, STEP_CLASS, STEP_STAR, STEP_SOME, STEP_INSIDE, STEP_REST };

struct range {
	uint32_t first;
	uint32_t last;
};

struct step {
	enum step_kind kind;
	uint32_t rune; /* CHAR */
	bool is_negated;
	struct range *ranges; /* CLASS, owned */
	size_t range_count;
};

/* How Docker compares it: most patterns need no expression, and these forms are not quite alike. */
enum match_kind { MATCH_EXACT, MATCH_PREFIX, MATCH_SUFFIX, MATCH_STEPS };

struct pattern {
	char *text; /* cleaned, without the ! */
	bool takes_back;
	enum match_kind kind;
	struct step *steps;
	size_t step_count;
};

struct ignore_patterns {
	struct pattern *items;
	size_t count;
	bool take_back;
};

static void pattern_clear(struct pattern *pattern)
{
	for (size_t i = 0; i < pattern->step_count; i++)
		free(pattern->steps[i].ranges);
	free(pattern->steps);
	free(pattern->text);
}

void ignore_patterns_free(struct ignore_patterns *patterns)
{
	if (patterns == NULL)
		return;
	for (size_t i = 0; i < patterns->count; i++)
		pattern_clear(&patterns->items[i]);
	free(patterns->items);
	free(patterns);
}

/* One character, or one byte that is none, as Go reads strings. */
static uint32_t take_rune(const char **at)
{
	const unsigned char *bytes = (const unsigned char *)*at;
	size_t size = utf8_width(*at, strnlen(*at, 4));
	uint32_t rune = bytes[0];

	if (size <= 1) {
		(*at)++;
		return size == 1 ? rune : 0xfffd;
	}
	rune &= 0xffU >> (size + 1);
	for (size_t i = 1; i < size; i++)
		rune = rune << 6 | (bytes[i] & 0x3fU);
	*at += size;
	return rune;
}

static struct step *add_step(struct pattern *pattern, enum step_kind kind)
{
	struct step *step = ARRAY_APPEND(pattern->steps, pattern->step_count);

	step->kind = kind;
	return step;
}

/* What a backslash cannot stand before: builders would take it for something else, or for nothing. */
static bool is_letter_or_digit(char c)
{
	return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

static bool bad(const char *text, const char *why, struct error *err)
{
	return error_set(err, ERROR_INVALID, "pattern '%.80s' %s", text, why);
}

/* A character of a class; a backslash stands before one that would mean something. */
static bool take_member(const char *text, const char **at, uint32_t *ret, struct error *err)
{
	if (**at == '\0' || **at == '-' || **at == ']')
		return bad(text, "has a class in [ ] that is not whole", err);
	if (strchr("[*?", **at) != NULL)
		return bad(text, "has [, * or ? in brackets, which builders mistake", err);
	if (**at == '\\' && (*++*at == '\0' || is_letter_or_digit(**at)))
		return bad(text, "has a \\ before what needs none", err);
	*ret = take_rune(at);
	return true;
}

static bool add_class(struct pattern *pattern, const char **at, struct error *err)
{
	struct step *step = add_step(pattern, STEP_CLASS);

	if (**at == '^') {
		step->is_negated = true;
		(*at)++;
	}
	do {
		struct range range;
		if (!take_member(pattern->text, at, &range.first, err))
			return false;
		range.last = range.first;
		if (**at == '-') {
			(*at)++;
			if (!take_member(pattern->text, at, &range.last, err))
				return false;
		}
		if (range.last < range.first)
			return bad(pattern->text, "has a range that runs backwards", err);
		*ARRAY_APPEND(step->ranges, step->range_count) = range;
	} while (**at != ']');
	(*at)++;
	return true;
}

/* Behind the first star of two: what Docker makes of where they stand. */
static void add_double_star(struct pattern *pattern, bool is_first, const char **at)
{
	(*at)++;
	if (**at == '/')
		(*at)++;
	if (**at != '\0') {
		add_step(pattern, STEP_SOME);
		pattern->kind = MATCH_STEPS;
	} else if (pattern->kind == MATCH_EXACT) {
		pattern->kind = MATCH_PREFIX;
	} else {
		add_step(pattern, STEP_REST);
		pattern->kind = MATCH_STEPS;
	}
	if (is_first)
		pattern->kind = MATCH_SUFFIX;
}

static bool add_one(struct pattern *pattern, const char *start, const char **at, struct error *err)
{
	char c = **at;

	if (c == '*' && (*at)[1] == '*') {
		(*at)++;
		add_double_star(pattern, *at == start + 1, at);
		return true;
	}
	if (c != '*' && c != '?' && c != '[' && c != '\\' && c != ']') {
		add_step(pattern, STEP_CHAR)->rune = take_rune(at);
		return true;
	}
	(*at)++;
	pattern->kind = MATCH_STEPS;
	if (c == '*')
		add_step(pattern, STEP_STAR);
	else if (c == '?')
		add_step(pattern, STEP_ANY);
	else if (c == '[')
		return add_class(pattern, at, err);
	else if (c == ']')
		add_step(pattern, STEP_CHAR)->rune = ']';
	else if (**at == '\0' || is_letter_or_digit(**at))
		return bad(pattern->text, "has a \\ before what needs none", err);
	else
		add_step(pattern, STEP_CHAR)->rune = take_rune(at);
	return true;
}

static bool compile(struct pattern *pattern, struct error *err)
{
	const char *at = pattern->text;

	while (*at != '\0') {
		if (!add_one(pattern, pattern->text, &at, err))
			return false;
	}
	return true;
}

/* Go's filepath.Clean, of a path with slashes. Owned. */
static char *clean(const char *path)
{
	AUTO(string_list_clear) struct string_list parts = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list kept = STRING_LIST_INIT;
	bool is_rooted = path[0] == '/';

	string_list_split(&parts, path, '/');
	for (size_t i = 0; i < parts.count; i++) {
		const char *part = parts.items[i];
		bool is_up = strcmp(part, "..") == 0;
		if (part[0] == '\0' || strcmp(part, ".") == 0)
			continue;
		if (is_up && kept.count > 0 && strcmp(kept.items[kept.count - 1], "..") != 0)
			free(kept.items[--kept.count]);
		else if (!is_up || !is_rooted)
			string_list_add(&kept, part);
	}
	AUTO_FREE char *joined = string_list_join(&kept, "/");
	if (is_rooted)
		return xasprintf("/%s", joined);
	return joined[0] != '\0' ? TAKE_PTR(joined) : xstrdup(".");
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static char *trim(const char *text, size_t size)
{
	while (size > 0 && is_space(text[0])) {
		text++;
		size--;
	}
	while (size > 0 && is_space(text[size - 1]))
		size--;
	return xstrndup(text, size);
}

/* A cleaned word, its ! before it. */
static bool add_pattern(struct ignore_patterns *patterns, const char *word, struct error *err)
{
	AUTO_FREE char *bare = trim(word, strlen(word));
	AUTO_FREE char *whole = clean(bare);
	const char *text = whole;
	struct pattern *pattern;

	if (patterns->count >= MAX_PATTERNS)
		return error_set(err, ERROR_INVALID, "more than %d patterns", MAX_PATTERNS);
	if (strlen(whole) > MAX_PATTERN)
		return bad(whole, "is too long", err);
	pattern = ARRAY_APPEND(patterns->items, patterns->count);
	pattern->takes_back = text[0] == '!';
	text += pattern->takes_back;
	if (text[0] == '\0')
		return error_set(err, ERROR_INVALID, "a ! with nothing behind it");
	patterns->take_back = patterns->take_back || pattern->takes_back;
	pattern->text = xstrdup(text);
	return compile(pattern, err);
}

/* A line as the file has it. */
static bool add_line(struct ignore_patterns *patterns, const char *line, size_t size,
		     struct error *err)
{
	AUTO_FREE char *word = trim(line, size);
	bool takes_back = word[0] == '!';

	if ((size > 0 && line[0] == '#') || word[0] == '\0')
		return true;
	AUTO_FREE char *rest = trim(word + takes_back, strlen(word + takes_back));
	AUTO_FREE char *cleaned = rest[0] != '\0' ? clean(rest) : xstrdup("");
	const char *path = cleaned[0] == '/' && cleaned[1] != '\0' ? cleaned + 1 : cleaned;
	AUTO_FREE char *pattern = xasprintf("%s%s", takes_back ? "!" : "", path);
	return add_pattern(patterns, pattern, err);
}

struct ignore_patterns *ignore_patterns_read(const char *what, const char *text, size_t size,
					     struct error *err)
{
	static const char mark[] = "\xef\xbb\xbf";
	struct ignore_patterns *patterns = xcalloc(1, sizeof(*patterns));
	size_t at = size >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
	bool is_good = memchr(text, '\0', size) == NULL ||
		       error_set(err, ERROR_INVALID, "%s: there is a NUL in it", what);

	for (size_t number = 1; is_good && at < size; number++) {
		const char *end = memchr(text + at, '\n', size - at);
		size_t length = end != NULL ? (size_t)(end - text) - at : size - at;
		is_good = add_line(patterns, text + at, length, err) ||
			  error_prefix(err, "%s:%zu", what, number);
		at += length + 1;
	}
	if (is_good)
		return patterns;
	ignore_patterns_free(patterns);
	return NULL;
}

/* ---- matching ---- */

static bool is_in_class(const struct step *step, uint32_t rune)
{
	bool is_in = false;

	for (size_t i = 0; i < step->range_count && !is_in; i++)
		is_in = rune >= step->ranges[i].first && rune <= step->ranges[i].last;
	return is_in != step->is_negated;
}

/* Which steps a walk may stand before; one place more than steps: all are done. INSIDE of a SOME
 * is kept beside it. */
struct walk {
	const struct pattern *pattern;
	bool *at;
	bool *inside;
};

/* From there on without using a character. */
static void reach(struct walk *walk, size_t i)
{
	const struct pattern *pattern = walk->pattern;

	while (!walk->at[i]) {
		walk->at[i] = true;
		if (i == pattern->step_count ||
		    (pattern->steps[i].kind != STEP_STAR && pattern->steps[i].kind != STEP_SOME &&
		     pattern->steps[i].kind != STEP_REST))
			return;
		i++;
	}
}

static void take_step(struct walk *next, const struct walk *now, size_t i, uint32_t rune)
{
	const struct step *step = &now->pattern->steps[i];
	bool is_some = step->kind == STEP_SOME && rune != '\n';

	if (now->inside[i] || (now->at[i] && is_some)) {
		next->inside[i] = rune != '\n';
		if (rune == '/')
			reach(next, i + 1);
	}
	if (!now->at[i])
		return;
	if ((step->kind == STEP_STAR && rune != '/') || (step->kind == STEP_REST && rune != '\n'))
		reach(next, i);
	if ((step->kind == STEP_CHAR && rune == step->rune) ||
	    (step->kind == STEP_ANY && rune != '/') ||
	    (step->kind == STEP_CLASS && is_in_class(step, rune)))
		reach(next, i + 1);
}

static bool match_steps(const struct pattern *pattern, const char *text, size_t size)
{
	size_t places = pattern->step_count + 1;
	AUTO_FREE bool *sets = xcalloc(4 * places, sizeof(bool));
	struct walk now = {pattern, sets, sets + places};
	struct walk next = {pattern, sets + 2 * places, sets + 3 * places};
	AUTO_FREE char *copy = xstrndup(text, size);
	const char *at = copy;

	reach(&now, 0);
	while (*at != '\0') {
		struct walk last = now;
		uint32_t rune = take_rune(&at);
		memset(next.at, 0, places);
		memset(next.inside, 0, places);
		for (size_t i = 0; i < pattern->step_count; i++)
			take_step(&next, &now, i, rune);
		now = next;
		next = last;
	}
	return now.at[pattern->step_count];
}

static bool match_suffix(const char *suffix, const char *text, size_t size)
{
	size_t length = strlen(suffix);

	return (size >= length && memcmp(text + size - length, suffix, length) == 0) ||
	       (suffix[0] == '/' && size == length - 1 && memcmp(text, suffix + 1, size) == 0);
}

static bool match_one(const struct pattern *pattern, const char *text, size_t size)
{
	size_t length = strlen(pattern->text);

	switch (pattern->kind) {
	case MATCH_EXACT:
		return size == length && memcmp(text, pattern->text, size) == 0;
	case MATCH_PREFIX:
		return size >= length - 2 && memcmp(text, pattern->text, length - 2) == 0;
	case MATCH_SUFFIX:
		return match_suffix(pattern->text + 2, text, size);
	case MATCH_STEPS:
		break;
	}
	return match_steps(pattern, text, size);
}

/* The path, or a folder on the way to it. */
static bool match_path(const struct pattern *pattern, const char *path)
{
	size_t size = strlen(path);

	if (match_one(pattern, path, size))
		return true;
	for (size_t i = 1; i < size; i++) {
		if (path[i] == '/' && match_one(pattern, path, i))
			return true;
	}
	return false;
}

bool ignore_patterns_match(const struct ignore_patterns *patterns, const char *path)
{
	bool is_matched = false;

	for (size_t i = 0; patterns != NULL && i < patterns->count; i++) {
		const struct pattern *pattern = &patterns->items[i];
		if (pattern->takes_back == is_matched && match_path(pattern, path))
			is_matched = !pattern->takes_back;
	}
	return is_matched;
}

bool ignore_patterns_take_back(const struct ignore_patterns *patterns)
{
	return patterns != NULL && patterns->take_back;
}
