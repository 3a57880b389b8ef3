/* SPDX-License-Identifier: Apache-2.0 */
/* doc/verbs.md: the same words as --help, from the same table, so that they cannot drift apart. */
#include "cli/help_page.h"

#include <string.h>

#include "base/cleanup.h"
#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/verbs.h"

/* What Markdown would take for something else, outside of code. */
static void append_escaped(struct strbuf *text, const char *words, size_t size)
{
	bool is_code = false;

	for (size_t i = 0; i < size; i++) {
		if (words[i] == '`')
			is_code = !is_code;
		else if (!is_code && strchr("\\*_<>[]#|", words[i]) != NULL)
			strbuf_append_char(text, '\\');
		strbuf_append_char(text, words[i]);
	}
}

/* Paragraphs; lines that begin with a space are literal. */
static void append_description(struct strbuf *text, const char *description)
{
	bool is_literal = false;

	while (*description != '\0') {
		const char *end = strchrnul(description, '\n');
		size_t size = (size_t)(end - description);
		if (*description == ' ') {
			strbuf_append(text, is_literal ? "" : "\n");
			strbuf_append(text, "   ");
			strbuf_append_bytes(text, description, size);
			strbuf_append_char(text, '\n');
		} else if (size > 0) {
			strbuf_append_char(text, '\n');
			append_escaped(text, description, size);
			strbuf_append_char(text, '\n');
		}
		is_literal = *description == ' ';
		description = *end == '\n' ? end + 1 : end;
	}
}

static void append_option(struct strbuf *text, const struct option_spec *spec)
{
	strbuf_append(text, "| `");
	if (spec->letter != 0)
		strbuf_appendf(text, "-%c`, `", spec->letter);
	strbuf_appendf(text, "--%s", spec->name);
	/* A | in code ends a cell all the same. */
	for (const char *p = spec->metavar != NULL ? spec->metavar : ""; *p != '\0'; p++) {
		if (p == spec->metavar)
			strbuf_append(text, spec->kind == OPTION_OPTIONAL ? "[=" : " ");
		strbuf_append(text, *p == '|' ? "\\|" : (char[2]){*p, '\0'});
	}
	strbuf_append(text, spec->kind == OPTION_OPTIONAL ? "]` | " : "` | ");
	append_escaped(text, spec->help, strlen(spec->help));
	strbuf_append(text, " |\n");
}

static void append_verb(struct strbuf *text, const struct verb *verb)
{
	AUTO_FREE char *usage = verb_usage(verb);
	size_t own_count = verb->option_count + (verb->has_output ? 1 : 0);

	strbuf_appendf(text, "\n### %s\n\n    %s\n", verb->name, usage);
	append_description(text, verb->description != NULL ? verb->description : verb->summary);
	if (verb->alias != NULL)
		strbuf_appendf(text, "\nThe same: `i2kit %s`.\n", verb->alias);
	if (own_count > 0)
		strbuf_append(text, "\n| option | |\n|---|---|\n");
	for (size_t i = 0; i < own_count; i++)
		append_option(text, verb_option(verb, i));
	if (verb->example == NULL)
		return;
	strbuf_append_char(text, '\n');
	for (const char *line = verb->example; *line != '\0';) {
		size_t size = strcspn(line, "\n");
		strbuf_append(text, "    ");
		strbuf_append_bytes(text, line, size);
		strbuf_append_char(text, '\n');
		line += size + (line[size] == '\n' ? 1 : 0);
	}
}

void help_write_page(struct strbuf *text)
{
	strbuf_append(text, "# Verbs\n\n<!-- i2kit man --markdown > doc/verbs.md -->\n\n"
			    "What `i2kit VERB --help` says, on one page. Habits of other tools: "
			    "[coming-from.md](coming-from.md).\n");
	for (int group = 0; group <= VERB_SYSTEM; group++) {
		strbuf_appendf(text, "\n## %s\n", help_group_title((enum verb_group)group));
		for (size_t i = 0; i < verb_count; i++) {
			if (verbs[i]->group == (enum verb_group)group && !verbs[i]->is_hidden)
				append_verb(text, verbs[i]);
		}
	}
	strbuf_append(text, "\n## Options of every verb\n\n| option | |\n|---|---|\n");
	for (size_t i = 0; i < common_option_count; i++)
		append_option(text, &common_options[i]);
}
