/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_PLAN_HOST_PATH_H
#define I2KIT_LOCAL_PLAN_HOST_PATH_H

/*
 * The hostPath volumes of an application as this machine has them. A relative path stays below the
 * folder of the application, whatever links lie on its way: what a repository that was cloned leads
 * out of it is refused, unless the user says so. An absolute path, and one that goes up with `..`,
 * says itself where it leads. Types are Kubernetes', each with its meaning
 * (https://kubernetes.io/docs/concepts/storage/volumes/#hostpath-volume-types); sockets and devices
 * of the host do nothing inside a VM and are refused.
 */

#include "base/error.h"
#include "manifest/app.h"

struct host_path {
	const struct volume *volume; /* of the application */
	char *path;		     /* absolute, without links */
	bool is_file;
	bool is_outside; /* the application's folder */
};

struct host_paths {
	struct host_path *items;
	size_t count;
};
void host_paths_clear(struct host_paths *paths);

/* Looks at all of them, and makes those of the types …OrCreate. */
MUST_CHECK bool host_paths_find(const struct app *app, bool may_follow_links,
				struct host_paths *ret, struct error *err);
/* Of one volume; NULL: it is none. */
const struct host_path *host_paths_of(const struct host_paths *paths, const struct volume *volume);

#endif
