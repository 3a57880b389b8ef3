/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_COMPLETE_H
#define I2KIT_CLI_COMPLETE_H

/*
 * What a shell may offer for the last of the words after "i2kit", from the table of verbs. The
 * scripts of all three shells are thin: they ask `i2kit complete`, so they can never be outdated.
 */

#include "base/string_list.h"
#include "cli/verb.h"

struct completion {
	const char *subject;	  /* the verb's first argument, borrowed; or NULL */
	const char *project;	  /* of -p among the words, borrowed; or NULL */
	enum complete_kind kind;  /* what the shell or the caller adds */
	struct string_list items; /* "word" or "word<TAB>description"; begin with the last word */
	char *prefix;		  /* owned: stands before what is added ("--file="), or NULL */
	const char *typed;	  /* borrowed: the part of the last word that is being completed */
};

void completion_clear(struct completion *completion);
/* count is at least 1; the last word may be empty. */
void complete_words(char *const *words, size_t count, struct completion *ret);

#endif
