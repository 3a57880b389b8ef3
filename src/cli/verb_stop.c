/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "cli/project_verb.h"

static void act_stop(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	client_stop(client, arg, done, done_arg);
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	return project_verb_open_words(invocation, true, &verb, &names, err) &&
			       project_verb_check(&verb, &names, err) &&
			       project_verb_act_all(&verb, &names, act_stop, err) &&
			       project_verb_stopped_wait(invocation, &verb, &names, err) &&
			       project_verb_report(invocation, &verb, err)
		       ? 0
		       : 1;
}

const struct verb verb_stop = {
	.name = "stop",
	.group = VERB_RUN,
	.summary = "stop pods; `start` brings them back",
	.description =
		"Ends the VMs of the pods named, or of all, and keeps the pods: `i2kit start` "
		"brings back as many VMs as they had, with the same disks and volumes. The "
		"rest of the project runs on. It returns when they are gone, each within its grace "
		"period. `i2kit down` is what removes.",
	.argument = {"POD", 0, 0, COMPLETE_POD},
	.has_output = true,
	.names = "{.pods[*].name}",
	.example = "i2kit stop worker\ni2kit stop",
	.takes_away = true,
	.run = run,
};
