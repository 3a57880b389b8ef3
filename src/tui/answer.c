/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/answer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_writer.h"

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

static char *cell_text(struct json_view value)
{
	if (json_view_is_text(value))
		return json_view_text(value);
	if (json_view_is_number(value))
		return json_view_dump(value, 0);
	if (json_view_is_bool(value))
		return xstrdup(json_view_bool(value, false) ? "yes" : "no");
	return xstrdup("");
}

static void add_titles(struct answer *answer, struct json_view object)
{
	for (struct json_view value = json_view_first(object, SIZE_MAX); json_view_exists(value);
	     value = json_view_next(value)) {
		if (!json_view_is_object(value) && !json_view_is_list(value))
			string_list_add(&answer->titles, value.key);
	}
}

/* `part` is one of the pods of `whole`, or absent: its own keys count first. */
static void add_row(struct answer *answer, struct json_view whole, struct json_view part)
{
	if (answer->row_count >= ROWS_MAX)
		return;
	if (answer->titles.count == 0) {
		add_titles(answer, whole);
		add_titles(answer, part);
	}
	struct answer_row *row = ARRAY_APPEND(answer->rows, answer->row_count);
	for (size_t c = 0; c < answer->titles.count; c++) {
		struct json_view value = json_view_get(part, answer->titles.items[c]);
		if (!json_view_exists(value))
			value = json_view_get(whole, answer->titles.items[c]);
		string_list_take(&row->cells, cell_text(value));
	}
}

static void fill(struct answer *answer, struct json_view list)
{
	for (size_t i = 0; json_view_is_list(list) && i < json_view_count(list, SIZE_MAX); i++) {
		struct json_view item = json_view_at(list, i);
		struct json_view pods = json_view_get(item, "pods");
		if (!json_view_is_list(pods))
			add_row(answer, item, (struct json_view){.document = item.document});
		for (size_t p = 0; json_view_is_list(pods) && p < json_view_count(pods, SIZE_MAX);
		     p++)
			add_row(answer, item, json_view_at(pods, p));
	}
}

static const char *text_of(struct json_view object, const char *key)
{
	struct json_view view = json_view_get(object, key);
	return json_view_is_text(view) ? json_view_peek(view) : NULL;
}

static void add_facts(struct answer *answer, struct json_view root)
{
	const char *stack = text_of(root, "stack");
	const char *state = text_of(root, "state");
	const char *reason = text_of(root, "reason");

	if (stack != NULL)
		string_list_addf(&answer->facts, "stack %s: %s%s%s", stack, state ? state : "",
				 reason ? ", " : "", reason ? reason : "");
	for (struct json_view value = json_view_first(json_view_get(root, "addresses"), SIZE_MAX);
	     json_view_exists(value); value = json_view_next(value)) {
		if (json_view_is_text(value))
			string_list_addf(&answer->facts, "%s: %s", value.key,
					 json_view_peek(value));
	}
}

void answer_take_json(struct answer *answer, const char *json, const char *list_key)
{
	AUTO(error_clear) struct error problem = ERROR_INIT;
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(json, strlen(json), "answer", JSON_PREFIX, &problem);

	answer_clear(answer);
	answer->is_known = document != NULL;
	if (document == NULL) {
		answer->problem = xasprintf("not JSON: %s", problem.message);
		return;
	}
	struct json_view root = json_document_root(document);
	if (json_view_is_object(root)) {
		add_facts(answer, root);
		root = json_view_get(root, list_key);
	}
	fill(answer, root);
}

const char *answer_cell(const struct answer *answer, size_t row, const char *title)
{
	for (size_t c = 0; row < answer->row_count && c < answer->titles.count; c++) {
		if (strcmp(answer->titles.items[c], title) == 0)
			return answer->rows[row].cells.items[c];
	}
	return "";
}
