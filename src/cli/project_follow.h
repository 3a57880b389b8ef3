/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_PROJECT_FOLLOW_H
#define I2KIT_CLI_PROJECT_FOLLOW_H

/* Waiting for a project over its control socket. */

#include <stdint.h>

#include "base/loop.h"
#include "cli/verb.h"
#include "local/client/client.h"

/* What a wait waits for. */
enum follow_goal {
	FOLLOW_READY, /* every pod has what it wants, ready (or has succeeded) */
	FOLLOW_SHOWN, /* the same, or until one keeps ending: its logs will say why */
	FOLLOW_GONE,  /* nothing is left */
};

/*
 * Says state changes on stderr while it waits (not with --progress=none). timeout_ms 0: for ever.
 * ERROR_TIMEOUT names what is missing; ERROR_CANCELLED after an interrupt; a pod that failed for
 * good is an error at once, one that keeps ending (CrashLoopBackOff) after its third restart.
 */
MUST_CHECK bool project_follow(const struct invocation *invocation, struct client *client,
			       struct loop *loop, enum follow_goal goal, uint64_t timeout_ms,
			       struct error *err);

/* One act of client.h to its end. */
typedef void follow_act_fn(struct client *client, client_done_fn *done, void *done_arg, void *arg);
MUST_CHECK bool project_act(struct client *client, struct loop *loop, follow_act_fn *act, void *arg,
			    struct error *err);

/* Says on stderr how instances change until it is freed; in place of project_follow(). */
struct project_teller;
struct project_teller *project_teller_new(const struct invocation *invocation,
					  struct client *client);
void project_teller_free(struct project_teller *teller);

#endif
