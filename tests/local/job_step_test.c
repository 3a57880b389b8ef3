/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/job_step.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/strbuf.h"

#include "test.h"

#define SECOND INT64_C(1000000000)

/* A Job as values: what is wanted, what is there, and what was answered as one line. */
static struct job_spec spec;
static struct job_state job;
static struct job_pod pods[64];
static struct job_exit exits[64];
static struct job_facts facts;
static char answer[512];

static int begin(void **state)
{
	(void)state;
	spec = (struct job_spec){.has_completions = true, .completions = 1, .backoff_limit = 6};
	job = (struct job_state){0};
	facts = (struct job_facts){.spec = &spec,
				   .parallelism = 1,
				   .restart_policy = RESTART_NEVER,
				   .pods = pods,
				   .now_ns = 1000 * SECOND};
	return 0;
}

static int finish(void **state)
{
	(void)state;
	job_spec_clear(&spec);
	job_state_clear(&job);
	return 0;
}

static void remove_pod(size_t place)
{
	memmove(&pods[place], &pods[place + 1], (facts.pod_count - place) * sizeof(pods[0]));
	facts.pod_count--;
}

/* Does what was decided, as the supervisor would: what is asked to go is gone at once. */
static void step(void)
{
	AUTO(job_decision_clear) struct job_decision decision = {0};
	AUTO(strbuf_clear) struct strbuf text = STRBUF_INIT;

	job_step(&facts, &job, &decision);
	for (size_t i = 0; i < decision.stop_count; i++)
		strbuf_appendf(&text, "%s-%u", text.size > 0 ? " " : "",
			       pods[decision.stops[i]].number);
	for (size_t i = 0; i < decision.stop_count; i++)
		pods[decision.stops[i]].phase = JOB_POD_LEAVING;
	for (size_t i = facts.pod_count; i-- > 0;) {
		if (pods[i].phase == JOB_POD_LEAVING)
			remove_pod(i);
	}
	for (size_t i = 0; i < decision.start_count; i++) {
		strbuf_appendf(&text, "%s+%u", text.size > 0 ? " " : "", decision.starts[i]);
		for (size_t k = facts.pod_count; k-- > 0;) {
			if (pods[k].number == decision.starts[i])
				remove_pod(k);
		}
		job_state_started(&job, decision.starts[i]);
		pods[facts.pod_count++] = (struct job_pod){
			.number = decision.starts[i], .phase = JOB_POD_ACTIVE, .is_ready = true};
	}
	if (decision.wake_ns != INT64_MAX)
		strbuf_appendf(&text, "%s@%lld", text.size > 0 ? " " : "",
			       (long long)(decision.wake_ns / SECOND - 1000));
	if (job.end != JOB_RUNNING)
		strbuf_appendf(&text, "%s%s", text.size > 0 ? " " : "", job.reason);
	(void)snprintf(answer, sizeof(answer), "%s", strbuf_text(&text));
}

static void expect(const char *wanted)
{
	step();
	assert_string_equal(answer, wanted);
}

static struct job_pod *pod_of(unsigned number)
{
	for (size_t i = 0; i < facts.pod_count; i++) {
		if (pods[i].number == number)
			return &pods[i];
	}
	fail_msg("there is no pod %u", number);
	return NULL;
}

static void ends(unsigned number, int code)
{
	struct job_pod *pod = pod_of(number);

	exits[number] = (struct job_exit){"c", code};
	pod->phase = code == 0 ? JOB_POD_SUCCEEDED : JOB_POD_FAILED;
	pod->exits = &exits[number];
	pod->exit_count = code == 0 ? 0 : 1;
	pod->end_ns = facts.now_ns;
}

static void after(int64_t seconds)
{
	facts.now_ns += seconds * SECOND;
}

static void one_pod_that_succeeds_is_a_complete_job(void **state)
{
	(void)state;
	expect("+0");
	expect("");
	ends(0, 0);
	expect("CompletionsReached");
	expect("CompletionsReached");
	assert_int_equal(job.succeeded, 1);
}

static void failed_pods_are_tried_again_after_pauses_that_double(void **state)
{
	static const int64_t pauses[] = {10, 20, 40, 80, 160, 320};
	(void)state;
	expect("+0");
	for (unsigned i = 0; i < 6; i++) {
		char wanted[16];
		int64_t at = facts.now_ns / SECOND - 1000 + pauses[i];
		ends(i, 3);
		(void)snprintf(wanted, sizeof(wanted), "@%lld", (long long)at);
		expect(wanted);
		after(pauses[i] - 1);
		expect(wanted);
		after(1);
		(void)snprintf(wanted, sizeof(wanted), "+%u", i + 1);
		expect(wanted);
	}
	ends(6, 3);
	expect("BackoffLimitExceeded");
	assert_int_equal(job.exit_code, 3);
	assert_int_equal(job_pause_ns(30), 600 * SECOND);
}

static void as_many_run_as_are_wanted_at_once_until_enough_succeeded(void **state)
{
	(void)state;
	spec.completions = 5;
	facts.parallelism = 3;
	expect("+0 +1 +2");
	ends(1, 0);
	expect("+3");
	ends(0, 0);
	ends(2, 0);
	expect("+4");
	ends(3, 0);
	expect("");
	ends(4, 0);
	expect("CompletionsReached");
}

static void a_work_queue_is_done_when_one_succeeded_and_all_are_over(void **state)
{
	(void)state;
	spec.has_completions = false;
	facts.parallelism = 3;
	expect("+0 +1 +2");
	ends(1, 0);
	expect("");
	ends(0, 1);
	expect("");
	ends(2, 0);
	expect("CompletionsReached");
}

static void fewer_are_wanted_those_that_are_not_ready_go(void **state)
{
	(void)state;
	spec.completions = 10;
	facts.parallelism = 3;
	expect("+0 +1 +2");
	pods[1].is_ready = false;
	facts.parallelism = 1;
	expect("-1 -2");
	/* Nobody counts them. */
	expect("");
	assert_int_equal(job.failed, 0);
	facts.parallelism = 0;
	expect("-0");
	expect("");
}

static void an_indexed_job_runs_each_index_until_it_succeeded(void **state)
{
	(void)state;
	spec.is_indexed = true;
	spec.completions = 3;
	facts.parallelism = 2;
	expect("+0 +1");
	ends(0, 0);
	expect("+2");
	ends(1, 1);
	expect("@10");
	after(10);
	expect("+1");
	ends(2, 0);
	expect("");
	ends(1, 0);
	expect("CompletionsReached");
	assert_int_equal(job.failed, 1);
}

static void an_index_that_fails_too_often_does_not_hold_the_others_back(void **state)
{
	(void)state;
	spec.is_indexed = true;
	spec.completions = 3;
	spec.backoff_limit = INT32_MAX;
	spec.has_index_limit = true;
	spec.index_limit = 1;
	expect("+0");
	ends(0, 1);
	/* Its own pause is not that of the others. */
	expect("+1 @10");
	ends(1, 0);
	after(10);
	expect("+0");
	ends(0, 1);
	expect("+2");
	ends(2, 0);
	expect("FailedIndexes");
	assert_int_equal(job.end, JOB_FAILED);
}

static void so_many_failed_indexes_end_the_job(void **state)
{
	(void)state;
	spec.is_indexed = true;
	spec.completions = 4;
	spec.backoff_limit = INT32_MAX;
	spec.has_index_limit = true;
	spec.has_max_failed = true;
	spec.max_failed_indexes = 1;
	facts.parallelism = 4;
	expect("+0 +1 +2 +3");
	ends(0, 1);
	expect("");
	ends(1, 1);
	expect("-3 -2 MaxFailedIndexesExceeded");
}

static void restarts_of_containers_count_where_they_restart(void **state)
{
	(void)state;
	facts.restart_policy = RESTART_ON_FAILURE;
	spec.completions = 2;
	facts.parallelism = 2;
	spec.backoff_limit = 3;
	expect("+0 +1");
	pods[0].restarts = 2;
	expect("");
	pods[1].restarts = 1;
	expect("-1 -0 BackoffLimitExceeded");
}

static void a_job_that_takes_too_long_has_failed(void **state)
{
	(void)state;
	spec.has_deadline = true;
	spec.deadline_s = 60;
	expect("+0 @60");
	after(59);
	expect("@60");
	after(1);
	expect("-0 DeadlineExceeded");
}

static void a_suspended_job_loses_its_pods_and_its_clock_begins_anew(void **state)
{
	(void)state;
	spec.has_deadline = true;
	spec.deadline_s = 60;
	spec.is_suspended = true;
	expect("");
	after(100);
	spec.is_suspended = false;
	expect("+0 @160");
	after(10);
	spec.is_suspended = true;
	expect("-0");
	after(100);
	spec.is_suspended = false;
	expect("+1 @270");
	assert_int_equal(job.failed, 0);
}

static void a_job_that_is_over_expires(void **state)
{
	(void)state;
	spec.has_ttl = true;
	spec.ttl_s = 30;
	expect("+0");
	ends(0, 0);
	expect("@30 CompletionsReached");
	after(30);
	expect("-0 CompletionsReached");
	assert_true(job.is_expired);
	expect("CompletionsReached");
}

static void add_rule(enum job_rule_action action, int code_or_0, const char *container)
{
	struct job_failure_rule *rule = ARRAY_APPEND(spec.failure_rules, spec.failure_rule_count);

	*rule = (struct job_failure_rule){.action = action,
					  .container = xstrdup_or_null(container)};
	if (code_or_0 != 0)
		*ARRAY_APPEND(rule->codes, rule->code_count) = code_or_0;
	else
		string_list_add(&rule->conditions, "DisruptionTarget=True");
}

static void rules_say_what_a_failed_pod_means(void **state)
{
	(void)state;
	spec.backoff_limit = 0;
	add_rule(JOB_FAIL, 42, "other");
	add_rule(JOB_IGNORE, 0, NULL);
	add_rule(JOB_IGNORE, 4, NULL);
	add_rule(JOB_FAIL, 42, "c");
	expect("+0");
	ends(0, 4);
	expect("@10");
	after(10);
	expect("+1");
	ends(1, 137);
	pod_of(1)->is_disrupted = true;
	expect("@30");
	after(20);
	expect("+2");
	ends(2, 42);
	expect("PodFailurePolicy");
	assert_int_equal(job.failed, 1);
}

static void some_indexes_are_enough(void **state)
{
	(void)state;
	spec.is_indexed = true;
	spec.completions = 5;
	facts.parallelism = 5;
	struct job_success_rule *rule = ARRAY_APPEND(spec.success_rules, spec.success_rule_count);
	*rule = (struct job_success_rule){.has_indexes = true, .has_count = true, .count = 2};
	*ARRAY_APPEND(rule->ranges, rule->range_count) = (struct index_range){1, 3};
	expect("+0 +1 +2 +3 +4");
	ends(0, 0);
	ends(4, 0);
	expect("");
	ends(1, 0);
	expect("");
	ends(3, 0);
	expect("-2 SuccessPolicy");
	assert_int_equal(job.end, JOB_COMPLETE);
}

static void another_pod_waits_for_the_old_one_where_it_should(void **state)
{
	AUTO(job_decision_clear) struct job_decision decision = {0};
	(void)state;
	spec.awaits_end = true;
	expect("+0");
	pods[0].phase = JOB_POD_LEAVING;
	job_state_forget(&job, 0);
	job_step(&facts, &job, &decision);
	assert_int_equal(decision.start_count, 0);
	job_decision_clear(&decision);
	spec.awaits_end = false;
	job_step(&facts, &job, &decision);
	assert_int_equal(decision.start_count, 1);
}

static void only_the_newest_pods_that_are_over_are_kept(void **state)
{
	(void)state;
	spec.completions = 60;
	for (unsigned i = 0; i < JOB_PODS_KEPT + 2; i++) {
		step();
		ends(i, 0);
		after(1);
	}
	expect("-1 +52");
	assert_int_equal(facts.pod_count, JOB_PODS_KEPT + 1);
	assert_int_equal(job.succeeded, JOB_PODS_KEPT + 2);
}

/* Its VM ended while there was no supervisor: nobody knows how, and it is tried again. */
static void a_pod_that_nobody_saw_end_has_failed(void **state)
{
	(void)state;
	expect("+0");
	facts.pod_count = 0;
	expect("@10");
	assert_int_equal(job.failed, 1);
	after(10);
	expect("+1");
}

static void a_job_goes_on_where_a_killed_supervisor_left_it(void **state)
{
	struct job_states states = {0};
	struct job_states again = {0};
	(void)state;
	spec.is_indexed = true;
	spec.completions = 4;
	facts.parallelism = 2;
	spec.has_index_limit = true;
	spec.index_limit = 3;
	expect("+0 +1");
	ends(0, 0);
	ends(1, 7);
	expect("+2 +3 @10");
	ends(3, 0);
	expect("@10");
	job.pod = xstrdup("work");
	assert_true(digest_parse("sha256:"
				 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
				 &job.release.image));
	job.release.config = job.release.image;
	job.reason = NULL;
	*ARRAY_APPEND(states.items, states.count) = job;
	AUTO_FREE char *text = job_states_write(&states);
	assert_true(job_states_read("jobs", text, strlen(text), &again, NULL));
	AUTO_FREE char *second = job_states_write(&again);
	assert_string_equal(text, second);
	job = again.items[0];
	job_states_clear(&states);
	/* 2 runs on; 1 is tried again when its time has come. */
	pods[0] = *pod_of(2);
	facts.pod_count = 1;
	after(10);
	expect("+1");
	ends(2, 0);
	ends(1, 0);
	expect("CompletionsReached");
	assert_int_equal(job.exit_code, 7);
	free(again.items);
}

static void damaged_states_are_refused_with_a_word(void **state)
{
	static const char head[] =
		"{\"version\":1,\"jobs\":[{\"pod\":\"a\",\"imageDigest\":\"sha256:"
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\","
		"\"configDigest\":\"sha256:"
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",";
	static const char *const tails[] = {"\"indexes\":2,\"done\":\"0-9\"}]}",
					    "\"indexes\":2,\"done\":\"1,0\"}]}",
					    "\"indexes\":2,\"tries\":[{\"index\":2}]}]}",
					    "\"end\":\"perhaps\"}]}", "\"failed\":-1}]}"};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		AUTO(error_clear) struct error err = ERROR_INIT;
		struct job_states states = {0};
		AUTO_FREE char *text = xasprintf("%s%s", head, tails[i]);
		assert_false(job_states_read("jobs", text, strlen(text), &states, &err));
	}
}

/*
 * Any history of a Job with random limits: what a simple model of the Job controller says about it
 * holds at each step.
 */
static void random_spec(void)
{
	spec = (struct job_spec){.has_completions = rand() % 4 != 0,
				 .completions = (uint32_t)(rand() % 6),
				 .backoff_limit = (uint32_t)(rand() % 5)};
	spec.is_indexed = spec.has_completions && rand() % 2 == 0;
	if (spec.is_indexed && rand() % 2 == 0) {
		spec.has_index_limit = true;
		spec.index_limit = (uint32_t)(rand() % 3);
		spec.backoff_limit = INT32_MAX;
	}
	spec.has_deadline = rand() % 4 == 0;
	if (spec.has_deadline)
		spec.deadline_s = (uint64_t)(1 + rand() % 2000);
	facts.parallelism = (uint32_t)(rand() % 4);
}

static void check_invariants(const struct job_state *before)
{
	unsigned active = 0;
	unsigned done = 0;

	for (size_t i = 0; i < facts.pod_count; i++) {
		active += pods[i].phase == JOB_POD_ACTIVE;
		assert_true(pods[i].phase != JOB_POD_ACTIVE ||
			    job_state_is_active(&job, pods[i].number));
	}
	for (size_t i = 0; i < job.index_count && i < spec.completions; i++)
		done += job.indexes[i].is_done;
	assert_true(before->end == JOB_RUNNING || before->end == job.end);
	if (job.end != JOB_RUNNING) {
		assert_int_equal(active, 0);
		assert_int_equal(job.active_count, 0);
	} else {
		assert_true(active <= facts.parallelism);
		assert_true(job.failed <= spec.backoff_limit);
		if (spec.has_completions)
			assert_true(job.succeeded + active <= spec.completions);
	}
	if (spec.is_indexed)
		assert_int_equal(job.succeeded, done);
	if (job.end == JOB_COMPLETE)
		assert_true(spec.has_completions ? job.succeeded >= spec.completions
						 : job.succeeded > 0);
	if (job.end == JOB_FAILED)
		assert_true(job.failed > spec.backoff_limit || spec.has_deadline ||
			    spec.has_index_limit);
	/* No index runs twice at once, and none again that is done. */
	for (size_t i = 0; spec.is_indexed && i < facts.pod_count; i++)
		assert_true(pods[i].phase != JOB_POD_ACTIVE ||
			    (pods[i].number < spec.completions &&
			     !job.indexes[pods[i].number].is_done));
}

static void what_a_job_controller_promises_holds_whatever_happens(void **state)
{
	(void)state;
	srand(11);
	for (unsigned round = 0; round < 3000; round++) {
		unsigned ended[3] = {0};
		(void)finish(NULL);
		(void)begin(NULL);
		facts.pod_count = 0;
		random_spec();
		for (unsigned turn = 0; turn < 40; turn++) {
			struct job_state before = job;
			step();
			check_invariants(&before);
			for (size_t i = 0; i < facts.pod_count && facts.pod_count < 40; i++) {
				if (pods[i].phase != JOB_POD_ACTIVE || rand() % 3 != 0 ||
				    pods[i].number >= ARRAY_SIZE(exits))
					continue;
				ends(pods[i].number, rand() % 2);
				ended[pods[i].phase == JOB_POD_SUCCEEDED ? 0 : 1]++;
			}
			after(rand() % 400);
		}
		/* The model: every end is counted, and once. */
		step();
		assert_true(job.failed <= ended[1]);
		if (!spec.is_indexed && job.end == JOB_RUNNING)
			assert_int_equal(job.succeeded, ended[0]);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
	const struct CMUnitTest tests[] = {
		TEST(one_pod_that_succeeds_is_a_complete_job),
		TEST(failed_pods_are_tried_again_after_pauses_that_double),
		TEST(as_many_run_as_are_wanted_at_once_until_enough_succeeded),
		TEST(a_work_queue_is_done_when_one_succeeded_and_all_are_over),
		TEST(fewer_are_wanted_those_that_are_not_ready_go),
		TEST(an_indexed_job_runs_each_index_until_it_succeeded),
		TEST(an_index_that_fails_too_often_does_not_hold_the_others_back),
		TEST(so_many_failed_indexes_end_the_job),
		TEST(restarts_of_containers_count_where_they_restart),
		TEST(a_job_that_takes_too_long_has_failed),
		TEST(a_suspended_job_loses_its_pods_and_its_clock_begins_anew),
		TEST(a_job_that_is_over_expires),
		TEST(rules_say_what_a_failed_pod_means),
		TEST(some_indexes_are_enough),
		TEST(another_pod_waits_for_the_old_one_where_it_should),
		TEST(only_the_newest_pods_that_are_over_are_kept),
		TEST(a_pod_that_nobody_saw_end_has_failed),
		TEST(a_job_goes_on_where_a_killed_supervisor_left_it),
		TEST(damaged_states_are_refused_with_a_word),
		TEST(what_a_job_controller_promises_holds_whatever_happens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
