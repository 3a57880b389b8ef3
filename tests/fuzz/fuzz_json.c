/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "base/json_writer.h"
#include "fuzz.h"

/* Every way of looking at a value, whatever its type is. */
static void look(struct json_view view, unsigned depth)
{
	static const char *const words[] = {"a", NULL, "b"};
	AUTO(string_list_clear) struct string_list texts = STRING_LIST_INIT;
	(void)json_view_peek(view);
	(void)json_view_bool(view, false);
	(void)json_view_number(view, -5, 5, 0);
	(void)json_view_real(view, 0);
	(void)json_view_word(view, words, 3, 0);
	json_view_texts(view, 3, &texts);
	(void)json_view_get(view, "a");
	(void)json_view_require(view, "b");
	if (depth > JSON_MAX_DEPTH)
		abort();
	for (size_t i = 0; json_view_is_list(view) && i < json_view_count(view, SIZE_MAX); i++)
		look(json_view_at(view, i), depth + 1);
	if (!json_view_is_object(view))
		return;
	for (struct json_view member = json_view_first(view, SIZE_MAX); json_view_exists(member);
	     member = json_view_next(member))
		look(member, depth + 1);
}

/* What is read and written reads the same again, in every style. */
static void check_round_trip(struct json_view root)
{
	static const unsigned styles[] = {0, JSON_PRETTY, JSON_ASCII, JSON_LONG_ESCAPES,
					  JSON_SORTED | JSON_PRETTY | JSON_ASCII};
	for (size_t i = 0; i < ARRAY_SIZE(styles); i++) {
		AUTO_FREE char *text = json_view_dump(root, styles[i]);
		AUTO_PTR(json_document)
		struct json_document *again =
			json_document_parse(text, strlen(text), "again", 0, NULL);
		if (again == NULL || !json_view_equals(root, json_document_root(again)))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size == 0)
		return 0;
	AUTO_PTR(json_document)
	struct json_document *document =
		json_document_parse(bytes + 1, size - 1, "fuzz", bytes[0] & 3, NULL);
	if (document == NULL)
		return 0;
	look(json_document_root(document), 1);
	(void)!json_document_check(document, NULL);
	check_round_trip(json_document_root(document));
	return 0;
}
