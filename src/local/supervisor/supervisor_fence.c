/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/supervisor_fence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/fence.h"
#include "base/path.h"
#include "local/plan/project_plan.h"
#include "local/plan/project_plan_json.h"
#include "local/vm/connection.h"
#include "local/vm/service_network.h"
#include "local/vm/starter.h"

static void list_folders(const struct pod_plan *pod, struct string_list *ret)
{
	for (size_t i = 0; i < pod->volume_count; i++) {
		const char *path = pod->volumes[i].host_path;
		if (path != NULL && !string_list_has(ret, path))
			string_list_add(ret, path);
	}
}

void supervisor_list_folders(const struct project_plan *plan, struct string_list *ret)
{
	string_list_copy(ret, &plan->folders);
	for (size_t i = 0; i < plan->pod_count; i++) {
		list_folders(&plan->pods[i], ret);
		if (plan->pods[i].former != NULL)
			list_folders(plan->pods[i].former, ret);
	}
}

/* One that was made anew under its old name is another one for a fence. */
bool supervisor_can_read(const char *path)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	/* access() is not asked by the fence. */
	return fd >= 0 || errno != EACCES || access(path, R_OK) < 0;
}

/* Editors put another file in the place of a file: its folder is what is watched and read. */
static void add_readable(const char *path, struct string_list *reads)
{
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode) && slash != NULL)
		string_list_take(reads, xstrndup(path, (size_t)(slash - path) + 1));
	else
		string_list_add(reads, path);
}

/* All that it writes: a folder that is new belongs here, or what is in it is never written. */
static bool list_own(struct string_list *folders, struct error *err)
{
	/* The last one for the key that receipts are signed with, made by the first of them. */
	static const enum path_folder own[] = {PATH_DATA, PATH_STATE, PATH_CACHE, PATH_RUNTIME,
					       PATH_CONFIG};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		AUTO_FREE char *folder = path_folder(own[i], NULL);
		if (!path_make_folders(folder, 0700, err))
			return false;
		string_list_add(folders, folder);
	}
	return true;
}

/* Libvirt's own settings, and its socket's folder, where what it says may be a link. */
static void add_libvirt(struct string_list *reads)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (config != NULL && config[0] == '/')
		string_list_addf(reads, "%s/libvirt", config);
	else if (home != NULL)
		string_list_addf(reads, "%s/.config/libvirt", home);
}

bool supervisor_fence(const char *project, struct string_list *ret_folders, struct error *err)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(string_list_clear) struct string_list writes = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list reads = STRING_LIST_INIT;

	if (!project_plan_load(project, &plan, err) || !list_own(&writes, err))
		return false;
	supervisor_list_folders(&plan, ret_folders);
	if (!starter_launch(ret_folders, err))
		return false;
	/* The starter's matter, too: libvirt's library would start the user's daemon itself. */
	if (setenv("LIBVIRT_AUTOSTART", "0", 1) < 0)
		return error_set_errno(err, errno, "the environment");
	for (size_t i = 0; i < ret_folders->count; i++)
		add_readable(ret_folders->items[i], &reads);
	add_libvirt(&reads);
	/* In session mode guests are reached by their channel alone. */
	bool is_session = connection_is_session(connection_choose(plan.uri));
	const struct fence fence = {.writes = &writes,
				    .reads = &reads,
				    .may_use_files = true,
				    .may_set_networks =
					    service_network_is_possible() && !is_session,
				    .has_no_tcp = is_session};
	return fence_enter(&fence, err);
}
