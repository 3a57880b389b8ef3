/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/up_watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "cli/develop_watch.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "cli/progress_view.h"
#include "cli/project_build.h"
#include "cli/project_follow.h"
#include "cli/watched_files.h"
#include "local/plan/project_plan_json.h"
#include "manifest/problem.h"

enum { LOOK_MS = 400 };

/* A pod as the last build made it. */
struct built_pod {
	char *name;
	struct release_id release;
	uint32_t replicas;
};

struct up_watch {
	const struct invocation *invocation;
	char *project;
	struct watched_files files;
	struct built_pod *pods;
	size_t pod_count;
	uint64_t looked_ms;
	struct string_list named;      /* pods whose rules count; empty: all */
	struct develop_watch *develop; /* or NULL: no pod has rules */
};

static void forget_pods(struct up_watch *watch)
{
	for (size_t i = 0; i < watch->pod_count; i++)
		free(watch->pods[i].name);
	free(watch->pods);
	watch->pods = NULL;
	watch->pod_count = 0;
}

void up_watch_free(struct up_watch *watch)
{
	if (watch == NULL)
		return;
	forget_pods(watch);
	watched_files_clear(&watch->files);
	develop_watch_free(watch->develop);
	string_list_clear(&watch->named);
	free(watch->project);
	free(watch);
}

static bool read_files(const struct up_watch *watch, struct watched_files *ret, struct error *err)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(app_clear) struct app app = {0};

	if (!manifest_files_read_both(watch->invocation, &app, &problems, err)) {
		manifest_files_print(watch->invocation, &problems, true);
		return false;
	}
	for (size_t i = 0; i < app.files.count; i++) {
		if (strcmp(app.files.items[i], "-") == 0)
			return error_set(err, ERROR_USAGE,
					 "--watch cannot read the manifest from a pipe again");
	}
	watched_files_make(&app, ret);
	return true;
}

static const struct built_pod *find_built(const struct up_watch *watch, const char *name)
{
	for (size_t i = 0; i < watch->pod_count; i++) {
		if (strcmp(watch->pods[i].name, name) == 0)
			return &watch->pods[i];
	}
	return NULL;
}

struct built_pods {
	struct built_pod *items;
	size_t count;
};

static struct built_pods list_pods(const struct project_plan *plan)
{
	struct built_pods pods = {0};

	for (size_t i = 0; i < plan->pod_count; i++) {
		const struct pod_plan *pod = &plan->pods[i];
		struct built_pod *built = ARRAY_APPEND(pods.items, pods.count);
		built->name = xstrdup(pod->name);
		built->release = pod->release;
		built->replicas = pod->replicas;
	}
	return pods;
}

static void remember_pods(struct up_watch *watch, struct built_pods pods)
{
	forget_pods(watch);
	watch->pods = pods.items;
	watch->pod_count = pods.count;
}

struct up_watch *up_watch_new(const struct invocation *invocation, const struct project_plan *plan,
			      struct error *err)
{
	AUTO_PTR(up_watch) struct up_watch *watch = xcalloc(1, sizeof(*watch));

	watch->invocation = invocation;
	watch->project = xstrdup(plan->project);
	if (!read_files(watch, &watch->files, err))
		return NULL;
	remember_pods(watch, list_pods(plan));
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;
	manifest_files_split(invocation->args, &paths, &watch->named);
	if (!develop_watch_open(invocation, plan->project, &watch->named, &watch->develop, err))
		return NULL;
	return TAKE_PTR(watch);
}

/*
 * What others did to the plan meanwhile stays: replicas that `scale` set, unless the manifest
 * changed its mind, and whether a plain `up` took over an image that we had made dirty.
 */
static void keep_running(const struct up_watch *watch, struct project_plan *plan)
{
	AUTO(project_plan_clear) struct project_plan running = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;

	if (!project_plan_load(plan->project, &running, &ignored))
		return;
	for (size_t i = 0; i < plan->pod_count; i++) {
		struct pod_plan *pod = &plan->pods[i];
		const struct built_pod *built = find_built(watch, pod->name);
		const struct pod_plan *now = project_plan_find(&running, pod->name);
		if (built == NULL || now == NULL)
			continue;
		if (built->replicas == pod->replicas)
			pod->replicas = now->replicas;
		if (digest_equal(&now->release.image, &pod->release.image))
			pod->is_dirty = pod->is_dirty || now->is_dirty;
	}
}

/* Says what is replaced; a pod that is so for its image is dirty. */
static size_t mark_changed(const struct up_watch *watch, struct project_plan *plan,
			   const struct string_list *changed)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->pod_count; i++) {
		struct pod_plan *pod = &plan->pods[i];
		const struct built_pod *built = find_built(watch, pod->name);
		bool is_same_image =
			built != NULL && digest_equal(&built->release.image, &pod->release.image);
		if (!is_same_image && string_list_has(changed, pod->name))
			pod->is_dirty = true;
		if (is_same_image && digest_equal(&built->release.config, &pod->release.config) &&
		    built->replicas == pod->replicas)
			continue;
		count++;
		output_note(watch->invocation, "%s: changed, now image %.19s", pod->name,
			    DIGEST_TEXT(&pod->release.image));
	}
	return count;
}

/* rebuilt: of those pods alone; NULL: of all, and `changed` are those that have another image. */
static bool rebuild(struct up_watch *watch, const struct string_list *rebuilt,
		    const struct string_list *changed, struct client *client, struct loop *loop,
		    struct error *err)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(project_identity_clear) struct project_identity identity = {0};
	AUTO(watched_files_clear) struct watched_files files = {0};
	AUTO_PTR(progress_view)
	struct progress_view *view = progress_view_new(watch->invocation);

	/* Marks first: what changes during the build is found by the next look. */
	if (!read_files(watch, &files, err) ||
	    !project_build(watch->invocation, rebuilt, progress_view_progress(view), &plan,
			   &identity, err))
		return false;
	if (strcmp(plan.project, watch->project) != 0) {
		error_set(err, ERROR_INVALID, "the manifests name project '%s' now; '%s' runs",
			  plan.project, watch->project);
		return error_hint(err, "stop this i2kit up and start it again");
	}
	bool has_fewer = plan.pod_count < watch->pod_count;
	size_t count = mark_changed(watch, &plan, changed);
	/* As the manifests say, before it is as it runs. */
	struct built_pods pods = list_pods(&plan);

	keep_running(watch, &plan);
	remember_pods(watch, pods);
	watched_files_clear(&watch->files);
	watch->files = files;
	files = (struct watched_files){0};
	if (count == 0 && !has_fewer)
		output_note(watch->invocation, "something was written anew, with the same content");
	return project_plan_save(&plan, err) && project_apply(plan.project, client, loop, err);
}

static void complain(const struct up_watch *watch, const struct error *err)
{
	output_warning(watch->invocation, "%s; what ran before runs on", err->message);
	if (err->hint != NULL)
		output_note(watch->invocation, "%s", err->hint);
}

/* The manifests may have other rules now. */
static void open_rules(struct up_watch *watch)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct develop_watch *develop = NULL;

	if (!develop_watch_open(watch->invocation, watch->project, &watch->named, &develop, &err)) {
		complain(watch, &err);
		return;
	}
	develop_watch_free(watch->develop);
	watch->develop = develop;
}

static void step_files(struct up_watch *watch, struct client *client, struct loop *loop)
{
	AUTO(string_list_clear) struct string_list changed = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	uint64_t now_ms = clock_monotonic_ms();

	if (now_ms - watch->looked_ms < LOOK_MS)
		return;
	watch->looked_ms = now_ms;
	if (!watched_files_look(&watch->files, &changed))
		return;
	watched_files_accept(&watch->files);
	if (rebuild(watch, NULL, &changed, client, loop, &err))
		open_rules(watch);
	else if (err.kind != ERROR_CANCELLED)
		complain(watch, &err);
}

static void step_develop(struct up_watch *watch, struct client *client, struct loop *loop)
{
	AUTO(string_list_clear) struct string_list pods = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;

	develop_watch_step(watch->develop, client, &pods);
	if (pods.count == 0)
		return;
	for (size_t i = 0; i < pods.count; i++)
		output_note(watch->invocation, "watch: %s: building", pods.items[i]);
	if (rebuild(watch, &pods, &pods, client, loop, &err))
		develop_watch_rebuilt(watch->develop, &pods);
	else if (err.kind != ERROR_CANCELLED)
		complain(watch, &err);
}

bool up_watch_has_rules(const struct up_watch *watch)
{
	return watch->develop != NULL;
}

void up_watch_step(struct up_watch *watch, struct client *client, struct loop *loop)
{
	step_files(watch, client, loop);
	if (watch->develop != NULL)
		step_develop(watch, client, loop);
}
