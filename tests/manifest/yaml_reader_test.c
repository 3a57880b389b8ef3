/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/yaml_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"
#include "manifest/problem.h"
#include "manifest/yaml_node.h"
#include "manifest/yaml_scalar.h"
#include "manifest/yaml_writer.h"
#include "test.h"

static void assert_scalar(const char *text, enum yaml_kind kind, enum yaml_type type,
			  int64_t integer)
{
	struct yaml_node node = {.kind = YAML_SCALAR, .text = text};
	yaml_scalar_resolve(&node);
	if (node.kind != kind || (kind == YAML_SCALAR && node.type != type) ||
	    node.integer != integer)
		fail_msg("'%s' is kind %d type %d value %lld", text, (int)node.kind, (int)node.type,
			 (long long)node.integer);
}

static void scalars_are_what_kubectl_makes_of_them(void **state)
{
	(void)state;
	assert_scalar("yes", YAML_SCALAR, YAML_BOOL, 1);
	assert_scalar("No", YAML_SCALAR, YAML_BOOL, 0);
	assert_scalar("on", YAML_SCALAR, YAML_BOOL, 1);
	assert_scalar("oN", YAML_SCALAR, YAML_TEXT, 0);
	assert_scalar("0644", YAML_SCALAR, YAML_INTEGER, 0644);
	assert_scalar("0o17", YAML_SCALAR, YAML_INTEGER, 017);
	assert_scalar("0xfF", YAML_SCALAR, YAML_INTEGER, 255);
	assert_scalar("0b11", YAML_SCALAR, YAML_INTEGER, 3);
	assert_scalar("1_000", YAML_SCALAR, YAML_INTEGER, 1000);
	assert_scalar("-9223372036854775808", YAML_SCALAR, YAML_INTEGER, INT64_MIN);
	assert_scalar("9223372036854775808", YAML_SCALAR, YAML_FLOAT, 0);
	assert_scalar("1e3", YAML_SCALAR, YAML_FLOAT, 0);
	assert_scalar(".5", YAML_SCALAR, YAML_FLOAT, 0);
	assert_scalar("1.2.3", YAML_SCALAR, YAML_TEXT, 0);
	assert_scalar("inf", YAML_SCALAR, YAML_TEXT, 0);
	assert_scalar("0x", YAML_SCALAR, YAML_TEXT, 0);
	assert_scalar("~", YAML_NULL, YAML_TEXT, 0);
	assert_scalar("", YAML_NULL, YAML_TEXT, 0);
	assert_scalar("-", YAML_SCALAR, YAML_TEXT, 0);
}

static void assert_problem(const char *text, size_t size, const char *what)
{
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	yaml_read_all("f", text, size, &documents, &problems);
	if (problems.error_count != 1 || strstr(problems.items[0].message, what) == NULL)
		fail_msg("%zu problems, the first: %s", problems.error_count,
			 problems.count > 0 ? problems.items[0].message : "");
}

static void repeat(struct strbuf *text, const char *part, size_t count)
{
	for (size_t i = 0; i < count; i++)
		strbuf_append(text, part);
}

static void depth_is_bounded(void **state)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	(void)state;
	repeat(&text, "[", 10000);
	assert_problem(text.data, text.size, "deeper than 64");
	strbuf_reset(&text);
	repeat(&text, "{a: ", 10000);
	assert_problem(text.data, text.size, "deeper than 64");
	/* Also when an alias does the nesting. */
	strbuf_reset(&text);
	strbuf_append(&text, "a0: &a0 [x]\n");
	for (int i = 1; i < 70; i++)
		strbuf_appendf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	assert_problem(text.data, text.size, "deeper than 64");
}

static void the_number_of_values_is_bounded(void **state)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	(void)state;
	strbuf_append(&text, "[");
	repeat(&text, "1,", 1000001);
	strbuf_append(&text, "1]");
	assert_problem(text.data, text.size, "more than 1000000 values");
}

static void the_size_is_bounded(void **state)
{
	size_t size = YAML_MAX_BYTES + 1;
	AUTO_FREE char *text = xmalloc(size);
	(void)state;
	memset(text, ' ', size);
	assert_problem(text, size, "larger than 16 MiB");
}

static void a_million_equal_keys_do_not_take_forever(void **state)
{
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	(void)state;
	repeat(&text, "a: 1\n", 100000);
	yaml_read_all("f", text.data, text.size, &documents, &problems);
	assert_int_equal(problems.error_count, 99999);
	assert_int_equal(problems.count, 200);
}

static void reading_goes_on_after_a_broken_document(void **state)
{
	static const char text[] = "a: 1\n---\nb: [1\n---\nc: 3\n--- # with a comment\nd: 4\n";
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	(void)state;
	yaml_read_all("f", text, strlen(text), &documents, &problems);
	assert_int_equal(problems.error_count, 1);
	assert_int_equal(problems.items[0].line, 3);
	assert_int_equal(documents.count, 3);
	assert_non_null(yaml_get(documents.roots[2], "d"));
	assert_int_equal(yaml_get(documents.roots[2], "d")->line, 7);
}

static void own_keys_win_over_merged_ones(void **state)
{
	static const char text[] =
		"x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {b: 0, <<: [*x, *y]}\n";
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_true(yaml_read(text, strlen(text), &documents, &err));
	const struct yaml_node *z = yaml_get(documents.roots[0], "z");
	assert_int_equal(z->pair_count, 3);
	assert_int_equal(yaml_get(z, "a")->integer, 1);
	assert_int_equal(yaml_get(z, "b")->integer, 0);
	assert_int_equal(yaml_get(z, "c")->integer, 4);
}

static void assert_written_reads_back(const char *value)
{
	AUTO(yaml_writer_clear) struct yaml_writer writer = {0};
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	yaml_write_map(&writer, "outer");
	yaml_write_text(&writer, "key", value);
	yaml_write_end(&writer);
	if (!yaml_read(writer.text.data, writer.text.size, &documents, &err))
		fail_msg("%s: %s", writer.text.data, err.message);
	const struct yaml_node *node = yaml_get(yaml_get(documents.roots[0], "outer"), "key");
	assert_non_null(node);
	if (node->kind != YAML_SCALAR || node->type != YAML_TEXT || strcmp(node->text, value) != 0)
		fail_msg("read back as '%s' from\n%s", node->text, writer.text.data);
}

static void all_text_that_is_written_reads_back(void **state)
{
	static const char *const values[] = {"plain",
					     "",
					     "yes",
					     "80",
					     "0x1f",
					     "null",
					     "a: b",
					     "a #b",
					     "#a",
					     " lead",
					     "trail ",
					     "tail:",
					     "- x",
					     "\"q\"",
					     "it's",
					     "a\nb",
					     "a\nb\n",
					     "a\n\n\n",
					     "\n",
					     "\na",
					     "  a\n b\n",
					     "tab\there",
					     "\tx\ny",
					     "\xc3\xa9",
					     "\x1b[0m",
					     "a\\b",
					     "\xe2\x80\xa8",
					     "<<",
					     "22:22",
					     "{a}",
					     "a\r\nb",
					     "*x",
					     "&x",
					     "!x",
					     "---",
					     "--- a\n---\n",
					     "...",
					     "%x",
					     "@x",
					     "`x",
					     "a,b",
					     "\x7f",
					     "\xf0\x9f\x98\x80\n\xf0\x9f\x98\x80",
					     "?",
					     "1_000",
					     "~",
					     "a\n \n b\n"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		assert_written_reads_back(values[i]);
}

static void assert_refused(const char *text, size_t size, const char *message)
{
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(yaml_read(text, size, &documents, &err));
	if (strcmp(err.message, message) != 0)
		fail_msg("'%s' instead of '%s'", err.message, message);
}

static void files_of_other_kinds_are_recognised(void **state)
{
	static const char utf16[] = "\xff\xfe"
				    "a\0";
	static const char html[] = "\n<!DOCTYPE html>\n<p>404: not found";
	static const char markdown[] = "```yaml\na: b\n```\n";
	/* In pieces, so that no tool takes this file for one with a conflict. */
	static const char conflict[] = "a: b\n"
				       "<<<<"
				       "<<< HEAD\nc: d\n"
				       "===="
				       "===\n";
	(void)state;
	assert_refused(utf16, sizeof(utf16) - 1, "1:1: this is UTF-16");
	assert_refused(html, sizeof(html) - 1, "1:1: this is HTML or XML, not YAML");
	assert_refused(markdown, sizeof(markdown) - 1, "1:1: this is Markdown: ``` is not YAML");
	assert_refused(conflict, sizeof(conflict) - 1, "2:1: a merge conflict is left here");
}

static void a_byte_order_mark_is_no_part_of_the_text(void **state)
{
	static const char text[] = "\xef\xbb\xbf"
				   "name: web\n";
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_true(yaml_read(text, sizeof(text) - 1, &documents, &err));
	assert_true(yaml_is_text(yaml_get(documents.roots[0], "name"), "web"));
}

static void the_cause_is_pointed_at(void **state)
{
	static const char *const cases[][2] = {
		{"a:\n  b:2\n  c: 3\n", "2:4: no space after the ':'"},
		{"a: \"x\nb: 1\nc: \"y\"\n", "1:4: quotes that are not closed in this line"},
		{"a:\n\xc2\xa0 b: 1\n  c: 2\n", "2:1: a no-break space in the indentation"},
		{"a: `b`\n", "1:4: '`' cannot begin a value"},
		{"a: b\x01\n", "1:5: a control character"},
		{"kind: A\nb: 1\nkind: B\n",
		 "3:1: another object begins here, in the same document"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_refused(cases[i][0], strlen(cases[i][0]), cases[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_are_what_kubectl_makes_of_them),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(the_number_of_values_is_bounded),
		cmocka_unit_test(the_size_is_bounded),
		cmocka_unit_test(a_million_equal_keys_do_not_take_forever),
		cmocka_unit_test(reading_goes_on_after_a_broken_document),
		cmocka_unit_test(own_keys_win_over_merged_ones),
		cmocka_unit_test(all_text_that_is_written_reads_back),
		cmocka_unit_test(files_of_other_kinds_are_recognised),
		cmocka_unit_test(a_byte_order_mark_is_no_part_of_the_text),
		cmocka_unit_test(the_cause_is_pointed_at),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
