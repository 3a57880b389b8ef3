/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/volume_folder.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"

static char *place(const char *project, const char *format_before, const char *claim,
		   const char *ending)
{
	AUTO_FREE char *below =
		xasprintf("volumes/%s/%s%s%s", project, format_before, claim, ending);

	return path_folder(PATH_DATA, below);
}

char *volume_folder_path(const char *project, const char *claim)
{
	return place(project, "", claim, VOLUME_FOLDER_ENDING);
}

char *volume_folder_snapshots(const char *project, const char *claim)
{
	return place(project, ".", claim, ".snapshots");
}

bool project_plan_has_shared(const struct project_plan *plan)
{
	for (size_t i = 0; i < plan->pod_count; i++) {
		for (size_t k = 0; k < plan->pods[i].volume_count; k++) {
			if (plan->pods[i].volumes[k].is_shared)
				return true;
		}
	}
	return false;
}

static bool provide(const struct project_plan *plan, const struct volume_plan *volume,
		    struct error *err)
{
	AUTO_FREE char *disk = place(plan->project, "", volume->claim, ".qcow2");
	AUTO_FREE char *parent = path_join("volumes", plan->project);
	AUTO_FREE char *folder = path_folder(PATH_DATA, parent);

	if (path_exists(volume->host_path))
		return true;
	if (path_exists(disk)) {
		error_set(err, ERROR_EXISTS,
			  "claim '%s' was the disk of one pod until now, and several want to share "
			  "it",
			  volume->claim);
		return error_hint(err,
				  "keep what is on it with i2kit cp or volume export, and then: "
				  "i2kit down && i2kit volume rm %s",
				  volume->claim);
	}
	/* Nobody else comes near it; within a VM the folder is as a new file system is. */
	if (!path_make_folders(folder, 0700, err))
		return false;
	return mkdir(volume->host_path, 0755) == 0 || errno == EEXIST ||
	       error_set_errno(err, errno, "%s", volume->host_path);
}

bool volume_folders_provide(const struct project_plan *plan, struct error *err)
{
	for (size_t i = 0; i < plan->pod_count; i++) {
		for (size_t k = 0; k < plan->pods[i].volume_count; k++) {
			const struct volume_plan *volume = &plan->pods[i].volumes[k];
			if (volume->is_shared && !provide(plan, volume, err))
				return false;
		}
	}
	return true;
}
