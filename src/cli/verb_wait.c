/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/arguments.h"
#include "cli/interrupt.h"
#include "cli/output.h"
#include "cli/project_follow.h"
#include "cli/project_verb.h"
#include "cli/wait_condition.h"

enum { STEP_MS = 200 };

/* --- --for: what is named, one by one ------------------------------------------------------- */

struct wait {
	const struct invocation *invocation;
	const struct wait_condition *condition;
	const struct string_list *names;
	struct string_list met; /* said */
	struct strbuf missing;	/* what is not yet, and what it is */
	bool is_known;		/* a status came */
	bool is_never;
	int exit_code;
};

static void judge_one(struct wait *wait, const struct project_status *status, const char *name)
{
	AUTO_FREE char *what = NULL;
	int exit_code = 1;
	enum wait_verdict verdict =
		wait_condition_judge(wait->condition, status, name, &what, &exit_code);

	if (verdict == WAIT_IS_MET) {
		string_list_add(&wait->met, name);
		output_note(wait->invocation, "%s: %s", name,
			    wait->condition->kind == WAIT_DELETED   ? "deleted"
			    : wait->condition->kind == WAIT_CREATED ? "created"
								    : "condition met");
		return;
	}
	if (verdict == WAIT_IS_NEVER && !wait->is_never) {
		wait->is_never = true;
		wait->exit_code = exit_code;
		strbuf_reset(&wait->missing);
	}
	if (verdict == WAIT_IS_NEVER || !wait->is_never)
		strbuf_appendf(&wait->missing, "%s%s: %s", wait->missing.size > 0 ? "; " : "", name,
			       what);
}

static void judge(const struct project_status *status, void *arg)
{
	struct wait *wait = arg;

	if (status == NULL || wait->is_never)
		return;
	strbuf_reset(&wait->missing);
	wait->is_known = true;
	/* Met once is met, as with kubectl. */
	for (size_t i = 0; i < wait->names->count; i++) {
		if (!string_list_has(&wait->met, wait->names->items[i]))
			judge_one(wait, status, wait->names->items[i]);
	}
}

static bool is_over(const struct wait *wait)
{
	return wait->is_never || wait->met.count == wait->names->count || interrupt_is_set();
}

static bool conclude(const struct wait *wait, struct error *err)
{
	if (wait->met.count == wait->names->count)
		return true;
	if (wait->is_never)
		return error_set(err, ERROR_INVALID, "it will not come: %s",
				 strbuf_text(&wait->missing));
	if (interrupt_is_set())
		return error_set(err, ERROR_CANCELLED, "interrupted");
	(void)error_set(err, ERROR_TIMEOUT, "timed out waiting for %s",
			wait->missing.size > 0 ? strbuf_text(&wait->missing) : "the project");
	return error_hint(err, "i2kit why POD shows why; --timeout gives more time");
}

/* A status each 200 ms where no supervisor tells of changes. */
static bool wait_for(const struct project_verb *verb, struct wait *wait, uint64_t timeout_ms,
		     struct error *err)
{
	uint64_t begin_ms = clock_monotonic_ms();

	while (!is_over(wait)) {
		AUTO(project_status_clear) struct project_status status = {0};
		if (!client_status(verb->client, &status, err))
			return false;
		judge(&status, wait);
		if (is_over(wait) ||
		    (timeout_ms > 0 && clock_monotonic_ms() - begin_ms >= timeout_ms))
			break;
		loop_step(verb->loop, STEP_MS);
	}
	return conclude(wait, err);
}

static bool choose(const struct project_verb *verb, const struct wait_condition *condition,
		   struct string_list *names, struct error *err)
{
	AUTO(project_status_clear) struct project_status status = {0};
	/* What is to go may be gone, and what is to come is not there yet. */
	bool may_be_unknown = condition->kind == WAIT_DELETED || condition->kind == WAIT_CREATED;

	if (names->count > 0)
		return may_be_unknown || project_verb_check(verb, names, err);
	if (!client_status(verb->client, &status, err))
		return false;
	wait_condition_list(condition, &status, names);
	if (names->count > 0 || condition->kind == WAIT_DELETED)
		return true;
	(void)error_set(err, ERROR_NOT_FOUND, "project '%s' has nothing that this can be true of",
			verb->project);
	return error_hint(err, "i2kit ps");
}

static int run_for(const struct invocation *invocation, const struct project_verb *verb,
		   struct string_list *names, uint64_t timeout_ms, struct error *err)
{
	AUTO(wait_condition_clear) struct wait_condition condition = {0};
	struct wait wait = {.invocation = invocation, .condition = &condition, .names = names};

	if (!wait_condition_parse(arguments_value(invocation->args, "for"), &condition, err) ||
	    !choose(verb, &condition, names, err))
		return 1;
	bool is_good = wait_for(verb, &wait, timeout_ms, err);
	string_list_clear(&wait.met);
	strbuf_clear(&wait.missing);
	if (!is_good)
		return wait.exit_code > 0 ? wait.exit_code : 1;
	return project_verb_report(invocation, verb, err) ? 0 : 1;
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_verb_close) struct project_verb verb = {0};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	struct follow_options options = {.goal = FOLLOW_READY};
	struct follow_result result = {0};

	if (!project_follow_timeout(invocation, &options.timeout_ms, err) ||
	    !project_verb_open_words(invocation, false, &verb, &names, err))
		return 1;
	if (arguments_value(invocation->args, "for") != NULL)
		return run_for(invocation, &verb, &names, options.timeout_ms, err);
	/* All of them: not those of a CronJob's runs that there happen to be. */
	options.names = names.count > 0 ? &names : NULL;
	if (!project_verb_is_up(&verb, err) ||
	    (names.count > 0 && !project_verb_check(&verb, &names, err)))
		return 1;
	if (!project_follow(invocation, verb.client, verb.loop, &options, &result, err))
		return result.exit_code > 0 ? result.exit_code : 1;
	return project_verb_report(invocation, &verb, err) ? 0 : 1;
}

static const struct option_spec option_list[] = {
	{"for", 0, OPTION_VALUE, "WHAT", "condition=Complete, delete, jsonpath='{.a}'=b",
	 COMPLETE_NONE},
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
		"with a Job's own exit code when it failed.\n\n"
		"--for waits for one thing, in kubectl's words, of each pod or instance named, or "
		"of all that it can be true of: condition=Ready (or Available) of pods, "
		"condition=Complete or Failed of Jobs, each also with =false; delete, until "
		"nothing of that name is left; create; and jsonpath='{…}'=VALUE, or without a "
		"value until there is one, of the pod's or the instance's object in `ps -o json`. "
		"A Job that is over and did not come to what is wanted ends the wait at once. "
		"Without --timeout it gives up after 5 minutes (kubectl after 30 s).",
	.options = option_list,
	.option_count = ARRAY_SIZE(option_list),
	.argument = {"POD|INSTANCE", 0, 0, COMPLETE_INSTANCE},
	.has_output = true,
	.names = "{.instances[*].name}",
	.example = "i2kit wait\n"
		   "i2kit wait migrate --timeout 10m\n"
		   "i2kit wait --for=condition=Ready deploy/web --timeout 90s\n"
		   "i2kit wait --for=condition=Complete job/migrate\n"
		   "i2kit wait --for=delete web-0\n"
		   "i2kit wait --for=jsonpath='{.ready}'=3 web",
	.run = run,
};
