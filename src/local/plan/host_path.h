/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_HOST_PATH_H
#define I2KIT_LOCAL_PLAN_HOST_PATH_H

/* The hostPath volumes of an application as this machine has them: made where asked for, resolved.
 */

#include "base/error.h"
#include "manifest/app.h"

struct host_path {
	const struct volume *volume; /* of the application */
	char *path;		     /* absolute, without links */
	bool is_file;
};

struct host_paths {
	struct host_path *items;
	size_t count;
};
void host_paths_clear(struct host_paths *paths);

/* Looks at all of them, and makes those of type DirectoryOrCreate. */
MUST_CHECK bool host_paths_find(const struct app *app, struct host_paths *ret, struct error *err);
/* Of one volume; NULL: it is none. */
const struct host_path *host_paths_of(const struct host_paths *paths, const struct volume *volume);

#endif
