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

/* One line of a plan. */
struct stack_change {
	char *action;	   /* owned; "Add", "Modify", "Remove" */
	char *resource;	   /* owned; logical id */
	char *type;	   /* owned */
	char *replacement; /* owned; "True", "False", "Conditional" or NULL */
};

struct stack_plan {
	char *change_set; /* owned; ARN; NULL: nothing to do */
	char *stack;	  /* owned; name */
	bool is_new;
	struct stack_change *changes; /* owned */
	size_t change_count;
};
void stack_plan_clear(struct stack_plan *plan);

struct stack_template {
	const char *body;
	const char *role; /* ARN; NULL: the stack stays with the one it has, or the caller */
	const char *url;  /* where the body lies, when it is too long for a request; or NULL */
};
/*
 * Makes a change set and reads what it would do; the stack is settled first. ERROR_DENIED when
 * CloudFormation would make a volume anew: what it holds would be gone.
 */
MUST_CHECK bool stack_plan_make(struct aws_client *client, const char *name,
				const struct stack_template *template, const struct key_value *tags,
				size_t tag_count, const struct progress *progress,
				struct stack_plan *ret, struct error *err);
/* Takes a plan back; a stack that exists only for it goes too. */
MUST_CHECK bool stack_plan_drop(struct aws_client *client, const struct stack_plan *plan,
				struct error *err);
/*
 * Starts it. With `wait`, follows to the end: an operation that failed and was rolled back is an
 * error that names the first cause.
 */
MUST_CHECK bool stack_plan_execute(struct aws_client *client, const struct stack_plan *plan,
				   bool wait, const struct progress *progress, struct error *err);

/* Whether it can be deleted from now on. */
MUST_CHECK bool stack_protect(struct aws_client *client, const char *name, bool is_protected,
			      struct error *err);
/* ERROR_DENIED for one that is protected. */
MUST_CHECK bool stack_delete(struct aws_client *client, const char *name,
			     const struct progress *progress, struct error *err);

/*
 * Until nothing is under way; each resource's change is told as step "stack". *ret_status is the
 * last state (owned), *ret_cause the first failure in words, with the console's last lines where it
 * was an instance that did not become ready (owned; NULL: none). stack_follow.c
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
