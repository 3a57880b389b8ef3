/* SPDX-License-Identifier: Apache-2.0 */
/* What a pod waits for: from a written plan, and what is known of the instances. */
#include "local/supervisor/start_hold.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "local/plan/project_plan_json.h"
#include "test.h"

static struct project_plan plan;
static char pod_name[] = "db";
static char first_name[] = "db-0";
static char second_name[] = "db-1";
static struct instance_status db = {.name = first_name, .pod = pod_name};
static struct instance_status second = {.name = second_name, .pod = pod_name};

static struct string_list complete; /* Jobs */

static void wait_for(enum start_condition condition, bool is_optional)
{
	AUTO(project_plan_clear) struct project_plan made = {.project = xstrdup("shop")};
	AUTO(error_clear) struct error err = ERROR_INIT;
	const char *const names[] = {"web", "db"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct pod_plan *pod = ARRAY_APPEND(made.pods, made.pod_count);
		*pod = (struct pod_plan){.name = xstrdup(names[i]),
					 .kind_name = xstrdup("i2kit"),
					 .image_path = xstrdup("/disk"),
					 .config_json = xstrdup("{}"),
					 .kernel_path = xstrdup(""),
					 .initrd_path = xstrdup(""),
					 .cmdline = xstrdup(""),
					 .cpu_count = 1,
					 .memory_bytes = (uint64_t)256 << 20,
					 .replicas = 1};
		pod->release.image = sha256_digest("a", 1);
		pod->release.config = sha256_digest("b", 1);
	}
	*ARRAY_APPEND(made.pods[0].waits, made.pods[0].wait_count) = (struct start_wait){
		.pod = xstrdup("db"), .condition = condition, .is_optional = is_optional};
	AUTO_FREE char *text = project_plan_write(&made, &err);
	project_plan_clear(&plan);
	if (text == NULL || !project_plan_read("plan", text, strlen(text), &plan, &err))
		fail_msg("%s", err.message);
	assert_int_equal(plan.pods[0].wait_count, 1);
}

static void assert_waits(const char *wanted)
{
	const struct instance_status *const list[] = {&db, &second};
	AUTO_FREE char *why = start_hold_reason(&plan, &plan.pods[0], list,
						plan.pods[1].replicas == 2 ? 2 : 1, &complete);

	if (wanted == NULL)
		assert_null(why);
	else
		assert_string_equal(why, wanted);
}

static void started_is_when_its_containers_run(void **state)
{
	(void)state;
	wait_for(START_STARTED, false);
	db.state = INSTANCE_BOOTING;
	assert_waits("waits for db to start");
	db.state = INSTANCE_RUNNING;
	assert_waits(NULL);
}

static void healthy_is_when_all_are_ready(void **state)
{
	char message[] = "connection refused";
	struct probe_result probe = {.is_ok = false, .message = message};
	(void)state;
	wait_for(START_HEALTHY, false);
	db.state = INSTANCE_RUNNING;
	db.probes = &probe;
	db.probe_count = 1;
	assert_waits("waits for db to be healthy (its last probe: connection refused)");
	db.probe_count = 0;
	db.state = INSTANCE_READY;
	db.is_ready = true;
	assert_waits(NULL);
	plan.pods[1].replicas = 2;
	assert_waits("waits for db to be healthy (1 of 2)");
	second.is_ready = true;
	assert_waits(NULL);
	second.is_ready = false;
}

static void completed_is_when_it_ended_well(void **state)
{
	char reason[] = "Error";
	(void)state;
	wait_for(START_COMPLETED, false);
	db.is_ready = true;
	db.state = INSTANCE_READY;
	assert_waits("waits for db to end well");
	db.state = INSTANCE_FAILED;
	db.reason = reason;
	assert_waits("waits for db to end well (db-0 failed: Error)");
	db.state = INSTANCE_SUCCEEDED;
	assert_waits(NULL);
	db.reason = NULL;
}

static void a_job_of_many_pods_has_ended_when_all_of_it_has(void **state)
{
	(void)state;
	wait_for(START_COMPLETED, false);
	plan.pods[1].workload = WORKLOAD_JOB;
	db.is_ready = false;
	db.state = INSTANCE_SUCCEEDED;
	assert_waits("waits for db to end well");
	string_list_add(&complete, "db");
	assert_waits(NULL);
	string_list_clear(&complete);
}

static void what_is_not_required_and_failed_holds_nobody(void **state)
{
	(void)state;
	wait_for(START_COMPLETED, true);
	db.state = INSTANCE_RUNNING;
	assert_waits("waits for db to end well");
	db.state = INSTANCE_FAILED;
	assert_waits(NULL);
}

static void who_is_stopped_or_not_there_holds_nobody(void **state)
{
	(void)state;
	wait_for(START_HEALTHY, false);
	db.is_ready = false;
	plan.pods[1].replicas = 0;
	assert_waits(NULL);
	plan.pods[1].replicas = 1;
	plan.pods[1].name[0] = 'x';
	assert_waits(NULL);
}

static void a_chain_is_named_to_its_end(void **state)
{
	char reason[] = "waits for disk to be healthy";
	(void)state;
	wait_for(START_STARTED, false);
	db.state = INSTANCE_BOOTING;
	db.reason = reason;
	assert_waits("waits for db to start (it waits for disk to be healthy)");
	db.reason = NULL;
}

static int stop(void **state)
{
	(void)state;
	project_plan_clear(&plan);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(started_is_when_its_containers_run),
		cmocka_unit_test(healthy_is_when_all_are_ready),
		cmocka_unit_test(completed_is_when_it_ended_well),
		cmocka_unit_test(a_job_of_many_pods_has_ended_when_all_of_it_has),
		cmocka_unit_test(what_is_not_required_and_failed_holds_nobody),
		cmocka_unit_test(who_is_stopped_or_not_there_holds_nobody),
		cmocka_unit_test(a_chain_is_named_to_its_end),
	};
	return cmocka_run_group_tests(tests, NULL, stop);
}
