/* SPDX-License-Identifier: Apache-2.0 */
/* When a project has come to rest: a supervisor that is a value, nothing started. */
#include "local/supervisor/converge.h"

#include "base/alloc.h"
#include "local/supervisor/instance.h"
#include "local/supervisor/supervisor_parts.h"

#include "test.h"

static char web[] = "web", work[] = "work";
static struct pod_plan pods[] = {
	{.name = web, .workload = WORKLOAD_DEPLOYMENT, .replicas = 1},
	{.name = work, .workload = WORKLOAD_JOB, .replicas = 1},
};
static struct instance instances[4];
static struct instance *list[] = {&instances[0], &instances[1], &instances[2], &instances[3]};
static struct supervisor supervisor;

static int start(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(instances); i++)
		instances[i] =
			(struct instance){.supervisor = &supervisor,
					  .status = {.pod = work, .state = INSTANCE_SUCCEEDED}};
	instances[0].status.pod = web;
	instances[0].status.state = INSTANCE_READY;
	instances[0].status.is_ready = true;
	supervisor = (struct supervisor){.plan = {.pods = pods, .pod_count = ARRAY_SIZE(pods)},
					 .instances = list,
					 .instance_count = ARRAY_SIZE(list)};
	return 0;
}

static void a_job_that_has_ended_is_at_rest(void **state)
{
	(void)state;
	/* Three completions, one at a time: more than its parallelism are there. */
	assert_true(converge_is_quiet(&supervisor));
	assert_false(converge_is_waiting(&supervisor));
	/* Nothing is kept of it. */
	supervisor.instance_count = 1;
	assert_true(converge_is_quiet(&supervisor));
	assert_false(converge_is_waiting(&supervisor));
}

static void one_that_works_is_not(void **state)
{
	(void)state;
	instances[3].status.state = INSTANCE_RUNNING;
	assert_false(converge_is_quiet(&supervisor));
	assert_false(converge_is_waiting(&supervisor));
	supervisor.waits_for_memory = true;
	assert_true(converge_is_waiting(&supervisor));
}

static void replicas_that_are_missing_are_waited_for(void **state)
{
	(void)state;
	instances[0].status.is_ready = false;
	assert_false(converge_is_quiet(&supervisor));
	assert_false(converge_is_waiting(&supervisor));
	instances[0].status.pod = work;
	assert_false(converge_is_quiet(&supervisor));
	assert_true(converge_is_waiting(&supervisor));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_job_that_has_ended_is_at_rest, start),
		cmocka_unit_test_setup(one_that_works_is_not, start),
		cmocka_unit_test_setup(replicas_that_are_missing_are_waited_for, start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
