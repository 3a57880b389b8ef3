/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "test.h"

static struct json_document *parse(const char *text)
{
	struct error err = ERROR_INIT;
	struct json_document *document =
		json_document_parse(text, strlen(text), "document", 0, &err);
	if (document == NULL)
		fail_msg("%s", err.message);
	return document;
}

static void assert_problem(const struct json_document *document, const char *problem)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(json_document_check(document, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_string_equal(err.message, problem);
}

static void fields_have_their_values_and_absent_ones_the_callers(void **state)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		parse("{\"text\":\"a\",\"number\":-3,\"yes\":true,\"real\":1.5,\"null\":null}");
	struct json_view root = json_document_root(document);
	(void)state;
	assert_string_equal(json_view_peek(json_view_get(root, "text")), "a");
	assert_int_equal(json_view_number(json_view_get(root, "number"), -5, 5, 9), -3);
	assert_int_equal(json_view_number(json_view_get(root, "none"), -5, 5, 9), 9);
	assert_true(json_view_bool(json_view_get(root, "yes"), false));
	assert_true(json_view_real(json_view_get(root, "real"), 0) == 1.5);
	assert_false(json_view_exists(json_view_get(root, "null")));
	assert_null(json_view_peek(json_view_get(json_view_get(root, "none"), "deeper")));
	assert_true(json_document_check(document, NULL));
}

static void a_complaint_names_the_path(void **state)
{
	AUTO_PTR(json_document)
	struct json_document *document =
		parse("{\"a\":{\"list\":[{\"port\":1},{\"port\":true}]},\"b\":true}");
	struct json_view list =
		json_view_get(json_view_get(json_document_root(document), "a"), "list");
	(void)state;
	assert_int_equal(json_view_count(list, 2), 2);
	struct json_view port = json_view_get(json_view_at(list, 1), "port");
	assert_int_equal(json_view_number(port, 1, 65535, 0), 0);
	assert_problem(document,
		       "document: 'a.list[1].port' is not a whole number from 1 to 65535");
}

static void the_first_complaint_is_the_one_reported(void **state)
{
	AUTO_PTR(json_document) struct json_document *document = parse("{\"a\":1,\"b\":2}");
	struct json_view root = json_document_root(document);
	(void)state;
	assert_null(json_view_peek(json_view_get(root, "a")));
	(void)json_view_bool(json_view_get(root, "b"), false);
	assert_problem(document, "document: 'a' is not a text");
}

static void wrong_types_are_complaints(void **state)
{
	static const char *const problems[] = {
		"document: 'v' is not a text",	  "document: 'v' is neither true nor false",
		"document: 'v' is not a list",	  "document: 'l' is not an object",
		"document: 'v.x' is missing",	  "document: 'v.a' is not known",
		"document: 'none' is missing",	  "document: 'w' is none of one, three",
		"document: 'l[0]' is not a text",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(problems) / sizeof(*problems); i++) {
		AUTO_PTR(json_document)
		struct json_document *document = parse("{\"v\":{\"a\":1},\"w\":\"two\",\"l\":[1]}");
		struct json_view root = json_document_root(document);
		struct json_view view = json_view_get(root, "v");
		static const char *const words[] = {"one", NULL, "three"};
		static const char *const keys[] = {"b", NULL};
		AUTO(string_list_clear) struct string_list texts = STRING_LIST_INIT;
		if (i == 0)
			(void)json_view_peek(view);
		else if (i == 1)
			(void)json_view_bool(view, false);
		else if (i == 2)
			(void)json_view_count(view, 5);
		else if (i == 3)
			(void)json_view_members(json_view_get(root, "l"), 5);
		else if (i == 4)
			(void)json_view_require(view, "x");
		else if (i == 5)
			json_view_refuse_unknown(view, keys);
		else if (i == 6)
			(void)json_view_require(root, "none");
		else if (i == 7)
			(void)json_view_word(json_view_get(root, "w"), words, 3, 0);
		else
			json_view_texts(json_view_get(root, "l"), 5, &texts);
		assert_problem(document, problems[i]);
	}
}

static void lists_and_objects_have_a_ceiling(void **state)
{
	AUTO_PTR(json_document) struct json_document *document = parse("{\"a\":[1,2,3]}");
	AUTO_PTR(json_document) struct json_document *other = parse("{\"a\":1,\"b\":2}");
	(void)state;
	assert_int_equal(json_view_count(json_view_get(json_document_root(document), "a"), 2), 0);
	assert_problem(document, "document: 'a' has too many elements");
	assert_false(json_view_exists(json_view_first(json_document_root(other), 1)));
	assert_problem(other, "document: has too many members");
}

static void a_null_in_a_list_is_a_complaint(void **state)
{
	AUTO_PTR(json_document) struct json_document *document = parse("{\"a\":[1,null]}");
	struct json_view list = json_view_get(json_document_root(document), "a");
	(void)state;
	assert_false(json_view_exists(json_view_require(json_view_at(list, 1), "name")));
	assert_problem(document, "document: 'a[1]' is null");
}

static void members_come_in_order_without_the_null_ones(void **state)
{
	AUTO_PTR(json_document)
	struct json_document *document = parse("{\"z\":1,\"n\":null,\"a\":2,\"m\":null}");
	struct json_view member = json_view_first(json_document_root(document), 4);
	(void)state;
	assert_string_equal(member.key, "z");
	member = json_view_next(member);
	assert_string_equal(member.key, "a");
	assert_int_equal(json_view_number(member, 0, 5, 0), 2);
	assert_false(json_view_exists(json_view_next(member)));
}

static void malformed_doubled_and_deep_documents_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "1", "{", "{\"a\":1}x", "{\"a\":1,\"a\":2}", "{\"a\":\"\\u0000\"}"};
	char deep[2 * (JSON_MAX_DEPTH + 1) + 1];
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_null(json_document_parse(bad[i], strlen(bad[i]), "x", 0, NULL));
	memset(deep, '[', JSON_MAX_DEPTH + 1);
	memset(deep + JSON_MAX_DEPTH + 1, ']', JSON_MAX_DEPTH + 1);
	assert_null(json_document_parse(deep, sizeof(deep) - 1, "x", 0, NULL));
	AUTO_PTR(json_document)
	struct json_document *shallow =
		json_document_parse(deep + 1, sizeof(deep) - 3, "x", 0, NULL);
	assert_non_null(shallow);
}

static void flags_allow_what_others_write(void **state)
{
	static const char text[] = "{\"a\":1,\"a\":2} and more";
	(void)state;
	AUTO_PTR(json_document)
	struct json_document *document = json_document_parse(
		text, strlen(text), "x", JSON_LAST_KEY_WINS | JSON_PREFIX, NULL);
	assert_non_null(document);
	struct json_view a = json_view_get(json_document_root(document), "a");
	assert_int_equal(json_view_number(a, 0, 9, 0), 2);
}

static void write_sample(struct json_writer *json)
{
	json_open_object(json, NULL);
	json_write_text(json, "text", "a\"\\\t\n\x01\x7f\xc3\xa9\xf0\x9f\x98\x80");
	json_open_list(json, "list");
	json_write_number(json, NULL, -1);
	json_write_bool(json, NULL, true);
	json_write_null(json, NULL);
	json_close(json);
	json_open_object(json, "empty");
	json_close(json);
	json_write_text_if(json, "left out", NULL);
	json_write_unsigned(json, "size", UINT64_MAX);
	json_close(json);
}

static void assert_written(unsigned style, const char *expected)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, style);
	write_sample(&json);
	assert_int_equal(json.depth, 0);
	assert_false(json.is_bad_text);
	assert_string_equal(strbuf_text(&out), expected);
}

static void the_writer_places_commas_and_escapes(void **state)
{
	(void)state;
	assert_written(0, "{\"text\":\"a\\\"\\\\\\t\\n\\u0001\x7f\xc3\xa9\xf0\x9f\x98\x80\","
			  "\"list\":[-1,true,null],\"empty\":{},\"size\":18446744073709551615}");
	assert_written(JSON_LONG_ESCAPES,
		       "{\"text\":\"a\\\"\\\\\\u0009\\n\\u0001\\u007f\xc3\xa9\xf0\x9f\x98\x80\","
		       "\"list\":[-1,true,null],\"empty\":{},\"size\":18446744073709551615}");
	assert_written(JSON_ASCII, "{\"text\":\"a\\\"\\\\\\t\\n\\u0001\x7f\\u00E9\\uD83D\\uDE00\","
				   "\"list\":[-1,true,null],\"empty\":{},"
				   "\"size\":18446744073709551615}");
	assert_written(JSON_ASCII | JSON_SPACED | JSON_LOWER_HEX,
		       "{\"text\": \"a\\\"\\\\\\t\\n\\u0001\x7f\\u00e9\\ud83d\\ude00\", "
		       "\"list\": [-1, true, null], \"empty\": {}, "
		       "\"size\": 18446744073709551615}");
	assert_written(JSON_PRETTY, "{\n  \"text\": \"a\\\"\\\\\\t\\n\\u0001\x7f\xc3\xa9"
				    "\xf0\x9f\x98\x80\",\n  \"list\": [\n    -1,\n    true,\n"
				    "    null\n  ],\n  \"empty\": {},\n"
				    "  \"size\": 18446744073709551615\n}");
	assert_written(JSON_PRETTY | JSON_WIDE,
		       "{\n    \"text\": \"a\\\"\\\\\\t\\n\\u0001\x7f\xc3\xa9"
		       "\xf0\x9f\x98\x80\",\n    \"list\": [\n        -1,\n        true,\n"
		       "        null\n    ],\n    \"empty\": {},\n"
		       "    \"size\": 18446744073709551615\n}");
}

static void what_stays_empty_can_be_taken_back(void **state)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, 0);
	(void)state;
	json_open_object(&json, NULL);
	json_open_list(&json, "a");
	json_close_if_filled(&json);
	json_open_list(&json, "b");
	json_write_true_if(&json, NULL, true);
	json_close_if_filled(&json);
	json_open_object(&json, "c");
	json_close_if_filled(&json);
	json_write_number(&json, "d", 1);
	json_close_if_filled(&json);
	assert_string_equal(strbuf_text(&out), "{\"b\":[true],\"d\":1}");
}

static void bad_utf8_is_replaced_and_said(void **state)
{
	AUTO(strbuf_clear) struct strbuf out = STRBUF_INIT;
	struct json_writer json = JSON_WRITER(&out, JSON_ASCII);
	(void)state;
	json_write_text(&json, NULL, "a\xff");
	assert_true(json.is_bad_text);
	assert_string_equal(strbuf_text(&out), "\"a\\uFFFD\"");
}

static void what_was_read_is_written_the_same(void **state)
{
	static const char text[] =
		"{\"b\":[1,-2.5,\"x\",{\"z\":null,\"y\":false}],\"a\":\"\\u00e9\"}";
	AUTO_PTR(json_document) struct json_document *document = parse(text);
	struct json_view root = json_document_root(document);
	AUTO_FREE char *plain = json_view_dump(root, 0);
	AUTO_FREE char *sorted = json_view_dump(root, JSON_SORTED);
	(void)state;
	assert_string_equal(plain,
			    "{\"b\":[1,-2.5,\"x\",{\"z\":null,\"y\":false}],\"a\":\"\xc3\xa9\"}");
	assert_string_equal(sorted,
			    "{\"a\":\"\xc3\xa9\",\"b\":[1,-2.5,\"x\",{\"y\":false,\"z\":null}]}");
	AUTO_PTR(json_document) struct json_document *again = parse(sorted);
	assert_true(json_view_equals(root, json_document_root(again)));
	assert_false(json_view_equals(root, json_view_get(root, "b")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_have_their_values_and_absent_ones_the_callers),
		cmocka_unit_test(a_complaint_names_the_path),
		cmocka_unit_test(the_first_complaint_is_the_one_reported),
		cmocka_unit_test(wrong_types_are_complaints),
		cmocka_unit_test(lists_and_objects_have_a_ceiling),
		cmocka_unit_test(a_null_in_a_list_is_a_complaint),
		cmocka_unit_test(members_come_in_order_without_the_null_ones),
		cmocka_unit_test(malformed_doubled_and_deep_documents_are_refused),
		cmocka_unit_test(flags_allow_what_others_write),
		cmocka_unit_test(the_writer_places_commas_and_escapes),
		cmocka_unit_test(what_stays_empty_can_be_taken_back),
		cmocka_unit_test(bad_utf8_is_replaced_and_said),
		cmocka_unit_test(what_was_read_is_written_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
