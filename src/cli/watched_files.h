/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_WATCHED_FILES_H
#define I2KIT_CLI_WATCHED_FILES_H

/* The manifests of an app and the images on this machine that its pods are made of. */

#include <stdbool.h>
#include <stdint.h>

#include "base/string_list.h"
#include "manifest/app.h"

/* One thing that may change; what it was when it was looked at last is its mark. */
struct watched {
	char *pod;   /* NULL: a manifest */
	char *path;  /* of the file that changes with it; NULL: a daemon's image */
	char *image; /* daemon: the reference */
	char *mark;  /* as of the last build; "" is: it is not there */
	char *seen;  /* by the last look */
};

struct watched_files {
	struct watched *items;
	size_t count;
	uint64_t asked_ms; /* when daemons were asked last */
};
void watched_files_clear(struct watched_files *files);

void watched_files_make(const struct app *app, struct watched_files *ret);
/*
 * Whether something differs from its mark and did not change since the last look; the names of the
 * pods whose images did come into *ret_pods. A file that is away for now is being replaced.
 */
bool watched_files_look(struct watched_files *files, struct string_list *ret_pods);
/* What was seen last is what was built. */
void watched_files_accept(struct watched_files *files);

#endif
