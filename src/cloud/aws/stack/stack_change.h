/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_CHANGE_H
#define I2KIT_CLOUD_AWS_STACK_STACK_CHANGE_H

/* What a template would change of a stack, and doing so: CloudFormation's change sets. */

#include <stddef.h>

#include "base/error.h"

struct aws_client;
struct key_value;
struct progress;

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

#endif
