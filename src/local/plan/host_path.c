/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/host_path.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"

void host_paths_clear(struct host_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->items[i].path);
	free(paths->items);
	*paths = (struct host_paths){0};
}

static bool find_one(const struct app *app, const struct volume *volume, struct host_paths *ret,
		     struct error *err)
{
	AUTO_FREE char *joined = volume->host_path[0] == '/'
					 ? xstrdup(volume->host_path)
					 : path_join(app->folder, volume->host_path);
	bool may_create = volume->host_path_type != NULL &&
			  strcmp(volume->host_path_type, "DirectoryOrCreate") == 0;
	struct stat status;

	if (may_create && !path_make_folders(joined, 0755, err))
		return error_prefix(err, "volume '%s'", volume->name);
	AUTO_FREE char *real = realpath(joined, NULL);
	if (real == NULL) {
		error_set(err, ERROR_NOT_FOUND, "volume '%s': host path %s does not exist",
			  volume->name, joined);
		return error_hint(err, "create it, or say type: DirectoryOrCreate");
	}
	struct host_path *found = ARRAY_APPEND(ret->items, ret->count);
	found->volume = volume;
	found->is_file = stat(real, &status) == 0 && S_ISREG(status.st_mode);
	found->path = TAKE_PTR(real);
	return true;
}

bool host_paths_find(const struct app *app, struct host_paths *ret, struct error *err)
{
	AUTO(host_paths_clear) struct host_paths found = {0};

	for (size_t i = 0; i < app->pod_count; i++) {
		const struct pod_spec *pod = &app->pods[i];
		for (size_t k = 0; k < pod->volume_count; k++) {
			if (pod->volumes[k].kind == VOLUME_HOST_PATH &&
			    !find_one(app, &pod->volumes[k], &found, err))
				return error_prefix(err, "pod '%s'", pod->name);
		}
	}
	*ret = found;
	found = (struct host_paths){0};
	return true;
}

const struct host_path *host_paths_of(const struct host_paths *paths, const struct volume *volume)
{
	for (size_t i = 0; i < paths->count; i++) {
		if (paths->items[i].volume == volume)
			return &paths->items[i];
	}
	return NULL;
}
