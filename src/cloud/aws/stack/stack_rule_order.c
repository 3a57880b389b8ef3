/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/aws/stack/stack_rule_order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

struct numbering {
	const char *const *keys;
	size_t count;
	bool is_taken[STACK_MAX_PRIORITY + 1]; /* by a rule that the stack has */
	unsigned *numbers;		       /* 0: none yet */
};

static void take_old(struct numbering *numbering, const char *listener,
		     const struct stack_rule *old, size_t old_count)
{
	for (size_t i = 0; i < old_count; i++) {
		if (strcmp(old[i].listener, listener) != 0 || old[i].priority < 1 ||
		    old[i].priority > STACK_MAX_PRIORITY)
			continue;
		numbering->is_taken[old[i].priority] = true;
		for (size_t k = 0; k < numbering->count; k++)
			if (strcmp(numbering->keys[k], old[i].conditions) == 0)
				numbering->numbers[k] = old[i].priority;
	}
}

/* Of the old numbers the longest row that grows; the others are forgotten. */
static void keep_longest_row(struct numbering *numbering)
{
	AUTO_FREE size_t *length = xcalloc(numbering->count + 1, sizeof(*length));
	AUTO_FREE size_t *before = xcalloc(numbering->count + 1, sizeof(*before));
	size_t best = numbering->count;

	for (size_t i = 0; i < numbering->count; i++) {
		before[i] = numbering->count;
		length[i] = numbering->numbers[i] != 0;
		for (size_t k = 0; k < i && length[i] > 0; k++) {
			if (length[k] == 0 || numbering->numbers[k] >= numbering->numbers[i] ||
			    length[k] + 1 <= length[i])
				continue;
			length[i] = length[k] + 1;
			before[i] = k;
		}
		if (length[i] > 0 && (best == numbering->count || length[i] > length[best]))
			best = i;
	}
	for (size_t i = numbering->count; i-- > 0;) {
		if (i == best)
			best = before[i];
		else
			numbering->numbers[i] = 0;
	}
}

/* Those from `first` to before `end`, spread over the free numbers between their neighbours; false:
 * there are too few. */
static bool spread(struct numbering *numbering, size_t first, size_t end)
{
	unsigned low = first > 0 ? numbering->numbers[first - 1] : 0;
	unsigned high = end < numbering->count ? numbering->numbers[end] : STACK_MAX_PRIORITY + 1;
	AUTO_FREE unsigned *free_ones = xcalloc(high - low, sizeof(*free_ones));
	size_t free_count = 0;
	size_t wanted = end - first;

	for (unsigned number = low + 1; number < high; number++)
		if (!numbering->is_taken[number])
			free_ones[free_count++] = number;
	if (free_count < wanted)
		return false;
	for (size_t i = 0; i < wanted; i++)
		numbering->numbers[first + i] = free_ones[(i + 1) * free_count / (wanted + 1)];
	return true;
}

/* One neighbour less that is kept, so that there is more room. */
static void widen(struct numbering *numbering, size_t first, size_t end)
{
	if (end < numbering->count)
		numbering->numbers[end] = 0;
	else if (first > 0)
		numbering->numbers[first - 1] = 0;
}

void stack_rules_number(const char *const *keys, size_t count, const char *listener,
			const struct stack_rule *old, size_t old_count, unsigned *ret)
{
	AUTO_FREE struct numbering *numbering = xcalloc(1, sizeof(*numbering));
	size_t first = 0;

	*numbering = (struct numbering){.keys = keys, .count = count, .numbers = ret};
	memset(ret, 0, count * sizeof(*ret));
	take_old(numbering, listener, old, old_count);
	keep_longest_row(numbering);
	while (first < count) {
		size_t end = first;
		while (end < count && ret[end] == 0)
			end++;
		if (end == first) {
			first++;
			continue;
		}
		if (spread(numbering, first, end)) {
			first = end;
			continue;
		}
		widen(numbering, first, end);
		while (first > 0 && ret[first - 1] == 0)
			first--;
	}
}

/* --- in any order --------------------------------------------------------------------------- */

static unsigned number_before(const char *key, const char *listeners, const struct stack_rule *old,
			      size_t old_count)
{
	for (size_t i = 0; i < old_count; i++)
		if (strncmp(old[i].listener, listeners, strlen(listeners)) == 0 &&
		    strcmp(old[i].conditions, key) == 0)
			return old[i].priority;
	return 0;
}

static unsigned hash_of(const char *key)
{
	unsigned number = 5381;
	for (const char *c = key; *c != '\0'; c++)
		number = (number * 33 + (unsigned char)*c) & 0xffffff;
	return number % STACK_MAX_PRIORITY + 1;
}

unsigned stack_rules_number_any(const char *const *keys, size_t index, const char *listeners,
				const struct stack_rule *old, size_t old_count)
{
	AUTO_FREE bool *is_taken = xcalloc(STACK_MAX_PRIORITY + 1, sizeof(*is_taken));
	unsigned number = number_before(keys[index], listeners, old, old_count);
	if (number != 0)
		return number;
	for (size_t i = 0; i < old_count; i++)
		if (strncmp(old[i].listener, listeners, strlen(listeners)) == 0 &&
		    old[i].priority <= STACK_MAX_PRIORITY)
			is_taken[old[i].priority] = true;
	for (size_t i = 0; i <= index; i++) {
		if (number_before(keys[i], listeners, old, old_count) != 0)
			continue;
		number = hash_of(keys[i]);
		while (is_taken[number])
			number = number % STACK_MAX_PRIORITY + 1;
		is_taken[number] = true;
	}
	return number;
}
