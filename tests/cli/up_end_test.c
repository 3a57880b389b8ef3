/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/up_end.h"

#include "test.h"

static char db_name[] = "db";
static char test_name[] = "test";
static struct container_status db_container = {.exit_code = -1};
static struct container_status test_container = {.exit_code = -1};
static struct instance_status instances[2];
static struct pod_status pods[] = {{.name = db_name, .desired = 1},
				   {.name = test_name, .desired = 1}};
static struct project_status status = {.pods = pods,
				       .pod_count = 2,
				       .instances = instances,
				       .instance_count = 2,
				       .is_supervised = true};

static int start(void **state)
{
	(void)state;
	db_container.exit_code = test_container.exit_code = -1;
	instances[0] = (struct instance_status){.pod = db_name,
						.state = INSTANCE_READY,
						.containers = &db_container,
						.container_count = 1};
	instances[1] = (struct instance_status){.pod = test_name,
						.state = INSTANCE_RUNNING,
						.containers = &test_container,
						.container_count = 1};
	return 0;
}

static bool is_over(const struct up_end_wish *wish, const char *pod, int code)
{
	const char *ended = NULL;
	int found = -1;

	if (!up_end_reached(wish, &status, &ended, &found))
		return false;
	assert_int_equal(found, code);
	if (pod == NULL)
		assert_null(ended);
	else
		assert_string_equal(ended, pod);
	return true;
}

static void it_ends_with_the_pod_whose_code_is_wanted(void **state)
{
	const struct up_end_wish wish = {.code_from = "test"};
	(void)state;
	assert_false(is_over(&wish, NULL, 0));
	instances[0].state = INSTANCE_SUCCEEDED;
	assert_false(is_over(&wish, NULL, 0));
	instances[1].state = INSTANCE_FAILED;
	test_container.exit_code = 7;
	assert_true(is_over(&wish, "test", 7));
}

static void it_ends_with_the_first_that_ends_or_fails(void **state)
{
	const struct up_end_wish on_exit = {.aborts_on_exit = true};
	const struct up_end_wish on_failure = {.aborts_on_failure = true};
	(void)state;
	assert_false(is_over(&on_exit, NULL, 0));
	instances[1].state = INSTANCE_SUCCEEDED;
	assert_true(is_over(&on_exit, "test", 0));
	assert_false(is_over(&on_failure, NULL, 0));
	instances[0].state = INSTANCE_FAILED;
	db_container.exit_code = 3;
	assert_true(is_over(&on_failure, "db", 3));
}

static void it_ends_when_all_have_and_with_the_code_of_one_that_failed(void **state)
{
	const struct up_end_wish none = {0};
	(void)state;
	instances[1].state = INSTANCE_SUCCEEDED;
	assert_false(is_over(&none, NULL, 0));
	instances[0].state = INSTANCE_SUCCEEDED;
	assert_true(is_over(&none, NULL, 0));
	instances[0].state = INSTANCE_FAILED;
	db_container.exit_code = 4;
	assert_true(is_over(&none, NULL, 4));
}

static void what_is_being_replaced_has_not_ended(void **state)
{
	const struct up_end_wish wish = {.aborts_on_exit = true};
	(void)state;
	instances[1].state = INSTANCE_FAILED;
	instances[1].is_outdated = true;
	assert_false(is_over(&wish, NULL, 0));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, start)
	const struct CMUnitTest tests[] = {
		TEST(it_ends_with_the_pod_whose_code_is_wanted),
		TEST(it_ends_with_the_first_that_ends_or_fails),
		TEST(it_ends_when_all_have_and_with_the_code_of_one_that_failed),
		TEST(what_is_being_replaced_has_not_ended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
