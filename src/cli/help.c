/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#include <string.h>

#include "base/cleanup.h"
#include "cli/arguments.h"
#include "cli/verbs.h"

enum { LINE_WIDTH = 78, LEFT_WIDTH = 28, GROUP_COUNT = VERB_SYSTEM + 1 };

const char *help_group_title(enum verb_group group)
{
	static const char *const titles[GROUP_COUNT] = {
		[VERB_RUN] = "Run pods",	  [VERB_WATCH] = "Watch and act",
		[VERB_IMAGE] = "Images",	  [VERB_MANIFEST] = "Manifests",
		[VERB_CLOUD] = "Ship to a cloud", [VERB_SYSTEM] = "This program",
	};
	return titles[group];
}

static void append_title(struct strbuf *text, const char *title, bool is_colored)
{
	strbuf_appendf(text, "\n%s%s:%s\n", is_colored ? "\033[1m" : "", title,
		       is_colored ? "\033[0m" : "");
}

/* Words of one paragraph up to `end`, broken at LINE_WIDTH. */
static void append_wrapped(struct strbuf *text, const char *words, const char *end)
{
	size_t column = 0;
	while (words < end) {
		size_t length = strcspn(words, " \n");
		if (words + length > end)
			length = (size_t)(end - words);
		if (column > 0 && column + 1 + length > LINE_WIDTH) {
			strbuf_append_char(text, '\n');
			column = 0;
		}
		if (column > 0) {
			strbuf_append_char(text, ' ');
			column++;
		}
		strbuf_append_bytes(text, words, length);
		column += length;
		words += length;
		while (words < end && *words == ' ')
			words++;
	}
	strbuf_append_char(text, '\n');
}

/* Lines that begin with a space stay as they are; the others are filled. */
static void append_description(struct strbuf *text, const char *description)
{
	while (*description != '\0') {
		const char *end = strchrnul(description, '\n');
		if (*description == ' ') {
			strbuf_append_bytes(text, description, (size_t)(end - description));
			strbuf_append_char(text, '\n');
		} else {
			append_wrapped(text, description, end);
		}
		description = *end == '\n' ? end + 1 : end;
	}
}

/* A verb's own option may have taken the letter of a common one. */
static bool has_letter(const struct verb *verb, const struct option_spec *spec)
{
	for (size_t i = 0; verb != NULL && i < verb->option_count; i++) {
		if (verb->options[i].letter == spec->letter && &verb->options[i] != spec)
			return false;
	}
	return spec->letter != 0;
}

static void append_option(struct strbuf *text, const struct verb *verb,
			  const struct option_spec *spec)
{
	struct strbuf left = STRBUF_INIT;
	if (has_letter(verb, spec))
		strbuf_appendf(&left, "  -%c, --%s", spec->letter, spec->name);
	else
		strbuf_appendf(&left, "      --%s", spec->name);
	if (spec->metavar != NULL)
		strbuf_appendf(&left, spec->kind == OPTION_OPTIONAL ? "[=%s]" : " %s",
			       spec->metavar);
	if (left.size > LEFT_WIDTH)
		strbuf_appendf(text, "%s\n%*s  %s\n", left.data, LEFT_WIDTH, "", spec->help);
	else
		strbuf_appendf(text, "%-*s  %s\n", LEFT_WIDTH, left.data, spec->help);
	strbuf_clear(&left);
}

static void append_group(struct strbuf *text, enum verb_group group, bool is_colored)
{
	bool has_title = false;
	for (size_t i = 0; i < verb_count; i++) {
		if (verbs[i]->group != group || verbs[i]->is_hidden)
			continue;
		if (!has_title)
			append_title(text, help_group_title(group), is_colored);
		has_title = true;
		strbuf_appendf(text, "  %-14s %s\n", verbs[i]->name, verbs[i]->summary);
	}
}

void help_write_all(struct strbuf *text, bool is_colored)
{
	strbuf_append(
		text,
		"i2kit runs the pods of Kubernetes-style manifests as small virtual machines:\n"
		"one immutable image per pod, the same bytes here and in the cloud.\n\n"
		"Usage: i2kit VERB [OPTIONS] [ARGUMENTS]\n");
	for (int group = 0; group < GROUP_COUNT; group++)
		append_group(text, (enum verb_group)group, is_colored);
	append_title(text, "Options of every verb", is_colored);
	for (size_t i = 0; i < common_option_count; i++)
		append_option(text, NULL, &common_options[i]);
	strbuf_append(text, "\ni2kit VERB --help tells more. First steps: man i2kit\n");
}

void help_write_verb(struct strbuf *text, const struct verb *verb, bool is_colored)
{
	AUTO_FREE char *usage = verb_usage(verb);
	size_t own_count = verb->option_count + (verb->has_output ? 1 : 0);

	strbuf_appendf(text, "Usage: %s\n\n", usage);
	append_description(text, verb->description ? verb->description : verb->summary);
	if (verb->alias != NULL)
		strbuf_appendf(text, "\nThe same: i2kit %s\n", verb->alias);
	if (own_count > 0)
		append_title(text, "Options", is_colored);
	for (size_t i = 0; i < own_count; i++)
		append_option(text, verb, verb_option(verb, i));
	append_title(text, "Options of every verb", is_colored);
	for (size_t i = 0; i < common_option_count; i++)
		append_option(text, verb, &common_options[i]);
	if (verb->example != NULL) {
		append_title(text, "Examples", is_colored);
		strbuf_append(text, verb->example);
		if (verb->example[0] != '\0' && verb->example[strlen(verb->example) - 1] != '\n')
			strbuf_append_char(text, '\n');
	}
}
