/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/sync_mark.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/path.h"

enum { MAX_MARK = 64 };

static char *mark_path(const char *project, const char *instance)
{
	AUTO_FREE char *below = xasprintf("%s/synced/%s", project, instance);

	return path_folder(PATH_RUNTIME, below);
}

bool sync_mark_set(const char *project, const char *instance, int64_t created_ns, struct error *err)
{
	AUTO_FREE char *path = mark_path(project, instance);
	AUTO_FREE char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	AUTO_FREE char *text = xasprintf("%" PRId64, created_ns);

	return path_make_folders(folder, 0700, err) &&
	       file_write_atomic(path, text, strlen(text), 0600, err);
}

bool sync_mark_is_set(const char *project, const char *instance, int64_t created_ns)
{
	AUTO_FREE char *path = mark_path(project, instance);
	AUTO_FREE char *text = NULL;
	AUTO(error_clear) struct error problem = ERROR_INIT;
	int64_t marked_ns = 0;

	/* One that cannot be read is no proof of a clean VM. */
	if (!file_read(path, MAX_MARK, &text, NULL, &problem))
		return problem.kind != ERROR_NOT_FOUND;
	return !parse_i64(text, INT64_MIN, INT64_MAX, &marked_ns) || marked_ns == created_ns;
}

void sync_mark_clear(const char *project, const char *instance)
{
	AUTO_FREE char *path = mark_path(project, instance);

	(void)unlink(path);
}
