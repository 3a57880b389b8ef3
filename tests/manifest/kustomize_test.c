/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kustomizations beside what kustomize itself makes of them: expected.yaml of the folders of
 * tests/oracle/kustomize/ is its output. And what is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "manifest/kustomize/build.h"
#include "manifest/load.h"
#include "manifest/problem.h"
#include "manifest/yaml_node.h"
#include "manifest/yaml_reader.h"
#include "test.h"

static const struct yaml_node *find_document(const struct yaml_documents *documents,
					     const struct resource *like)
{
	for (size_t i = 0; i < documents->count; i++) {
		struct resource other = {.root = documents->roots[i]};
		if (strcmp(resource_kind(&other), resource_kind(like)) == 0 &&
		    strcmp(resource_name(&other), resource_name(like)) == 0 &&
		    strcmp(resource_namespace(&other), resource_namespace(like)) == 0)
			return documents->roots[i];
	}
	return NULL;
}

static void check_beside(const char *folder, const char *expected)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(string_list_clear) struct string_list files = STRING_LIST_INIT;
	AUTO(kustomizer_clear)
	struct kustomizer kustomizer = {.problems = &problems, .files = &files};
	AUTO(resource_list_clear) struct resource_list list = {0};
	AUTO(yaml_documents_clear) struct yaml_documents documents = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *path = xasprintf("%s/%s/kustomization.yaml", KUSTOMIZE, folder);
	AUTO_FREE char *expected_path = xasprintf("%s/%s", KUSTOMIZE, expected);
	AUTO_FREE char *text = NULL;
	size_t size = 0;

	kustomization_build(&kustomizer, path, &list);
	if (problems.count > 0)
		fail_msg("%s:%u: %s", problems.items[0].file, problems.items[0].line,
			 problems.items[0].message);
	assert_true(file_read(expected_path, 1 << 20, &text, &size, &err));
	assert_true(yaml_read(text, size, &documents, &err));
	assert_int_equal(list.count, documents.count);
	for (size_t i = 0; i < list.count; i++) {
		const struct yaml_node *other = find_document(&documents, &list.items[i]);
		if (other == NULL || !tree_is_equal(other, list.items[i].root))
			fail_msg("%s %s is not what kustomize makes", resource_kind(&list.items[i]),
				 resource_name(&list.items[i]));
	}
}

static void an_overlay_with_all_that_one_has(void **state)
{
	(void)state;
	check_beside("shop/overlay", "shop/expected.yaml");
}

static void patches_of_every_kind(void **state)
{
	(void)state;
	check_beside("patches", "patches/expected.yaml");
}

/* A folder with a kustomization, a manifest beside it and a secret above. */
struct tree_of_files {
	char top[64];
};

static void write_file(const char *folder, const char *name, const char *text)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *path = path_join(folder, name);
	assert_true(file_write_atomic(path, text, strlen(text), 0644, &err));
}

static void make_files(struct tree_of_files *files, const char *kustomization)
{
	(void)snprintf(files->top, sizeof(files->top), "/tmp/i2kit-kustomize-XXXXXX");
	assert_non_null(mkdtemp(files->top));
	AUTO_FREE char *app = path_join(files->top, "app");
	AUTO_FREE char *link = path_join(app, "link");
	AUTO_FREE char *secret = path_join(files->top, "secret");
	assert_int_equal(mkdir(app, 0755), 0);
	write_file(files->top, "secret", "hunter2");
	assert_int_equal(symlink(secret, link), 0);
	write_file(app, "pod.yaml",
		   "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"
		   "spec: {containers: [{name: c, image: a}]}\n");
	write_file(app, "kustomization.yaml", kustomization);
}

static void remove_files(struct tree_of_files *files)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_true(path_remove_tree(files->top, &err));
}

/* The first problem of `up -f FOLDER`, with its line; "" for none. */
static char *first_problem(const char *kustomization)
{
	struct tree_of_files files;
	AUTO(app_clear) struct app app = {0};
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO(error_clear) struct error err = ERROR_INIT;
	struct load_options options = {.project = "test"};

	make_files(&files, kustomization);
	string_list_take(&options.paths, path_join(files.top, "app"));
	bool is_good = app_load(&options, &app, &problems, &err);
	string_list_clear(&options.paths);
	remove_files(&files);
	assert_true(is_good == (problems.error_count == 0));
	return problems.count == 0 ? xstrdup("")
				   : xasprintf("%u:%u: %s", problems.items[0].line,
					       problems.items[0].column, problems.items[0].message);
}

static void what_is_refused_says_why_and_where(void **state)
{
	static const char *const cases[][2] = {
		{"resources: [pod.yaml]\n", ""},
		{"resources: [https://example.com/x.yaml]\n", "1:13: 'https://example.com/x.yaml'"},
		{"resources: [github.com/org/repo//deploy?ref=v1]\n", "1:13: 'github.com/org"},
		{"resources: [pod.yaml]\nresuorces: []\n", "2:1: unknown field 'resuorces'"},
		{"resources: [pod.yaml]\ngenerators: [run.yaml]\n", "2:1: 'generators'"},
		{"resources: [pod.yaml]\nhelmCharts: []\n", "2:1: 'helmCharts'"},
		{"resources: [nowhere.yaml]\n", "1:13: there is no file"},
		{"resources: [../app]\n", "1:13: "},
		{"resources: [pod.yaml, pod.yaml]\n", "1:1: Pod 'p' is there already"},
		{"resources: pod.yaml\n", "1:12: resources: a list is wanted"},
		{"kind: Component\nresources: [pod.yaml]\n", "1:1: a component cannot"},
		{"configMapGenerator:\n- {name: c, files: [../secret]}\n",
		 "2:21: '../secret' is not in the kustomization's folder"},
		{"configMapGenerator:\n- {name: c, files: [link]}\n",
		 "2:21: 'link' is not in the kustomization's folder"},
		{"configMapGenerator:\n- {name: c, literals: [novalue]}\n", "2:24: not KEY=VALUE"},
		{"configMapGenerator:\n- {name: c, behavior: merge}\n",
		 "2:3: there is no ConfigMap"},
		{"resources: [pod.yaml]\npatches:\n- target: {kind: Pod}\n  patch: |-\n"
		 "    - {op: replace, path: /spec/nothing, value: 1}\n",
		 "5:3: Pod 'p': there is nothing at '/spec/nothing'"},
		{"resources: [pod.yaml]\npatches:\n- target: {kind: \"(a{1,999}){1,999}\"}\n"
		 "  patch: \"[]\"\n",
		 "3:18: '(a{1,999}){1,999}' is not a pattern"},
		{"resources: [pod.yaml]\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: Pod\n"
		 "    metadata: {name: q}\n",
		 "4:1: there is no Pod 'q' to patch"},
		{"resources: [pod.yaml]\nreplicas: [{name: p, count: 2}]\n",
		 "2:12: nothing called"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *is = first_problem(cases[i][0]);
		bool is_same = cases[i][1][0] == '\0'
				       ? is[0] == '\0'
				       : strncmp(is, cases[i][1], strlen(cases[i][1])) == 0;
		if (!is_same)
			fail_msg("%s\nsays '%s' and not '%s'", cases[i][0], is, cases[i][1]);
	}
}

/* Thirty times the tree into itself would be a billion values. */
static void a_patch_that_doubles_is_stopped(void **state)
{
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;
	(void)state;
	strbuf_append(&text, "resources: [pod.yaml]\npatches:\n- target: {kind: Pod}\n"
			     "  patch: |-\n    - {op: add, path: /spec/x, value: {a: {b: c}}}\n");
	for (unsigned i = 0; i < 30; i++)
		strbuf_appendf(&text, "    - {op: copy, from: /spec/x, path: /spec/x/k%u}\n", i);
	AUTO_FREE char *is = first_problem(text.data);
	assert_non_null(strstr(is, "1000000 values"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_overlay_with_all_that_one_has),
		cmocka_unit_test(patches_of_every_kind),
		cmocka_unit_test(what_is_refused_says_why_and_where),
		cmocka_unit_test(a_patch_that_doubles_is_stopped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
