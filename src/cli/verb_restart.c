/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "cli/project_follow.h"
#include "cli/project_verb.h"

static void act_restart(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	client_restart(client, arg, done, done_arg);
}

static int run(const struct invocation *invocation, struct error *err)
{
	const struct string_list *names = arguments_rest(invocation->args);
	AUTO(project_verb_close) struct project_verb verb = {0};
	struct follow_options options = {.goal = FOLLOW_READY};
	struct follow_result result = {0};

	if (!project_follow_timeout(invocation, &options.timeout_ms, err) ||
	    !project_verb_open(invocation, true, &verb, err))
		return 1;
	for (size_t i = 0; i < names->count; i++) {
		if (!project_act(verb.client, verb.loop, act_restart, names->items[i], err))
			return 1;
	}
	if (arguments_flag(invocation->args, "wait") &&
	    !project_follow(invocation, verb.client, verb.loop, &options, &result, err))
		return result.exit_code > 0 ? result.exit_code : 1;
	return 0;
}

static const struct option_spec option_list[] = {
	{"wait", 'w', OPTION_FLAG, NULL, "until all pods are ready again", COMPLETE_NONE},
	{"timeout", 0, OPTION_VALUE, "TIME", "give up waiting after 90s, 10m … (5m)",
	 COMPLETE_NONE},
};

const struct verb verb_restart = {
	.name = "restart",
	.group = VERB_RUN,
	.summary = "stop pods and boot them again",
	.description =
		"Stops the VMs of a pod, or one VM, as down would, and starts them again from "
		"the same disk. Ports park their connections meanwhile. A pod that `i2kit stop` "
		"stopped comes back with as many VMs as it had.",
	.options = option_list,
	.option_count = ARRAY_SIZE(option_list),
	.argument = {"POD|INSTANCE", 1, 0, COMPLETE_INSTANCE},
	.example = "i2kit restart web\ni2kit restart --wait web-1",
	.takes_away = true,
	.run = run,
};
