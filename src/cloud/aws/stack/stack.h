/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_H
#define I2KIT_CLOUD_AWS_STACK_STACK_H

/*
 * A CloudFormation stack and what can be done with it. Every state it can be left in, by whomever,
 * leads back to a working one: stack_settle() before a change, stack_follow() during one.
 */

#include "base/progress.h"
#include "cloud/aws/client/client.h"
#include "manifest/app.h"

struct stack_status {
	bool exists;
	char *id;		   /* owned */
	char *name;		   /* owned */
	char *status;		   /* owned; "CREATE_COMPLETE", … */
	char *reason;		   /* owned; or NULL */
	bool is_protected;	   /* it cannot be deleted */
	struct key_value *outputs; /* owned */
	size_t output_count;
	struct key_value *tags; /* owned */
	size_t tag_count;
};
void stack_status_clear(struct stack_status *status);
const char *stack_status_tag(const struct stack_status *status, const char *key); /* or NULL */

/* name may be an id. A stack that is not there, or is deleted, is an answer, not an error. */
MUST_CHECK bool stack_describe(struct aws_client *client, const char *name,
			       struct stack_status *ret, struct error *err);

struct stack_list {
	struct stack_status *items; /* owned */
	size_t count;
};
void stack_list_clear(struct stack_list *list);
/* All of the account in this region that are not deleted. */
MUST_CHECK bool stack_list_all(struct aws_client *client, struct stack_list *ret,
			       struct error *err);

/* Of a state: something goes on; only deleting helps; it must be settled before anything else. */
bool stack_is_under_way(const char *status);
bool stack_must_be_deleted(const char *status);
bool stack_needs_settling(const char *status);
/* Until nothing goes on, however it ends. */
MUST_CHECK bool stack_wait(struct aws_client *client, const char *id,
			   const struct progress *progress, struct error *err);
/* The template as it was sent. *ret is owned. */
MUST_CHECK bool stack_get_template(struct aws_client *client, const char *name, char **ret,
				   struct error *err);

/*
 * Ready for a change set: waits for what is under way, deletes what can only be deleted
 * (ROLLBACK_COMPLETE, REVIEW_IN_PROGRESS, CREATE_FAILED, …), ends a stuck rollback.
 */
MUST_CHECK bool stack_settle(struct aws_client *client, const char *name,
			     const struct progress *progress, struct error *err);

/* Whether it can be deleted from now on. */
MUST_CHECK bool stack_protect(struct aws_client *client, const char *name, bool is_protected,
			      struct error *err);
/* ERROR_DENIED for one that is protected. */
MUST_CHECK bool stack_delete(struct aws_client *client, const char *name,
			     const struct progress *progress, struct error *err);

#endif
