/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "cli/output.h"
#include "cli/project.h"
#include "cli/project_follow.h"
#include "cli/project_lock.h"
#include "cli/verb.h"
#include "local/client/client.h"
#include "local/supervisor/supervisor.h"
#include "local/vm/leftovers.h"

static void act_down(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	client_down(client, *(const bool *)arg, done, done_arg);
}

/* No plan: nothing to supervise, but VMs may be left of a project whose files were deleted. */
static bool remove_leftovers(const struct invocation *invocation, const char *project)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	unsigned count = 0;

	if (!leftovers_remove(project, &count, &problem)) {
		output_note(invocation, "%s", problem.message);
		return false;
	}
	if (count > 0)
		output_note(invocation, "%u VM%s of '%s' had no plan any more: ended", count,
			    count == 1 ? "" : "s", project);
	return count > 0;
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO_FREE char *project = project_resolve(invocation, project_argument(invocation), err);
	const struct follow_options gone = {.goal = FOLLOW_GONE};
	struct follow_result result = {0};
	bool with_volumes = arguments_flag(invocation->args, "volumes");
	AUTO_PTR(loop) struct loop *loop = project ? loop_new(err) : NULL;

	/* A project whose supervisor was killed is adopted first: somebody has to stop its VMs. */
	AUTO_CLOSE int lock = loop != NULL ? project_lock(invocation, project, err) : -1;
	if (lock < 0)
		return 1;
	if (!supervisor_start(project, err)) {
		if (err->kind != ERROR_NOT_FOUND || !remove_leftovers(invocation, project))
			return 1;
		error_clear(err);
		return 0;
	}
	AUTO_PTR(client) struct client *client = client_open(loop, project, err);
	if (client == NULL || !project_act(client, loop, act_down, &with_volumes, err) ||
	    !project_follow(invocation, client, loop, &gone, &result, err))
		return 1;
	return 0;
}

static const struct option_spec options[] = {
	{"volumes", 0, OPTION_FLAG, NULL, "delete the project's volumes too", COMPLETE_NONE},
};

const struct verb verb_down = {
	.name = "down",
	.group = VERB_RUN,
	.summary = "stop and remove the project's pods",
	.description =
		"Stops every pod as Kubernetes would (preStop, the stop signal, the grace period), "
		"removes the VMs and their network, and frees the ports. Volumes and logs stay, "
		"unless --volumes asks for the volumes.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"FOLDER", 0, 1, COMPLETE_FOLDER},
	.example = "i2kit down\n"
		   "i2kit -p shop down --volumes",
	.takes_away = true,
	.run = run,
};
