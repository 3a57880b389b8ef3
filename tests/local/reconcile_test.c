/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/reconcile.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#include "test.h"

#define MIB(n) ((uint64_t)(n) << 20)

/* A project as values: what is wanted, what is there, and what was answered as one line. */
static struct project_plan plan;
static struct reconcile_instance instances[8];
static struct string_list disks[8];
static struct reconcile_facts facts;
static char answer[1024];

static int start(void **state)
{
	(void)state;
	plan = (struct project_plan){.project = xstrdup("shop")};
	memset(instances, 0, sizeof(instances));
	facts = (struct reconcile_facts){.instances = instances,
					 .available_bytes = UINT64_MAX,
					 .overhead_bytes = MIB(60),
					 .places = 4,
					 .addresses = UINT_MAX};
	return 0;
}

static int stop(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(disks); i++)
		string_list_clear(&disks[i]);
	project_plan_clear(&plan);
	return 0;
}

static struct pod_plan *add_pod(const char *name, unsigned replicas)
{
	struct pod_plan *pod = ARRAY_APPEND(plan.pods, plan.pod_count);

	pod->name = xstrdup(name);
	pod->replicas = replicas;
	pod->memory_bytes = MIB(128);
	pod->workload = WORKLOAD_DEPLOYMENT;
	pod->max_surge = 1;
	return pod;
}

static void add_claim(struct pod_plan *pod, const char *claim)
{
	struct volume_plan *volume = ARRAY_APPEND(pod->volumes, pod->volume_count);

	volume->name = xstrdup("data");
	volume->claim = xstrdup(claim);
	pod->is_stateful = true;
}

/* Ready, and what the plan says, unless changed after. */
static struct reconcile_instance *add(const char *pod, unsigned replica)
{
	struct reconcile_instance *instance = &instances[facts.count++];

	*instance = (struct reconcile_instance){.pod = pod,
						.replica = replica,
						.state = INSTANCE_READY,
						.is_ready = true,
						.is_current = true,
						.memory_bytes = MIB(128)};
	return instance;
}

static struct reconcile_instance *add_old(const char *pod, unsigned replica)
{
	struct reconcile_instance *instance = add(pod, replica);

	instance->is_current = false;
	return instance;
}

static struct reconcile_instance *add_booting(const char *pod, unsigned replica)
{
	struct reconcile_instance *instance = add(pod, replica);

	instance->state = INSTANCE_BOOTING;
	instance->is_ready = false;
	instance->takes_place = true;
	return instance;
}

/* "+web-0 -web-1 !memory": starts, stops. */
static void expect(const char *wanted)
{
	AUTO(reconcile_actions_clear) struct reconcile_actions actions = {0};
	size_t used = 0;

	reconcile(&plan, &facts, &actions);
	answer[0] = '\0';
	for (size_t i = 0; i < actions.count; i++) {
		const struct reconcile_action *action = &actions.items[i];
		const char *gap = used > 0 ? " " : "";
		int size = 0;
		if (action->step == RECONCILE_START)
			size = snprintf(answer + used, sizeof(answer) - used, "%s+%s-%u", gap,
					action->pod->name, action->replica);
		else if (action->step == RECONCILE_STOP)
			size = snprintf(answer + used, sizeof(answer) - used, "%s-%s-%u", gap,
					instances[action->instance].pod,
					instances[action->instance].replica);
		else if (action->step == RECONCILE_NO_ADDRESS)
			size = snprintf(answer + used, sizeof(answer) - used, "%s@%s", gap,
					action->pod->name);
		else
			size = snprintf(answer + used, sizeof(answer) - used, "%s!%s", gap,
					action->pod->name);
		used += (size_t)size;
	}
	assert_string_equal(answer, wanted);
}

static void what_is_missing_starts_and_what_is_there_is_left_alone(void **state)
{
	(void)state;
	add_pod("web", 2);
	expect("+web-0 +web-1");
	add("web", 0);
	expect("+web-1");
	add_booting("web", 1);
	expect("");
}

static void as_many_new_ones_start_as_surge_lets(void **state)
{
	(void)state;
	add_pod("web", 3)->max_surge = 2;
	for (unsigned i = 0; i < 3; i++)
		add_old("web", i);
	expect("+web-3 +web-4");
	add_booting("web", 3);
	add_booting("web", 4);
	expect("");
}

static void old_ones_leave_first_where_some_may_be_missing(void **state)
{
	(void)state;
	struct pod_plan *pod = add_pod("web", 3);
	pod->max_surge = 0;
	pod->max_unavailable = 1;
	for (unsigned i = 0; i < 3; i++)
		add_old("web", i);
	expect("-web-2");
	instances[2].is_leaving = true;
	expect("+web-3");
	add_booting("web", 3);
	expect("");
	instances[3].is_ready = true;
	expect("-web-1");
}

static void a_gap_in_the_numbers_is_filled(void **state)
{
	(void)state;
	add_pod("web", 3);
	add("web", 0);
	add("web", 2);
	expect("+web-1");
}

static void what_the_plan_does_not_name_goes(void **state)
{
	(void)state;
	add_pod("web", 1);
	add("web", 0);
	add("former", 0);
	expect("-former-0");
	facts.is_going_down = true;
	expect("-former-0 -web-0");
	instances[0].is_leaving = true;
	instances[1].is_leaving = true;
	expect("");
}

static void fewer_are_wanted_the_last_one_goes(void **state)
{
	(void)state;
	add_pod("web", 1);
	add("web", 0);
	add("web", 1);
	expect("-web-1");
	/* The one that is not ready rather than a higher number. */
	instances[0].is_ready = false;
	expect("-web-0");
}

static void a_new_release_is_ready_before_the_old_one_goes(void **state)
{
	(void)state;
	add_pod("web", 2);
	add_old("web", 0);
	add_old("web", 1);
	expect("+web-2");
	add_booting("web", 2);
	expect("");
	instances[2].state = INSTANCE_READY;
	instances[2].is_ready = true;
	expect("-web-1");
	instances[1].is_leaving = true;
	expect("+web-3");
}

static void an_old_one_that_never_got_its_release_goes_at_once(void **state)
{
	(void)state;
	add_pod("web", 1);
	add_booting("web", 0)->is_current = false;
	instances[0].awaits_release = true;
	expect("-web-0 +web-1");
}

/* The first release is ready, the second cannot start, the third is good. */
static void a_failing_release_is_replaced_by_a_mended_one(void **state)
{
	(void)state;
	add_pod("web", 1);
	add_old("web", 0);
	add_old("web", 1)->is_ready = false;
	instances[1].state = INSTANCE_RUNNING;
	expect("-web-1");
	instances[1].is_leaving = true;
	expect("+web-2");
}

static void stateful_pods_leave_before_their_successor_comes(void **state)
{
	struct pod_plan *pod = add_pod("db", 1);
	(void)state;

	add_claim(pod, "data");
	add_old("db", 0);
	expect("-db-0");
	instances[0].is_leaving = true;
	instances[0].state = INSTANCE_STOPPING;
	expect("");
	facts.count = 0;
	expect("+db-0");
}

static struct pod_plan *add_set(unsigned replicas, enum start_order order)
{
	struct pod_plan *pod = add_pod("db", replicas);

	pod->workload = WORKLOAD_STATEFUL_SET;
	pod->order = order;
	return pod;
}

static void numbers_of_a_set_come_one_after_the_other(void **state)
{
	(void)state;
	add_set(3, START_ORDERED);
	expect("+db-0");
	add_booting("db", 0);
	expect("");
	instances[0].is_ready = true;
	expect("+db-1");
	add("db", 1)->is_ready = false;
	expect("");
	/* One that was ready and is not any more holds the next back as well. */
	instances[1].is_ready = true;
	instances[0].is_ready = false;
	expect("");
	instances[0].is_ready = true;
	expect("+db-2");
}

static void numbers_of_a_parallel_set_come_at_once(void **state)
{
	(void)state;
	add_set(3, START_PARALLEL);
	expect("+db-0 +db-1 +db-2");
}

static void numbers_of_a_set_go_in_reverse_one_after_the_other(void **state)
{
	(void)state;
	struct pod_plan *pod = add_set(1, START_ORDERED);
	for (unsigned i = 0; i < 3; i++)
		add("db", i);
	expect("-db-2");
	instances[2].is_leaving = true;
	instances[2].state = INSTANCE_STOPPING;
	expect("");
	facts.count = 2;
	/* Those that stay come first. */
	instances[0].is_ready = false;
	expect("");
	instances[0].is_ready = true;
	expect("-db-1");
	pod->order = START_PARALLEL;
	instances[0].is_ready = false;
	add("db", 2);
	expect("-db-2 -db-1");
	pod->replicas = 0;
	pod->order = START_ORDERED;
	expect("-db-2");
}

static void numbers_of_a_set_are_updated_from_the_highest_down(void **state)
{
	(void)state;
	for (enum start_order order = START_ORDERED; order <= START_PARALLEL; order++) {
		facts.count = 0;
		project_plan_clear(&plan);
		add_set(3, order);
		for (unsigned i = 0; i < 3; i++)
			add_old("db", i);
		expect("-db-2");
		instances[2].is_leaving = true;
		instances[2].state = INSTANCE_STOPPING;
		expect("");
		facts.count = 2;
		expect("+db-2");
		add_booting("db", 2);
		expect("");
		instances[2].is_ready = true;
		expect("-db-1");
	}
}

static void numbers_below_the_partition_stay(void **state)
{
	(void)state;
	add_set(3, START_ORDERED)->partition = 2;
	for (unsigned i = 0; i < 3; i++)
		add_old("db", i);
	expect("-db-2");
	instances[2].is_current = true;
	expect("");
	plan.pods[0].partition = 5;
	instances[2].is_current = false;
	expect("");
}

static void as_many_of_a_set_may_be_away_as_it_says(void **state)
{
	(void)state;
	add_set(4, START_PARALLEL)->max_unavailable = 2;
	for (unsigned i = 0; i < 4; i++)
		add_old("db", i);
	expect("-db-3 -db-2");
}

/* Of a set that got a bad release: Kubernetes itself would wait for it for ever. */
static void a_set_gets_out_of_a_release_that_cannot_start(void **state)
{
	(void)state;
	add_set(3, START_ORDERED);
	add_old("db", 0);
	add_old("db", 1);
	add_old("db", 2)->is_ready = false;
	expect("-db-2");
	/* One that is replaced now is waited for, whoever else is not ready. */
	add_set(3, START_ORDERED);
	instances[2].is_current = true;
	instances[0].is_ready = false;
	expect("");
}

/* Any history: the rules hold at each step. */
static void the_order_of_a_set_holds_whatever_happens(void **state)
{
	(void)state;
	srand(7);
	for (unsigned round = 0; round < 20000; round++) {
		facts.count = 0;
		project_plan_clear(&plan);
		struct pod_plan *pod = add_set((unsigned)rand() % 5, START_ORDERED);
		pod->partition = (unsigned)rand() % 4;
		bool is_whole = true;
		unsigned first_gap = pod->replicas;
		for (unsigned replica = 0; replica < 5; replica++) {
			bool is_serving = false;
			if (rand() % 4 != 0) {
				struct reconcile_instance *one = add("db", replica);
				one->is_current = rand() % 2 == 0;
				one->is_ready = rand() % 4 != 0;
				one->is_leaving = rand() % 6 == 0;
				is_serving = one->is_ready && !one->is_leaving;
			}
			if (replica < pod->replicas && !is_serving && is_whole) {
				first_gap = replica;
				is_whole = false;
			}
		}
		AUTO(reconcile_actions_clear) struct reconcile_actions actions = {0};
		reconcile(&plan, &facts, &actions);
		unsigned stops = 0;
		for (size_t i = 0; i < actions.count; i++) {
			const struct reconcile_action *action = &actions.items[i];
			if (action->step == RECONCILE_START) {
				assert_int_equal(action->replica, first_gap);
				continue;
			}
			const struct reconcile_instance *gone = &instances[action->instance];
			stops++;
			assert_false(gone->is_leaving);
			assert_true(gone->replica >= pod->replicas
					    ? is_whole
					    : gone->replica >= pod->partition && !gone->is_current);
		}
		assert_true(stops <= 1);
	}
}

static void one_of_the_old_that_does_not_run_is_not_waited_for(void **state)
{
	(void)state;
	add_set(2, START_ORDERED);
	add("db", 0)->is_ready = false;
	add_old("db", 1)->state = INSTANCE_CRASHED;
	expect("-db-1");
}

static void one_of_the_old_that_waits_for_its_release_is_not_waited_for(void **state)
{
	(void)state;
	add_set(2, START_ORDERED);
	add("db", 0)->is_ready = false;
	add_booting("db", 1)->is_current = false;
	expect("");
	instances[1].awaits_release = true;
	expect("-db-1");
}

static void two_pods_never_write_to_one_claim(void **state)
{
	(void)state;
	add_claim(add_pod("new", 1), "data");
	reconcile_disks(&plan, &plan.pods[0], 0, &disks[0]);
	assert_int_equal(disks[0].count, 1);
	/* A pod of another name had it, and still goes. */
	add("old", 0)->disks = &disks[0];
	expect("-old-0");
	instances[0].is_leaving = true;
	instances[0].state = INSTANCE_STOPPING;
	expect("");
	facts.count = 0;
	expect("+new-0");
}

static void of_two_new_pods_with_one_claim_one_starts(void **state)
{
	(void)state;
	add_claim(add_pod("a", 1), "data");
	add_claim(add_pod("b", 1), "data");
	expect("+a-0");
	plan.pods[0].volumes[0].is_read_only = true;
	plan.pods[1].volumes[0].is_read_only = true;
	expect("+a-0 +b-0");
}

static void no_more_start_at_once_than_there_are_places(void **state)
{
	(void)state;
	facts.places = 2;
	add_pod("web", 5);
	expect("+web-0 +web-1");
	add_booting("web", 0);
	expect("+web-1");
	add_booting("web", 1);
	expect("");
}

/* What was: two pods that never got further held both places for ever. */
static void those_that_do_not_get_on_let_others_start(void **state)
{
	(void)state;
	facts.places = 2;
	add_pod("bad", 2);
	add_pod("web", 1);
	add_booting("bad", 0)->takes_place = false;
	add_booting("bad", 1)->takes_place = false;
	expect("+web-0");
}

static void a_vm_that_does_not_fit_waits_and_so_do_those_after_it(void **state)
{
	(void)state;
	facts.available_bytes = MIB(200);
	add_pod("web", 2);
	expect("+web-0 !web");
	facts.available_bytes = MIB(100);
	expect("!web");
	/* What those that boot have not touched yet is theirs. */
	facts.available_bytes = MIB(250);
	add_booting("web", 0);
	expect("!web");
}

static void without_an_address_none_starts(void **state)
{
	(void)state;
	facts.addresses = 1;
	add_pod("web", 3);
	expect("+web-0 @web");
	facts.addresses = 0;
	expect("@web");
}

static void a_job_that_is_done_stays(void **state)
{
	(void)state;
	add_pod("job", 1)->workload = WORKLOAD_JOB;
	add("job", 0)->state = INSTANCE_SUCCEEDED;
	instances[0].is_ready = false;
	expect("");
	instances[0].state = INSTANCE_FAILED;
	expect("");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(what_is_missing_starts_and_what_is_there_is_left_alone),
		TEST(as_many_new_ones_start_as_surge_lets),
		TEST(old_ones_leave_first_where_some_may_be_missing),
		TEST(a_gap_in_the_numbers_is_filled),
		TEST(what_the_plan_does_not_name_goes),
		TEST(fewer_are_wanted_the_last_one_goes),
		TEST(a_new_release_is_ready_before_the_old_one_goes),
		TEST(an_old_one_that_never_got_its_release_goes_at_once),
		TEST(a_failing_release_is_replaced_by_a_mended_one),
		TEST(stateful_pods_leave_before_their_successor_comes),
		TEST(numbers_of_a_set_come_one_after_the_other),
		TEST(numbers_of_a_parallel_set_come_at_once),
		TEST(numbers_of_a_set_go_in_reverse_one_after_the_other),
		TEST(numbers_of_a_set_are_updated_from_the_highest_down),
		TEST(numbers_below_the_partition_stay),
		TEST(as_many_of_a_set_may_be_away_as_it_says),
		TEST(a_set_gets_out_of_a_release_that_cannot_start),
		TEST(the_order_of_a_set_holds_whatever_happens),
		TEST(one_of_the_old_that_does_not_run_is_not_waited_for),
		TEST(one_of_the_old_that_waits_for_its_release_is_not_waited_for),
		TEST(two_pods_never_write_to_one_claim),
		TEST(of_two_new_pods_with_one_claim_one_starts),
		TEST(no_more_start_at_once_than_there_are_places),
		TEST(those_that_do_not_get_on_let_others_start),
		TEST(a_vm_that_does_not_fit_waits_and_so_do_those_after_it),
		TEST(without_an_address_none_starts),
		TEST(a_job_that_is_done_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
