/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_selectors.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "local/agent/log_entry.h"
#include "local/logs/log_store.h"
#include "local/logs/log_store_append.h"
#include "local/plan/project_plan.h"
#include "local/plan/project_plan_json.h"
#include "test.h"

static char *folder;

/* A project whose pods web (nginx) and pod (one) have written. */
static int setup(void **state)
{
	static const char *const lines[][3] = {{"web", "web-0", "nginx"}, {"pod", "pod-0", "one"}};
	(void)state;
	folder = xstrdup("/tmp/i2kit-selectors-XXXXXX");
	if (mkdtemp(folder) == NULL || setenv("XDG_DATA_HOME", folder, 1) != 0 ||
	    setenv("XDG_STATE_HOME", folder, 1) != 0)
		return -1;
	struct log_store *store = log_store_open("shop", NULL, NULL);
	for (size_t i = 0; store != NULL && i < ARRAY_SIZE(lines); i++) {
		const struct log_entry entry = {
			.container = lines[i][2], .text = "x", .size = 1, .time_ns = 1};
		log_store_start_run(store, lines[i][1], lines[i][2], "b", NULL);
		if (!log_store_append(store, lines[i][0], lines[i][1], "b", &entry, 1, NULL))
			return -1;
	}
	log_store_close(store);
	return store == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	bool is_removed = path_remove_tree(folder, NULL);
	free(folder);
	return is_removed ? 0 : -1;
}

static bool check(const char *container, const char *selector, char **ret, struct error *err)
{
	AUTO(string_list_clear) struct string_list selectors = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list crons = STRING_LIST_INIT;
	const struct log_choice choice = {.container = container};
	string_list_add(&selectors, selector);
	bool is_good = log_selectors_check("shop", &choice, &selectors, &crons, err);
	if (is_good)
		*ret = xstrdup(selectors.items[0]);
	return is_good;
}

static void kinds_before_names_are_kubectl_s(void **state)
{
	static const char *const cases[][2] = {
		{"deployment/web", "web"},  {"Deploy/web", "web"},  {"jobs/web-0", "web-0"},
		{"web/nginx", "web/nginx"}, {"pod/one", "pod/one"}, {"sts/web/nginx", "web/nginx"}};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_FREE char *got = NULL;
		AUTO(error_clear) struct error err = ERROR_INIT;
		/* A pod is called "pod": of pod/one its container is meant. */
		if (!check(NULL, cases[i][0], &got, &err))
			fail_msg("%s: %s", cases[i][0], err.message);
		assert_string_equal(got, cases[i][1]);
	}
}

static void a_container_is_added_and_wrong_names_are_told(void **state)
{
	AUTO_FREE char *got = NULL;
	AUTO(error_clear) struct error err = ERROR_INIT;
	(void)state;
	assert_true(check("nginx", "web", &got, &err));
	assert_string_equal(got, "web/nginx");
	assert_false(check(NULL, "web/ngix", &got, &err));
	assert_non_null(strstr(err.hint, "nginx"));
	error_clear(&err);
	assert_false(check(NULL, "wep", &got, &err));
	assert_non_null(strstr(err.hint, "web"));
}

static void add_pod(struct project_plan *plan, const char *name, const char *config)
{
	struct pod_plan *pod = ARRAY_APPEND(plan->pods, plan->pod_count);

	pod->name = xstrdup(name);
	pod->kind_name = xstrdup(name);
	pod->image_path = xstrdup("/disk");
	pod->kernel_path = xstrdup("/kernel");
	pod->initrd_path = xstrdup("/initrd");
	pod->cmdline = xstrdup("quiet");
	pod->cpu_count = 1;
	pod->release.image.bytes[0] = 1;
	pod->release.config.bytes[0] = 1;
	pod->config_json = xstrdup(config);
}

/* The store hears of a container up to a second after it began. */
static void a_container_that_only_the_plan_knows_is_known(void **state)
{
	AUTO_FREE char *got = NULL;
	AUTO_FREE char *other = NULL;
	AUTO(error_clear) struct error err = ERROR_INIT;
	AUTO(project_plan_clear)
	struct project_plan plan = {.project = xstrdup("shop"),
				    .folder = xstrdup("/srv"),
				    .accel = xstrdup("auto"),
				    .firmware = xstrdup("direct"),
				    .bind = xstrdup("127.0.0.1")};
	AUTO(string_list_clear) struct string_list selectors = STRING_LIST_INIT;
	AUTO(string_list_clear) struct string_list crons = STRING_LIST_INIT;
	(void)state;
	add_pod(&plan, "web", "{\"containers\":{\"nginx\":{\"env\":[]},\"late\":{}}}");
	add_pod(&plan, "nightly", "{\"containers\":{\"dump\":{}}}");
	plan.pods[1].workload = WORKLOAD_JOB;
	plan.pods[1].cron.schedule = xstrdup("0 2 * * *");
	assert_true(project_plan_save(&plan, &err));
	/* One of them is a CronJob, of which runs are meant. */
	string_list_add(&selectors, "cronjob/nightly");
	string_list_add(&selectors, "web");
	assert_true(log_selectors_check("shop", &(struct log_choice){.container = NULL}, &selectors,
					&crons, &err));
	assert_string_equal(selectors.items[0], "nightly");
	assert_int_equal(crons.count, 1);
	assert_string_equal(crons.items[0], "nightly");
	assert_true(check(NULL, "web/late", &got, &err));
	assert_true(check("late", "web-0", &other, &err));
	assert_false(check(NULL, "web/later", &got, &err));
	assert_non_null(strstr(err.hint, "late"));
}

static void labels_select_as_kubectl_s(void **state)
{
	static const char config[] = "{\"labels\":{\"app\":\"web\",\"tier\":\"front\"}}";
	static const struct {
		const char *selector;
		bool matches;
	} cases[] = {
		{"app=web", true},
		{"app==web", true},
		{"app=db", false},
		{"app!=db", true},
		{"app!=web", false},
		{"tier", true},
		{"old", false},
		{"!old", true},
		{"!tier", false},
		{"app=web,tier=front", true},
		{"app = web , tier", true},
		{"app=web,!tier", false},
		{"absent!=x", true},
	};
	bool matches;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(log_labels_match(config, cases[i].selector, &matches, NULL));
		if (matches != cases[i].matches)
			fail_msg("%s", cases[i].selector);
	}
	AUTO(error_clear) struct error err = ERROR_INIT;
	assert_false(log_labels_match(config, "app in (a,b)", &matches, &err));
	assert_int_equal(err.kind, ERROR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_before_names_are_kubectl_s),
		cmocka_unit_test(a_container_is_added_and_wrong_names_are_told),
		cmocka_unit_test(a_container_that_only_the_plan_knows_is_known),
		cmocka_unit_test(labels_select_as_kubectl_s),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
