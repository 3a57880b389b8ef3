/* SPDX-License-Identifier: Apache-2.0 */
#include "base/string_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"

void string_list_clear(struct string_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free((void *)list->items);
	*list = STRING_LIST_INIT;
}

void string_list_take(struct string_list *list, char *text)
{
	/* One slot more than count, for the closing NULL. */
	if (list->items == NULL)
		list->items = array_grow(NULL, 0, sizeof(*list->items));
	list->items = array_grow((void *)list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count++] = text;
	list->items[list->count] = NULL;
}

void string_list_add(struct string_list *list, const char *text)
{
	string_list_take(list, xstrdup(text));
}

void string_list_addf(struct string_list *list, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	string_list_take(list, xvasprintf(fmt, args));
	va_end(args);
}

void string_list_copy(struct string_list *to, const struct string_list *from)
{
	for (size_t i = 0; i < from->count; i++)
		string_list_add(to, from->items[i]);
}

bool string_list_has(const struct string_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], text) == 0)
			return true;
	}
	return false;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void string_list_sort(struct string_list *list)
{
	if (list->count > 1)
		qsort((void *)list->items, list->count, sizeof(*list->items), compare);
}

void string_list_split(struct string_list *list, const char *text, char separator)
{
	for (;;) {
		const char *end = strchr(text, separator);
		if (end == NULL)
			break;
		string_list_take(list, xstrndup(text, (size_t)(end - text)));
		text = end + 1;
	}
	string_list_add(list, text);
}

void string_list_split_words(struct string_list *list, const char *text)
{
	for (text += strspn(text, " ,"); text[0] != '\0'; text += strspn(text, " ,")) {
		size_t length = strcspn(text, " ,");
		string_list_take(list, xstrndup(text, length));
		text += length;
	}
}

char *string_list_join(const struct string_list *list, const char *separator)
{
	struct strbuf text = STRBUF_INIT;
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			strbuf_append(&text, separator);
		strbuf_append(&text, list->items[i]);
	}
	return strbuf_take(&text);
}
