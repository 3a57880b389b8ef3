/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/compose/units.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/strbuf.h"

bool compose_number(const struct yaml_node *node, double *ret)
{
	if (node == NULL || node->kind != YAML_SCALAR)
		return false;
	if (node->type == YAML_INTEGER) {
		*ret = (double)node->integer;
		return true;
	}
	return parse_double(node->text, ret);
}

/* A number with or without a point, blanks, and a unit of its first letter. */
static bool parse_bytes(const char *text, uint64_t *ret)
{
	static const char letters[] = "bkmgtp";
	double value = 0;
	size_t digits = strspn(text, "0123456789.");
	const char *unit = text + digits + strspn(text + digits, " ");
	unsigned power = 0;

	AUTO_FREE char *number = xstrndup(text, digits);
	if (digits == 0 || !parse_double(number, &value))
		return false;
	if (unit[0] != '\0') {
		const char *letter = strchr(letters, tolower((unsigned char)unit[0]));
		bool is_bytes = tolower((unsigned char)unit[0]) == 'b';
		if (letter == NULL || (is_bytes && unit[1] != '\0') ||
		    (!is_bytes && unit[1] != '\0' && strcasecmp(unit + 1, "b") != 0 &&
		     strcasecmp(unit + 1, "ib") != 0))
			return false;
		power = (unsigned)(letter - letters);
	}
	for (unsigned i = 0; i < power; i++)
		value *= 1024;
	if (value >= 9.2e18)
		return false;
	*ret = (uint64_t)value;
	return true;
}

bool compose_bytes(const struct yaml_node *node, uint64_t *ret)
{
	if (node == NULL || node->kind != YAML_SCALAR)
		return false;
	if (node->type == YAML_INTEGER) {
		if (node->integer < 0)
			return false;
		*ret = (uint64_t)node->integer;
		return true;
	}
	return parse_bytes(node->text, ret);
}

bool compose_duration_ms(const char *text, uint64_t *ret)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = {{"ms", 1},	  {"us", 0.001}, {"µs", 0.001},	 {"ns", 0.000001}, {"s", 1000},
		     {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}, {"w", 604800e3}};
	double total = 0;

	if (strcmp(text, "0") == 0) {
		*ret = 0;
		return true;
	}
	if (text[0] == '\0')
		return false;
	while (*text != '\0') {
		size_t digits = strspn(text, "0123456789.");
		size_t used = 0;
		double value = 0;
		AUTO_FREE char *number = xstrndup(text, digits);
		if (digits == 0 || !parse_double(number, &value))
			return false;
		text += digits;
		for (size_t i = 0; i < ARRAY_SIZE(units) && used == 0; i++) {
			if (strncmp(text, units[i].name, strlen(units[i].name)) != 0)
				continue;
			used = strlen(units[i].name);
			total += value * units[i].ms;
		}
		if (used == 0)
			return false;
		text += used;
	}
	if (total >= 9.2e15)
		return false;
	*ret = (uint64_t)(total + 0.5);
	return true;
}

struct splitter {
	struct strbuf word;
	bool is_begun;	 /* "" is a word, too */
	char quote;	 /* or NUL */
	bool is_command; /* inside of $(…) or `…`, which stay as they are */
};

static void end_word(struct splitter *splitter, struct string_list *ret)
{
	if (splitter->is_begun)
		string_list_add(ret, strbuf_text(&splitter->word));
	strbuf_reset(&splitter->word);
	splitter->is_begun = false;
}

static void add_char(struct splitter *splitter, char c)
{
	strbuf_append_char(&splitter->word, c);
	splitter->is_begun = true;
}

static bool failed(struct error *err, const char *what)
{
	error_set(err, ERROR_INVALID, "%s in a line of words", what);
	return error_hint(err, "[\"sh\", \"-c\", \"…\"] gives it to a shell as it is");
}

/* What no quote is around. False: *err. */
static bool add_bare(struct splitter *splitter, const char *at, struct string_list *ret,
		     bool *ret_end, struct error *err)
{
	bool is_blank = *at == ' ' || *at == '\t' || *at == '\n' || *at == '\r';
	const char *word = strbuf_text(&splitter->word);
	size_t size = splitter->word.size;

	if (*at == '`' || (*at == ')' && splitter->is_command)) {
		splitter->is_command = !splitter->is_command;
	} else if (*at == '(' || *at == ')') {
		if (*at == ')' || size == 0 || word[size - 1] != '$')
			return failed(err, "a bracket");
		splitter->is_command = true;
	} else if (splitter->is_command) {
		add_char(splitter, *at);
		return true;
	} else if (*at == '\'' || *at == '"') {
		splitter->quote = *at;
		splitter->is_begun = true;
		return true;
	} else if (is_blank) {
		end_word(splitter, ret);
		return true;
	} else if (strchr(";&|<>", *at) != NULL) {
		*ret_end = true;
		return true;
	}
	add_char(splitter, *at);
	return true;
}

static bool split(struct splitter *splitter, const char *line, struct string_list *ret,
		  const char **ret_rest, struct error *err)
{
	bool is_ended = false;
	*ret_rest = NULL;
	for (const char *at = line; *at != '\0'; at++) {
		if (*at == '\\' && splitter->quote != '\'') {
			if (at[1] == '\0')
				return failed(err, "a \\ at the end");
			add_char(splitter, *++at);
		} else if (splitter->quote == '\0') {
			if (!add_bare(splitter, at, ret, &is_ended, err))
				return false;
		} else if (*at == splitter->quote) {
			splitter->quote = '\0';
		} else {
			add_char(splitter, *at);
		}
		if (is_ended) {
			*ret_rest = at;
			break;
		}
	}
	end_word(splitter, ret);
	return (splitter->quote == '\0' && !splitter->is_command) ||
	       failed(err, "a quote that is not closed");
}

bool compose_split_words(const char *line, struct string_list *ret, const char **ret_rest,
			 struct error *err)
{
	struct splitter splitter = {0};
	bool is_good = split(&splitter, line, ret, ret_rest, err);
	strbuf_clear(&splitter.word);
	return is_good;
}
