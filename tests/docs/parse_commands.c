/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: parse-commands <LINES
 *
 * Command lines of documents against the table of verbs: each line is "strict" or "loose", where it stands, and i2kit's
 * arguments, with tabs between. Prints those that the parser refuses; with "loose" how many arguments there are is not
 * checked. Ends with 1 when there was one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cli/arguments.h"
#include "cli/unknown_verb.h"
#include "cli/verb.h"
#include "cli/verbs.h"

enum { WORDS_MAX = 64 };

static bool parse(char **argv, int argc, bool is_strict, struct error *err)
{
	AUTO_PTR(arguments) struct arguments *args = arguments_new();
	char help[] = "--help";
	char *words[WORDS_MAX + 2];
	int at = 1;

	if (!arguments_parse_common(args, argc, argv, &at, err))
		return false;
	if (at == argc)
		return true;
	const struct verb *verb = verb_find(argv[at]);
	if (verb == NULL) {
		unknown_verb(argv[at], err);
		return false;
	}
	if (is_strict)
		return arguments_parse_verb(args, verb, argc, argv, at + 1, err);
	memcpy(words, argv, (size_t)(at + 1) * sizeof(*words));
	words[at + 1] = help;
	memcpy(words + at + 2, argv + at + 1, (size_t)(argc - at) * sizeof(*words));
	return arguments_parse_verb(args, verb, argc + 1, words, at + 1, err);
}

int main(void)
{
	AUTO_FREE char *line = NULL;
	size_t room = 0;
	int refused = 0;

	while (getline(&line, &room, stdin) > 0) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		char *argv[WORDS_MAX + 1] = {NULL};
		int argc = 0;
		char *rest = line;
		char *how = NULL;
		char *where = NULL;
		line[strcspn(line, "\n")] = '\0';
		how = strsep(&rest, "\t");
		where = strsep(&rest, "\t");
		argv[argc++] = where;
		while (rest != NULL && argc < WORDS_MAX)
			argv[argc++] = strsep(&rest, "\t");
		if (where == NULL || parse(argv, argc, strcmp(how, "strict") == 0, &err))
			continue;
		(void)printf("%s: %s%s%s\n", where, err.message ? err.message : "?",
			     err.hint ? "; " : "", err.hint ? err.hint : "");
		refused++;
	}
	return refused > 0;
}
