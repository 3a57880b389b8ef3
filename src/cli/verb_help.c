/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/string_list.h"
#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/unknown_verb.h"
#include "cli/verb.h"
#include "cli/verbs.h"

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *rest = arguments_rest(invocation->args);
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	if (rest->count == 0) {
		help_write_all(&text, invocation->is_colored);
	} else {
		const struct verb *verb = verb_find(rest->items[0]);
		if (verb == NULL) {
			unknown_verb(rest->items[0], err);
			return 2;
		}
		help_write_verb(&text, verb, invocation->is_colored);
	}
	(void)fputs(strbuf_text(&text), stdout);
	return 0;
}

const struct verb verb_help = {
	.name = "help",
	.group = VERB_SYSTEM,
	.summary = "show help, also of one verb",
	.argument = {.metavar = "VERB", .max = 1},
	.run = run,
};
