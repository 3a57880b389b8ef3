/* SPDX-License-Identifier: Apache-2.0 */
#include "local/supervisor/lifecycle.h"

#include "test.h"

static struct lifecycle_facts facts_of(enum instance_state state, uint64_t in_state_ms)
{
	return (struct lifecycle_facts){.state = state, .in_state_ms = in_state_ms};
}

static void a_vm_that_ends_unasked_starts_again_after_a_pause(void **state)
{
	static const enum instance_state alive[] = {INSTANCE_STARTING, INSTANCE_BOOTING,
						    INSTANCE_RUNNING, INSTANCE_READY};
	(void)state;

	for (size_t i = 0; i < sizeof(alive) / sizeof(alive[0]); i++) {
		struct lifecycle_facts facts = facts_of(alive[i], 0);
		assert_int_equal(lifecycle_gone(&facts), LIFECYCLE_BACK_OFF);
	}
}

static void what_was_asked_of_it_decides_what_follows(void **state)
{
	struct lifecycle_facts facts = facts_of(INSTANCE_STOPPING, 0);
	(void)state;

	facts.is_leaving = true;
	assert_int_equal(lifecycle_gone(&facts), LIFECYCLE_FORGET);
	facts.is_replaced = true; /* restarted, and then scaled away */
	assert_int_equal(lifecycle_gone(&facts), LIFECYCLE_FORGET);
	facts.is_leaving = false;
	assert_int_equal(lifecycle_gone(&facts), LIFECYCLE_RESTART);
	facts = facts_of(INSTANCE_RUNNING, 0);
	facts.is_ended = true;
	assert_int_equal(lifecycle_gone(&facts), LIFECYCLE_FAIL);
	facts.has_succeeded = true;
	assert_int_equal(lifecycle_gone(&facts), LIFECYCLE_SUCCEED);
}

static void a_thread_at_work_says_itself_how_it_went(void **state)
{
	struct lifecycle_facts facts = facts_of(INSTANCE_STARTING, 0);
	(void)state;

	facts.is_working = true;
	assert_int_equal(lifecycle_gone(&facts), LIFECYCLE_IGNORE);
	/* Told twice: by the event, and by the list. */
	facts = facts_of(INSTANCE_CRASHED, 0);
	assert_int_equal(lifecycle_gone(&facts), LIFECYCLE_IGNORE);
	facts = facts_of(INSTANCE_SUCCEEDED, 0);
	assert_int_equal(lifecycle_gone(&facts), LIFECYCLE_IGNORE);
}

static void a_vm_is_talked_to_only_when_it_is_still_wanted(void **state)
{
	struct lifecycle_facts facts = facts_of(INSTANCE_STARTING, 0);
	(void)state;

	assert_int_equal(lifecycle_made(&facts, true), LIFECYCLE_TALK);
	assert_int_equal(lifecycle_made(&facts, false), LIFECYCLE_RETRY);
	facts.is_replaced = true;
	assert_int_equal(lifecycle_made(&facts, true), LIFECYCLE_DESTROY);
	assert_int_equal(lifecycle_made(&facts, false), LIFECYCLE_RETRY);
	facts.is_leaving = true;
	assert_int_equal(lifecycle_made(&facts, true), LIFECYCLE_DESTROY);
	assert_int_equal(lifecycle_made(&facts, false), LIFECYCLE_DROP);
}

static void a_vm_that_is_never_heard_of_is_late(void **state)
{
	struct lifecycle_facts facts = facts_of(INSTANCE_STARTING, LIFECYCLE_GREET_MS - 1);
	(void)state;

	assert_int_equal(lifecycle_health(&facts), LIFECYCLE_FINE);
	facts.in_state_ms++;
	assert_int_equal(lifecycle_health(&facts), LIFECYCLE_LATE);
	facts.is_working = true; /* libvirt has not made it yet */
	assert_int_equal(lifecycle_health(&facts), LIFECYCLE_FINE);
	facts.is_working = false;
	facts.is_emulated = true;
	assert_int_equal(lifecycle_health(&facts), LIFECYCLE_FINE);
	/* Adopted, and its guest does not greet. */
	facts = facts_of(INSTANCE_BOOTING, LIFECYCLE_GREET_MS);
	assert_int_equal(lifecycle_health(&facts), LIFECYCLE_LATE);
	facts.is_greeted = true;
	assert_int_equal(lifecycle_health(&facts), LIFECYCLE_FINE);
	facts.in_state_ms = LIFECYCLE_BOOT_MS;
	assert_int_equal(lifecycle_health(&facts), LIFECYCLE_LATE);
	/* Its containers were tried: that they end is for its guest to mend. */
	facts.state = INSTANCE_RUNNING;
	facts.in_state_ms = UINT64_MAX;
	assert_int_equal(lifecycle_health(&facts), LIFECYCLE_FINE);
}

static void warmth_is_given_up_before_the_first_container_alone(void **state)
{
	const struct lifecycle_facts warm = {.state = INSTANCE_BOOTING, .is_warm = true};
	struct lifecycle_facts facts = warm;
	(void)state;

	assert_true(lifecycle_gives_up_warmth(&facts, true));
	assert_false(lifecycle_gives_up_warmth(&facts, false));
	facts.in_state_ms = LIFECYCLE_WARM_MS;
	assert_true(lifecycle_gives_up_warmth(&facts, false));
	facts.is_paused = true;
	assert_false(lifecycle_gives_up_warmth(&facts, false));
	facts.is_paused = false;
	facts.is_greeted = true;
	assert_false(lifecycle_gives_up_warmth(&facts, false));
	assert_true(lifecycle_gives_up_warmth(&facts, true));
	facts.is_leaving = true;
	assert_false(lifecycle_gives_up_warmth(&facts, true));
	facts = warm;
	facts.is_replaced = true; /* that has been decided */
	assert_false(lifecycle_gives_up_warmth(&facts, true));
	facts = warm;
	facts.is_working = true;
	assert_false(lifecycle_gives_up_warmth(&facts, true));
	facts = warm;
	facts.is_warm = false;
	assert_false(lifecycle_gives_up_warmth(&facts, true));
	facts = warm;
	facts.state = INSTANCE_RUNNING; /* what its containers do is their own matter */
	assert_false(lifecycle_gives_up_warmth(&facts, true));
	facts.state = INSTANCE_STOPPING;
	assert_false(lifecycle_gives_up_warmth(&facts, true));
}

static void a_guest_that_does_not_answer_loses_its_clients_and_then_its_vm(void **state)
{
	struct lifecycle_facts facts = facts_of(INSTANCE_READY, 0);
	(void)state;

	facts.unanswered = LIFECYCLE_SILENT_PINGS - 1;
	assert_int_equal(lifecycle_health(&facts), LIFECYCLE_FINE);
	facts.unanswered++;
	assert_int_equal(lifecycle_health(&facts), LIFECYCLE_SILENT);
	facts.unanswered = LIFECYCLE_HUNG_PINGS;
	assert_int_equal(lifecycle_health(&facts), LIFECYCLE_HUNG);
	facts.is_paused = true; /* virsh suspend, or a full disk */
	assert_int_equal(lifecycle_health(&facts), LIFECYCLE_FINE);
	facts.is_paused = false;
	facts.state = INSTANCE_STOPPING;
	assert_int_equal(lifecycle_health(&facts), LIFECYCLE_FINE);
}

static void pauses_double_up_to_a_minute(void **state)
{
	uint64_t last = 0;
	(void)state;

	assert_int_equal(lifecycle_pause_ms(0), 500);
	assert_int_equal(lifecycle_pause_ms(1), 1000);
	for (unsigned failures = 0; failures < 100; failures++) {
		assert_true(lifecycle_pause_ms(failures) >= last);
		last = lifecycle_pause_ms(failures);
	}
	assert_int_equal(last, 60000);
}

static void one_that_hangs_at_its_start_keeps_its_place_for_half_a_minute(void **state)
{
	struct lifecycle_facts facts = facts_of(INSTANCE_BOOTING, LIFECYCLE_PLACE_MS - 1);
	(void)state;

	assert_true(lifecycle_takes_place(&facts));
	facts.in_state_ms++;
	assert_false(lifecycle_takes_place(&facts));
	facts = facts_of(INSTANCE_RUNNING, 0);
	assert_false(lifecycle_takes_place(&facts));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vm_that_ends_unasked_starts_again_after_a_pause),
		cmocka_unit_test(what_was_asked_of_it_decides_what_follows),
		cmocka_unit_test(a_thread_at_work_says_itself_how_it_went),
		cmocka_unit_test(a_vm_is_talked_to_only_when_it_is_still_wanted),
		cmocka_unit_test(a_vm_that_is_never_heard_of_is_late),
		cmocka_unit_test(warmth_is_given_up_before_the_first_container_alone),
		cmocka_unit_test(a_guest_that_does_not_answer_loses_its_clients_and_then_its_vm),
		cmocka_unit_test(pauses_double_up_to_a_minute),
		cmocka_unit_test(one_that_hangs_at_its_start_keeps_its_place_for_half_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
