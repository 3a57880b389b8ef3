/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/template.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

enum { NESTED_MAX = 32 };

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static size_t name_length(const char *text)
{
	size_t length = 0;
	while (is_name_start(text[length]) ||
	       (length > 0 && text[length] >= '0' && text[length] <= '9'))
		length++;
	return length;
}

static bool substitute(const struct template_scope *scope, const char *text, size_t size,
		       unsigned depth, struct strbuf *ret, struct error *err);

/* The } that belongs to the { at text[0]; where braces do not match, the last one of the line. */
static const char *closing_brace(const char *text, size_t size)
{
	size_t line = 0;
	unsigned open = 0;
	const char *last = NULL;

	while (line < size && text[line] != '\n')
		line++;
	for (size_t i = 0; i < line; i++) {
		if (text[i] == '{')
			open++;
		if (text[i] != '}')
			continue;
		last = &text[i];
		if (--open == 0)
			return last;
	}
	return last;
}

static void note_unset(const struct template_scope *scope, const char *name)
{
	if (scope->unset != NULL && !string_list_has(scope->unset, name))
		string_list_add(scope->unset, name);
}

/* ${NAME…}: what stands after the name, without the closing brace. */
static bool apply_operator(const struct template_scope *scope, const char *name,
			   const char *operator, size_t size, unsigned depth, struct strbuf *ret,
			   struct error *err)
{
	const char *value = scope->find(scope->owner, name);
	bool wants_text = operator[0] == ':';
	char kind = operator[wants_text ? 1 : 0];
	const char *word = operator+(wants_text ? 2 : 1);
	size_t word_size = size - (wants_text ? 2 : 1);
	bool is_there = value != NULL && !(wants_text && value[0] == '\0');

	if (kind == '+') {
		if (is_there)
			return substitute(scope, word, word_size, depth + 1, ret, err);
		strbuf_append(ret, value != NULL ? value : "");
		return true;
	}
	if (is_there) {
		strbuf_append(ret, value);
		return true;
	}
	if (kind == '-')
		return substitute(scope, word, word_size, depth + 1, ret, err);
	AUTO(strbuf_clear) struct strbuf reason = STRBUF_MAX(1000);
	if (!substitute(scope, word, word_size, depth + 1, &reason, err))
		return false;
	error_set(err, ERROR_INVALID, "the variable %.80s has no value%s%s", name,
		  reason.size > 0 ? ": " : "", strbuf_text(&reason));
	return error_hint(err, "%s=… in the environment or in .env", name);
}

static bool malformed(struct error *err, const char *at, size_t size)
{
	error_set(err, ERROR_INVALID, "%.*s is no variable", (int)(size < 60 ? size : 60), at);
	return error_hint(err, "${NAME}, ${NAME:-default}; write $$ for a $ of its own");
}

/* text[0] is the { behind a $; *ret_used counts from there. */
static bool substitute_braced(const struct template_scope *scope, const char *text, size_t size,
			      unsigned depth, struct strbuf *ret, size_t *ret_used,
			      struct error *err)
{
	size_t length = name_length(text + 1);
	const char *end = closing_brace(text, size);

	if (length == 0 || end == NULL || text + 1 + length > end)
		return malformed(err, text - 1, size + 1);
	AUTO_FREE char *name = xstrndup(text + 1, length);
	const char *operator= text + 1 + length;
	*ret_used = (size_t)(end - text) + 1;
	if (operator[0] == '}') {
		const char *value = scope->find(scope->owner, name);
		*ret_used = length + 2;
		if (value == NULL)
			note_unset(scope, name);
		strbuf_append(ret, value != NULL ? value : "");
		return true;
	}
	char kind = operator[0] == ':' ? operator[1] : operator[0];
	if (kind != '-' && kind != '+' && kind != '?')
		return malformed(err, text - 1, size + 1);
	return apply_operator(scope, name, operator, (size_t)(end - operator), depth, ret, err);
}

static bool substitute(const struct template_scope *scope, const char *text, size_t size,
		       unsigned depth, struct strbuf *ret, struct error *err)
{
	if (depth > NESTED_MAX)
		return error_set(err, ERROR_INVALID, "variables nested deeper than %d", NESTED_MAX);
	for (size_t i = 0; i < size; i++) {
		size_t used = 0;
		if (text[i] != '$' || i + 1 == size) {
			strbuf_append_char(ret, text[i]);
		} else if (text[i + 1] == '$') {
			strbuf_append_char(ret, '$');
			i++;
		} else if (text[i + 1] == '{') {
			if (!substitute_braced(scope, text + i + 1, size - i - 1, depth, ret, &used,
					       err))
				return false;
			i += used;
		} else if (is_name_start(text[i + 1])) {
			size_t length = name_length(text + i + 1);
			length = length < size - i - 1 ? length : size - i - 1;
			AUTO_FREE char *name = xstrndup(text + i + 1, length);
			const char *value = scope->find(scope->owner, name);
			if (value == NULL)
				note_unset(scope, name);
			strbuf_append(ret, value != NULL ? value : "");
			i += length;
		} else {
			strbuf_append_char(ret, '$');
		}
	}
	return true;
}

bool template_substitute(const struct template_scope *scope, const char *text, struct strbuf *ret,
			 struct error *err)
{
	return substitute(scope, text, strlen(text), 0, ret, err);
}
