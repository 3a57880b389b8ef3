/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/yaml_syntax.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "manifest/yaml_text.h"

/* libyaml's words for what people get wrong most, in ours. */
static const struct {
	const char *theirs;
	const char *ours;
	const char *hint;
} phrases[] = {
	{"mapping values are not allowed in this context", "a ':' where no key can be",
	 "indent the line like its neighbours, or put text with ': ' in quotes"},
	{"did not find expected key", "the line is not indented like the keys it follows",
	 "keys of one map start in the same column; close quotes opened above"},
	{"could not find expected ':'", "a key without ':'",
	 "write KEY: VALUE, with a space after the colon"},
	{"did not find expected '-' indicator",
	 "the line is neither an item of the list nor after it",
	 "items of one list start in the same column"},
	{"found unexpected end of stream", "the file ends inside quotes or brackets",
	 "close what is opened here"},
	{"did not find expected ',' or ']'", "a '[' that is not closed",
	 "separate by ',' and end with ']'"},
	{"did not find expected ',' or '}'", "a '{' that is not closed",
	 "separate by ',' and end with '}'; text with { or } wants quotes"},
	{"found unexpected ':'", "a ':' with nothing after it inside { }",
	 "write {key: value}, with a space after the colon"},
	{"found unexpected document indicator", "quotes that are not closed",
	 "close what is opened here"},
	{"did not find expected node content", "a value is missing here",
	 "put text that begins with a special character in quotes"},
	{"found undefined tag handle", "a tag; i2kit reads plain values only", "remove the !tag"},
	{"did not find expected <document start>", "text after the end of the document",
	 "begin another document with ---"},
	{"control characters are not allowed", "a control character",
	 "write it as \"\\xNN\" in double quotes"},
	{"block sequence entries are not allowed in this context", "a '-' where no list can begin",
	 "put the list below its key, each item on a line that begins with '- '"},
	{"found incompatible YAML document", "another version of YAML than 1.1 or 1.2",
	 "remove the %YAML line"},
	{"found unknown escape character", "a '\\' that means nothing in double quotes",
	 "write \\\\, or use 'single quotes'"},
};

/* The line as a text of its own; "" past the end. Owned. */
static char *line_of(const char *text, size_t line)
{
	const char *start = yaml_text_line(text, line);
	return start != NULL ? xstrndup(start, strcspn(start, "\n")) : xstrdup("");
}

/* The line so many before the failure's, as long as it is of the same document; or NULL. Owned. */
static char *line_before(const struct yaml_failure *failure, size_t back)
{
	if (back > failure->line)
		return NULL;
	char *line = line_of(failure->text, failure->line - back);
	if (back == 0 || strncmp(line, "---", 3) != 0)
		return line;
	free(line);
	return NULL;
}

static size_t characters(const char *line, size_t size)
{
	size_t column = 0;
	size_t line_number = 0;
	yaml_text_place(line, size, &line_number, &column);
	return column;
}

/* Says something about another place than libyaml's. */
static bool say(struct yaml_diagnosis *ret, size_t line, size_t column, const char *message,
		const char *hint)
{
	ret->line = line;
	ret->column = column;
	ret->message = xstrdup(message);
	ret->hint = xstrdup(hint);
	return true;
}

static bool is_conflict(const struct yaml_failure *failure, struct yaml_diagnosis *ret)
{
	static const char *const marks[] = {"<<<<<<<", "=======", ">>>>>>>"};
	for (size_t back = 0; back <= 2; back++) {
		AUTO_FREE char *line = line_before(failure, back);
		if (line == NULL)
			break;
		for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
			if (strncmp(line, marks[i], 7) == 0)
				return say(ret, failure->line - back, 0,
					   "a merge conflict is left here",
					   "choose one side and remove the <<<<<<<, ======= and "
					   ">>>>>>> lines");
		}
	}
	return false;
}

static bool is_markdown(const struct yaml_failure *failure, struct yaml_diagnosis *ret)
{
	AUTO_FREE char *line = line_of(failure->text, failure->line);
	return strncmp(line, "```", 3) == 0 &&
	       say(ret, failure->line, 0, "this is Markdown: ``` is not YAML",
		   "keep what stands between the ``` lines");
}

static bool is_odd_indent(const struct yaml_failure *failure, struct yaml_diagnosis *ret)
{
	static const char no_break[] = "\xc2\xa0";
	for (size_t back = 0; back <= 1; back++) {
		AUTO_FREE char *line = line_before(failure, back);
		if (line == NULL)
			break;
		size_t blanks = strspn(line, " ");
		if (line[blanks] == '\t' && back == 0)
			return say(ret, failure->line, failure->column, "a tab in the indentation",
				   "indent with spaces");
		if (strncmp(line + blanks, no_break, 2) == 0)
			return say(ret, failure->line - back, blanks,
				   "a no-break space in the indentation",
				   "it came along with copied text: type a plain space");
	}
	return false;
}

/* KEY:VALUE, perhaps as the first of a list's item; *ret_column is where the ':' stands. */
static bool lacks_blank(const char *line, size_t *ret_column)
{
	const char *at = line + strspn(line, " ");
	at += strncmp(at, "- ", 2) == 0 ? 2 : 0;
	size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (length == 0 || at[length] != ':' || strchr(" \t\r/", at[length + 1]) != NULL ||
	    strstr(at, ": ") != NULL)
		return false;
	*ret_column = (size_t)(at - line) + length;
	return true;
}

static bool is_blank_missing(const struct yaml_failure *failure, struct yaml_diagnosis *ret)
{
	bool is_key = strcmp(failure->what, "could not find expected ':'") == 0;
	if (!is_key && strncmp(failure->what, "mapping values", 14) != 0)
		return false;
	for (size_t back = 0; back <= 2; back++) {
		size_t column = 0;
		AUTO_FREE char *line = line_before(failure, back);
		if (line == NULL)
			break;
		if (lacks_blank(line, &column))
			return say(ret, failure->line - back, column, "no space after the ':'",
				   "KEY: VALUE");
	}
	return false;
}

/* Where the last quote of an odd number of them stands in the line. */
static bool has_open_quote(const char *line, char quote, size_t *ret_column)
{
	size_t count = 0;
	for (size_t i = 0; line[i] != '\0'; i++) {
		bool is_comment = line[i] == '#' && count % 2 == 0 && i > 0 && line[i - 1] == ' ';
		if (is_comment)
			break;
		if (line[i] == '\\' && quote == '"' && line[i + 1] != '\0') {
			i++;
			continue;
		}
		/* An apostrophe inside a word opens nothing. */
		bool is_opening = i > 0 && strchr(" [{,:", line[i - 1]) != NULL;
		if (line[i] != quote || (quote == '\'' && count == 0 && !is_opening))
			continue;
		*ret_column = i;
		count++;
	}
	return count % 2 == 1;
}

static bool is_quote_open(const struct yaml_failure *failure, struct yaml_diagnosis *ret)
{
	static const char *const effects[] = {"did not find expected key", "unexpected end of",
					      "did not find expected ','", "unexpected document",
					      "did not find expected '-'"};
	enum { LINES_MAX = 1000 };
	bool is_effect = false;
	for (size_t i = 0; i < ARRAY_SIZE(effects); i++)
		is_effect = is_effect || strstr(failure->what, effects[i]) != NULL;
	if (!is_effect || failure->context == NULL || failure->context_line >= failure->line)
		return false;
	const char *at = yaml_text_line(failure->text, failure->context_line);
	for (size_t i = failure->context_line;
	     at != NULL && i < failure->line && i < failure->context_line + LINES_MAX; i++) {
		AUTO_FREE char *line = xstrndup(at, strcspn(at, "\n"));
		size_t column = 0;
		if (has_open_quote(line, '"', &column) || has_open_quote(line, '\'', &column))
			return say(ret, i, characters(line, column),
				   "quotes that are not closed in this line",
				   "close what is opened here");
		at = yaml_text_line(at, 1);
	}
	return false;
}

static bool is_template(const struct yaml_failure *failure, struct yaml_diagnosis *ret)
{
	/* A line that is nothing but {{ if }} fails at the line behind it. */
	for (size_t back = 0; back <= 1; back++) {
		AUTO_FREE char *line = line_before(failure, back);
		if (line == NULL)
			break;
		const char *braces = strstr(line, "{{");
		if (braces == NULL)
			braces = strstr(line, "{%");
		if (braces != NULL && (back == 0 || braces == line + strspn(line, " ")))
			return say(ret, failure->line - back,
				   characters(line, (size_t)(braces - line)),
				   "a template, not YAML yet",
				   "templates ({{ … }}) must be rendered first: helm template, "
				   "envsubst");
	}
	return false;
}

/* A key that no ':' follows is only missed where the next one begins. */
static bool is_half_key(const struct yaml_failure *failure, struct yaml_diagnosis *ret)
{
	if (strcmp(failure->what, "could not find expected ':'") != 0 || failure->context == NULL ||
	    strstr(failure->context, "simple key") == NULL)
		return false;
	return say(ret, failure->context_line, failure->context_column, "a key without ':'",
		   "write KEY: VALUE, with a space after the colon");
}

/* -name: reads as a key of that name, and the line below it as a mistake. */
static bool is_dash_glued(const struct yaml_failure *failure, struct yaml_diagnosis *ret)
{
	for (size_t back = 0; back <= 2; back++) {
		AUTO_FREE char *line = line_before(failure, back);
		if (line == NULL)
			break;
		size_t blanks = strspn(line, " ");
		unsigned char next = line[blanks] == '-' ? (unsigned char)line[blanks + 1] : 0;
		if (((next | 0x20) >= 'a' && (next | 0x20) <= 'z') &&
		    strchr(line + blanks, ':') != NULL)
			return say(ret, failure->line - back, blanks, "no space after the '-'",
				   "- KEY: VALUE");
	}
	return false;
}

/* A character that YAML keeps for itself. */
static bool is_reserved(const struct yaml_failure *failure, struct yaml_diagnosis *ret)
{
	AUTO_FREE char *line = line_of(failure->text, failure->line);
	if (strstr(failure->what, "cannot start any token") == NULL ||
	    failure->column >= strlen(line) || strchr("`@%|>\t", line[failure->column]) == NULL)
		return false;
	char message[] = "'?' cannot begin a value";
	message[1] = line[failure->column];
	return say(ret, failure->line, failure->column,
		   line[failure->column] == '\t' ? "a tab where a value should begin" : message,
		   "put the text in quotes");
}

static void by_phrase(const struct yaml_failure *failure, struct yaml_diagnosis *ret)
{
	/* Of quotes and brackets left open, where they open is what helps. */
	bool is_unclosed = failure->context != NULL && failure->context_line < failure->line &&
			   (strstr(failure->context, "quoted") != NULL ||
			    strstr(failure->context, "flow") != NULL);
	ret->line = is_unclosed ? failure->context_line : failure->line;
	ret->column = is_unclosed ? failure->context_column : failure->column;
	for (size_t i = 0; i < ARRAY_SIZE(phrases); i++) {
		if (strcmp(failure->what, phrases[i].theirs) != 0)
			continue;
		ret->message = xstrdup(phrases[i].ours);
		ret->hint = xstrdup(phrases[i].hint);
		return;
	}
	ret->message = failure->context != NULL
			       ? xasprintf("not YAML: %s %s", failure->what, failure->context)
			       : xasprintf("not YAML: %s", failure->what);
}

void yaml_syntax_diagnose(const struct yaml_failure *failure, struct yaml_diagnosis *ret)
{
	static bool (*const checks[])(const struct yaml_failure *, struct yaml_diagnosis *) = {
		is_conflict, is_markdown,   is_odd_indent, is_dash_glued, is_blank_missing,
		is_template, is_quote_open, is_reserved,   is_half_key};
	*ret = (struct yaml_diagnosis){0};
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		if (checks[i](failure, ret))
			return;
	}
	by_phrase(failure, ret);
}

void yaml_diagnosis_clear(struct yaml_diagnosis *diagnosis)
{
	free(diagnosis->message);
	free(diagnosis->hint);
	*diagnosis = (struct yaml_diagnosis){0};
}
