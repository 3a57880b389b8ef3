/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host paths that reach a pod as pushed files (all of them in session mode, single files always),
 * and those that are shared, of which it is told what changes.
 */
#include "local/supervisor/instance_folders.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "local/agent/folder_push.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/instance_agent.h"
#include "local/supervisor/supervisor_fence.h"
#include "local/supervisor/supervisor_parts.h"

void instance_folders_drop(struct instance *instance)
{
	for (size_t i = 0; i < instance->folder_count; i++)
		folder_push_free(instance->folders[i]);
	free(TAKE_PTR(instance->folders));
	instance->folder_count = 0;
}

static bool are_idle(const struct instance *instance)
{
	for (size_t i = 0; i < instance->folder_count; i++) {
		struct folder_push_counters counters;
		folder_push_get_counters(instance->folders[i], &counters);
		if (!counters.is_idle)
			return false;
	}
	return true;
}

static void say_skipped(const struct instance *instance)
{
	for (size_t i = 0; i < instance->folder_count; i++) {
		struct folder_push_counters counters;
		folder_push_get_counters(instance->folders[i], &counters);
		if (counters.skipped > 0)
			supervisor_say(
				instance->supervisor, true, "FilesLeftOut", instance->status.name,
				"%" PRIu64 " files of %s are not in the pod: %s", counters.skipped,
				folder_push_path(instance->folders[i]), FOLDER_PUSH_LIMITS);
		if (counters.unwatched > 0)
			supervisor_say(instance->supervisor, true, "FoldersNotWatched",
				       instance->status.name,
				       "%" PRIu64
				       " folders of %s are too many to watch: the pod is "
				       "not told what changes there",
				       counters.unwatched, folder_push_path(instance->folders[i]));
	}
}

/* The first time that all are there, the pod may start. */
static void on_idle(void *arg)
{
	struct instance *instance = arg;

	if (!instance->awaits_files || !are_idle(instance))
		return;
	instance->awaits_files = false;
	say_skipped(instance);
	instance_send_release(instance);
}

static void add_folder(struct instance *instance, const struct volume_plan *volume)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	struct folder_push *push = folder_push_new(instance->supervisor->loop, volume->name,
						   volume->host_path, &problem);

	if (push == NULL) {
		supervisor_say(instance->supervisor, true, "FolderFailed", instance->status.name,
			       "%s", problem.message);
		return;
	}
	if (!supervisor_can_read(volume->host_path))
		supervisor_say(instance->supervisor, true, "FolderFailed", instance->status.name,
			       "%s was made anew, and the supervisor's fence does not let it read "
			       "that one; i2kit up begins anew",
			       volume->host_path);
	if (!volume_plan_is_pushed(volume, instance->supervisor->is_session))
		folder_push_set_shared(push);
	*ARRAY_APPEND(instance->folders, instance->folder_count) = push;
}

void instance_folders_start(struct instance *instance)
{
	const struct pod_plan *pod = instance_plan(instance);

	instance_folders_drop(instance);
	instance->awaits_files = true;
	/* The volumes of an instance that is about to be replaced are not the plan's. */
	if (pod != NULL && !instance_is_current(instance, pod))
		pod = NULL;
	for (size_t i = 0; pod != NULL && i < pod->volume_count; i++) {
		if (pod->volumes[i].host_path != NULL && !pod->volumes[i].is_shared)
			add_folder(instance, &pod->volumes[i]);
	}
	for (size_t i = 0; i < instance->folder_count; i++)
		folder_push_start(instance->folders[i], instance->agent);
	/* Not before: one that has not begun looks idle. */
	for (size_t i = 0; i < instance->folder_count; i++)
		folder_push_on_idle(instance->folders[i], on_idle, instance);
	on_idle(instance);
}

void instance_folders_stop(struct instance *instance)
{
	for (size_t i = 0; i < instance->folder_count; i++)
		folder_push_stop(instance->folders[i]);
	instance->awaits_files = false;
}
