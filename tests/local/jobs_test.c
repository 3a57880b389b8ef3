/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of Jobs and CronJobs, and when it is not any more: the file is read again. */
#include "local/supervisor/jobs.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/sha256.h"
#include "local/supervisor/crons.h"
#include "local/supervisor/event_ring.h"
#include "local/supervisor/job_state.h"
#include "local/supervisor/supervisor_parts.h"

#include "test.h"

static char folder[] = "/tmp/i2kit-jobs.XXXXXX";
static char shop[] = "shop", once[] = "once", nightly[] = "nightly", hourly[] = "0 * * * *";

static int start(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL || setenv("XDG_STATE_HOME", folder, 1) < 0)
		return -1;
	AUTO_FREE char *projects = path_folder(PATH_STATE, "projects/shop");
	return path_make_folders(projects, 0700, NULL) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	return path_remove_tree(folder, NULL) ? 0 : -1;
}

static struct supervisor make_supervisor(struct pod_plan *pods, size_t count)
{
	const struct digest digest = sha256_digest("a", 1);
	const struct release_id release = {digest, digest};
	struct supervisor made = {.project = shop, .plan = {.pods = pods, .pod_count = count}};

	job_states_get(&made.jobs, once, &release)->end = JOB_COMPLETE;
	(void)job_states_cron(&made.jobs, nightly);
	jobs_save(&made);
	return made;
}

static void load(struct job_states *ret)
{
	assert_true(job_states_load(shop, ret, NULL));
}

static void the_last_job_is_forgotten_while_crons_stay(void **state)
{
	struct pod_plan pods[] = {
		{.name = nightly, .workload = WORKLOAD_JOB, .cron = {.schedule = hourly}}};
	AUTO(job_states_clear) struct job_states before = {0};
	AUTO(job_states_clear) struct job_states after = {0};
	struct supervisor supervisor = make_supervisor(pods, 1);
	(void)state;

	load(&before);
	assert_int_equal(before.count, 1);
	assert_int_equal(before.cron_count, 1);
	jobs_forget(&supervisor);
	load(&after);
	assert_int_equal(after.count, 0);
	assert_int_equal(after.cron_count, 1);
	jobs_remove(&supervisor);
}

static void and_the_last_cron_while_jobs_stay(void **state)
{
	struct pod_plan pods[] = {{.name = once, .workload = WORKLOAD_JOB}};
	AUTO(job_states_clear) struct job_states after = {0};
	struct supervisor supervisor = make_supervisor(pods, 1);
	(void)state;

	jobs_forget(&supervisor);
	load(&after);
	assert_int_equal(after.count, 1);
	assert_int_equal(after.cron_count, 0);
	jobs_remove(&supervisor);
}

static void without_any_there_is_no_file(void **state)
{
	struct supervisor supervisor = make_supervisor(NULL, 0);
	AUTO_FREE char *path = job_states_path(shop);
	(void)state;

	assert_true(path_exists(path));
	jobs_forget(&supervisor);
	assert_false(path_exists(path));
	jobs_remove(&supervisor);
}

/* Its plan is no whole one, and cannot be made anew. */
static void a_run_that_could_not_begin_is_due_still(void **state)
{
	char unix_time[] = "UTC", minutely[] = "* * * * *";
	struct pod_plan pods[] = {
		{.name = nightly,
		 .workload = WORKLOAD_JOB,
		 .replicas = 1,
		 .cron = {.schedule = minutely, .time_zone = unix_time, .failed_kept = 1}}};
	struct supervisor supervisor = {.project = shop,
					.plan = {.pods = pods, .pod_count = 1},
					.events = event_ring_new()};
	struct cron_state *cron = job_states_cron(&supervisor.jobs, nightly);
	int64_t last_s = clock_wall_ns() / 1000000000 - 90;
	(void)state;

	cron->created_s = cron->last_s = last_s;
	crons_update(&supervisor);
	assert_int_equal(supervisor.plan.pod_count, 1);
	assert_int_equal(job_states_cron(&supervisor.jobs, nightly)->last_s, last_s);
	crons_free(&supervisor);
	jobs_remove(&supervisor);
	event_ring_free(supervisor.events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_job_is_forgotten_while_crons_stay),
		cmocka_unit_test(and_the_last_cron_while_jobs_stay),
		cmocka_unit_test(without_any_there_is_no_file),
		cmocka_unit_test(a_run_that_could_not_begin_is_due_still),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
