/* SPDX-License-Identifier: Apache-2.0 */
#include "local/client/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#include "test.h"

static struct project_status status;
static struct verdict verdict;

static int start(void **state)
{
	(void)state;
	status = (struct project_status){.project = xstrdup("shop"), .is_supervised = true};
	verdict = (struct verdict){0};
	return 0;
}

static int stop(void **state)
{
	(void)state;
	verdict_clear(&verdict);
	project_status_clear(&status);
	return 0;
}

static struct pod_status *add_pod(const char *name, unsigned desired, unsigned ready)
{
	struct pod_status *pod = ARRAY_APPEND(status.pods, status.pod_count);

	pod->name = xstrdup(name);
	pod->desired = desired;
	pod->ready = ready;
	return pod;
}

static struct instance_status *add(const char *name, const char *pod, enum instance_state state)
{
	struct instance_status *instance = ARRAY_APPEND(status.instances, status.instance_count);

	instance->name = xstrdup(name);
	instance->pod = xstrdup(pod);
	instance->state = state;
	instance->is_ready = state == INSTANCE_READY;
	return instance;
}

static struct container_status *add_container(struct instance_status *instance, const char *reason,
					      unsigned restarts)
{
	struct container_status *container =
		ARRAY_APPEND(instance->containers, instance->container_count);

	container->name = xstrdup("c");
	container->reason = xstrdup_or_null(reason);
	container->restarts = restarts;
	container->exit_code = -1;
	return container;
}

static void judge(void)
{
	verdict_clear(&verdict);
	verdict_make(&status, NULL, &verdict);
}

static void a_service_is_waited_for_until_it_is_ready(void **state)
{
	struct pod_status *pod = add_pod("web", 2, 1);
	(void)state;

	add("web-0", "web", INSTANCE_READY);
	add("web-1", "web", INSTANCE_STARTING);
	judge();
	assert_false(verdict.is_reached);
	assert_null(verdict.failure);
	assert_string_equal(verdict.missing, "web (1 of 2): nothing heard of the VM of web-1 yet");
	pod->ready = 2;
	judge();
	assert_true(verdict.is_reached);
	assert_null(verdict.missing);
	assert_false(verdict.has_ended);
}

/* The fault: a mended manifest "failed" by what the old release's instance did. */
static void what_the_old_release_did_is_not_held_against_the_new_one(void **state)
{
	struct instance_status *old = NULL;
	(void)state;

	add_pod("web", 1, 0);
	old = add("web-1", "web", INSTANCE_RUNNING);
	old->is_outdated = true;
	add_container(old, "CrashLoopBackOff", 7);
	add("web-2", "web", INSTANCE_FAILED)->is_outdated = true;
	judge();
	assert_false(verdict.is_reached);
	assert_null(verdict.failure);
	status.instances[0].is_outdated = false;
	judge();
	assert_string_equal(verdict.failure, "pod 'web' keeps ending: c");
	assert_false(verdict.is_final);
}

static void one_that_may_still_become_ready_is_hope(void **state)
{
	(void)state;
	add_pod("web", 2, 0);
	add_container(add("web-0", "web", INSTANCE_RUNNING), "CrashLoopBackOff", 5);
	add("web-1", "web", INSTANCE_BOOTING);
	judge();
	assert_null(verdict.failure);
}

static void a_vm_that_libvirt_cannot_make_ends_the_wait(void **state)
{
	struct instance_status *instance = NULL;
	(void)state;

	add_pod("web", 1, 0);
	instance = add("web-0", "web", INSTANCE_CRASHED);
	instance->reason = xstrdup("cannot start the VM: libvirt: no such file");
	instance->start_failures = 2;
	judge();
	assert_null(verdict.failure);
	assert_string_equal(verdict.missing,
			    "web (0 of 1): cannot start the VM: libvirt: no such file");
	instance->start_failures = 3;
	judge();
	assert_string_equal(verdict.failure,
			    "pod 'web' keeps ending: cannot start the VM: libvirt: no such file");
}

static void a_job_is_done_when_it_has_succeeded_not_when_it_runs(void **state)
{
	struct pod_status *pod = add_pod("job", 1, 0);
	struct instance_status *instance = add("job-0", "job", INSTANCE_READY);
	(void)state;

	pod->is_job = true;
	judge();
	assert_false(verdict.is_reached);
	assert_true(verdict.is_at_work);
	assert_string_equal(verdict.missing, "job (0 of 1): job-0 runs");
	instance->state = INSTANCE_SUCCEEDED;
	instance->is_ready = false;
	pod->job_end = JOB_COMPLETE;
	pod->ready = 1;
	judge();
	assert_true(verdict.is_reached);
	assert_true(verdict.has_ended);
}

static void a_job_that_fails_ends_the_wait_with_its_code(void **state)
{
	struct pod_status *pod = add_pod("job", 1, 0);
	(void)state;

	pod->is_job = true;
	pod->failed_pods = 1;
	add("job-0", "job", INSTANCE_FAILED);
	pod->message = xstrdup("1 pod has failed; the next try comes at 12:00:00");
	judge();
	/* There will be another try. */
	assert_null(verdict.failure);
	assert_false(verdict.has_ended);
	assert_true(verdict.is_at_work);
	assert_string_equal(verdict.missing, "job (0 of 1): 1 pod has failed; the next try comes "
					     "at 12:00:00");
	free(pod->message);
	pod->message = NULL;
	pod->job_end = JOB_FAILED;
	pod->exit_code = 3;
	judge();
	assert_false(verdict.is_reached);
	assert_true(verdict.is_final);
	assert_true(verdict.has_ended);
	assert_int_equal(verdict.exit_code, 3);
	assert_string_equal(verdict.failure, "pod 'job' ended with exit code 3");
}

static void only_running_jobs_may_take_long(void **state)
{
	(void)state;
	add_pod("job", 1, 0)->is_job = true;
	add("job-0", "job", INSTANCE_READY);
	add_pod("web", 1, 0);
	add("web-0", "web", INSTANCE_BOOTING);
	judge();
	assert_false(verdict.is_at_work);
}

static void a_failing_probe_is_what_is_waited_for(void **state)
{
	struct instance_status *instance = NULL;
	struct probe_result *probe = NULL;
	(void)state;

	add_pod("web", 1, 0);
	instance = add("web-0", "web", INSTANCE_RUNNING);
	add_container(instance, NULL, 0)->state = CONTAINER_RUNNING;
	probe = ARRAY_APPEND(instance->probes, instance->probe_count);
	probe->container = xstrdup("nginx");
	probe->probe = xstrdup("readiness");
	probe->message = xstrdup("HTTP 404");
	judge();
	assert_string_equal(verdict.missing,
			    "web (0 of 1): web-0 is not ready, readiness of nginx: HTTP 404");
}

static void one_pod_can_be_waited_for_alone(void **state)
{
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	(void)state;

	add_pod("web", 1, 1);
	add("web-0", "web", INSTANCE_READY);
	add_pod("db", 1, 0);
	string_list_add(&names, "web-0");
	verdict_make(&status, &names, &verdict);
	assert_true(verdict.is_reached);
	verdict_clear(&verdict);
	string_list_clear(&names);
	string_list_add(&names, "db");
	verdict_make(&status, &names, &verdict);
	assert_false(verdict.is_reached);
	assert_string_equal(verdict.missing, "db (0 of 1)");
}

static void a_published_port_that_somebody_else_holds_is_waited_for(void **state)
{
	struct port_status *port = NULL;
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	(void)state;

	add_pod("web", 1, 1);
	add("web-0", "web", INSTANCE_READY);
	port = ARRAY_APPEND(status.ports, status.port_count);
	port->service = xstrdup("web");
	port->host = xstrdup("127.0.0.1");
	port->wanted_host_port = 8080;
	port->problem = xstrdup("port 8080 is taken by python3");
	judge();
	assert_false(verdict.is_reached);
	assert_string_equal(verdict.missing, "port 8080 is taken by python3");
	/* Another pod has nothing to do with it. */
	add_pod("db", 1, 1);
	add("db-0", "db", INSTANCE_READY);
	string_list_add(&names, "db");
	verdict_clear(&verdict);
	verdict_make(&status, &names, &verdict);
	assert_true(verdict.is_reached);
	status.ports[0].host_port = 8080;
	judge();
	assert_true(verdict.is_reached);
}

static void an_empty_status_is_not_ready(void **state)
{
	(void)state;
	judge();
	assert_false(verdict.is_reached);
	assert_false(verdict.has_ended);
}

static void a_crash_loop_is_one_in_every_moment_of_it(void **state)
{
	struct instance_status *instance = NULL;
	struct container_status *container = NULL;
	(void)state;

	add_pod("web", 1, 0);
	instance = add("web-0", "web", INSTANCE_RUNNING);
	container = add_container(instance, "CrashLoopBackOff", 4);
	assert_string_equal(instance_state_text(instance), "CrashLoopBackOff");
	assert_true(instance_is_looping(instance, NULL));
	/* It runs again, for a moment. */
	free(container->reason);
	container->reason = xstrdup("Started");
	container->state = CONTAINER_RUNNING;
	assert_string_equal(instance_state_text(instance), "CrashLoopBackOff");
	/* But whoever waits for it goes on: this may be the run that gets ready. */
	judge();
	assert_null(verdict.failure);
	container->state = CONTAINER_TERMINATED;
	judge();
	assert_non_null(verdict.failure);
	assert_string_equal(instance_state_text(instance), "CrashLoopBackOff");
	/* And then it stays. */
	container->state = CONTAINER_RUNNING;
	container->is_ready = true;
	instance->state = INSTANCE_READY;
	assert_string_equal(instance_state_text(instance), "Ready");
	assert_false(instance_is_looping(instance, NULL));
}

static void logs_end_when_all_that_is_followed_has(void **state)
{
	AUTO(string_list_clear) struct string_list selectors = STRING_LIST_INIT;
	(void)state;

	assert_false(status_has_ended(&status, &selectors));
	add("job-0", "job", INSTANCE_SUCCEEDED);
	assert_true(status_has_ended(&status, &selectors));
	add("web-0", "web", INSTANCE_READY);
	assert_false(status_has_ended(&status, &selectors));
	string_list_add(&selectors, "job/c");
	assert_true(status_has_ended(&status, &selectors));
	string_list_add(&selectors, "web-0");
	assert_false(status_has_ended(&status, &selectors));
	/* Of a CronJob there is always one more to come; one run has its end. */
	string_list_clear(&selectors);
	add("nightly-28000000-0", "nightly-28000000", INSTANCE_SUCCEEDED);
	struct pod_status *cron = ARRAY_APPEND(status.pods, status.pod_count);
	*cron = (struct pod_status){.name = xstrdup("nightly"),
				    .cron = {.schedule = xstrdup("0 2 * * *")}};
	string_list_add(&selectors, "nightly-28000000");
	assert_true(status_has_ended(&status, &selectors));
	string_list_add(&selectors, "nightly/c");
	assert_false(status_has_ended(&status, &selectors));
	/* Nobody knows then. */
	string_list_clear(&selectors);
	string_list_add(&selectors, "job-0");
	status.is_supervised = false;
	assert_false(status_has_ended(&status, &selectors));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(a_service_is_waited_for_until_it_is_ready),
		TEST(what_the_old_release_did_is_not_held_against_the_new_one),
		TEST(one_that_may_still_become_ready_is_hope),
		TEST(a_vm_that_libvirt_cannot_make_ends_the_wait),
		TEST(a_job_is_done_when_it_has_succeeded_not_when_it_runs),
		TEST(a_job_that_fails_ends_the_wait_with_its_code),
		TEST(only_running_jobs_may_take_long),
		TEST(a_failing_probe_is_what_is_waited_for),
		TEST(one_pod_can_be_waited_for_alone),
		TEST(a_published_port_that_somebody_else_holds_is_waited_for),
		TEST(an_empty_status_is_not_ready),
		TEST(a_crash_loop_is_one_in_every_moment_of_it),
		TEST(logs_end_when_all_that_is_followed_has),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
