/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "cli/project_follow.h"
#include "cli/project_verb.h"

static void pause_one(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	client_pause(client, arg, done, done_arg);
}

static void unpause_one(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	client_unpause(client, arg, done, done_arg);
}

static bool name_all(const struct project_verb *verb, struct string_list *names, struct error *err)
{
	if (!project_verb_list_live(verb, names, err))
		return false;
	if (names->count > 0)
		return true;
	error_set(err, ERROR_NOT_FOUND, "no VM of project '%s' runs", verb->project);
	return error_hint(err, "i2kit ps");
}

static int run(const struct invocation *invocation, bool is_pause, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;

	return project_verb_open_words(invocation, true, &verb, &names, err) &&
			       (names.count > 0 ? project_verb_check(&verb, &names, err)
						: name_all(&verb, &names, err)) &&
			       project_verb_act_all(&verb, &names,
						    is_pause ? pause_one : unpause_one, err) &&
			       project_verb_pause_wait(&verb, &names, is_pause, err) &&
			       project_verb_report(invocation, &verb, err)
		       ? 0
		       : 1;
}

static int run_pause(const struct invocation *invocation, struct error *err)
{
	return run(invocation, true, err);
}

static int run_unpause(const struct invocation *invocation, struct error *err)
{
	return run(invocation, false, err);
}

const struct verb verb_pause = {
	.name = "pause",
	.group = VERB_RUN,
	.summary = "let the VMs of pods stand still; `unpause`",
	.description =
		"Stops the processors of the VMs named, or of all, where they are: nothing is "
		"lost, memory stays, connections wait. Probes and heartbeats wait, too. `i2kit "
		"unpause` lets them go on, and sets their clocks.",
	.argument = {"POD|INSTANCE", 0, 0, COMPLETE_INSTANCE},
	.has_output = true,
	.names = "{.instances[?(@.paused==true)].name}",
	.example = "i2kit pause web-0",
	.takes_away = true,
	.run = run_pause,
};

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
	.run = run_unpause,
};
