/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/suggest.h"
#include "cli/project_follow.h"
#include "cli/project_verb.h"

/* A name that nobody has would be waited for until the time is over. */
static bool check_names(const struct project_verb *verb, const struct string_list *names,
			struct error *err)
{
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;

	if (!client_status(verb->client, &status, err))
		return false;
	for (size_t i = 0; i < status.pod_count; i++)
		string_list_add(&known, status.pods[i].name);
	for (size_t i = 0; i < status.instance_count; i++)
		string_list_add(&known, status.instances[i].name);
	for (size_t i = 0; i < names->count; i++) {
		if (string_list_has(&known, names->items[i]))
			continue;
		error_set(err, ERROR_NOT_FOUND, "project '%s' has no pod '%s'", verb->project,
			  names->items[i]);
		return suggest_hint(err, names->items[i], &known);
	}
	return true;
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	struct follow_options options = {.goal = FOLLOW_READY,
					 .names = arguments_rest(invocation->args)};
	struct follow_result result = {0};

	if (!project_follow_timeout(invocation, &options.timeout_ms, err) ||
	    !project_verb_open(invocation, false, &verb, err) || !project_verb_is_up(&verb, err) ||
	    !check_names(&verb, options.names, err))
		return 1;
	if (!project_follow(invocation, verb.client, verb.loop, &options, &result, err))
		return result.exit_code > 0 ? result.exit_code : 1;
	return 0;
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
	.example = "i2kit wait\n"
		   "i2kit wait migrate --timeout 10m",
	.run = run,
};
