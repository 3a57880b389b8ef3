/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/cron_step.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#include "test.h"

#define SECOND INT64_C(1000000000)
#define NOON   INT64_C(1767268800) /* 2026-01-01 12:00 UTC */

/* A CronJob as values, and what was answered. */
static struct cron_spec spec;
static struct cron_schedule schedule;
static struct time_zone *utc;
static struct cron_run runs[64];
static struct cron_state cron;
static struct cron_facts facts;
static struct cron_decision answer;

static void set_schedule(const char *text)
{
	const char *why = NULL;
	const char *where = NULL;
	assert_true(cron_schedule_parse(text, &schedule, &why, &where));
}

static int begin(void **state)
{
	(void)state;
	spec = (struct cron_spec){.successful_kept = 3, .failed_kept = 1};
	cron = (struct cron_state){.created_s = NOON - 90};
	utc = time_zone_parse_rule("UTC0");
	set_schedule("*/5 * * * *");
	facts = (struct cron_facts){.spec = &spec,
				    .schedule = &schedule,
				    .zone = utc,
				    .runs = runs,
				    .now_ns = NOON * SECOND};
	return 0;
}

static int finish(void **state)
{
	(void)state;
	cron_decision_clear(&answer);
	cron_state_clear(&cron);
	time_zone_free(utc);
	return 0;
}

static void step(void)
{
	cron_decision_clear(&answer);
	cron_step(&facts, &cron, &answer);
}

static void add_run(enum job_end end, int64_t at_s)
{
	runs[facts.run_count++] =
		(struct cron_run){.end = end, .at_s = at_s, .end_ns = at_s * SECOND};
}

static void a_run_begins_when_it_is_due(void **state)
{
	(void)state;
	facts.now_ns -= 1;
	step();
	assert_false(answer.starts);
	assert_int_equal(answer.wake_ns, NOON * SECOND);
	facts.now_ns += 1;
	step();
	assert_true(answer.starts);
	assert_int_equal(answer.due_s, NOON);
	assert_int_equal(answer.next_s, NOON + 300);
	add_run(JOB_RUNNING, NOON);
	step();
	assert_false(answer.starts);
}

static void what_was_missed_comes_once(void **state)
{
	(void)state;
	cron.last_s = NOON - 3000;
	facts.now_ns = (NOON + 100) * SECOND;
	step();
	assert_true(answer.starts);
	assert_int_equal(answer.due_s, NOON);
	assert_false(answer.has_missed_many);
	step();
	assert_false(answer.starts);
}

static void many_that_were_missed_are_said(void **state)
{
	(void)state;
	cron.last_s = NOON - 200 * 300;
	step();
	assert_true(answer.starts);
	assert_true(answer.has_missed_many);
	assert_int_equal(answer.due_s, NOON);
}

static void a_deadline_bounds_how_late(void **state)
{
	(void)state;
	cron.last_s = NOON - 3000;
	spec.has_deadline = true;
	spec.deadline_s = 60;
	facts.now_ns = (NOON + 100) * SECOND;
	step();
	assert_false(answer.starts);
	facts.now_ns = (NOON + 59) * SECOND;
	step();
	assert_true(answer.starts);
}

static void forbid_waits_for_the_one_before(void **state)
{
	(void)state;
	spec.concurrency = CRON_FORBID;
	add_run(JOB_RUNNING, NOON - 300);
	cron.last_s = NOON - 300;
	step();
	assert_false(answer.starts);
	assert_int_equal(answer.word, CRON_IS_ACTIVE);
	step();
	assert_int_equal(answer.word, CRON_SAYS_NOTHING);
	/* It comes when that is over, late. */
	runs[0].end = JOB_COMPLETE;
	facts.now_ns += 10 * SECOND;
	step();
	assert_true(answer.starts);
	assert_int_equal(answer.due_s, NOON);
}

static void a_manual_one_forbids_nothing(void **state)
{
	(void)state;
	spec.concurrency = CRON_FORBID;
	add_run(JOB_RUNNING, 0);
	runs[0].is_manual = true;
	step();
	assert_true(answer.starts);
}

static void replace_takes_the_place(void **state)
{
	(void)state;
	spec.concurrency = CRON_REPLACE;
	add_run(JOB_COMPLETE, NOON - 600);
	add_run(JOB_RUNNING, NOON - 300);
	step();
	assert_true(answer.starts);
	assert_int_equal(answer.drop_count, 1);
	assert_int_equal(answer.drops[0], 1);
}

static void the_oldest_leave_the_history(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		add_run(JOB_COMPLETE, NOON - 3000 + 300 * i);
	add_run(JOB_FAILED, NOON - 1200);
	add_run(JOB_FAILED, NOON - 900);
	cron.last_s = NOON;
	step();
	assert_int_equal(answer.drop_count, 3);
	assert_int_equal(answer.drops[0], 0);
	assert_int_equal(answer.drops[1], 1);
	assert_int_equal(answer.drops[2], 5);
	assert_int_equal(cron.success_ns, (NOON - 3000 + 1200) * SECOND);
}

static void an_expired_one_leaves(void **state)
{
	(void)state;
	cron.last_s = NOON;
	add_run(JOB_COMPLETE, NOON - 300);
	runs[0].is_expired = true;
	step();
	assert_int_equal(answer.drop_count, 1);
}

static void a_suspended_one_starts_none(void **state)
{
	(void)state;
	spec.is_suspended = true;
	step();
	assert_false(answer.starts);
	assert_int_equal(answer.wake_ns, INT64_MAX);
	/* Given free, the last one that was missed comes. */
	spec.is_suspended = false;
	facts.now_ns += 900 * SECOND;
	step();
	assert_true(answer.starts);
	assert_int_equal(answer.due_s, NOON + 900);
}

static void one_that_never_comes_is_quiet(void **state)
{
	(void)state;
	set_schedule("0 0 31 2 *");
	step();
	assert_false(answer.starts);
	assert_int_equal(answer.wake_ns, INT64_MAX);
}

static void two_of_a_minute_are_one(void **state)
{
	(void)state;
	set_schedule("@every 20s");
	cron.last_s = NOON;
	add_run(JOB_RUNNING, NOON);
	facts.now_ns = (NOON + 20) * SECOND;
	step();
	assert_false(answer.starts);
	assert_int_equal(cron.last_s, NOON + 20);
	facts.now_ns = (NOON + 60) * SECOND;
	step();
	assert_true(answer.starts);
}

/* --- random states -------------------------------------------------------------------------- */

static unsigned seed;

static unsigned dice(unsigned sides)
{
	seed = seed * 1103515245U + 12345U;
	return (seed >> 8) % sides;
}

static void check_answer(int64_t last_s)
{
	unsigned active = 0;
	unsigned dropped_active = 0;
	unsigned done[2] = {0};

	for (size_t i = 0; i < facts.run_count; i++) {
		bool is_dropped = false;
		bool counts = runs[i].end == JOB_RUNNING && !runs[i].is_manual;
		for (size_t k = 0; k < answer.drop_count; k++)
			is_dropped = is_dropped || answer.drops[k] == i;
		active += counts;
		dropped_active += counts && is_dropped && !runs[i].is_expired;
		done[0] += runs[i].end == JOB_COMPLETE && !is_dropped;
		done[1] += runs[i].end == JOB_FAILED && !is_dropped;
	}
	assert_true(done[0] <= spec.successful_kept && done[1] <= spec.failed_kept);
	assert_true(dropped_active == 0 || (answer.starts && spec.concurrency == CRON_REPLACE));
	if (!answer.starts)
		return;
	assert_false(spec.is_suspended || facts.is_stopped);
	assert_true(answer.due_s <= facts.now_ns / SECOND && answer.due_s > last_s);
	assert_true(schedule.every_s > 0 ||
		    cron_schedule_next(&schedule, utc, answer.due_s - 1) == answer.due_s);
	assert_true(!spec.has_deadline ||
		    answer.due_s + (int64_t)spec.deadline_s >= facts.now_ns / SECOND);
	assert_true(spec.concurrency != CRON_FORBID || active == 0);
	assert_int_equal(cron.last_s, answer.due_s);
}

static void take_answer(void)
{
	size_t kept = 0;
	size_t next = 0;

	for (size_t i = 0; i < facts.run_count; i++) {
		if (next < answer.drop_count && answer.drops[next] == i)
			next++;
		else
			runs[kept++] = runs[i];
	}
	facts.run_count = kept;
	if (answer.starts)
		add_run(JOB_RUNNING, answer.due_s);
}

/* One CronJob's life: time goes on, runs end, its spec is changed, people start runs. */
static void live(void)
{
	for (int i = 0; i < 60; i++) {
		facts.now_ns += (int64_t)(1 + dice(dice(4) == 0 ? 90000 : 400)) * SECOND / 2;
		for (size_t k = 0; k < facts.run_count; k++) {
			if (runs[k].end != JOB_RUNNING || dice(3) != 0)
				continue;
			runs[k].end = dice(3) == 0 ? JOB_FAILED : JOB_COMPLETE;
			runs[k].end_ns = facts.now_ns;
		}
		size_t one = facts.run_count > 0 ? dice((unsigned)facts.run_count) : 0;
		if (facts.run_count > 0 && runs[one].end != JOB_RUNNING)
			runs[one].is_expired = dice(4) == 0;
		if (facts.run_count < 40 && dice(15) == 0) {
			add_run(JOB_RUNNING, 0);
			runs[facts.run_count - 1].is_manual = true;
		}
		spec.concurrency = (enum cron_concurrency)dice(3);
		spec.is_suspended = dice(6) == 0;
		facts.is_stopped = dice(10) == 0;
		int64_t last_s = cron.last_s;
		step();
		check_answer(last_s);
		take_answer();
		step();
		assert_false(answer.starts);
		assert_int_equal(answer.drop_count, 0);
	}
}

static void no_history_breaks_the_rules(void **state)
{
	static const char *const texts[] = {"* * * * *",  "*/7 3-9 * * *", "@hourly",
					    "@every 95s", "0 0 29 2 *",	   "30 6-16/4 * * 1-5"};
	for (unsigned i = 0; i < 600; i++) {
		begin(state);
		seed = i;
		set_schedule(texts[dice(ARRAY_SIZE(texts))]);
		spec.has_deadline = dice(2) == 0;
		spec.deadline_s = dice(1000);
		spec.successful_kept = dice(4);
		spec.failed_kept = dice(3);
		live();
		finish(state);
	}
	begin(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_begins_when_it_is_due, begin, finish),
		cmocka_unit_test_setup_teardown(what_was_missed_comes_once, begin, finish),
		cmocka_unit_test_setup_teardown(many_that_were_missed_are_said, begin, finish),
		cmocka_unit_test_setup_teardown(a_deadline_bounds_how_late, begin, finish),
		cmocka_unit_test_setup_teardown(forbid_waits_for_the_one_before, begin, finish),
		cmocka_unit_test_setup_teardown(a_manual_one_forbids_nothing, begin, finish),
		cmocka_unit_test_setup_teardown(replace_takes_the_place, begin, finish),
		cmocka_unit_test_setup_teardown(the_oldest_leave_the_history, begin, finish),
		cmocka_unit_test_setup_teardown(an_expired_one_leaves, begin, finish),
		cmocka_unit_test_setup_teardown(a_suspended_one_starts_none, begin, finish),
		cmocka_unit_test_setup_teardown(one_that_never_comes_is_quiet, begin, finish),
		cmocka_unit_test_setup_teardown(two_of_a_minute_are_one, begin, finish),
		cmocka_unit_test_setup_teardown(no_history_breaks_the_rules, NULL, finish),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
