/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_RELEASE_RELEASE_SCOPE_H
#define I2KIT_RELEASE_RELEASE_SCOPE_H

/*
 * What one pod's release is a part of: a project in an environment, and all pods that are released
 * together. What is signed for one pod covers it, so that no pod of another release, and no release
 * of another environment, takes its place. Pure.
 */

#include "base/digest.h"
#include "base/string_list.h"
#include "wire/release_id.h"

struct release_scope {
	const char *project;
	const char *environment; /* "": it has no name */
	struct digest pods;	 /* SHA-256 of the lines below, sorted, each ended by a newline */
};

/* Adds "POD IMAGEDIGEST CONFIGDIGEST". */
void release_scope_add(struct string_list *pods, const char *pod, const struct release_id *release);
struct release_scope release_scope_make(const char *project, const char *environment_or_null,
					struct string_list *pods);

#endif
