/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/develop_watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/path_below.h"
#include "cli/develop_sync.h"
#include "cli/manifest_files.h"
#include "cli/output.h"
#include "local/watch/sync_archive.h"
#include "local/watch/tree_watch.h"
#include "manifest/build_spec.h"
#include "manifest/develop_form.h"
#include "manifest/problem.h"

enum { LOOK_MS = 400, AGAIN_MS = 1000 };

/* A container with rules, and all that changed for it since the watch began. */
struct developed {
	const struct pod_spec *pod;
	const struct container_spec *container;
	struct watch_changes synced;
};

/* A VM of such a pod. */
struct follower {
	char *instance;
	char *pod;
	int64_t created_ns;
	bool is_there;	 /* by the last look */
	bool is_current; /* it has all that its containers were to get */
	uint64_t again_ms;
	char *complaint; /* said already; or NULL */
};

struct develop_watch {
	const struct invocation *invocation;
	char *project;
	struct app app;
	struct watch_set set;
	struct tree_watch *tree;
	struct developed *containers;
	size_t container_count;
	struct follower *followers;
	size_t follower_count;
	uint64_t looked_ms;
};

static void follower_clear(struct follower *follower)
{
	free(follower->instance);
	free(follower->pod);
	free(follower->complaint);
}

void develop_watch_free(struct develop_watch *watch)
{
	if (watch == NULL)
		return;
	for (size_t i = 0; i < watch->follower_count; i++)
		follower_clear(&watch->followers[i]);
	free(watch->followers);
	for (size_t i = 0; i < watch->container_count; i++)
		watch_changes_clear(&watch->containers[i].synced);
	free(watch->containers);
	tree_watch_free(watch->tree);
	watch_set_clear(&watch->set);
	app_clear(&watch->app);
	free(watch->project);
	free(watch);
}

/* ---- beginning ---- */

static bool leaves_alone(const char *folder, void *arg)
{
	return watch_set_leaves_alone(&((const struct develop_watch *)arg)->set, folder);
}

static void tell_rules(const struct develop_watch *watch)
{
	for (size_t i = 0; i < watch->set.count; i++) {
		const struct watch_item *item = &watch->set.items[i];
		const char *what = watch_action_words[item->rule->action];
		if (item->is_mounted)
			output_warning(watch->invocation,
				       "watch: %s: %s is mounted into the pod, which sees each "
				       "change itself: no %s",
				       item->pod->name, item->root, what);
		else
			output_note(watch->invocation, "watch: %s: %s %s%s%s", item->pod->name,
				    what, item->root, item->target != NULL ? " -> " : "",
				    item->target == NULL      ? ""
				    : item->target[0] != '\0' ? item->target
							      : "/");
	}
}

static struct developed *developed_of(struct develop_watch *watch,
				      const struct container_spec *container)
{
	for (size_t i = 0; i < watch->container_count; i++) {
		if (watch->containers[i].container == container)
			return &watch->containers[i];
	}
	return NULL;
}

static void list_containers(struct develop_watch *watch)
{
	for (size_t i = 0; i < watch->set.count; i++) {
		const struct watch_item *item = &watch->set.items[i];
		if (developed_of(watch, item->container) != NULL)
			continue;
		struct developed *one = ARRAY_APPEND(watch->containers, watch->container_count);
		one->pod = item->pod;
		one->container = item->container;
	}
}

static bool watch_roots(struct develop_watch *watch, struct error *err)
{
	AUTO(string_list_clear) struct string_list roots = STRING_LIST_INIT;

	for (size_t i = 0; i < watch->set.count; i++) {
		if (!string_list_has(&roots, watch->set.items[i].root))
			string_list_add(&roots, watch->set.items[i].root);
	}
	watch->tree = tree_watch_new(&roots, leaves_alone, watch, err);
	return watch->tree != NULL;
}

/* initial_sync: all that is there goes into each VM, and is done as soon as one is far enough. */
static void take_first(struct develop_watch *watch)
{
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;

	for (size_t i = 0; i < watch->set.count; i++) {
		const struct watch_item *item = &watch->set.items[i];
		if (!item->rule->syncs_at_start || item->target == NULL)
			continue;
		if (paths.count == 0)
			tree_watch_list(watch->tree, &paths);
		struct developed *one = developed_of(watch, item->container);
		for (size_t k = 0; k < paths.count; k++) {
			AUTO_FREE char *inside = NULL;
			if (watch_item_matches(&watch->set, item, paths.items[k], &inside))
				watch_changes_add(&one->synced, paths.items[k], inside, item);
		}
		watch_changes_settle(&one->synced);
	}
}

static bool open_rules(struct develop_watch *watch, const struct string_list *pods,
		       struct error *err)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};

	if (!manifest_files_read_both(watch->invocation, &watch->app, &problems, err)) {
		manifest_files_print(watch->invocation, &problems, true);
		return false;
	}
	return watch_set_make(&watch->app, pods, &watch->set, err);
}

bool develop_watch_open(const struct invocation *invocation, const char *project,
			const struct string_list *pods, struct develop_watch **ret,
			struct error *err)
{
	AUTO_PTR(develop_watch) struct develop_watch *watch = xcalloc(1, sizeof(*watch));

	*ret = NULL;
	watch->invocation = invocation;
	watch->project = xstrdup(project);
	if (!open_rules(watch, pods, err))
		return false;
	if (watch->set.count == 0)
		return true;
	if (!watch_roots(watch, err))
		return false;
	list_containers(watch);
	take_first(watch);
	tell_rules(watch);
	*ret = TAKE_PTR(watch);
	return true;
}

/* ---- one batch into one VM ---- */

static void complain(const struct develop_watch *watch, struct follower *follower,
		     const struct error *err)
{
	if (follower->complaint != NULL && strcmp(follower->complaint, err->message) == 0)
		return;
	free(follower->complaint);
	follower->complaint = xstrdup(err->message);
	/* It will be far enough, or `ps` says why it is not. */
	if (err->kind == ERROR_NOT_FOUND || err->kind == ERROR_NETWORK)
		output_note(watch->invocation, "watch: %s, it is synced later", err->message);
	else
		output_warning(watch->invocation, "watch: %s", err->message);
	if (err->hint != NULL)
		output_note(watch->invocation, "%s", err->hint);
}

/* An unnamed file, or -1. */
static int open_archive(struct error *err)
{
	AUTO_FREE char *folder = path_folder(PATH_CACHE, NULL);
	AUTO_FREE char *path = path_join(folder, "sync.XXXXXX");

	if (!path_make_folders(folder, 0700, err))
		return -1;
	int fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		(void)error_set(err, ERROR_SYSTEM, "%s cannot be written", path);
	else
		(void)unlink(path);
	return fd;
}

static bool write_archive(int fd, const struct watch_work *work, struct sync_counts *ret,
			  struct error *err)
{
	AUTO_PTR(store) struct store *store = store_open(NULL, err);

	return store != NULL && sync_archive_write(store, fd, &work->changes, ret, err);
}

static void tell_files(const struct develop_watch *watch, const struct watch_work *work,
		       const struct sync_counts *counts)
{
	const char *name = work->pod->name;

	if (counts->written + counts->deleted > 0)
		output_note(watch->invocation, "watch: %s/%s: %zu file%s synced, %zu deleted", name,
			    work->container->name, counts->written, counts->written == 1 ? "" : "s",
			    counts->deleted);
	if (counts->skipped > 0)
		output_warning(watch->invocation,
			       "watch: %s: %zu left out that cannot be read or are no files: %s",
			       name, counts->skipped, counts->first_skipped);
	if (counts->has_lost_root)
		output_warning(watch->invocation,
			       "watch: %s: a folder that is watched is gone; what the container "
			       "has of it stays",
			       name);
}

/* Of one batch: its archive, and whether it was said what is in it. */
struct batch {
	int fd; /* -1: no files */
	struct sync_counts counts;
	bool is_told;
};

static bool do_work(const struct develop_watch *watch, const struct follower *follower,
		    const struct watch_work *work, struct batch *batch, struct error *err)
{
	const struct develop_target target = {.invocation = watch->invocation,
					      .project = watch->project,
					      .instance = follower->instance,
					      .container = work->container->name};

	if (batch->fd >= 0 && !develop_sync_files(&target, batch->fd, err))
		return false;
	if (!batch->is_told)
		tell_files(watch, work, &batch->counts);
	batch->is_told = true;
	if (work->restarts) {
		if (!develop_sync_restart(&target, err))
			return false;
		output_note(watch->invocation, "watch: %s/%s: restarted", follower->instance,
			    work->container->name);
	}
	for (size_t i = 0; i < work->exec_count; i++) {
		output_note(watch->invocation, "watch: %s/%s: %s", follower->instance,
			    work->container->name, work->execs[i]->command.items[0]);
		if (!develop_sync_exec(&target, work->execs[i], err))
			return false;
	}
	return true;
}

/* In all VMs that are current, or in the one. A failure leaves the whole to be done again. */
static void do_in(struct develop_watch *watch, const struct watch_work *work,
		  struct follower *only_or_null)
{
	struct batch batch = {.fd = -1};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_CLOSE int fd = open_archive(&err);
	bool is_written = fd >= 0 && write_archive(fd, work, &batch.counts, &err);

	/* Folders alone are not counted. */
	if (is_written && lseek(fd, 0, SEEK_END) > 0)
		batch.fd = fd;

	for (size_t i = 0; i < watch->follower_count; i++) {
		struct follower *follower = &watch->followers[i];
		if (only_or_null != NULL ? follower != only_or_null
					 : strcmp(follower->pod, work->pod->name) != 0 ||
						   !follower->is_current || !follower->is_there)
			continue;
		if (is_written)
			error_clear(&err);
		if (is_written && do_work(watch, follower, work, &batch, &err))
			continue;
		follower->is_current = false;
		follower->again_ms = clock_monotonic_ms() + AGAIN_MS;
		complain(watch, follower, &err);
	}
	sync_counts_clear(&batch.counts);
}

/* ---- VMs that come and go ---- */

static bool has_rules(const struct develop_watch *watch, const char *pod)
{
	for (size_t i = 0; i < watch->container_count; i++) {
		if (strcmp(watch->containers[i].pod->name, pod) == 0)
			return true;
	}
	return false;
}

static bool has_synced(const struct develop_watch *watch, const char *pod)
{
	for (size_t i = 0; i < watch->container_count; i++) {
		if (strcmp(watch->containers[i].pod->name, pod) == 0 &&
		    watch->containers[i].synced.count > 0)
			return true;
	}
	return false;
}

static void see(struct develop_watch *watch, const struct instance_status *status)
{
	for (size_t i = 0; i < watch->follower_count; i++) {
		struct follower *follower = &watch->followers[i];
		if (follower->created_ns == status->created_ns &&
		    strcmp(follower->instance, status->name) == 0) {
			follower->is_there = true;
			return;
		}
	}
	struct follower *follower = ARRAY_APPEND(watch->followers, watch->follower_count);
	follower->instance = xstrdup(status->name);
	follower->pod = xstrdup(status->pod);
	follower->created_ns = status->created_ns;
	follower->is_there = true;
	follower->is_current = !has_synced(watch, status->pod);
}

static void forget_gone(struct develop_watch *watch)
{
	size_t kept = 0;

	for (size_t i = 0; i < watch->follower_count; i++) {
		if (watch->followers[i].is_there)
			watch->followers[kept++] = watch->followers[i];
		else
			follower_clear(&watch->followers[i]);
	}
	watch->follower_count = kept;
}

static void look_at_instances(struct develop_watch *watch, struct client *client)
{
	AUTO(project_status_clear) struct project_status status = {0};
	AUTO(error_clear) struct error ignored = ERROR_INIT;

	if (!client_status(client, &status, &ignored))
		return;
	for (size_t i = 0; i < watch->follower_count; i++)
		watch->followers[i].is_there = false;
	for (size_t i = 0; i < status.instance_count; i++) {
		const struct instance_status *instance = &status.instances[i];
		if (instance->state >= INSTANCE_STARTING && instance->state <= INSTANCE_READY &&
		    !instance->is_outdated && has_rules(watch, instance->pod))
			see(watch, instance);
	}
	forget_gone(watch);
}

/* All that its containers were ever to get, and what their rules do after it. */
static void catch_up(struct develop_watch *watch, struct follower *follower)
{
	follower->is_current = true;
	for (size_t i = 0; i < watch->container_count && follower->is_current; i++) {
		const struct developed *one = &watch->containers[i];
		struct watch_work work = {
			.pod = one->pod, .container = one->container, .changes = one->synced};
		if (strcmp(one->pod->name, follower->pod) != 0 || one->synced.count == 0)
			continue;
		for (size_t k = 0; k < one->synced.count; k++)
			watch_work_follow(&work, one->synced.items[k].item->rule);
		do_in(watch, &work, follower);
		free(work.execs);
	}
}

static void catch_up_all(struct develop_watch *watch)
{
	uint64_t now_ms = clock_monotonic_ms();

	for (size_t i = 0; i < watch->follower_count; i++) {
		struct follower *follower = &watch->followers[i];
		if (!follower->is_current && follower->is_there && now_ms >= follower->again_ms)
			catch_up(watch, follower);
	}
}

/* ---- what changes ---- */

static void remember(struct develop_watch *watch, const struct watch_work *work)
{
	struct developed *one = developed_of(watch, work->container);

	for (size_t i = 0; i < work->changes.count; i++) {
		const struct watch_change *change = &work->changes.items[i];
		watch_changes_add(&one->synced, change->path, change->inside, change->item);
	}
	watch_changes_settle(&one->synced);
}

static void take_batch(struct develop_watch *watch, const struct string_list *paths,
		       struct string_list *ret_rebuilds)
{
	AUTO(watch_plan_clear) struct watch_plan plan = {0};

	watch_plan_make(&watch->set, paths, &plan);
	string_list_copy(ret_rebuilds, &plan.rebuilds);
	for (size_t i = 0; i < plan.count; i++) {
		const struct watch_work *work = &plan.works[i];
		remember(watch, work);
		/* The VMs that come get it, where their image does not have it. */
		if (!string_list_has(&plan.rebuilds, work->pod->name))
			do_in(watch, work, NULL);
	}
}

void develop_watch_step(struct develop_watch *watch, struct client *client,
			struct string_list *ret_rebuilds)
{
	AUTO(string_list_clear) struct string_list paths = STRING_LIST_INIT;
	AUTO(error_clear) struct error err = ERROR_INIT;
	uint64_t now_ms = clock_monotonic_ms();
	bool has_lost = false;
	bool has_changed = tree_watch_take(watch->tree, &paths, &has_lost, &err);

	if (err.message != NULL) {
		output_warning(watch->invocation, "watch: %s; what is new there is not synced",
			       err.message);
		output_note(watch->invocation, "%s", err.hint != NULL ? err.hint : "");
	}
	if (has_lost)
		output_warning(watch->invocation,
			       "watch: too many changes at once for the kernel: all is taken for "
			       "changed; what was deleted meanwhile stays in the containers");
	if (has_changed || now_ms - watch->looked_ms >= LOOK_MS) {
		watch->looked_ms = now_ms;
		look_at_instances(watch, client);
		catch_up_all(watch);
	}
	if (has_changed)
		take_batch(watch, &paths, ret_rebuilds);
}

void develop_watch_rebuilt(struct develop_watch *watch, const struct string_list *pods)
{
	for (size_t i = 0; i < watch->container_count; i++) {
		struct developed *one = &watch->containers[i];
		struct watch_changes kept = {0};
		if (!string_list_has(pods, one->pod->name))
			continue;
		for (size_t k = 0; k < one->synced.count; k++) {
			const struct watch_change *change = &one->synced.items[k];
			const char *context = change->item->context;
			if (context == NULL || path_below(context, change->path) == NULL)
				watch_changes_add(&kept, change->path, change->inside,
						  change->item);
		}
		watch_changes_clear(&one->synced);
		one->synced = kept;
	}
}
