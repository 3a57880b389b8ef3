/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_FOLLOW_H
#define I2KIT_CLOUD_AWS_STACK_STACK_FOLLOW_H

/* What happens to a stack, event by event. */

#include "base/error.h"

struct aws_client;
struct progress;

/*
 * Until nothing is under way; each resource's change is told as step "stack". *ret_status is the
 * last state (owned), *ret_cause the first failure in words, with the console's last lines where it
 * was an instance that did not become ready (owned; NULL: none)
 */
MUST_CHECK bool stack_follow(struct aws_client *client, const char *id,
			     const struct progress *progress, char **ret_status, char **ret_cause,
			     struct error *err);
/* What the newest event is, so that a follower starts behind it. Owned; NULL: none. */
char *stack_newest_event(struct aws_client *client, const char *id);
/* The ClientRequestToken of the operation that the newest event belongs to. Owned; NULL: none. */
char *stack_newest_token(struct aws_client *client, const char *id);
MUST_CHECK bool stack_follow_from(struct aws_client *client, const char *id,
				  const char *after_event, const struct progress *progress,
				  char **ret_status, char **ret_cause, struct error *err);

#endif
