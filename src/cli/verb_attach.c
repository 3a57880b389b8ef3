/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/string_list.h"
#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/verb.h"

extern const struct verb verb_logs;

/* `logs` by another name: what it takes is what its own command line would say. */
static int run(const struct invocation *invocation, struct error *err)
{
	AUTO_PTR(arguments) struct arguments *args = arguments_new();
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;
	struct invocation follow = *invocation;

	string_list_add(&words, "--follow");
	string_list_add(&words, "--tail=10");
	string_list_add(&words, "--");
	string_list_copy(&words, arguments_rest(invocation->args));
	if (!arguments_parse_verb(args, &verb_logs, (int)words.count, words.items, 0, err))
		return 1;
	output_note(invocation, "Ctrl-C leaves the pod running; what is typed does not reach it, "
				"i2kit exec does");
	follow.args = args;
	return verb_logs.run(&follow, err);
}

const struct verb verb_attach = {
	.name = "attach",
	.group = VERB_WATCH,
	.summary = "follow what a pod writes, from now on",
	.description =
		"Shows the last ten lines of a pod or container, and each new one, until Ctrl-C; "
		"the pod runs on. A container's standard input is not to be had: `i2kit exec` "
		"runs a command beside it, with a terminal. The same as `i2kit logs -f -n 10`.",
	.argument = {"POD[/CONTAINER]", 1, 1, COMPLETE_INSTANCE},
	.example = "i2kit attach web",
	.run = run,
};
