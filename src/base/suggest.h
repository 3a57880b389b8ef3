/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_SUGGEST_H
#define I2KIT_BASE_SUGGEST_H

#include "base/error.h"
#include "base/string_list.h"

/*
 * How many edits make one word the other; swapping two neighbours is one. Long words: 1000.
 */
unsigned suggest_distance(const char *a, const char *b);

/* The known word a typo most likely meant (borrowed from known), or NULL when none is near. */
const char *suggest_nearest(const char *word, const struct string_list *known);

/* The hint of an error about an unknown word: the nearest, and the first known ones. False. */
bool suggest_hint(struct error *err, const char *word, const struct string_list *known);

#endif
