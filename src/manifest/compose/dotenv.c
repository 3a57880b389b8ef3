/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/dotenv.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "manifest/compose/template.h"

#define VALUE_MAX ((size_t)1 << 20)

struct dotenv {
	const struct dotenv_options *options;
	const char *at;
	unsigned line;
	struct compose_variables *variables;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static bool failed(const struct dotenv *file, struct error *err)
{
	return error_prefix(err, "%u", file->line);
}

static const char *find_value(const void *owner, const char *name)
{
	const struct dotenv *file = owner;
	const char *outside = file->options->outside != NULL
				      ? compose_variables_get(file->options->outside, name)
				      : NULL;
	return outside != NULL ? outside : compose_variables_get(file->variables, name);
}

static bool expand(const struct dotenv *file, const char *text, struct strbuf *ret,
		   struct error *err)
{
	const struct template_scope scope = {.find = find_value, .owner = file};
	if (!template_substitute(&scope, text, ret, err))
		return failed(file, err);
	if (!ret->is_cut)
		return true;
	error_set(err, ERROR_INVALID, "a value of more than 1 MiB");
	return failed(file, err);
}

static bool store(struct dotenv *file, const char *name, const char *value, unsigned line,
		  struct error *err)
{
	if (compose_variables_set(file->variables, name, value, file->options->file, line))
		return true;
	error_set(err, ERROR_INVALID, "more than %d variables", COMPOSE_VARIABLES_MAX);
	return failed(file, err);
}

/* Blank lines and comments. */
static void skip_to_statement(struct dotenv *file)
{
	for (; *file->at != '\0'; file->at++) {
		if (*file->at == '#')
			file->at += strcspn(file->at, "\n");
		if (*file->at == '\n')
			file->line++;
		else if (*file->at == '\0' || !is_blank(*file->at))
			return;
	}
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("_.-[]", c) != NULL || (unsigned char)c >= 0x80;
}

static void skip_export(struct dotenv *file)
{
	static const char word[] = "export";
	size_t length = sizeof(word) - 1;
	if (strncmp(file->at, word, length) != 0 || !is_blank(file->at[length]))
		return;
	file->at += length;
	while (is_blank(*file->at))
		file->at++;
}

/* Up to = or :, or the end of the line, where the name stands alone. */
static bool read_name(struct dotenv *file, char **ret, bool *ret_alone, struct error *err)
{
	const char *start = file->at;
	const char *end = start;

	while (is_name_char(*end))
		end++;
	const char *after = end;
	while (is_blank(*after))
		after++;
	*ret_alone = *after == '\n' || *after == '\0';
	if (end == start || (!*ret_alone && *after != '=' && *after != ':')) {
		bool has_blank = end > start && after > end && is_name_char(*after);
		error_set(err, ERROR_INVALID,
			  has_blank ? "a blank in the name of a variable"
				    : "the name of a variable has letters, digits and _ . -");
		error_hint(err, "NAME=value; a comment begins with #");
		return failed(file, err);
	}
	*ret = xstrndup(start, (size_t)(end - start));
	file->at = *ret_alone ? after : after + 1;
	while (!*ret_alone && is_blank(*file->at))
		file->at++;
	return true;
}

static bool read_plain(struct dotenv *file, struct strbuf *ret, struct error *err)
{
	size_t length = strcspn(file->at, "\n");
	AUTO_FREE char *value = xstrndup(file->at, length);
	char *comment = strstr(value, " #");

	if (comment != NULL)
		*comment = '\0';
	size_t end = strlen(value);
	while (end > 0 && is_blank(value[end - 1]))
		value[--end] = '\0';
	file->at += length;
	return expand(file, value, ret, err);
}

/* \0101: the octal digits after a zero. */
static size_t append_octal(struct strbuf *text, const char *at)
{
	unsigned value = 0;
	size_t digits = 0;
	while (digits < 3 && at[digits] >= '0' && at[digits] <= '7')
		value = value * 8 + (unsigned)(at[digits++] - '0');
	if (digits == 3 && value > 0 && value < 0x80) {
		strbuf_append_char(text, (char)value);
		return 3;
	}
	strbuf_append_char(text, '\\');
	return 0;
}

/* What a shell's $'…' knows; \$ becomes $$, which is filled in as a $. */
static void append_escaped(struct strbuf *text, const char *raw)
{
	static const char letters[] = "abfnrtv\"\\";
	static const char values[] = "\a\b\f\n\r\t\v\"\\";

	for (const char *at = raw; *at != '\0'; at++) {
		const char *letter = *at == '\\' && at[1] != '\0' ? strchr(letters, at[1]) : NULL;
		if (letter != NULL) {
			strbuf_append_char(text, values[letter - letters]);
			at++;
		} else if (*at == '\\' && at[1] == '$') {
			strbuf_append(text, "$$");
			at++;
		} else if (*at == '\\' && at[1] == '0') {
			at += 1 + append_octal(text, at + 2);
		} else {
			strbuf_append_char(text, *at);
		}
	}
}

static bool read_quoted(struct dotenv *file, struct strbuf *ret, struct error *err)
{
	char quote = *file->at;
	AUTO(strbuf_clear) struct strbuf raw = STRBUF_MAX(VALUE_MAX);
	const char *at = file->at + 1;
	unsigned first = file->line;

	for (; *at != '\0' && *at != quote; at++) {
		if (*at == '\n')
			file->line++;
		if (*at == '\\' && at[1] == quote) {
			/* One that a backslash keeps open goes without it. */
			strbuf_append_char(&raw, *++at);
			continue;
		}
		strbuf_append_char(&raw, *at);
		if (*at == '\\' && at[1] != '\0') {
			strbuf_append_char(&raw, *++at);
			file->line += *at == '\n' ? 1 : 0;
		}
	}
	if (*at == '\0') {
		file->line = first;
		error_set(err, ERROR_INVALID, "the quote %c is not closed", quote);
		return failed(file, err);
	}
	file->at = at + 1;
	if (quote == '\'') {
		strbuf_append(ret, strbuf_text(&raw));
		return true;
	}
	AUTO(strbuf_clear) struct strbuf text = STRBUF_MAX(VALUE_MAX);
	append_escaped(&text, strbuf_text(&raw));
	return expand(file, strbuf_text(&text), ret, err);
}

static bool read_statement(struct dotenv *file, struct error *err)
{
	AUTO_FREE char *name = NULL;
	AUTO(strbuf_clear) struct strbuf value = STRBUF_MAX(VALUE_MAX);
	bool is_alone = false;
	unsigned line = file->line;

	skip_export(file);
	if (!read_name(file, &name, &is_alone, err))
		return false;
	if (is_alone) {
		const char *outside = file->options->outside != NULL
					      ? compose_variables_get(file->options->outside, name)
					      : NULL;
		return outside == NULL || store(file, name, outside, line, err);
	}
	bool is_quoted = *file->at == '"' || *file->at == '\'';
	bool is_read = is_quoted ? read_quoted(file, &value, err) : read_plain(file, &value, err);
	return is_read && store(file, name, strbuf_text(&value), line, err);
}

/* docker run --env-file: no quotes, no comments behind a value, nothing filled in. */
static bool read_raw_line(struct dotenv *file, struct error *err)
{
	size_t length = strcspn(file->at, "\n");
	AUTO_FREE char *line = xstrndup(file->at, length);
	char *start = line;

	file->at += length;
	while (is_blank(*start))
		start++;
	size_t end = strlen(start);
	if (end > 0 && start[end - 1] == '\r')
		start[end - 1] = '\0';
	if (*start == '\0' || *start == '#')
		return true;
	char *equals = strchr(start, '=');
	const char *outside = equals == NULL && file->options->outside != NULL
				      ? compose_variables_get(file->options->outside, start)
				      : NULL;
	if (equals == NULL)
		return outside == NULL || store(file, start, outside, file->line, err);
	*equals = '\0';
	return store(file, start, equals + 1, file->line, err);
}

bool dotenv_parse(const struct dotenv_options *options, const char *text,
		  struct compose_variables *ret, struct error *err)
{
	static const char mark[] = "\xef\xbb\xbf";
	struct dotenv file = {.options = options, .at = text, .line = 1, .variables = ret};

	if (strncmp(text, mark, 3) == 0)
		file.at += 3;
	while (*file.at != '\0') {
		if (options->is_raw) {
			if (!read_raw_line(&file, err))
				return false;
			if (*file.at == '\n') {
				file.at++;
				file.line++;
			}
			continue;
		}
		skip_to_statement(&file);
		if (*file.at != '\0' && !read_statement(&file, err))
			return false;
	}
	return true;
}
