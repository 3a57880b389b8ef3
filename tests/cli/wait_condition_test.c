/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/wait_condition.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#include "test.h"

static char web_name[] = "web";
static char job_name[] = "migrate";
static char cron_name[] = "nightly";
static char run_name[] = "nightly-1";
static char instance_name[] = "web-0";
static char schedule[] = "@daily";
static char complaint[] = "BackoffLimitExceeded, 7 pods failed";
static struct pod_status pods[4];
static struct instance_status instances[1];
static struct project_status status;

static int start(void **state)
{
	(void)state;
	pods[0] = (struct pod_status){.name = web_name, .desired = 2, .ready = 1};
	pods[1] = (struct pod_status){.name = job_name, .is_job = true, .desired = 1};
	pods[2] = (struct pod_status){.name = cron_name, .cron = {.schedule = schedule}};
	pods[3] = (struct pod_status){.name = run_name, .is_job = true, .cron_of = cron_name};
	instances[0] = (struct instance_status){
		.name = instance_name, .pod = web_name, .state = INSTANCE_RUNNING};
	status = (struct project_status){
		.pods = pods, .pod_count = 4, .instances = instances, .instance_count = 1};
	return 0;
}

static enum wait_verdict judge(const char *text, const char *name, int *ret_code)
{
	AUTO(wait_condition_clear) struct wait_condition condition = {0};
	AUTO_FREE char *what = NULL;
	int code = 0;

	assert_true(wait_condition_parse(text, &condition, NULL));
	enum wait_verdict verdict = wait_condition_judge(&condition, &status, name, &what, &code);
	assert_int_equal(what == NULL, verdict == WAIT_IS_MET);
	if (ret_code != NULL)
		*ret_code = code;
	return verdict;
}

static void a_pod_is_ready_with_all_it_wants(void **state)
{
	(void)state;
	assert_int_equal(judge("condition=Ready", "web", NULL), WAIT_IS_NOT_YET);
	assert_int_equal(judge("condition=ready=false", "web", NULL), WAIT_IS_MET);
	pods[0].ready = 2;
	assert_int_equal(judge("condition=Ready", "web", NULL), WAIT_IS_MET);
	assert_int_equal(judge("condition=Available=True", "web", NULL), WAIT_IS_MET);
	assert_int_equal(judge("condition=Ready", "web-0", NULL), WAIT_IS_NOT_YET);
	instances[0].is_ready = true;
	assert_int_equal(judge("condition=Ready", "web-0", NULL), WAIT_IS_MET);
	/* Scaled to 0 nothing is ready. */
	pods[0].desired = pods[0].ready = 0;
	assert_int_equal(judge("condition=Ready", "web", NULL), WAIT_IS_NOT_YET);
}

static void a_job_is_complete_or_failed(void **state)
{
	int code = 0;
	(void)state;
	assert_int_equal(judge("condition=Complete", "migrate", NULL), WAIT_IS_NOT_YET);
	assert_int_equal(judge("condition=Failed", "migrate", NULL), WAIT_IS_NOT_YET);
	pods[1].job_end = JOB_FAILED;
	pods[1].exit_code = 7;
	pods[1].message = complaint;
	assert_int_equal(judge("condition=Complete", "migrate", &code), WAIT_IS_NEVER);
	assert_int_equal(code, 7);
	assert_int_equal(judge("condition=Failed", "migrate", NULL), WAIT_IS_MET);
	pods[1].job_end = JOB_COMPLETE;
	assert_int_equal(judge("condition=complete", "migrate", NULL), WAIT_IS_MET);
	assert_int_equal(judge("condition=Failed", "migrate", &code), WAIT_IS_NEVER);
	assert_int_equal(code, 1);
	assert_int_equal(judge("condition=Complete", "web", NULL), WAIT_IS_NEVER);
	assert_int_equal(judge("condition=Ready", "migrate", NULL), WAIT_IS_NEVER);
	assert_int_equal(judge("condition=Ready", "nightly", NULL), WAIT_IS_NEVER);
}

static void what_is_deleted_has_no_vm_left(void **state)
{
	(void)state;
	assert_int_equal(judge("delete", "web", NULL), WAIT_IS_NOT_YET);
	assert_int_equal(judge("create", "web", NULL), WAIT_IS_MET);
	assert_int_equal(judge("create", "other", NULL), WAIT_IS_NOT_YET);
	pods[0].name = job_name;
	assert_int_equal(judge("delete", "web", NULL), WAIT_IS_NOT_YET);
	status.instance_count = 0;
	assert_int_equal(judge("delete", "web", NULL), WAIT_IS_MET);
}

static void a_path_has_a_value(void **state)
{
	(void)state;
	assert_int_equal(judge("jsonpath={.ready}=2", "web", NULL), WAIT_IS_NOT_YET);
	assert_int_equal(judge("jsonpath={.ready}=1", "web", NULL), WAIT_IS_MET);
	assert_int_equal(judge("jsonpath=.ready=1", "web", NULL), WAIT_IS_MET);
	assert_int_equal(judge("jsonpath={.state}=Running", "web-0", NULL), WAIT_IS_MET);
	assert_int_equal(judge("jsonpath={.nothing}", "web", NULL), WAIT_IS_NOT_YET);
	assert_int_equal(judge("jsonpath={.cron.schedule}", "nightly", NULL), WAIT_IS_MET);
	assert_int_equal(judge("jsonpath={.end}=running", "migrate", NULL), WAIT_IS_MET);
}

static void what_is_nothing_to_wait_for_is_said(void **state)
{
	static const char *const texts[] = {"",
					    "Ready",
					    "condition=",
					    "condition=Progressing",
					    "condition=Ready=maybe",
					    "deleted",
					    "jsonpath=",
					    "jsonpath={.a",
					    "jsonpath={.a}b",
					    "jsonpath={..a}=1"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		struct wait_condition condition = {0};
		assert_false(wait_condition_parse(texts[i], &condition, &err));
		assert_int_equal(err.kind, ERROR_USAGE);
	}
}

static void without_names_it_is_what_it_can_be_true_of(void **state)
{
	static const struct {
		const char *text;
		const char *names;
	} cases[] = {{"condition=Ready", "web"},
		     {"condition=Complete", "migrate"},
		     {"delete", "web migrate nightly"}};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO(wait_condition_clear) struct wait_condition condition = {0};
		AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
		assert_true(wait_condition_parse(cases[i].text, &condition, NULL));
		wait_condition_list(&condition, &status, &names);
		AUTO_FREE char *got = string_list_join(&names, " ");
		assert_string_equal(got, cases[i].names);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_pod_is_ready_with_all_it_wants, start),
		cmocka_unit_test_setup(a_job_is_complete_or_failed, start),
		cmocka_unit_test_setup(what_is_deleted_has_no_vm_left, start),
		cmocka_unit_test_setup(a_path_has_a_value, start),
		cmocka_unit_test_setup(what_is_nothing_to_wait_for_is_said, start),
		cmocka_unit_test_setup(without_names_it_is_what_it_can_be_true_of, start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
