/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/complete.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/arguments.h"
#include "cli/verbs.h"

void completion_clear(struct completion *completion)
{
	string_list_clear(&completion->items);
	free(completion->prefix);
	*completion = (struct completion){0};
}

static bool begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* The option whose value the next word is: "--file", "-f", "-vf"; NULL when it takes none. */
static const struct option_spec *awaits_value(const struct verb *verb, const char *word)
{
	const struct option_spec *spec;
	bool is_long = begins_with(word, "--");

	if (word[0] != '-' || word[1] == '\0')
		return NULL;
	for (size_t i = 0; (spec = verb_option(verb, i)) != NULL; i++) {
		if (spec->kind == OPTION_FLAG || spec->kind == OPTION_OPTIONAL)
			continue;
		if (is_long && strcmp(word + 2, spec->name) == 0)
			return spec;
		if (!is_long && spec->letter != 0 && word[strlen(word) - 1] == spec->letter)
			return spec;
	}
	return NULL;
}

static void offer_value(const struct option_spec *spec, struct completion *ret)
{
	AUTO(string_list_clear) struct string_list choices = STRING_LIST_INIT;
	ret->kind = spec->complete;
	if (spec->complete != COMPLETE_FORMAT)
		return;
	string_list_split(&choices, spec->metavar, '|');
	for (size_t i = 0; i < choices.count; i++) {
		if (begins_with(choices.items[i], ret->typed))
			string_list_add(&ret->items, choices.items[i]);
	}
}

/* "--output=js": the value within the word. */
static bool offer_attached_value(const struct verb *verb, const char *word, struct completion *ret)
{
	const char *equals = strchr(word, '=');
	if (equals == NULL)
		return false;
	AUTO_FREE char *option = xstrndup(word, (size_t)(equals - word));
	const struct option_spec *spec = awaits_value(verb, option);
	if (spec == NULL)
		return false;
	ret->prefix = xasprintf("%s=", option);
	ret->typed = equals + 1;
	offer_value(spec, ret);
	return true;
}

static void offer_options(const struct verb *verb, struct completion *ret)
{
	const struct option_spec *spec;
	for (size_t i = 0; (spec = verb_option(verb, i)) != NULL; i++) {
		AUTO_FREE char *option = xasprintf("--%s", spec->name);
		if (begins_with(option, ret->typed))
			string_list_addf(&ret->items, "%s\t%s", option, spec->help);
	}
}

static void offer_verbs(struct completion *ret)
{
	for (size_t i = 0; i < verb_count; i++) {
		if (!verbs[i]->is_hidden && begins_with(verbs[i]->name, ret->typed))
			string_list_addf(&ret->items, "%s\t%s", verbs[i]->name, verbs[i]->summary);
	}
}

void complete_words(char *const *words, size_t count, struct completion *ret)
{
	const struct verb *verb = NULL;
	const struct option_spec *waiting = NULL;
	bool has_options_ended = false;

	*ret = (struct completion){.typed = words[count - 1]};
	for (size_t i = 0; i + 1 < count; i++) {
		if (waiting != NULL) {
			if (strcmp(waiting->name, "project") == 0)
				ret->project = words[i];
			waiting = NULL;
		} else if (strcmp(words[i], "--") == 0)
			has_options_ended = true;
		else if (words[i][0] == '-' && !has_options_ended)
			waiting = awaits_value(verb, words[i]);
		else if (verb == NULL)
			verb = verb_find(words[i]);
		else if (ret->subject == NULL)
			ret->subject = words[i];
	}
	if (waiting != NULL)
		offer_value(waiting, ret);
	else if (ret->typed[0] == '-' && !has_options_ended) {
		if (!offer_attached_value(verb, ret->typed, ret))
			offer_options(verb, ret);
	} else if (verb == NULL || (strcmp(verb->name, "help") == 0))
		offer_verbs(ret);
	else if (!verb->stops_at_argument || ret->subject == NULL)
		ret->kind = verb->argument.complete;
	else
		ret->kind = COMPLETE_FILE;
}
