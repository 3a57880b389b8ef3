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
	FOLLOW_READY, /* every pod has what it wants, ready; Jobs have succeeded */
	FOLLOW_SHOWN, /* the same, or until one keeps ending: its logs will say why */
	FOLLOW_GONE,  /* nothing is left */
};

struct follow_options {
	enum follow_goal goal;
	uint64_t timeout_ms;		 /* 0: for ever */
	const struct string_list *names; /* of pods and instances; NULL: all */
	/* Called again and again meanwhile, or NULL. False: the wait ends with *err. */
	bool (*step)(void *arg, struct error *err);
	void *arg;
};

struct follow_result {
	bool has_ended; /* all that was waited for are Jobs and the like, and are over */
	int exit_code;	/* for the shell: 0, or what a pod that failed for good ended with */
};

/*
 * Says state changes on stderr while it waits, and every 15 s what it waits for (not with
 * --progress=none); at last how long it took. ERROR_TIMEOUT names what is missing; ERROR_CANCELLED
 * after an interrupt; a pod that failed for good is an error at once, one that keeps ending
 * (CrashLoopBackOff) after its third restart (local/client/verdict.h).
 */
MUST_CHECK bool project_follow(const struct invocation *invocation, struct client *client,
			       struct loop *loop, const struct follow_options *options,
			       struct follow_result *ret, struct error *err);

/* --timeout; five minutes where it is not given. */
MUST_CHECK bool project_follow_timeout(const struct invocation *invocation, uint64_t *ret_ms,
				       struct error *err);

/* One act of client.h to its end. */
typedef void follow_act_fn(struct client *client, client_done_fn *done, void *done_arg, void *arg);
MUST_CHECK bool project_act(struct client *client, struct loop *loop, follow_act_fn *act, void *arg,
			    struct error *err);

/*
 * Has the project's supervisor apply the plan. One that ends meanwhile, as it does when pods are
 * given folders that its fence does not let it read, is started again.
 */
MUST_CHECK bool project_apply(const char *project, struct client *client, struct loop *loop,
			      struct error *err);

/* Says on stderr how instances change until it is freed; in place of project_follow(). */
struct project_teller;
struct project_teller *project_teller_new(const struct invocation *invocation,
					  struct client *client);
void project_teller_free(struct project_teller *teller);

#endif
