/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_CLOUD_AWS_STACK_STACK_RULE_ORDER_H
#define I2KIT_CLOUD_AWS_STACK_STACK_RULE_ORDER_H

/*
 * Which number (priority) each rule of a listener gets. A listener refuses two rules of one number
 * even for the moment of an update, in which new rules are made first, old ones changed one by one
 * and removed at the end. So the number is part of a rule's logical id: a rule never changes its
 * number, and a number that is in use is never given to other conditions. What has to move gets a
 * new number, hence a new rule, and the old one goes when that is there. Rules whose order is no
 * matter keep their number, and so their id, for ever.
 */

#include <stddef.h>

#define STACK_MAX_PRIORITY 50000

/* A rule that the stack has. All borrowed. */
struct stack_rule {
	const char *listener;	/* its logical id */
	const char *conditions; /* as JSON of one form */
	unsigned priority;
};

/*
 * keys: conditions in the order in which they are to be asked, none twice; ret: room for as many.
 * As many of the old numbers stay as the order lets stay; the rest are spread between them.
 */
void stack_rules_number(const char *const *keys, size_t count, const char *listener,
			const struct stack_rule *old, size_t old_count, unsigned *ret);
/*
 * The number of keys[index] where the keys exclude each other: the one that it has in the stack, else
 * one by its own hash that no rule of the stack has. The same on all listeners, whose logical ids
 * begin with `listeners`.
 */
unsigned stack_rules_number_any(const char *const *keys, size_t index, const char *listeners,
				const struct stack_rule *old, size_t old_count);

#endif
