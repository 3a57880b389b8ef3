/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_WATCH_WATCH_SET_H
#define I2KIT_LOCAL_WATCH_WATCH_SET_H

/*
 * The rules of an app's `develop.watch`
 * (https://github.com/compose-spec/compose-spec/blob/main/develop.md), ready to be asked what a
 * path that changed means. Nothing is looked at on disk after it is made.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/string_list.h"
#include "image/build/ignore_patterns.h"
#include "manifest/app.h"

/* One rule. */
struct watch_item {
	const struct pod_spec *pod;		/* of the app */
	const struct container_spec *container; /* of the pod */
	const struct watch_rule *rule;		/* of the container */
	char *root;				/* what is watched, without links */
	bool is_folder;				/* or is not there yet */
	bool is_mounted;			/* into the pod, live: nothing to sync */
	char *target;			  /* for rules that sync: absolute, plain; "" is the root */
	char *context;			  /* of the container's build, without links; or NULL */
	struct ignore_patterns *ignore;	  /* below root; or NULL */
	struct ignore_patterns *include;  /* or NULL: all */
	struct ignore_patterns *left_out; /* by .dockerignore, below context; or NULL */
};

struct watch_set {
	struct watch_item *items;
	size_t count;
	struct ignore_patterns *usual; /* editors' temporary files, .git */
};
void watch_set_clear(struct watch_set *set);

/*
 * Of the pods named, or of all. app must outlive it. ERROR_INVALID names the pod: rebuild wants a
 * build, a pattern means nothing.
 */
MUST_CHECK bool watch_set_make(const struct app *app, const struct string_list *pods,
			       struct watch_set *ret, struct error *err);

/*
 * Whether a change of the absolute path is one of the rule's; if it syncs *ret_inside, which is
 * owned, is where that is in the container, else NULL.
 */
bool watch_item_matches(const struct watch_set *set, const struct watch_item *item,
			const char *path, char **ret_inside);
/* Whether no rule can match anything in the folder: it need not be watched. */
bool watch_set_leaves_alone(const struct watch_set *set, const char *folder);

#endif
