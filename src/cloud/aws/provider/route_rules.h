/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_PROVIDER_ROUTE_RULES_H
#define I2KIT_CLOUD_AWS_PROVIDER_ROUTE_RULES_H

/*
 * The rules that a stack's listeners have, by its own template: their numbers, which stay, and what
 * people are told of those that are routes.
 */

#include <stddef.h>

#include "base/error.h"
#include "cloud/aws/stack/stack_rule_order.h"
#include "cloud/provider.h"

struct stack_target;

struct route_rule_list {
	struct stack_rule *items; /* owned */
	char **texts;		  /* owned; what they borrow */
	size_t text_count;
	size_t count;
};
void route_rules_clear(struct route_rule_list *list);

/* template_text: the stack's; NULL: there is none. */
MUST_CHECK bool route_rules_find(const char *template_text, struct route_rule_list *ret,
				 struct error *err);
/* Fills status->routes: each once, in the order in which they are asked. */
MUST_CHECK bool route_rules_status(const char *template_text, struct cloud_status *status,
				   struct error *err);
/* What to know before saying yes: names that are elsewhere, https or not, what differs there. */
void route_rules_note(const struct app *app, const struct stack_target *target,
		      struct cloud_plan *plan);

#endif
