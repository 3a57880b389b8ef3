/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TESTS_WIRE_RANDOM_H
#define I2KIT_TESTS_WIRE_RANDOM_H

/* Random values for the round trips: write → read → equal. The same every time, from a seed. */

#include <stdbool.h>
#include <stdint.h>

#include "test.h"

#include "base/alloc.h"
#include "base/string_list.h"

struct dice {
	uint64_t state;
};

/* xorshift64*, Vigna 2016; 0 … below-1. */
static inline uint64_t throw_dice(struct dice *dice, uint64_t below)
{
	dice->state ^= dice->state >> 12;
	dice->state ^= dice->state << 25;
	dice->state ^= dice->state >> 27;
	return (dice->state * UINT64_C(2685821657736338717) >> 16) % below;
}

static inline bool throw_bool(struct dice *dice)
{
	return throw_dice(dice, 2) == 1;
}

/* What is escaped, what is not ASCII, and plain letters. Owned. */
static inline char *random_text(struct dice *dice)
{
	static const char *const pieces[] = {"a",	   "Z0",   "\"",   "\\",     "\n",
					     "\t",	   "\x7f", "\x01", "\u00e9", "\u2028",
					     "\U0001f600", "=",	   "/",	   " "};
	char *text = xstrdup("t");
	for (uint64_t i = throw_dice(dice, 8); i > 0; i--) {
		char *longer = xasprintf(
			"%s%s", text, pieces[throw_dice(dice, sizeof(pieces) / sizeof(pieces[0]))]);
		free(text);
		text = longer;
	}
	return text;
}

static inline char *random_text_or_null(struct dice *dice)
{
	return throw_bool(dice) ? random_text(dice) : NULL;
}

/* A DNS label. Owned. */
static inline char *random_label(struct dice *dice)
{
	return xasprintf("n%llu", (unsigned long long)throw_dice(dice, 1000000000));
}

static inline void random_texts(struct dice *dice, struct string_list *list)
{
	for (uint64_t i = throw_dice(dice, 4); i > 0; i--)
		string_list_take(list, random_text(dice));
}

/* "key=value" with keys that differ. */
static inline void random_pairs(struct dice *dice, struct string_list *list)
{
	for (uint64_t i = throw_dice(dice, 4); i > 0; i--) {
		char *value = random_text(dice);
		string_list_addf(list, "k%u/x=%s", (unsigned)i, value);
		free(value);
	}
}

#define ASSERT_SAME(field)	 assert_true(a->field == b->field)
#define ASSERT_SAME_TEXT(field)	 assert_same_text(a->field, b->field)
#define ASSERT_SAME_TEXTS(field) assert_same_texts(&a->field, &b->field)
#define ASSERT_SAME_LIST(items, count, assert_same_item)                                           \
	do {                                                                                       \
		assert_int_equal(a->count, b->count);                                              \
		for (size_t at_ = 0; at_ < a->count; at_++)                                        \
			assert_same_item(&a->items[at_], &b->items[at_]);                          \
	} while (0)

static inline void assert_same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		assert_true(a == b);
	else
		assert_string_equal(a, b);
}

static inline void assert_same_texts(const struct string_list *a, const struct string_list *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++)
		assert_string_equal(a->items[i], b->items[i]);
}

#endif
