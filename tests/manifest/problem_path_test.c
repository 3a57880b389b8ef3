/* SPDX-License-Identifier: Apache-2.0 */
/* What programs are told: which field, and a code that stays. */
#include "manifest/problem_path.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "manifest/field_path.h"
#include "manifest/load.h"
#include "manifest/yaml_reader.h"
#include "test.h"

static const char bad[] =
	"apiVersion: v1\nkind: Pod\nmetadata: {name: web, annotations: {\"a/b\": [1]}}\nspec:\n"
	"  conatiners: []\n"			   /* 5: the first key of its map */
	"  hostPID: true\n"			   /* 6 */
	"  nodeSelector: {a: b}\n"		   /* 7 */
	"  containers:\n  - name: c\n    image:\n" /* 8-10 */
	"    env:\n    - {name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}\n" /* 12 */
	"    ports: [{containerPort: many}]\n"					    /* 13 */
	"    volumeMounts:\n    - {name: v, mountPath: /d}\n"			    /* 15 */
	"---\napiVersion: v1\nkind: Pod\nmetadata: {name: api}\nspec:\n"
	"  containers: [{name: c, image: i}, {name: c, image: i}]\n" /* 21 */
	"---\nwhat: is this\n";

static const struct {
	const char *code;
	const char *path; /* or NULL */
} expected[] = {
	{"wrong-type", "metadata.annotations[\"a/b\"]"},
	{"unknown-field", "spec.conatiners"},
	{"unsupported", "spec.hostPID"},
	{"no-effect", "spec.nodeSelector"},
	{"missing", "spec.containers[0].image"},
	{"wrong-type", "spec.containers[0].ports[0].containerPort"},
	{"unresolved", "spec.containers[0].volumeMounts[0].name"},
	{"duplicate", "spec.containers[1]"},
	{"not-a-manifest", NULL},
};

static bool is_said(const struct problem_list *problems, const char *code, const char *path)
{
	for (size_t i = 0; i < problems->count; i++) {
		const struct problem *problem = &problems->items[i];
		bool is_path = path == NULL
				       ? problem->path == NULL
				       : problem->path != NULL && strcmp(problem->path, path) == 0;
		if (is_path && strcmp(problem_code_words[problem->code], code) == 0)
			return true;
	}
	return false;
}

static void check(const struct load_options *options, const char *text)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	bool is_good = text != NULL ? app_load_text(options, "-", text, strlen(text), &app,
						    &problems, &err)
				    : app_load(options, &app, &problems, &err);
	assert_false(is_good);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		if (is_said(&problems, expected[i].code, expected[i].path))
			continue;
		for (size_t k = 0; k < problems.count; k++)
			print_error("%u:%u %s %s: %s\n", problems.items[k].line,
				    problems.items[k].column,
				    problem_code_words[problems.items[k].code],
				    problems.items[k].path ? problems.items[k].path : "-",
				    problems.items[k].message);
		fail_msg("nothing is %s at %s", expected[i].code,
			 expected[i].path ? expected[i].path : "the document");
	}
}

/* Of a text, of a file, which is read again, and of standard input, which cannot be. */
static void every_problem_has_its_field_and_its_code(void **state)
{
	struct load_options options = {.project = "test", .folder = "/", .wants_paths = true};
	char path[] = "/tmp/i2kit-path-XXXXXX.yml";
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_CLOSE int fd = mkstemps(path, 4);
	(void)state;
	check(&options, bad);
	assert_true(fd >= 0);
	assert_true(fd_write_all(fd, bad, strlen(bad), &err));
	string_list_add(&options.paths, path);
	check(&options, NULL);
	string_list_clear(&options.paths);
	string_list_add(&options.paths, "-"); /* which can be read but once */
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	check(&options, NULL);
	string_list_clear(&options.paths);
	(void)unlink(path);
}

static void a_path_leads_to_the_node(void **state)
{
	static const char text[] = "a:\n  b.c: [x, {d: y}]\n  \"\": z\n  e: &e {f: g}\n  h: *e\n";
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_true(yaml_read(text, strlen(text), &documents, &err));
	const struct yaml_node *root = documents.roots[0];
	const struct yaml_node *a = yaml_get(root, "a");
	AUTO_FREE char *inner = field_path_of(root, yaml_get(yaml_get(a, "b.c")->items[1], "d"));
	AUTO_FREE char *empty = field_path_of(root, yaml_get(a, ""));
	AUTO_FREE char *alias = field_path_of(root, yaml_get(yaml_get(a, "h"), "f"));
	AUTO_FREE char *place = field_path_at(root, 2, 9);
	AUTO_FREE char *outermost = field_path_at(root, 2, 3);
	assert_string_equal(inner, "a[\"b.c\"][1].d");
	assert_string_equal(empty, "a[\"\"]");
	assert_string_equal(alias, "a.e.f");
	assert_string_equal(place, "a[\"b.c\"][0]");
	assert_string_equal(outermost, "a");
	assert_null(field_path_of(root, root));
	assert_null(field_path_at(root, 9, 9));
}

static void every_code_is_in_the_manual(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *text = NULL;
	size_t size = 0;
	size_t rows = 0;
	(void)state;
	assert_true(file_read(PROBLEMS_PAGE, 1 << 20, &text, &size, &err));
	for (size_t i = 0; i < PROBLEM_CODES; i++) {
		AUTO_FREE char *row = xasprintf("\n| `%s` | ", problem_code_words[i]);
		if (strstr(text, row) == NULL)
			fail_msg("doc/problems.md has no row for %s", problem_code_words[i]);
	}
	const char *table = strstr(text, "| code | severity |");
	assert_non_null(table);
	for (const char *at = table; (at = strstr(at, "\n| `")) != NULL; at++)
		rows++;
	assert_int_equal(rows, PROBLEM_CODES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_problem_has_its_field_and_its_code),
		cmocka_unit_test(a_path_leads_to_the_node),
		cmocka_unit_test(every_code_is_in_the_manual),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
