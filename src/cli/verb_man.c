/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/help_page.h"
#include "cli/project_tui.h"
#include "cli/verb.h"
#include "cli/verbs.h"

/*
 * The middle of the man page, as scdoc(5): synopsis, verbs and options from the table. What people
 * wrote stands before and behind it in doc/.
 */

/* scdoc's own characters lose their meaning; a dash has one at the beginning only. */
static void append_escaped(struct strbuf *text, const char *words)
{
	if (*words == '-')
		strbuf_append_char(text, '\\');
	for (; *words != '\0'; words++) {
		if (strchr("\\_*`#[]|<>~", *words) != NULL)
			strbuf_append_char(text, '\\');
		strbuf_append_char(text, *words);
	}
}

static void append_option(struct strbuf *text, const struct option_spec *spec)
{
	strbuf_append_char(text, '*');
	if (spec->letter != 0)
		strbuf_appendf(text, "-%c*, *", spec->letter);
	strbuf_appendf(text, "--%s*", spec->name);
	if (spec->metavar != NULL) {
		bool is_optional = spec->kind == OPTION_OPTIONAL;
		strbuf_append(text, is_optional ? "[=_" : " _");
		append_escaped(text, spec->metavar);
		strbuf_append(text, is_optional ? "_]" : "_");
	}
	strbuf_append(text, "\n\t");
	append_escaped(text, spec->help);
	strbuf_append(text, "\n\n");
}

/* Paragraphs; lines that begin with a space become literal text. */
static void append_description(struct strbuf *text, const char *description)
{
	bool is_literal = false;
	while (*description != '\0') {
		const char *end = strchrnul(description, '\n');
		bool is_indented = *description == ' ';
		if (is_indented != is_literal)
			strbuf_append(text, is_literal ? "```\n\n" : "```\n");
		is_literal = is_indented;
		AUTO(strbuf_clear) struct strbuf line = STRBUF_INIT;
		if (end == description && !is_literal) {
			description++;
			continue;
		}
		strbuf_append_bytes(&line, description, (size_t)(end - description));
		if (is_literal)
			strbuf_append(text, strbuf_text(&line));
		else
			append_escaped(text, strbuf_text(&line));
		strbuf_append(text, is_literal ? "\n" : "\n\n");
		description = *end == '\n' ? end + 1 : end;
	}
	if (is_literal)
		strbuf_append(text, "```\n\n");
}

static void append_verb(struct strbuf *text, const struct verb *verb)
{
	AUTO_FREE char *usage = verb_usage(verb);
	size_t own_count = verb->option_count + (verb->has_output ? 1 : 0);

	strbuf_append(text, "## ");
	strbuf_append(text, verb->name);
	strbuf_append(text, "\n\n*");
	append_escaped(text, usage);
	strbuf_append(text, "*\n\n");
	append_description(text, verb->description ? verb->description : verb->summary);
	if (verb->alias != NULL)
		strbuf_appendf(text, "The same: *i2kit %s*\n\n", verb->alias);
	for (size_t i = 0; i < own_count; i++)
		append_option(text, verb_option(verb, i));
	if (verb->example != NULL) {
		strbuf_append(text, "```\n");
		strbuf_append(text, verb->example);
		if (verb->example[strlen(verb->example) - 1] != '\n')
			strbuf_append_char(text, '\n');
		strbuf_append(text, "```\n\n");
	}
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	(void)err;
	if (arguments_flag(invocation->args, "markdown")) {
		help_write_page(&text);
		(void)fputs(strbuf_text(&text), stdout);
		return 0;
	}

	strbuf_append(&text, "# VERBS\n\n");
	for (size_t i = 0; i < verb_count; i++) {
		if (!verbs[i]->is_hidden)
			append_verb(&text, verbs[i]);
	}
	AUTO_FREE char *keys = project_tui_keys();
	strbuf_append(&text, keys);
	strbuf_append(&text, "# OPTIONS OF EVERY VERB\n\n");
	for (size_t i = 0; i < common_option_count; i++)
		append_option(&text, &common_options[i]);
	(void)fputs(strbuf_text(&text), stdout);
	return 0;
}

static const struct option_spec options[] = {
	{"markdown", 0, OPTION_FLAG, NULL, "as doc/verbs.md instead", COMPLETE_NONE},
};

const struct verb verb_man = {
	.name = "man",
	.group = VERB_SYSTEM,
	.summary = "print the verbs as scdoc, for the man page",
	.is_hidden = true,
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.run = run,
};
