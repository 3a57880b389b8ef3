/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/scale_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/parse.h"

void scale_words_clear(struct scale_words *scales)
{
	for (size_t i = 0; i < scales->count; i++)
		free(scales->items[i].pod);
	free(scales->items);
	*scales = (struct scale_words){0};
}

static bool read_number(const char *text, uint64_t *ret)
{
	return parse_u64(text, 0, 1000, ret);
}

static bool wrong(const char *word, struct error *err)
{
	error_set(err, ERROR_USAGE, "'%s' is not POD=N, N at most 1000", word);
	return error_hint(err,
			  "i2kit scale web=3, i2kit scale web 3, i2kit scale --replicas 3 web");
}

static void add(struct scale_words *ret, char *pod, uint64_t replicas)
{
	*ARRAY_APPEND(ret->items, ret->count) =
		(struct scale_word){.pod = pod, .replicas = (unsigned)replicas};
}

bool scale_words_read(const struct string_list *words, const char *replicas_or_null,
		      struct scale_words *ret, struct error *err)
{
	uint64_t all = 0;
	uint64_t number = 0;

	if (replicas_or_null != NULL && !read_number(replicas_or_null, &all)) {
		error_set(err, ERROR_USAGE, "--replicas: '%s' is no number up to 1000",
			  replicas_or_null);
		return error_hint(err, "i2kit scale --replicas 3 web");
	}
	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->items[i];
		const char *equals = strchr(word, '=');
		if (equals != NULL) {
			if (equals == word || !read_number(equals + 1, &number))
				return wrong(word, err);
			add(ret, xstrndup(word, (size_t)(equals - word)), number);
		} else if (replicas_or_null != NULL) {
			add(ret, xstrdup(word), all);
		} else if (i + 1 < words->count && read_number(words->items[i + 1], &number)) {
			add(ret, xstrdup(word), number);
			i++;
		} else {
			return wrong(word, err);
		}
	}
	return true;
}
