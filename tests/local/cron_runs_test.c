/* SPDX-License-Identifier: Apache-2.0 */
#include "local/plan/cron_runs.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "local/plan/plan_part.h"
#include "local/plan/project_plan_json.h"
#include "local/supervisor/job_state.h"
#include "test.h"

#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct pod_plan *add_pod(struct project_plan *plan, const char *name)
{
	struct pod_plan *pod = ARRAY_APPEND(plan->pods, plan->pod_count);

	pod->name = xstrdup(name);
	pod->kind_name = xstrdup("Deployment");
	pod->replicas = 1;
	assert_true(digest_parse(DIGEST, &pod->release.image));
	pod->release.config = pod->release.image;
	pod->image_path = xstrdup("/images/x");
	pod->kernel_path = xstrdup("/k");
	pod->initrd_path = xstrdup("/i");
	pod->cmdline = xstrdup("quiet");
	pod->config_json = xstrdup("{}");
	pod->cpu_count = 1;
	return pod;
}

/* A CronJob, and a pod that lets it in and has a Service over both. */
static void fill(struct project_plan *plan)
{
	plan->project = xstrdup("shop");
	plan->accel = xstrdup("auto");
	plan->firmware = xstrdup("direct");
	plan->bind = xstrdup("127.0.0.1");
	struct pod_plan *cron = add_pod(plan, "nightly");
	cron->workload = WORKLOAD_JOB;
	cron->job.has_completions = true;
	cron->job.completions = 3;
	cron->replicas = 2;
	cron->cron = (struct cron_spec){.schedule = xstrdup("0 3 * * *"),
					.time_zone = xstrdup("Europe/Berlin"),
					.has_deadline = true,
					.deadline_s = 60,
					.concurrency = CRON_REPLACE,
					.is_suspended = true,
					.successful_kept = 5,
					.failed_kept = 7};
	struct pod_plan *db = add_pod(plan, "db");
	db->incoming.is_isolated = true;
	*ARRAY_APPEND(db->incoming.items, db->incoming.item_count) =
		(struct traffic_item){.pod = xstrdup("nightly"), .first = 5432, .last = 5432};
	string_list_add(&db->hidden, "nightly");
	struct service_plan *service = ARRAY_APPEND(plan->services, plan->service_count);
	service->name = xstrdup("all");
	service->slot = 3;
	string_list_add(&service->pods, "db");
	string_list_add(&service->pods, "nightly");
}

static void a_cron_job_reads_as_it_was_written(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(project_plan_clear) struct project_plan again = {0};
	(void)state;
	fill(&plan);
	string_list_add(&plan.dropped_runs, "nightly-7");
	assert_true(cron_run_add(&plan, "nightly", "nightly-29000000", NULL));
	AUTO_FREE char *text = project_plan_write(&plan, NULL);
	assert_true(project_plan_read("plan", text, strlen(text), &again, NULL));
	AUTO_FREE char *second = project_plan_write(&again, NULL);
	assert_string_equal(text, second);
	const struct cron_spec *cron = &again.pods[0].cron;
	assert_string_equal(cron->schedule, "0 3 * * *");
	assert_string_equal(cron->time_zone, "Europe/Berlin");
	assert_true(cron->has_deadline && cron->is_suspended);
	assert_int_equal(cron->deadline_s, 60);
	assert_int_equal(cron->concurrency, CRON_REPLACE);
	assert_int_equal(cron->successful_kept, 5);
	assert_int_equal(cron->failed_kept, 7);
	assert_string_equal(again.pods[2].cron_of, "nightly");
	assert_string_equal(again.dropped_runs.items[0], "nightly-7");
	assert_false(pod_plan_is_cron(&again.pods[1]));
}

static void a_run_is_a_job_that_others_know_as_its_cron_job(void **state)
{
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	(void)state;
	fill(&plan);
	AUTO_FREE char *name = cron_run_name("nightly", INT64_C(29000000) * 60 + 59);
	assert_string_equal(name, "nightly-29000000");
	assert_true(cron_run_add(&plan, "nightly", name, NULL));
	const struct pod_plan *run = project_plan_find(&plan, name);
	assert_non_null(run);
	assert_false(pod_plan_is_cron(run));
	assert_string_equal(run->kind_name, "Job");
	assert_int_equal(run->job.completions, 3);
	assert_int_equal(run->replicas, 2);
	assert_int_equal(cron_run_due(run), INT64_C(29000000) * 60);
	const struct pod_plan *db = project_plan_find(&plan, "db");
	assert_int_equal(db->incoming.item_count, 2);
	assert_string_equal(db->incoming.items[1].pod, name);
	assert_int_equal(db->incoming.items[1].first, 5432);
	assert_true(string_list_has(&db->hidden, name));
	assert_true(string_list_has(&plan.services[0].pods, name));
	string_list_add(&names, name);
	cron_runs_drop(&plan, &names);
	db = project_plan_find(&plan, "db");
	assert_int_equal(plan.pod_count, 2);
	assert_int_equal(db->incoming.item_count, 1);
	assert_int_equal(db->hidden.count, 1);
	assert_int_equal(plan.services[0].pods.count, 2);
	AUTO_FREE char *manual = cron_run_manual_name("nightly", 4);
	assert_string_equal(manual, "nightly-manual-4");
	assert_true(cron_run_add(&plan, "nightly", manual, NULL));
	assert_int_equal(cron_run_due(project_plan_find(&plan, manual)), 0);
	assert_false(cron_run_add(&plan, "db", "db-1", NULL));
	assert_true(cron_run_is_of(name, "nightly") && cron_run_is_of(manual, "nightly"));
	assert_false(cron_run_is_of("nightly", "nightly") ||
		     cron_run_is_of("nightly-x", "nightly"));
	assert_false(cron_run_is_of("nightly-1-0", "nightly") || cron_run_is_of(name, "night"));
}

static void another_plan_keeps_the_runs(void **state)
{
	AUTO(project_plan_clear) struct project_plan before = {0};
	AUTO(project_plan_clear) struct project_plan plan = {0};
	AUTO(project_plan_clear) struct project_plan without = {0};
	(void)state;
	fill(&before);
	fill(&plan);
	assert_true(cron_run_add(&before, "nightly", "nightly-1", NULL));
	assert_true(cron_run_add(&plan, "nightly", "nightly-0", NULL));
	cron_runs_keep(&plan, &before);
	assert_null(project_plan_find(&plan, "nightly-0"));
	assert_non_null(project_plan_find(&plan, "nightly-1"));
	assert_int_equal(before.pod_count, 2);
	assert_true(string_list_has(&plan.services[0].pods, "nightly-1"));
	/* Those of a CronJob that is gone go with it. */
	AUTO(string_list_clear) struct string_list names = STRING_LIST_INIT;
	string_list_add(&names, "nightly");
	project_plan_drop(&plan, &names);
	assert_int_equal(plan.pod_count, 1);
}

static void what_it_has_done_reads_as_it_was_written(void **state)
{
	AUTO(job_states_clear) struct job_states states = {0};
	AUTO(job_states_clear) struct job_states again = {0};
	(void)state;
	struct cron_state *cron = job_states_cron(&states, "nightly");
	cron->created_s = 5;
	cron->last_s = 1767268800;
	cron->success_ns = INT64_C(1767268801000000000);
	cron->next_manual = 3;
	cron->told_s = 1767268740;
	AUTO_FREE char *text = job_states_write(&states);
	assert_true(job_states_read("jobs", text, strlen(text), &again, NULL));
	AUTO_FREE char *second = job_states_write(&again);
	assert_string_equal(text, second);
	assert_int_equal(job_states_find_cron(&again, "nightly")->last_s, 1767268800);
	assert_null(job_states_find_cron(&again, "web"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cron_job_reads_as_it_was_written),
		cmocka_unit_test(a_run_is_a_job_that_others_know_as_its_cron_job),
		cmocka_unit_test(another_plan_keeps_the_runs),
		cmocka_unit_test(what_it_has_done_reads_as_it_was_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
