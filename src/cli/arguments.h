/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_ARGUMENTS_H
#define I2KIT_CLI_ARGUMENTS_H

/*
 * The command line against the table of verbs. Options may stand before and after positional
 * arguments; `--name value`, `--name=value`, `-n value`, `-nvalue`, grouped flags `-vd`, and `--`
 * ends options. Options that every verb has may also stand before the verb.
 */

#include "base/cleanup.h"
#include "cli/verb.h"

struct arguments *arguments_new(void);
void arguments_free(struct arguments *args);
DEFINE_AUTO_PTR(arguments, arguments_free)

/*
 * Reads common options from argv[*at] on, up to the first word that is none; *at is then its index
 * (or argc).
 */
MUST_CHECK bool arguments_parse_common(struct arguments *args, int argc, char *const *argv, int *at,
				       struct error *err);

/*
 * Reads the rest, from argv[at], for this verb. With -h or --help among it, how many positional
 * arguments there are is not checked.
 */
MUST_CHECK bool arguments_parse_verb(struct arguments *args, const struct verb *verb, int argc,
				     char *const *argv, int at, struct error *err);

/* The options every verb has; those with output first has one more, -o. */
extern const struct option_spec common_options[];
extern const size_t common_option_count;
extern const struct option_spec output_option;

/*
 * The i-th option of a verb: its own, then -o if it has output, then the common ones; NULL after
 * the last.
 */
const struct option_spec *verb_option(const struct verb *verb, size_t index);

/* "i2kit logs [OPTIONS] POD[/CONTAINER]…", owned. */
char *verb_usage(const struct verb *verb);

struct arguments;

bool arguments_flag(const struct arguments *args, const char *name);
unsigned arguments_count(const struct arguments *args, const char *name);    /* -vv: 2 */
const char *arguments_value(const struct arguments *args, const char *name); /* or NULL */
/* Of an option that may be given several times; none of others of that name. */
const struct string_list *arguments_values(const struct arguments *args, const char *name);
const struct string_list *arguments_rest(const struct arguments *args); /* positional ones */

#endif
