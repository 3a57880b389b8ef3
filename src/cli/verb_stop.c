/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "cli/project_follow.h"
#include "cli/project_verb.h"

static void act_stop(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	client_stop(client, arg, done, done_arg);
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *names = arguments_rest(invocation->args);
	AUTO(project_verb_close) struct project_verb verb = {0};

	if (!project_verb_open(invocation, true, &verb, err))
		return 1;
	for (size_t i = 0; i < names->count; i++) {
		if (!project_act(verb.client, verb.loop, act_stop, names->items[i], err))
			return 1;
	}
	return 0;
}

const struct verb verb_stop = {
	.name = "stop",
	.group = VERB_RUN,
	.summary = "stop pods; the rest of the project runs on",
	.description = "Scales pods to 0. `i2kit scale POD=N` or `i2kit up` brings them back.",
	.argument = {"POD", 1, 0, COMPLETE_POD},
	.example = "i2kit stop worker",
	.takes_away = true,
	.run = run,
};
