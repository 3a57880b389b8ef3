/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "cli/arguments.h"
#include "cli/cloud_plan_view.h"
#include "cli/cloud_target.h"
#include "cli/progress_view.h"

/* The one that is asked for, or the one before the newest. */
static bool choose(const struct invocation *invocation, struct cloud_target *target, unsigned *ret,
		   struct error *err)
{
	const struct string_list *rest = arguments_rest(invocation->args);
	AUTO(cloud_record_list_clear) struct cloud_record_list list = {0};
	uint64_t number = 0;
	if (rest->count > 0) {
		if (!parse_u64(rest->items[0], 1, 999999, &number))
			return error_set(err, ERROR_USAGE, "'%s' is no release number",
					 rest->items[0]);
		*ret = (unsigned)number;
		return true;
	}
	if (!target->provider->records(target->cloud, &target->scope, &list, err))
		return false;
	if (list.count < 2)
		return error_set(err, ERROR_NOT_FOUND, "%s has no earlier release",
				 target->scope.name);
	*ret = list.items[list.count - 2].number;
	return true;
}

static bool roll_back(const struct invocation *invocation, struct cloud_target *target,
		      struct cloud_plan *plan, unsigned number, const struct progress *progress,
		      struct error *err)
{
	const struct plan_view view = {.plan = plan};
	cloud_plan_print(invocation, &view);
	if (!plan->has_changes || arguments_flag(invocation->args, "plan"))
		return true;
	AUTO_FREE char *question =
		xasprintf("return %s to release %u?", target->scope.name, number);
	return cloud_target_confirm(invocation, question, err) &&
	       target->provider->apply_plan(target->cloud, plan, NULL, true, progress, err);
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO_PTR(progress_view) struct progress_view *view = progress_view_new(invocation);
	AUTO(cloud_target_clear) struct cloud_target target = {0};
	struct cloud_plan plan = {0};
	unsigned number = 0;
	if (!cloud_target_open(invocation, NULL, &target, err) ||
	    !choose(invocation, &target, &number, err) ||
	    !target.provider->plan_rollback(target.cloud, &target.scope, number,
					    !arguments_flag(invocation->args, "plan"),
					    progress_view_progress(view), &plan, err))
		return 1;
	bool is_ok =
		roll_back(invocation, &target, &plan, number, progress_view_progress(view), err);
	target.provider->free_plan(&plan);
	return is_ok ? 0 : 1;
}

static const struct option_spec options[] = {
	ENVIRONMENT_OPTION,
	REGION_OPTION,
	PROFILE_OPTION,
	{"plan", 0, OPTION_FLAG, NULL, "show what would change; change nothing", COMPLETE_NONE},
	{"yes", 'y', OPTION_FLAG, NULL, "do not ask", COMPLETE_NONE},
};

const struct verb verb_rollback = {
	.name = "rollback",
	.group = VERB_CLOUD,
	.summary = "return to an earlier release in the cloud",
	.description =
		"Brings back the images and the configuration of a release that ran before "
		"(the one before the newest, when none is named). It is a release of its own "
		"and can be rolled back as well.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"RELEASE", 0, 1, COMPLETE_NONE},
	.has_output = true,
	.example = "i2kit rollback\ni2kit rollback 3 --yes\n",
	.takes_away = true,
	.run = run,
};
