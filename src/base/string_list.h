/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_BASE_STRING_LIST_H
#define I2KIT_BASE_STRING_LIST_H

/* An owned list of owned strings. `items` always ends in NULL once something was added. */

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct string_list {
	char **items; /* owned, NULL while empty */
	size_t count;
};

#define STRING_LIST_INIT ((struct string_list){0})

void string_list_clear(struct string_list *list);
void string_list_add(struct string_list *list, const char *text);
void string_list_addf(struct string_list *list, const char *fmt, ...) PRINTF_LIKE(2, 3);
void string_list_take(struct string_list *list, char *text); /* becomes the owner of text */
void string_list_copy(struct string_list *to, const struct string_list *from); /* appends */
bool string_list_has(const struct string_list *list, const char *text);
void string_list_sort(struct string_list *list); /* by byte value */
/* Splits at `separator`; empty parts are kept. */
void string_list_split(struct string_list *list, const char *text, char separator);
/* Splits at blanks and commas; no part is empty. */
void string_list_split_words(struct string_list *list, const char *text);
char *string_list_join(const struct string_list *list, const char *separator); /* owned result */

#endif
