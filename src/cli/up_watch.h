/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_UP_WATCH_H
#define I2KIT_CLI_UP_WATCH_H

/*
 * `up --watch`: looks twice a second whether a manifest or an image that lies on this machine
 * (oci:, archives; docker-daemon: every two seconds) has changed, and when it has come to rest
 * builds again. A pod that is replaced for its image is dirty: promote wants a plain `up` of it
 * first. The rules of develop.watch are followed as well (cli/develop_watch.h).
 */

#include "base/cleanup.h"
#include "cli/verb.h"
#include "local/client/client.h"
#include "local/plan/project_plan.h"

struct up_watch;

/* plan: what runs now; borrowed for the call. NULL on failure. */
MUST_CHECK struct up_watch *up_watch_new(const struct invocation *invocation,
					 const struct project_plan *plan, struct error *err);
void up_watch_free(struct up_watch *watch);
DEFINE_AUTO_PTR(up_watch, up_watch_free)

/* Whether a pod has develop.watch. */
bool up_watch_has_rules(const struct up_watch *watch);

/*
 * Call it a few times a second. Builds and applies what changed, says so; what fails is a warning:
 * the pods that run go on.
 */
void up_watch_step(struct up_watch *watch, struct client *client, struct loop *loop);

#endif
