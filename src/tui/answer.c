/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/answer.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

enum { ROWS_MAX = 10000 };

void answer_clear(struct answer *answer)
{
	free(answer->problem);
	string_list_clear(&answer->titles);
	string_list_clear(&answer->facts);
	for (size_t i = 0; i < answer->row_count; i++)
		string_list_clear(&answer->rows[i].cells);
	free(answer->rows);
	*answer = (struct answer){0};
}

static char *cell_text(const json_t *value)
{
	if (json_is_string(value))
		return xstrdup(json_string_value(value));
	if (json_is_integer(value))
		return xasprintf("%lld", (long long)json_integer_value(value));
	if (json_is_boolean(value))
		return xstrdup(json_is_true(value) ? "yes" : "no");
	return xstrdup("");
}

static void add_titles(struct answer *answer, const json_t *object)
{
	const char *key = NULL;
	const json_t *value = NULL;

	for (void *i = json_object_iter((json_t *)(uintptr_t)object); i != NULL;
	     i = json_object_iter_next((json_t *)(uintptr_t)object, i)) {
		key = json_object_iter_key(i);
		value = json_object_iter_value(i);
		if (!json_is_object(value) && !json_is_array(value))
			string_list_add(&answer->titles, key);
	}
}

/* `part` is one of the pods of `whole`, or `whole` itself: its own keys count first. */
static void add_row(struct answer *answer, const json_t *whole, const json_t *part)
{
	if (answer->row_count >= ROWS_MAX)
		return;
	if (answer->titles.count == 0) {
		add_titles(answer, whole);
		if (part != whole)
			add_titles(answer, part);
	}
	struct answer_row *row = ARRAY_APPEND(answer->rows, answer->row_count);
	for (size_t c = 0; c < answer->titles.count; c++) {
		const json_t *value = json_object_get(part, answer->titles.items[c]);
		if (value == NULL)
			value = json_object_get(whole, answer->titles.items[c]);
		string_list_take(&row->cells, cell_text(value));
	}
}

static void fill(struct answer *answer, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		const json_t *pods = json_object_get(item, "pods");
		if (!json_is_array(pods))
			add_row(answer, item, item);
		for (size_t p = 0; p < json_array_size(pods); p++)
			add_row(answer, item, json_array_get(pods, p));
	}
}

static void add_facts(struct answer *answer, const json_t *root)
{
	const char *stack = json_string_value(json_object_get(root, "stack"));
	const char *state = json_string_value(json_object_get(root, "state"));
	const char *reason = json_string_value(json_object_get(root, "reason"));
	json_t *addresses = json_object_get(root, "addresses");
	const char *key = NULL;
	json_t *value = NULL;

	if (stack != NULL)
		string_list_addf(&answer->facts, "stack %s: %s%s%s", stack, state ? state : "",
				 reason ? ", " : "", reason ? reason : "");
	json_object_foreach(addresses, key, value)
	{
		if (json_is_string(value))
			string_list_addf(&answer->facts, "%s: %s", key, json_string_value(value));
	}
}

void answer_take_json(struct answer *answer, const char *json, const char *list_key)
{
	json_error_t where;
	json_t *root = json_loads(json, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &where);
	const json_t *list = json_is_object(root) ? json_object_get(root, list_key) : root;

	answer_clear(answer);
	answer->is_known = root != NULL;
	if (root == NULL)
		answer->problem = xasprintf("not JSON: %s", where.text);
	add_facts(answer, root);
	fill(answer, list);
	json_decref(root);
}

const char *answer_cell(const struct answer *answer, size_t row, const char *title)
{
	for (size_t c = 0; row < answer->row_count && c < answer->titles.count; c++) {
		if (strcmp(answer->titles.items[c], title) == 0)
			return answer->rows[row].cells.items[c];
	}
	return "";
}
