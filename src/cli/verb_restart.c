/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "cli/arguments.h"
#include "cli/project_follow.h"
#include "cli/project_verb.h"

static void act_restart(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	client_restart(client, arg, done, done_arg);
}

/* Who names nothing means what runs: of a CronJob nothing does but its runs. */
static bool leave_cron_jobs(const struct project_verb *verb, struct string_list *names,
			    struct error *err)
{
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(string_list_clear) struct string_list kept = STRING_LIST_INIT;

	if (!client_status(verb->client, &status, err))
		return false;
	for (size_t i = 0; i < names->count; i++) {
		const struct pod_status *pod = project_status_pod(&status, names->items[i]);
		if (pod == NULL || pod->cron.schedule == NULL)
			string_list_add(&kept, names->items[i]);
	}
	string_list_clear(names);
	*names = kept;
	kept = STRING_LIST_INIT;
	return true;
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	struct follow_options options = {.goal = FOLLOW_READY, .names = &names};
	struct follow_result result = {0};

	if (!project_follow_timeout(invocation, &options.timeout_ms, err) ||
	    !project_verb_open_words(invocation, true, &verb, &names, err))
		return 1;
	bool is_named = names.count > 0;
	if (!project_verb_check(&verb, &names, err) ||
	    (!is_named && !leave_cron_jobs(&verb, &names, err)) ||
	    !project_verb_act_all(&verb, &names, act_restart, err))
		return 1;
	if (arguments_flag(invocation->args, "wait") &&
	    !project_follow(invocation, verb.client, verb.loop, &options, &result, err))
		return result.exit_code > 0 ? result.exit_code : 1;
	return project_verb_report(invocation, &verb, err) ? 0 : 1;
}

static const struct option_spec option_list[] = {
	{"wait", 'w', OPTION_FLAG, NULL, "until they are ready again", COMPLETE_NONE},
	{"timeout", 0, OPTION_VALUE, "TIME", "give up waiting after 90s, 10m … (5m)",
	 COMPLETE_NONE},
};

const struct verb verb_restart = {
	.name = "restart",
	.group = VERB_RUN,
	.summary = "stop pods and boot them again",
	.description =
		"Stops the VMs of pods, one VM, or without a name all of the project, as down "
		"would, and starts them again from "
		"the same disk. Ports park their connections meanwhile. A pod that `i2kit stop` "
		"stopped comes back with as many VMs as it had.",
	.options = option_list,
	.option_count = ARRAY_SIZE(option_list),
	.argument = {"POD|INSTANCE", 0, 0, COMPLETE_INSTANCE},
	.has_output = true,
	.names = "{.instances[*].name}",
	.example = "i2kit restart web\ni2kit restart --wait web-1\ni2kit restart",
	.takes_away = true,
	.run = run,
};
