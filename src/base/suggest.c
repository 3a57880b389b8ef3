/* SPDX-License-Identifier: Apache-2.0 */
#include "base/suggest.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"

enum { MAX_LENGTH = 40, FAR = 1000, MAX_SHOWN = 12 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned smaller = a < b ? a : b;
	return smaller < c ? smaller : c;
}

/* Optimal string alignment. */
unsigned suggest_distance(const char *a, const char *b)
{
	unsigned rows[3][MAX_LENGTH + 1];
	unsigned *before = rows[0];
	unsigned *last = rows[1];
	unsigned *row = rows[2];
	size_t a_length = strlen(a);
	size_t b_length = strlen(b);

	if (a_length > MAX_LENGTH || b_length > MAX_LENGTH)
		return FAR;
	for (unsigned j = 0; j <= b_length; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_length; j++) {
			unsigned cost = a[i - 1] == b[j - 1] ? 0 : 1;
			row[j] = least(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost);
			bool is_swap =
				i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
			if (is_swap && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
		unsigned *spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[b_length];
}

/* Two letters that changed places are the likelier slip: "sp" is ps, not cp. */
static bool has_same_letters(const char *a, const char *b)
{
	unsigned counts[256] = {0};

	if (strlen(a) != strlen(b))
		return false;
	for (size_t i = 0; a[i] != '\0'; i++)
		counts[(unsigned char)a[i]]++;
	for (size_t i = 0; b[i] != '\0'; i++)
		if (counts[(unsigned char)b[i]]-- == 0)
			return false;
	return true;
}

const char *suggest_nearest(const char *word, const struct string_list *known)
{
	const char *nearest = NULL;
	size_t length = strlen(word);
	unsigned best = length <= 4 ? 1 : (length <= 6 ? 2 : 3);

	for (size_t i = 0; i < known->count; i++) {
		/* "docto" and "comp" are beginnings, however many letters are missing. */
		bool is_beginning = length >= 2 && strncmp(known->items[i], word, length) == 0;
		unsigned edits = is_beginning ? 0 : suggest_distance(word, known->items[i]);
		bool is_better = nearest == NULL || (has_same_letters(word, known->items[i]) &&
						     !has_same_letters(word, nearest));
		if (edits < best || (edits == best && is_better)) {
			best = edits;
			nearest = known->items[i];
		}
	}
	return nearest;
}

bool suggest_hint(struct error *err, const char *word, const struct string_list *known)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	const char *nearest = suggest_nearest(word, known);

	if (known->count == 0)
		return false;
	if (nearest != NULL && known->count == 1)
		return error_hint(err, "did you mean '%s'?", nearest);
	if (nearest != NULL)
		strbuf_appendf(&text, "did you mean '%s'? ", nearest);
	strbuf_append(&text, known->count == 1 ? "there is " : "there are ");
	for (size_t i = 0; i < known->count && i < MAX_SHOWN; i++)
		strbuf_appendf(&text, "%s%s", i > 0 ? ", " : "", known->items[i]);
	if (known->count > MAX_SHOWN)
		strbuf_append(&text, ", …");
	return error_hint(err, "%s", strbuf_text(&text));
}
