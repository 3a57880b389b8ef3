/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/arguments.h"
#include "cli/output.h"
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
		const struct pod_status *pod = &status.pods[i];
		const struct pod_status *cron =
			pod->cron_of != NULL ? project_status_pod(&status, pod->cron_of) : NULL;
		/* Runs that were stopped with their CronJob come back with it. */
		if (cron != NULL && cron->cron.is_stopped)
			continue;
		bool is_stopped =
			pod->cron.schedule != NULL ? pod->cron.is_stopped : pod->desired == 0;
		if (is_stopped && is_chosen(names, pod->name))
			string_list_add(ret, pod->name);
	}
	return true;
}

/* --- a CronJob that is named, and was not stopped: a run now ---- */

/* The run that is in one status and was not in the one before; NULL: its history is 0 long. */
static const char *find_new_run(const struct project_status *before,
				const struct project_status *after, const char *cron)
{
	for (size_t i = 0; i < after->pod_count; i++) {
		const struct pod_status *pod = &after->pods[i];
		if (pod->cron_of != NULL && strcmp(pod->cron_of, cron) == 0 &&
		    project_status_pod(before, pod->name) == NULL &&
		    strstr(pod->name, "-manual-") != NULL)
			return pod->name;
	}
	return NULL;
}

static void act_run(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	client_run_now(client, arg, done, done_arg);
}

/* *names becomes what --wait waits for: the run in place of its CronJob. */
static bool start_runs(const struct invocation *invocation, const struct project_verb *verb,
		       struct string_list *names, struct error *err)
{
	AUTO(project_status_clear) struct project_status before = {0};
	AUTO(project_status_clear) struct project_status after = {0};
	AUTO(string_list_clear) struct string_list crons = STRING_LIST_INIT;

	if (!client_status(verb->client, &before, err))
		return false;
	for (size_t i = 0; i < names->count; i++) {
		const struct pod_status *pod = project_status_pod(&before, names->items[i]);
		if (pod != NULL && pod->cron.schedule != NULL && !pod->cron.is_stopped)
			string_list_add(&crons, pod->name);
	}
	if (crons.count == 0)
		return true;
	if (!project_verb_act_all(verb, &crons, act_run, err) ||
	    !client_status(verb->client, &after, err))
		return false;
	for (size_t i = 0; i < names->count; i++) {
		const char *run = string_list_has(&crons, names->items[i])
					  ? find_new_run(&before, &after, names->items[i])
					  : NULL;
		if (run == NULL)
			continue;
		output_note(invocation, "%s begins: i2kit logs -f %s", run, run);
		free(names->items[i]);
		names->items[i] = xstrdup(run);
	}
	return true;
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list stopped = STRING_LIST_INIT;
	struct follow_options options = {.goal = FOLLOW_READY};
	struct follow_result result = {0};

	if (!project_follow_timeout(invocation, &options.timeout_ms, err) ||
	    !project_verb_open_words(invocation, true, &verb, &names, err))
		return 1;
	bool is_named = names.count > 0;
	options.names = is_named ? &names : NULL;
	if (!project_verb_check(&verb, &names, err) ||
	    (is_named && !start_runs(invocation, &verb, &names, err)) ||
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
	.summary = "start what `stop` stopped, or a CronJob's run now",
	.description =
		"Brings back the pods named, or all, that `i2kit stop` stopped, with as many VMs "
		"as they had; what runs is left alone. Nothing is built and no manifest is read: "
		"that is `i2kit up`. After a restart of this machine it starts the project's pods "
		"again.\n\n"
		"A CronJob that is named and was not stopped has a run now, beside its schedule: "
		"NAME-manual-1, as `kubectl create job --from=cronjob/NAME`. --wait waits until it "
		"is done.",
	.options = option_list,
	.option_count = ARRAY_SIZE(option_list),
	.argument = {"POD", 0, 0, COMPLETE_POD},
	.has_output = true,
	.names = "{.pods[*].name}",
	.example = "i2kit start worker\ni2kit start --wait\ni2kit start cronjob/nightly",
	.run = run,
};
