/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "cli/project_follow.h"
#include "cli/project_verb.h"

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	struct follow_options options = {.goal = FOLLOW_READY, .names = &names};
	struct follow_result result = {0};

	if (!project_follow_timeout(invocation, &options.timeout_ms, err) ||
	    !project_verb_open_words(invocation, false, &verb, &names, err) ||
	    !project_verb_is_up(&verb, err) ||
	    (names.count > 0 && !project_verb_check(&verb, &names, err)))
		return 1;
	if (!project_follow(invocation, verb.client, verb.loop, &options, &result, err))
		return result.exit_code > 0 ? result.exit_code : 1;
	return project_verb_report(invocation, &verb, err) ? 0 : 1;
}

static const struct option_spec option_list[] = {
	{"timeout", 0, OPTION_VALUE, "TIME", "give up after 90s, 10m … (5m)", COMPLETE_NONE},
};

const struct verb verb_wait = {
	.name = "wait",
	.group = VERB_WATCH,
	.summary = "wait until pods are ready, and Jobs done",
	.description =
		"Waits until the pods named, or all, have what they want: services are ready, Jobs "
		"have succeeded. A Job that works is waited for as long as it takes, unless "
		"--timeout says otherwise. Ends with an error when a pod cannot get there, and "
		"with a Job's own exit code when it failed.",
	.options = option_list,
	.option_count = ARRAY_SIZE(option_list),
	.argument = {"POD|INSTANCE", 0, 0, COMPLETE_INSTANCE},
	.has_output = true,
	.names = "{.instances[*].name}",
	.example = "i2kit wait\n"
		   "i2kit wait migrate --timeout 10m",
	.run = run,
};
