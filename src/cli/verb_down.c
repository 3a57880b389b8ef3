/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json_writer.h"
#include "base/suggest.h"
#include "cli/arguments.h"
#include "cli/boot_unit.h"
#include "cli/interrupt.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "cli/output_document.h"
#include "cli/pod_words.h"
#include "cli/project.h"
#include "cli/project_follow.h"
#include "cli/project_lock.h"
#include "cli/verb.h"
#include "local/client/client.h"
#include "local/client/volume_files.h"
#include "local/plan/plan_part.h"
#include "local/plan/project_plan_json.h"
#include "local/supervisor/supervisor_start.h"
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

/* For -o: what is no more. */
static void report(const struct invocation *invocation, const char *project,
		   const struct string_list *pods, bool with_volumes)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&text, 0);

	if (invocation->output != OUTPUT_JSON)
		return;
	json_open_object(&json, NULL);
	json_write_text(&json, "project", project);
	json_write_texts(&json, "removed", pods);
	json_write_bool(&json, "volumes", with_volumes);
	json_close(&json);
	output_document(strbuf_text(&text));
}

static bool is_one_left(const struct project_status *status, const struct string_list *pods)
{
	for (size_t i = 0; i < status->instance_count; i++) {
		if (string_list_has(pods, status->instances[i].pod))
			return true;
	}
	return false;
}

/* Until no VM of them is left; each ends within its grace period. */
static bool wait_until_left(struct client *client, struct loop *loop,
			    const struct string_list *pods, struct error *err)
{
	enum { STEP_MS = 200 };

	while (!interrupt_is_set()) {
		AUTO(project_status_clear) struct project_status status = {0};
		if (!client_status(client, &status, err))
			return false;
		if (!is_one_left(&status, pods))
			return true;
		loop_step(loop, STEP_MS);
	}
	return error_set(err, ERROR_CANCELLED, "interrupted");
}

static void list_pods(const struct project_plan *plan, struct string_list *ret)
{
	for (size_t i = 0; i < plan->pod_count; i++)
		string_list_add(ret, plan->pods[i].name);
}

static bool check_pods(const struct project_plan *plan, const struct string_list *pods,
		       struct error *err)
{
	AUTO(string_list_clear) struct string_list known = STRING_LIST_INIT;

	list_pods(plan, &known);
	for (size_t i = 0; i < pods->count; i++) {
		if (string_list_has(&known, pods->items[i]))
			continue;
		error_set(err, ERROR_NOT_FOUND, "project '%s' has no pod '%s'", plan->project,
			  pods->items[i]);
		return suggest_hint(err, pods->items[i], &known);
	}
	return true;
}

static void act_apply(struct client *client, client_done_fn *done, void *done_arg, void *arg)
{
	(void)arg;
	client_apply(client, done, done_arg);
}

/* Some of the pods; *plan is without them. */
static bool take_some(const struct invocation *invocation, const struct project_plan *plan,
		      const struct string_list *pods, struct error *err)
{
	AUTO_PTR(loop) struct loop *loop = loop_new(err);

	if (loop == NULL || !project_plan_save(plan, err) || !supervisor_start(plan->project, err))
		return false;
	AUTO_PTR(client) struct client *client = client_open(loop, plan->project, err);
	if (client == NULL || !project_act(client, loop, act_apply, NULL, err) ||
	    !wait_until_left(client, loop, pods, err))
		return false;
	report(invocation, plan->project, pods, false);
	return true;
}

/* Whatever else fails: it shall not come back with the machine. */
static bool remove_unit(const struct invocation *invocation, const char *project, struct error *err)
{
	bool was_there = false;

	if (!boot_unit_remove(project, &was_there, err))
		return false;
	if (was_there)
		output_note(invocation, "'%s' does not start with this machine any more", project);
	return true;
}

static bool remove_volumes(const struct invocation *invocation, const char *project,
			   size_t *ret_count, struct error *err)
{
	AUTO(volume_file_list_clear) struct volume_file_list volumes = {0};

	if (!volume_files_list(project, &volumes, err))
		return false;
	for (size_t i = 0; i < volumes.count; i++) {
		if (!volume_file_remove(&volumes.items[i], err))
			return false;
		output_note(invocation, "volume %s is gone", volumes.items[i].name);
	}
	*ret_count = volumes.count;
	return true;
}

/* The project is not up, as *err says. Its volumes may be there all the same, since down leaves them. */
static bool take_what_is_left(const struct invocation *invocation, const char *project,
			      bool with_volumes, struct error *err)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	size_t count = 0;
	bool had_leftovers = remove_leftovers(invocation, project);

	if (with_volumes && !remove_volumes(invocation, project, &count, &problem)) {
		error_clear(err);
		return error_move(err, &problem);
	}
	if (!had_leftovers && count == 0)
		return false;
	error_clear(err);
	return true;
}

static bool take_all(const struct invocation *invocation, const char *project,
		     const struct string_list *pods, struct error *err)
{
	const struct follow_options gone = {.goal = FOLLOW_GONE};
	struct follow_result result = {0};
	bool with_volumes = arguments_flag(invocation->args, "volumes");
	AUTO_PTR(loop) struct loop *loop = loop_new(err);

	if (loop == NULL || !remove_unit(invocation, project, err))
		return false;
	/* A project whose supervisor was killed is adopted first: somebody has to stop its VMs. */
	if (!supervisor_start(project, err)) {
		if (err->kind != ERROR_NOT_FOUND ||
		    !take_what_is_left(invocation, project, with_volumes, err))
			return false;
		report(invocation, project, pods, with_volumes);
		return true;
	}
	AUTO_PTR(client) struct client *client = client_open(loop, project, err);
	if (client == NULL || !project_act(client, loop, act_down, &with_volumes, err) ||
	    !project_follow(invocation, client, loop, &gone, &result, err))
		return false;
	report(invocation, project, pods, with_volumes);
	return true;
}

/* The project of the words, owned, and the pods among them. */
static char *read_words(const struct invocation *invocation, struct string_list *ret_pods,
			struct error *err)
{
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list words = STRING_LIST_INIT;

	manifest_files_split(invocation->args, &paths, &words);
	AUTO_FREE char *project = NULL;
	if (paths.count > 1)
		error_set(err, ERROR_USAGE, "%s and %s: one folder at a time", paths.items[0],
			  paths.items[1]);
	else
		project = project_resolve(invocation, paths.count > 0 ? paths.items[0] : NULL, err);
	if (project == NULL || !pod_words_read(project, &words, ret_pods, err))
		return NULL;
	if (ret_pods->count > 0 && arguments_flag(invocation->args, "volumes")) {
		error_set(err, ERROR_USAGE, "--volumes goes with the whole project");
		(void)error_hint(err, "i2kit volume ls; i2kit volume rm VOLUME");
		return NULL;
	}
	return TAKE_PTR(project);
}

/* The supervisor would give a CronJob's runs back, which it knows better than any plan. */
static void note_dropped_runs(struct project_plan *plan, const struct string_list *pods)
{
	for (size_t i = 0; i < plan->pod_count; i++) {
		if (plan->pods[i].cron_of != NULL && string_list_has(pods, plan->pods[i].name))
			string_list_add(&plan->dropped_runs, plan->pods[i].name);
	}
}

static int run(const struct invocation *invocation, struct error *err)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(error_clear) struct error absent = ERROR_INIT;
	AUTO(string_list_clear) struct string_list pods = STRING_LIST_INIT;
	AUTO_FREE char *project = read_words(invocation, &pods, err);
	AUTO_CLOSE int lock = project != NULL ? project_lock(invocation, project, err) : -1;

	if (lock < 0)
		return 1;
	bool has_plan = project_plan_load(project, &plan, &absent);
	if (pods.count > 0) {
		if (!has_plan) {
			error_move(err, &absent);
			return 1;
		}
		if (!check_pods(&plan, &pods, err))
			return 1;
		note_dropped_runs(&plan, &pods);
		project_plan_drop(&plan, &pods);
		if (plan.pod_count > 0)
			return take_some(invocation, &plan, &pods, err) ? 0 : 1;
	} else {
		list_pods(&plan, &pods);
	}
	if (!take_all(invocation, project, &pods, err))
		return 1;
	/* docker compose's `down -v` is --volumes. */
	if (arguments_flag(invocation->args, "verbose") &&
	    !arguments_flag(invocation->args, "volumes"))
		output_note(
			invocation,
			"-v is --verbose; i2kit down --volumes deletes the volumes, now as well");
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
		"unless --volumes asks for the volumes, now or in a second `down`.\n\n"
		"With names of pods, those alone are stopped and removed, and the rest of the "
		"project runs on.",
	.options = options,
	.option_count = ARRAY_SIZE(options),
	.argument = {"FOLDER|POD", 0, 0, COMPLETE_POD},
	.has_output = true,
	.names = "{.removed[*]}",
	.example = "i2kit down worker\n"
		   "i2kit down\n"
		   "i2kit -p shop down --volumes",
	.takes_away = true,
	.run = run,
};
