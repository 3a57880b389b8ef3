/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "cli/arguments.h"
#include "cli/project_follow.h"
#include "cli/project_verb.h"

static void act_restart(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	client_restart(client, arg, done, done_arg);
}

static bool is_chosen(const struct string_list *names, const char *pod)
{
	return names->count == 0 || string_list_has(names, pod);
}

/* Those that were stopped; what runs is left alone. */
static bool list_stopped(const struct project_verb *verb, const struct string_list *names,
			 struct string_list *ret, struct error *err)
{
	AUTO(project_status_clear) struct project_status status = {0};

	if (!client_status(verb->client, &status, err))
		return false;
	for (size_t i = 0; i < status.pod_count; i++) {
		if (status.pods[i].desired == 0 && is_chosen(names, status.pods[i].name))
			string_list_add(ret, status.pods[i].name);
	}
	return true;
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list stopped = STRING_LIST_INIT;
	struct follow_options options = {.goal = FOLLOW_READY, .names = &names};
	struct follow_result result = {0};

	if (!project_follow_timeout(invocation, &options.timeout_ms, err) ||
	    !project_verb_open_words(invocation, true, &verb, &names, err) ||
	    !project_verb_check(&verb, &names, err) ||
	    (!arguments_flag(invocation->args, "as-it-was") &&
	     !list_stopped(&verb, &names, &stopped, err)) ||
	    !project_verb_act_all(&verb, &stopped, act_restart, err))
		return 1;
	if (arguments_flag(invocation->args, "wait") &&
	    !project_follow(invocation, verb.client, verb.loop, &options, &result, err))
		return result.exit_code > 0 ? result.exit_code : 1;
	return project_verb_report(invocation, &verb, err) ? 0 : 1;
}

static const struct option_spec option_list[] = {
	{"wait", 'w', OPTION_FLAG, NULL, "until they are ready", COMPLETE_NONE},
	{"as-it-was", 0, OPTION_FLAG, NULL, "what was stopped stays so", COMPLETE_NONE},
	{"timeout", 0, OPTION_VALUE, "TIME", "give up waiting after 90s, 10m … (5m)",
	 COMPLETE_NONE},
};

const struct verb verb_start = {
	.name = "start",
	.group = VERB_RUN,
	.summary = "start what `stop` stopped",
	.description =
		"Brings back the pods named, or all, that `i2kit stop` stopped, with as many VMs "
		"as they had; what runs is left alone. Nothing is built and no manifest is read: "
		"that is `i2kit up`. After a restart of this machine it starts the project's pods "
		"again.",
	.options = option_list,
	.option_count = ARRAY_SIZE(option_list),
	.argument = {"POD", 0, 0, COMPLETE_POD},
	.has_output = true,
	.names = "{.pods[*].name}",
	.example = "i2kit start worker\ni2kit start --wait",
	.run = run,
};
