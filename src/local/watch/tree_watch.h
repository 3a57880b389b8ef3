/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_LOCAL_WATCH_TREE_WATCH_H
#define I2KIT_LOCAL_WATCH_TREE_WATCH_H

/*
 * Watches files and folders, whatever is below them, by inotify, and says which paths changed once
 * it has been quiet for a moment: an editor saves in several steps, and git changes a thousand
 * files at once. What is not there yet is waited for. No link is entered.
 */

#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/string_list.h"

struct tree_watch;

/* Whether nothing in the folder is worth a watch. */
typedef bool tree_watch_skip_fn(const char *folder, void *arg);

/*
 * roots: absolute and without links, copied. ERROR_FULL where the kernel grants no further watch,
 * with what to type.
 */
MUST_CHECK struct tree_watch *tree_watch_new(const struct string_list *roots,
					     tree_watch_skip_fn *skip, void *arg,
					     struct error *err);
void tree_watch_free(struct tree_watch *watch);
DEFINE_AUTO_PTR(tree_watch, tree_watch_free)

/*
 * Takes what the kernel has to say, without waiting. True: it has come to rest, and *ret is what
 * changed since the last time, each path once, whatever it is now. A folder that came is there with
 * all that is in it. *ret_has_lost: the kernel lost changes, and *ret has everything. False with
 * err set: folders that came are not watched, for want of watches; the rest goes on.
 */
bool tree_watch_take(struct tree_watch *watch, struct string_list *ret, bool *ret_has_lost,
		     struct error *err);
/* All that is below the roots now, files and folders, for a first sync. */
void tree_watch_list(const struct tree_watch *watch, struct string_list *ret);
#define TREE_WATCH_QUIET_MS 150	 /* without a change: it has come to rest */
#define TREE_WATCH_LATE_MS  2000 /* and while changes keep coming: not later than that */

#endif
