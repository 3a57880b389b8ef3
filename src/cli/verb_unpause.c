/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "cli/project_follow.h"
#include "cli/project_verb.h"

static void act(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	client_unpause(client, arg, done, done_arg);
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	return project_verb_open_words(invocation, true, &verb, &names, err) &&
			       project_verb_check(&verb, &names, err) &&
			       project_verb_act_all(&verb, &names, act, err) &&
			       project_verb_pause_wait(&verb, &names, false, err) &&
			       project_verb_report(invocation, &verb, err)
		       ? 0
		       : 1;
}

const struct verb verb_unpause = {
	.name = "unpause",
	.group = VERB_RUN,
	.summary = "let paused VMs go on",
	.description =
		"Lets the VMs named, or all, that `i2kit pause` paused go on where they were.",
	.argument = {"POD|INSTANCE", 0, 0, COMPLETE_INSTANCE},
	.has_output = true,
	.names = "{.instances[*].name}",
	.example = "i2kit unpause",
	.run = run,
};
