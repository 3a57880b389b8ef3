/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_DEVELOP_WATCH_H
#define I2KIT_CLI_DEVELOP_WATCH_H

/*
 * `develop.watch` while a project runs: what changes here goes into its VMs, or has images built
 * again. Each VM gets what changed since the watch began, also one that comes later in the place of
 * another; one that was just built of newer sources does not get older ones.
 */

#include "base/cleanup.h"
#include "cli/verb.h"
#include "local/client/client.h"
#include "local/watch/watch_set.h"

struct develop_watch;

/*
 * pods: whose rules; empty: all pods'. *ret NULL: none has any. Says what is watched. May fail for
 * rules that mean nothing, or for want of the kernel's watches.
 */
MUST_CHECK bool develop_watch_open(const struct invocation *invocation, const char *project,
				   const struct string_list *pods, struct develop_watch **ret,
				   struct error *err);
void develop_watch_free(struct develop_watch *watch);
DEFINE_AUTO_PTR(develop_watch, develop_watch_free)

/*
 * Call it a few times a second. Syncs, restarts and runs commands, and says so; pods whose images
 * are to be built come into *ret_rebuilds. What fails is a warning.
 */
void develop_watch_step(struct develop_watch *watch, struct client *client,
			struct string_list *ret_rebuilds);
/* They were built: what their images saw need not be synced into the VMs that come. */
void develop_watch_rebuilt(struct develop_watch *watch, const struct string_list *pods);

#endif
