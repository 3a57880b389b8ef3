/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLI_PROJECT_VERB_H
#define I2KIT_CLI_PROJECT_VERB_H

/* What verbs that work on a running project begin with. */

#include "base/cleanup.h"
#include "base/loop.h"
#include "cli/verb.h"
#include "local/client/client.h"

struct project_verb {
	char *project;	       /* owned */
	struct loop *loop;     /* owned */
	struct client *client; /* owned */
};

/* must_act: a supervisor is needed, and started where there is none. */
MUST_CHECK bool project_verb_open(const struct invocation *invocation, bool must_act,
				  struct project_verb *ret, struct error *err);
/* Whether a supervisor answers, for verbs that only it can serve. */
MUST_CHECK bool project_verb_is_up(const struct project_verb *verb, struct error *err);
void project_verb_close(struct project_verb *verb);

/*
 * The instance that a word means: itself, or the first one of a pod. Borrowed from status; NULL
 * with ERROR_NOT_FOUND naming the nearest.
 */
const struct instance_status *project_verb_find(const struct project_status *status,
						const char *name, struct error *err);

#endif
