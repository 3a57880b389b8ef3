/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every manifest in corpus/ with what is said about it: NAME.expected beside it. After a change
 * that is meant: I2KIT_UPDATE_GOLDEN=1 meson test manifest-corpus, and read the difference.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "manifest/convert_loss.h"
#include "manifest/load.h"
#include "manifest/problem.h"
#include "manifest/write_objects.h"
#include "manifest/write_short.h"
#include "manifest/yaml_node.h"
#include "manifest/yaml_reader.h"
#include "test.h"

static void append_problem(struct strbuf *text, const struct problem *problem)
{
	static const char *const names[] = {
		[PROBLEM_ERROR] = "error", [PROBLEM_WARNING] = "warning", [PROBLEM_NOTE] = "note"};
	strbuf_appendf(text, "%u:%u: %s: %s\n", problem->line, problem->column,
		       names[problem->severity], problem->message);
	if (problem->hint != NULL)
		strbuf_appendf(text, "  hint: %s\n", problem->hint);
}

/* Problems, then the manifest in the Kubernetes form where there were no errors. */
static char *outcome(const char *path)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct strbuf text = STRBUF_INIT;
	struct load_options options = {.project = "test"};

	string_list_add(&options.paths, path);
	bool is_valid = app_load(&options, &app, &problems, &err);
	string_list_clear(&options.paths);
	for (size_t i = 0; i < problems.count; i++)
		append_problem(&text, &problems.items[i]);
	strbuf_append(&text, is_valid ? "valid\n" : "invalid\n");
	if (is_valid) {
		AUTO_FREE char *converted = app_write_kubernetes(&app);
		strbuf_append(&text, converted);
	}
	return strbuf_take(&text);
}

static bool is_manifest(const char *name)
{
	size_t length = strlen(name);
	return (length > 4 && strcmp(name + length - 4, ".yml") == 0) ||
	       (length > 5 && strcmp(name + length - 5, ".json") == 0);
}

static void check_one(const char *name)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *path = path_join(CORPUS, name);
	AUTO(strbuf_clear) struct strbuf golden = STRBUF_INIT;
	AUTO_FREE char *expected = NULL;
	size_t size = 0;
	AUTO_FREE char *is = outcome(path);

	strbuf_appendf(&golden, "%s.expected", path);
	if (getenv("I2KIT_UPDATE_GOLDEN") != NULL)
		assert_true(file_write_atomic(golden.data, is, strlen(is), 0644, &err));
	if (!file_read(golden.data, 1 << 20, &expected, &size, &err))
		fail_msg("%s", err.message);
	if (strcmp(is, expected) != 0)
		fail_msg("%s is not what is said now:\n%s", golden.data, is);
}

static void the_corpus_reads_as_expected(void **state)
{
	size_t count = 0;
	DIR *dir = opendir(CORPUS);
	(void)state;
	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (!is_manifest(entry->d_name))
			continue;
		check_one(entry->d_name);
		count++;
	}
	(void)closedir(dir);
	assert_true(count >= 16);
}

static void check_example(const char *name)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *path = path_join(EXAMPLES, name);
	struct load_options options = {0};

	string_list_add(&options.paths, path);
	bool is_valid = app_load(&options, &app, &problems, &err);
	string_list_clear(&options.paths);
	if (!is_valid || problems.count > 0)
		fail_msg("%s: %s", path,
			 problems.count > 0 ? problems.items[0].message : err.message);
}

static void the_examples_are_valid_without_a_note(void **state)
{
	size_t count = 0;
	DIR *dir = opendir(EXAMPLES);
	(void)state;
	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		/* metrics/ has files of other programs. */
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "metrics") == 0)
			continue;
		check_example(entry->d_name);
		count++;
	}
	(void)closedir(dir);
	assert_true(count >= 5);
}

static char *convert(const char *path, bool to_short)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct load_options options = {.project = "test"};
	string_list_add(&options.paths, path);
	bool is_valid = app_load(&options, &app, &problems, &err);
	string_list_clear(&options.paths);
	if (!is_valid)
		fail_msg("%s: %s", path,
			 problems.count > 0 ? problems.items[0].message : err.message);
	return to_short ? app_write_short(&app) : app_write_kubernetes(&app);
}

static char *written(const char *text)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	char path[] = "/tmp/i2kit-corpus-XXXXXX.yml";
	AUTO_CLOSE int fd = mkstemps(path, 4);
	assert_true(fd >= 0);
	assert_true(fd_write_all(fd, text, strlen(text), &err));
	return strdup(path);
}

static void what_is_converted_reads_back_the_same(void **state)
{
	AUTO_FREE char *path = path_join(CORPUS, "shop.yml");
	AUTO_FREE char *first = convert(path, false);
	AUTO_FREE char *first_path = written(first);
	AUTO_FREE char *second = convert(first_path, false);
	(void)state;
	(void)unlink(first_path);
	assert_string_equal(first, second);
}

static void the_short_form_reads_back_the_same(void **state)
{
	AUTO_FREE char *path = path_join(CORPUS, "shop.yml");
	AUTO_FREE char *first = convert(path, true);
	AUTO_FREE char *first_path = written(first);
	AUTO_FREE char *second = convert(first_path, true);
	(void)state;
	(void)unlink(first_path);
	assert_string_equal(first, second);
}

/* What the short form alone can say travels in annotations. */
static void the_short_form_becomes_kubernetes_and_back(void **state)
{
	AUTO_FREE char *path = path_join(CORPUS, "short.yml");
	AUTO_FREE char *first = convert(path, true);
	AUTO_FREE char *kubernetes = convert(path, false);
	AUTO_FREE char *kubernetes_path = written(kubernetes);
	AUTO_FREE char *second = convert(kubernetes_path, true);
	(void)state;
	(void)unlink(kubernetes_path);
	assert_non_null(strstr(first, "https:443:http:80:arn:aws:acm"));
	assert_string_equal(first, second);
}

static void kubernetes_becomes_the_short_form_and_back(void **state)
{
	static const char *const files[] = {"guestbook.yml", "voting.yml"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		AUTO_FREE char *path = path_join(CORPUS, files[i]);
		AUTO_FREE char *first = convert(path, false);
		AUTO_FREE char *in_short = convert(path, true);
		AUTO_FREE char *short_path = written(in_short);
		AUTO_FREE char *second = convert(short_path, false);
		(void)unlink(short_path);
		assert_string_equal(first, second);
	}
}

static char *convert_whole(const char *text, bool to_short, struct string_list *losses)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct load_options options = {
		.project = "test", .folder = "/", .may_have_no_pod = true, .keeps_objects = true};
	if (!app_load_text(&options, "-", text, strlen(text), &app, &problems, &err))
		fail_msg("%s in:\n%s", problems.count > 0 ? problems.items[0].message : err.message,
			 text);
	if (losses != NULL)
		app_short_losses(&app, losses);
	return to_short ? app_write_short(&app) : app_write_kubernetes(&app);
}

static bool is_same_tree(const struct yaml_node *a, const struct yaml_node *b)
{
	bool is_same = a->kind == b->kind && a->type == b->type && a->integer == b->integer &&
		       a->pair_count == b->pair_count && a->item_count == b->item_count;
	if (is_same && a->kind == YAML_SCALAR)
		return strcmp(a->text, b->text) == 0;
	for (size_t i = 0; is_same && i < a->pair_count; i++)
		is_same = strcmp(a->pairs[i].key->text, b->pairs[i].key->text) == 0 &&
			  is_same_tree(a->pairs[i].value, b->pairs[i].value);
	for (size_t i = 0; is_same && i < a->item_count; i++)
		is_same = is_same_tree(a->items[i], b->items[i]);
	return is_same;
}

static void assert_same_documents(const char *first, const char *second)
{
	AUTO(yaml_documents_clear) struct yaml_documents a = {0};
	AUTO(yaml_documents_clear) struct yaml_documents b = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	if (!yaml_read(first, strlen(first), &a, &err) ||
	    !yaml_read(second, strlen(second), &b, &err))
		fail_msg("%s in\n%s", err.message, second);
	assert_int_equal(a.count, b.count);
	for (size_t i = 0; i < a.count; i++) {
		if (!is_same_tree(a.roots[i], b.roots[i]))
			fail_msg("document %zu is another one:\n%s", i + 1, second);
	}
}

/* Everything that an object says, whether it has an effect here or not. */
static void objects_come_out_as_they_were_written(void **state)
{
	static const char *const files[] = {"boutique.yml", "guestbook.yml", "voting.yml",
					    "whole.yml"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		AUTO_FREE char *path = path_join(CORPUS, files[i]);
		AUTO_FREE char *text = NULL;
		size_t size = 0;
		if (!file_read(path, 1 << 20, &text, &size, &err))
			fail_msg("%s", err.message);
		AUTO_FREE char *kubernetes = convert_whole(text, false, NULL);
		assert_same_documents(text, kubernetes);
	}
}

static void words_keep_their_types(void **state)
{
	static const char text[] =
		"apiVersion: example.com/v1\nkind: Odd\n"
		"metadata: {name: odd}\n"
		"spec:\n"
		"  a: [[1, [2, {b: c}]], [], {}, ~, '', \"yes\", yes, 0644, '0644']\n"
		"  'on': '2001-01-01'\n"
		"  0x10: .inf\n"
		"  ? |\n   a key\n   of lines\n  : \"\\u00e9\\e\\n\"\n"
		"  text: |+\n    one\n\n    two\n\n"
		"  folded: >-\n    a\n    b\n"
		"  twice: [&x {p: [q]}, *x]\n";
	AUTO_FREE char *kubernetes = convert_whole(text, false, NULL);
	(void)state;
	assert_same_documents(text, kubernetes);
}

static void a_long_key_is_still_a_key(void **state)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	(void)state;
	strbuf_append(&text, "apiVersion: example.com/v1\nkind: Odd\nmetadata: {name: odd}\n"
			     "spec:\n- ? \"");
	for (unsigned i = 0; i < 3000; i++)
		strbuf_append_char(&text, 'k');
	strbuf_append(&text, "\"\n  : {a: b}\n");
	AUTO_FREE char *kubernetes = convert_whole(text.data, false, NULL);
	assert_same_documents(text.data, kubernetes);
}

static void what_the_short_form_loses_is_named(void **state)
{
	static const char text[] =
		"apiVersion: apps/v1\nkind: Deployment\n"
		"metadata: {name: web, labels: {team: shop}, annotations: {owner: me}}\n"
		"spec:\n  selector: {matchLabels: {app: web}}\n"
		"  template:\n    metadata: {labels: {app: web, version: v1}}\n"
		"    spec: {containers: [{name: c, image: shop/web}]}\n"
		"---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: r}\n"
		"spec:\n  selector: {matchLabels: {app: r}}\n"
		"  template: {metadata: {labels: {app: r}}, spec: {containers: [{name: c, image: "
		"busybox}]}}\n"
		"---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
	AUTO(string_list_clear) struct string_list losses = STRING_LIST_INIT;
	AUTO_FREE char *in_short = convert_whole(text, true, &losses);
	(void)state;
	assert_int_equal(losses.count, 1);
	assert_string_equal(losses.items[0], "Deployment web: metadata.labels, "
					     "metadata.annotations, spec.selector");
	assert_non_null(strstr(in_short, "name: web\n"));
	assert_non_null(strstr(in_short, "kind: ReplicaSet"));
	assert_non_null(strstr(in_short, "kind: Namespace"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_corpus_reads_as_expected),
		cmocka_unit_test(the_examples_are_valid_without_a_note),
		cmocka_unit_test(what_is_converted_reads_back_the_same),
		cmocka_unit_test(the_short_form_reads_back_the_same),
		cmocka_unit_test(the_short_form_becomes_kubernetes_and_back),
		cmocka_unit_test(kubernetes_becomes_the_short_form_and_back),
		cmocka_unit_test(objects_come_out_as_they_were_written),
		cmocka_unit_test(words_keep_their_types),
		cmocka_unit_test(a_long_key_is_still_a_key),
		cmocka_unit_test(what_the_short_form_loses_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
