/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/project.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "local/plan/project_plan.h"
#include "local/plan/project_plan_json.h"
#include "manifest/load.h"
#include "manifest/problem.h"
#include "manifest/project_name.h"

#include "test.h"

static char top[] = "/tmp/i2kit-project.XXXXXX";
static const struct invocation plain = {0};

static const char pod[] = "name: web\ncontainers: {one: {image: nginx}}\n";

static char *at(const char *below)
{
	return path_join(top, below);
}

static void put(const char *below, const char *text)
{
	AUTO_FREE char *path = at(below);
	AUTO_FREE char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));

	assert_true(path_make_folders(folder, 0700, NULL));
	assert_true(file_write_atomic(path, text, strlen(text), 0600, NULL));
}

/* Each test has state of its own. */
static int start(void **state)
{
	AUTO_FREE char *one = NULL;
	AUTO_FREE char *other = NULL;
	(void)state;

	memcpy(strrchr(top, '.'), ".XXXXXX", sizeof(".XXXXXX"));
	if (mkdtemp(top) == NULL)
		return -1;
	one = at("state");
	other = at("data");
	return setenv("XDG_STATE_HOME", one, 1) != 0 || setenv("XDG_DATA_HOME", other, 1) != 0;
}

static int stop(void **state)
{
	(void)state;
	return path_remove_tree(top, NULL) ? 0 : -1;
}

static void read_app(const char *below, struct app *app)
{
	AUTO(problem_list_clear) struct problem_list problems = {0};
	AUTO_FREE char *folder = at(below);
	struct load_options options = {.folder = folder};

	assert_true(app_load(&options, app, &problems, NULL));
	project_settle(&plain, app);
}

/* A plan that says no more than that the project is up, as a release of any age wrote it. */
static void save_plan(const char *project, const char *folder)
{
	AUTO(project_plan_clear)
	struct project_plan plan = {
		.project = xstrdup(project), .folder = xstrdup(folder), .accel = xstrdup("tcg")};

	assert_true(project_plan_save(&plan, NULL));
}

/* What `up` does in that folder. */
static bool up(const char *below, struct error *err)
{
	AUTO(app_clear) struct app app = {0};
	AUTO(project_identity_clear) struct project_identity identity = {0};

	read_app(below, &app);
	project_identity_of(&plain, &app, &identity);
	if (!project_identity_claim(&identity, err))
		return false;
	save_plan(app.project, app.folder);
	return true;
}

static void down(const char *project)
{
	AUTO_FREE char *plan = project_plan_path(project);

	assert_int_equal(unlink(plan), 0);
}

static char *resolve(const char *below, struct error *err)
{
	AUTO_FREE char *folder = at(below);

	return project_resolve(&plain, folder, err);
}

static void assert_resolves(const char *below, const char *wanted)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO_FREE char *name = resolve(below, &err);

	if (name == NULL)
		print_error("%s: %s\n", below, err.message);
	assert_non_null(name);
	assert_string_equal(name, wanted);
}

static void every_folder_of_an_application_means_its_project(void **state)
{
	(void)state;
	put("shop/k8s/web.yml", pod);
	put("Hello You!/i2kit.yml", pod);
	put("named/i2kit.yml", "name: bakery\nx-why: because\n---\nname: web\n"
			       "containers: {one: {image: nginx}}\n");
	assert_resolves("shop", "shop");
	assert_resolves("shop/k8s", "shop");
	assert_resolves("shop/k8s/web.yml", "shop");
	assert_resolves("Hello You!", "hello-you");
	assert_resolves("named", "bakery");
}

static void a_verb_finds_what_up_ran_from_a_folder_below(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	put("repo/examples/hello/i2kit.yml", pod);
	put("repo/examples/bye/i2kit.yml", pod);
	assert_true(up("repo/examples/hello", &err));
	assert_resolves("repo/examples/hello", "hello");
	assert_resolves("repo", "hello");
	assert_true(up("repo/examples/bye", &err));
	assert_resolves("repo/examples/hello", "hello");
	/* Two: neither is meant. */
	assert_resolves("repo", "repo");
}

static void two_folders_of_one_name_do_not_replace_each_others_pods(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	put("a/dev/i2kit.yml", pod);
	put("b/dev/i2kit.yml", pod);
	assert_true(up("a/dev", &err));
	assert_true(up("a/dev", &err));
	AUTO_FREE char *a = at("a/dev");
	AUTO_FREE char *b = at("b/dev");
	assert_false(up("b/dev", &err));
	assert_int_equal(err.kind, ERROR_EXISTS);
	assert_non_null(strstr(err.message, a));
	assert_non_null(strstr(err.message, b));
	assert_non_null(strstr(err.hint, "i2kit -p dev down"));
	/* Nor stop them. */
	error_clear(&err);
	assert_null(resolve("b/dev", &err));
	assert_int_equal(err.kind, ERROR_EXISTS);
	/* Its volumes are another's too, as long as they are there. */
	put("data/i2kit/volumes/dev/data.qcow2", "precious");
	down("dev");
	error_clear(&err);
	assert_false(up("b/dev", &err));
	assert_non_null(strstr(err.hint, "--volumes"));
	AUTO_FREE char *volumes = at("data/i2kit/volumes/dev");
	assert_true(path_remove_tree(volumes, NULL));
	error_clear(&err);
	assert_true(up("b/dev", &err));
}

static void names_without_a_letter_of_ours_are_one_name_and_clash(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	put("日本/i2kit.yml", pod);
	put("中文/i2kit.yml", pod);
	assert_true(up("日本", &err));
	assert_false(up("中文", &err));
	assert_int_equal(err.kind, ERROR_EXISTS);
}

static void a_folder_that_moved_takes_its_project_along(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(project_identity_clear) struct project_identity before = {0};
	AUTO(project_identity_clear) struct project_identity after = {0};
	(void)state;
	put("old/dev/i2kit.yml", pod);
	assert_true(up("old/dev", &err));
	assert_true(project_identity_load("dev", &before, &err));
	AUTO_FREE char *from = at("old");
	AUTO_FREE char *to = at("new");
	assert_int_equal(rename(from, to), 0);
	assert_true(up("new/dev", &err));
	assert_true(project_identity_load("dev", &after, &err));
	assert_string_not_equal(before.folder, after.folder);
	/* Its VMs run on: they know it by this. */
	assert_string_equal(before.id, after.id);
}

static void a_name_that_is_given_goes_where_it_is_told_to(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	char name[] = "x";
	char usr[] = "/usr";
	char tmp[] = "/tmp";
	struct project_identity here = {.project = name, .folder = usr, .source = PROJECT_GIVEN};
	struct project_identity there = {.project = name, .folder = tmp, .source = PROJECT_GIVEN};
	(void)state;
	assert_true(project_identity_claim(&here, &err));
	save_plan("x", "/usr");
	assert_true(project_identity_claim(&there, &err));
	there.source = PROJECT_OF_FOLDER;
	here.source = PROJECT_OF_FOLDER;
	assert_true(project_identity_claim(&there, &err));
	assert_false(project_identity_claim(&here, &err));
}

/* Releases from before wrote the folder of the manifests into the plan, and nothing beside it. */
static void what_an_older_release_brought_up_is_found(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	put("shop/k8s/web.yml", pod);
	AUTO_FREE char *folder = at("shop/k8s");
	save_plan("k8s", folder);
	assert_resolves("shop", "k8s");
	assert_resolves("shop/k8s", "k8s");
	assert_true(up("shop", &err));
	assert_true(project_is_up("k8s"));
	assert_false(project_is_up("shop"));
}

static void volumes_of_an_older_release_are_not_lost_from_sight(void **state)
{
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	put("shop/k8s/web.yml", pod);
	put("bank/k8s/web.yml", pod);
	put("data/i2kit/volumes/k8s/data.qcow2", "precious");
	assert_true(up("shop", &err));
	assert_true(project_is_up("k8s"));
	/* The next one has nothing there. */
	assert_true(up("bank", &err));
	assert_true(project_is_up("bank"));
}

static void damaged_records_are_named(void **state)
{
	static const char *const texts[] = {
		"", "{}", "[]", "{\"version\":1,\"folder\":\"relative\",\"id\":\"00\"}",
		("{\"version\":1,\"folder\":\"/x\",\"id\":\"0123456789abcdef0123456789abcdef\","
		 "\"source\":\"elsewhere\"}")};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		AUTO(project_identity_clear) struct project_identity identity = {0};
		put("state/i2kit/projects/x/project.json", texts[i]);
		assert_false(project_identity_load("x", &identity, &err));
		assert_int_equal(err.kind, ERROR_CORRUPT);
		assert_non_null(strstr(err.message, "projects/x/project.json"));
	}
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(project_identity_clear) struct project_identity identity = {0};
	put("state/i2kit/projects/x/project.json", "{\"version\":2}");
	assert_false(project_identity_load("x", &identity, &err));
	assert_non_null(strstr(err.message, "newer"));
}

static void users_and_folders_have_ids_and_names_of_their_own(void **state)
{
	char ids[4][PROJECT_ID_SIZE];
	(void)state;
	project_id_make(0, "/a", "web", ids[0]);
	project_id_make(1000, "/a", "web", ids[1]);
	project_id_make(0, "/b", "web", ids[2]);
	project_id_make(0, "/a", "db", ids[3]);
	for (size_t i = 0; i < 4; i++) {
		for (size_t k = i + 1; k < 4; k++)
			assert_string_not_equal(ids[i], ids[k]);
	}
	AUTO_FREE char *root = project_scope("web", 0, false);
	AUTO_FREE char *user = project_scope("web", 1000, false);
	AUTO_FREE char *alone = project_scope("web", 1000, true);
	assert_string_equal(root, "web");
	assert_string_equal(user, "web@1000");
	assert_string_equal(alone, "web");
	assert_false(project_name_check(user, NULL));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_folder_of_an_application_means_its_project,
						start, stop),
		cmocka_unit_test_setup_teardown(a_verb_finds_what_up_ran_from_a_folder_below, start,
						stop),
		cmocka_unit_test_setup_teardown(
			two_folders_of_one_name_do_not_replace_each_others_pods, start, stop),
		cmocka_unit_test_setup_teardown(
			names_without_a_letter_of_ours_are_one_name_and_clash, start, stop),
		cmocka_unit_test_setup_teardown(a_folder_that_moved_takes_its_project_along, start,
						stop),
		cmocka_unit_test_setup_teardown(a_name_that_is_given_goes_where_it_is_told_to,
						start, stop),
		cmocka_unit_test_setup_teardown(what_an_older_release_brought_up_is_found, start,
						stop),
		cmocka_unit_test_setup_teardown(volumes_of_an_older_release_are_not_lost_from_sight,
						start, stop),
		cmocka_unit_test_setup_teardown(damaged_records_are_named, start, stop),
		cmocka_unit_test_setup_teardown(users_and_folders_have_ids_and_names_of_their_own,
						start, stop),
	};
	return cmocka_run_group_tests_name("project", tests, NULL, NULL);
}
